"""Read the catalogue's data files into domain values: the edge where foreign figures are checked.

wiring calls `load` once per process; planning, grammar and manifests see only the values. A file that
does not fit fails the load with the place of the mistake, so a wrong figure never reaches a quote.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.domain.catalog import Catalog
from shared.domain.engines import Engine
from shared.domain.machines import Consumption, Machine, Price, Region, Source, SystemMachine
from shared.domain.models import Model
from shared.domain.requirements import Api, Grant, Prior

# Frozen dataclasses of the domain are validated as they are; unknown keys are mistakes.
_STRICT = ConfigDict(extra="forbid", frozen=True)


class _PriceList(BaseModel):
    model_config = _STRICT
    source: str
    read_on: date | None
    note: str | None = None
    prices: dict[str, dict[str, dict[Consumption, Any]]]


class _Rows(BaseModel):
    """All files put together, in the layout the values are built from."""

    model_config = _STRICT
    version: str
    read_on: date
    lists: tuple[_PriceList, ...]
    cluster_fee: Price | None
    not_priced: tuple[str, ...]
    sources: dict[str, Source]
    cluster_min_gke: str
    machines: tuple[Machine, ...]
    default_system_machine: str
    system_machines: tuple[SystemMachine, ...]
    regions: dict[str, tuple[str, ...]]
    models: tuple[Model, ...]
    default_engine: str
    engines: tuple[Engine, ...]
    refused: dict[str, str]
    apis: tuple[Api, ...]
    grants: tuple[Grant, ...]
    priors: dict[str, Prior]


@lru_cache(maxsize=1)
def load() -> Catalog:
    """Read and check the catalogue that ships with the product; the second call costs nothing."""
    rows = _Rows.model_validate(_rows())
    return Catalog(
        version=rows.version,
        read_on=rows.read_on,
        models={model.id: model for model in rows.models},
        machines={machine.machine_type: machine for machine in rows.machines},
        system_machines={machine.machine_type: machine for machine in rows.system_machines},
        default_system_machine=rows.default_system_machine,
        regions={name: Region(name, zones) for name, zones in rows.regions.items()},
        prices=dict(_prices(rows.lists)),
        cluster_fee=rows.cluster_fee,
        not_priced=rows.not_priced,
        sources=rows.sources,
        cluster_min_gke=rows.cluster_min_gke,
        engines={engine.name: engine for engine in rows.engines},
        engines_refused=rows.refused,
        default_engine=rows.default_engine,
        apis=rows.apis,
        grants=rows.grants,
        priors=rows.priors,
    )


def _rows() -> dict[str, Any]:
    families = [*_read("gpus")["families"], *_read("tpus")["families"]]
    return {
        **_read("sources"),
        **_read("prices"),
        **_read("system"),
        **_read("regions"),
        **_read("engines"),
        **_read("project"),
        **_read("durations"),
        "models": _read("models")["models"],
        "machines": list(_machines(families)),
    }


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_bytes()
    read: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return read


def _machines(families: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Spread what a family shares over its shapes."""
    for family in families:
        shared = {key: value for key, value in family.items() if key != "machines"}
        for shape in family["machines"]:
            row = {**shared, **shape}
            row["accelerator"] = {**family["accelerator"], "count": row.pop("count")}
            yield row


def _prices(lists: Iterable[_PriceList]) -> Iterator[tuple[tuple[str, str, Consumption], Price]]:
    """Flatten the lists; where two name the same price, the earlier one counts."""
    price = TypeAdapter(Price)
    seen = set()
    for each in lists:
        for machine, regions in each.prices.items():
            for region, ways in regions.items():
                for way, figure in ways.items():
                    key = (machine, region, way)
                    if key in seen:
                        continue
                    seen.add(key)
                    fields = {"source": each.source, "read_on": each.read_on, "note": each.note}
                    yield key, price.validate_python({"usd_per_hour": figure, **fields})
