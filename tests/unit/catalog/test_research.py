"""The catalogue's figures against the research they were taken from, where that lies beside the checkout."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.catalog.load import load
from shared.domain.catalog import Consumption

CATALOG = load()
RESEARCH = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (RESEARCH / "machines.yaml").exists(), reason="the research is not here")


@cache
def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((RESEARCH / name).read_bytes(), Loader=yaml.CSafeLoader)
    return found


def test_shapes_and_zones_are_those_of_the_research() -> None:
    for row in read("machines.yaml")["machines"]:
        machine = CATALOG.machine(row["machine_type"])
        figures = (machine.accelerator.type, machine.accelerator.count, machine.vcpu, machine.memory_gb)
        assert figures == (row["accelerator"]["type"], row["accelerator"]["count"], row["vcpu"], row["memory_gb"])
        assert set(machine.zones) == set(row["zones"])


def test_ways_of_buying_are_those_of_the_research() -> None:
    for row in read("machines.yaml")["machines"]:
        machine = CATALOG.machine(row["machine_type"])
        assert set(machine.sold) == {way for way in Consumption if row["consumption"][way]}
        assert set(machine.unsure) == {way for way in Consumption if row["consumption"][way] is None}


def test_prices_are_those_of_the_research_for_ways_that_are_sold() -> None:
    for row in read("machines.yaml")["machines"]:
        machine = CATALOG.machine(row["machine_type"])
        for region, ways in row["price_usd_per_hour"].items():
            for way, figure in ways.items():
                price = CATALOG.price(machine, CATALOG.region(region), Consumption(way))
                expected = Decimal(str(figure)) if way in machine.sold else None
                assert (price.usd_per_hour if price else None) == expected


def test_models_are_those_of_the_research() -> None:
    rows = {row["id"]: row for row in read("models.yaml")["models"]}
    for model in CATALOG.models.values():
        row = rows[model.id]
        figures = (model.hf_id, model.weights_gb, model.context_length, model.kv_bytes_per_token)
        assert figures == (row["hf_id"], row["weights_gb"], row["context_length"], row["kv_bytes_per_token"])
        options = {(each["machine"], each["tp"], each["kv_tokens"]) for each in row["options"] or ()}
        assert {(option.machine, option.tp, option.kv_tokens) for option in model.options} <= options
