"""The catalogue: which model fits on which machine, where it is offered, how it is sold and for how much.

The first thing the planner asks and the grammar's dictionary. Every question about a name that does not
exist, or a combination that is not sold, ends in a TerminalError that says what would have worked.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from shared.domain.engines import Engine, EnvVar, Picker, Probe, Ranged, Startup, Token
from shared.domain.errors import TerminalError
from shared.domain.machines import (
    Accelerator,
    Consumption,
    Machine,
    MinGke,
    Networks,
    Price,
    Quota,
    Region,
    Source,
    SystemMachine,
)
from shared.domain.models import Fit, Model, ModelOption
from shared.domain.requirements import Api, Grant, Prior

__all__ = [
    "Accelerator",
    "Api",
    "Catalog",
    "Consumption",
    "Engine",
    "EnvVar",
    "Fit",
    "Grant",
    "Machine",
    "MinGke",
    "Model",
    "ModelOption",
    "Networks",
    "Picker",
    "Price",
    "Prior",
    "Probe",
    "Quota",
    "Ranged",
    "Region",
    "Source",
    "Startup",
    "SystemMachine",
    "Token",
]

_SHOWN = 40
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything we know of what can be bought and served, as of a date. Mappings are by name."""

    version: str
    """Changes whenever a figure does; part of a proposal's digest."""
    read_on: date
    """When the main price list was read."""
    models: Mapping[str, Model]
    machines: Mapping[str, Machine]
    system_machines: Mapping[str, SystemMachine]
    default_system_machine: str
    regions: Mapping[str, Region]
    prices: Mapping[tuple[str, str, Consumption], Price]
    """By machine type, region and consumption. A missing price is unknown, never zero."""
    cluster_fee: Price | None
    """For one GKE cluster for one hour."""
    not_priced: tuple[str, ...]
    """What a plan needs but no figure here covers."""
    sources: Mapping[str, Source]
    cluster_min_gke: str
    """The oldest control plane that runs the multi-cluster inference gateway."""
    engines: Mapping[str, Engine]
    engines_refused: Mapping[str, str]
    """Engines people ask for that we do not deploy, with the reason."""
    default_engine: str
    apis: tuple[Api, ...]
    grants: tuple[Grant, ...]
    priors: Mapping[str, Prior]
    """Expected durations by resource kind."""

    def model(self, name: str) -> Model:
        """The model of that id, or else of that alias; TerminalError for one that cannot be deployed."""
        found = self.models.get(name) or self._aliases().get(name)
        if found is None:
            deployable = sorted(model.id for model in self.models.values() if model.options)
            raise _unknown("model", name, deployable, also=self._aliases())
        if not found.options:
            raise TerminalError(
                f"model {found.id} cannot be deployed: {found.why_not}",
                reason="ModelNotDeployable",
                field="model",
            )
        return found

    def machine(self, name: str) -> Machine:
        """The accelerator machine type of that name."""
        return _named("machine", name, self.machines)

    def system_machine(self, name: str | None = None) -> SystemMachine:
        """The CPU machine type of that name; by default the one for a system pool."""
        return _named("machine", name or self.default_system_machine, self.system_machines)

    def region(self, name: str) -> Region:
        """The region of that name."""
        return _named("region", name, self.regions)

    def region_of(self, zone: str) -> Region:
        """The region a zone belongs to, from the record: a zone's name cannot be cut to find it."""
        for region in self.regions.values():
            if zone in region.zones:
                return region
        raise _unknown("zone", zone, [z for region in self.regions.values() for z in region.zones], listed=False)

    def engine(self, name: str | None = None) -> Engine:
        """The engine profile of that name; TerminalError with the reason for one we do not deploy."""
        asked = name or self.default_engine
        if asked in self.engines_refused:
            raise TerminalError(
                f"engine {asked} is not deployed: {self.engines_refused[asked]}",
                reason="EngineNotOffered",
                field="engine",
            )
        return _named("engine", asked, self.engines)

    def zones_for(self, machine: Machine, region: Region, consumption: Consumption | None = None) -> tuple[str, ...]:
        """Zones of the region that offer the machine, sold in that way if one is named; may be empty."""
        offered = machine.zones
        if consumption is Consumption.FLEX_START and machine.flex_start_zones is not None:
            offered = machine.flex_start_zones
        return tuple(zone for zone in region.zones if zone in offered)

    def where(self, machine: Machine) -> tuple[Region, ...]:
        """The regions that offer the machine, by name."""
        return tuple(self.regions[name] for name in sorted(self.regions) if self.zones_for(machine, self.regions[name]))

    def option_for(self, model: Model, machine: Machine | None, region: Region) -> Fit:
        """Place a model in a region: on that machine, or on the model's default one.

        A shape the model is not listed for is judged by one of the same accelerator and at least its memory
        per accelerator. TerminalError names the machines that hold the model, or the regions that have it.
        """
        machine = machine or self.machine(model.default_machine or "")
        option = self._option(model, machine)
        if option is None:
            raise TerminalError(
                f"model {model.id} does not fit {machine.machine_type}; it fits {_listed(self._holding(model))}",
                reason="MachineDoesNotFit",
                field="machine",
            )
        zones = self.zones_for(machine, region)
        if not zones:
            raise self._not_here(model, machine, region)
        return Fit(model, option, machine, zones)

    def consumption(self, machine: Machine, asked: str | None = None) -> Consumption:
        """How the machine is bought: as asked, else on demand where it is sold so, else spot.

        Spelling with a hyphen is understood. TerminalError names the ways it is sold.
        """
        if asked is None:
            preferred = (Consumption.ON_DEMAND, Consumption.SPOT, *machine.sold)
            return next(way for way in preferred if way in machine.sold)
        way = asked.replace("-", "_")
        if way not in list(Consumption):
            raise _unknown("consumption", asked, [str(each) for each in machine.sold])
        if way not in machine.sold:
            known = "not known to be" if way in machine.unsure else "not"
            raise TerminalError(
                f"{machine.machine_type} is {known} sold as {asked}; it is sold as {_listed(machine.sold)}".replace(
                    "_", "-"
                ),
                reason="ConsumptionNotSold",
                field="consumption",
            )
        return Consumption(way)

    def price(self, machine: Machine | SystemMachine, region: Region, consumption: Consumption) -> Price | None:
        """The price of one machine for one hour; None where no list names one."""
        return self.prices.get((machine.machine_type, region.name, consumption))

    def duration(self, kind: str) -> Prior | None:
        """How long building one resource of that kind takes; None where it is a matter of seconds."""
        return self.priors.get(kind)

    def _aliases(self) -> dict[str, Model]:
        return {alias: model for model in self.models.values() for alias in model.aliases}

    def _option(self, model: Model, machine: Machine) -> ModelOption | None:
        """The option listed for the machine, or else the like one with the longest context, then the fewest GPUs."""
        listed = next((o for o in model.options if o.machine == machine.machine_type), None)
        like = [
            o for o in model.options if o.tp <= machine.accelerator.count and _alike(machine, self.machines[o.machine])
        ]
        if listed is not None or not like:
            return listed
        best = max(like, key=lambda o: (model.max_model_len(o), -o.tp))
        return replace(best, machine=machine.machine_type)

    def _holding(self, model: Model, region: Region | None = None) -> list[str]:
        """Machine types that hold the model, in the region if one is given."""
        fitting = [self.machines[option.machine] for option in model.options]
        return [m.machine_type for m in fitting if region is None or self.zones_for(m, region)]

    def _not_here(self, model: Model, machine: Machine, region: Region) -> TerminalError:
        regions = _listed(found.name for found in self.where(machine))
        others = self._holding(model, region)
        hint = f"; in {region.name} {model.id} fits {_listed(others)}" if others else ""
        return TerminalError(
            f"{machine.machine_type} is not offered in {region.name}; it is in {regions}{hint}",
            reason="MachineNotInRegion",
            field="region",
        )


def _alike(machine: Machine, known: Machine) -> bool:
    """Whether a replica that runs on the known machine runs on this one: same accelerator, no less host memory."""
    return machine.accelerator.type == known.accelerator.type and (
        machine.memory_gb * known.accelerator.count >= known.memory_gb * machine.accelerator.count
    )


def _named(what: str, name: str, known: Mapping[str, T]) -> T:
    found = known.get(name)
    if found is None:
        raise _unknown(what, name, sorted(known))
    return found


def _unknown(
    what: str, name: str, known: Iterable[str], *, also: Iterable[str] = (), listed: bool = True
) -> TerminalError:
    """Compose the refusal of a name: what it may have meant, and what there is."""
    names = list(known)
    close = difflib.get_close_matches(name.lower()[:_SHOWN], [*names, *also], n=3)
    hint = f"; did you mean {' or '.join(close)}" if close else ""
    rest = f"; known: {_listed(names)}" if listed else ""
    return TerminalError(
        f"there is no {what} '{_shown(name)}'{hint}{rest}",
        reason=f"Unknown{what.capitalize()}",
        field=what,
    )


def _shown(text: str) -> str:
    """Text of a stranger, fit for one line: printable, short, without quotes or mark-up of its own."""
    kept = "".join(c for c in text if c.isprintable() and c not in "'`<>&*~")
    return kept if len(kept) <= _SHOWN else kept[: _SHOWN - 1] + "…"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(str(name) for name in names)
