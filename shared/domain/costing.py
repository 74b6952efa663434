"""What specs cost by the hour, how many GPUs they hold, which quotas they draw on, how long building takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from shared.domain.catalog import Catalog
from shared.domain.desired import DeploymentSpec, PlatformSpec, Spec
from shared.domain.graph import Difference, Resource
from shared.domain.machines import Consumption, Machine, Price
from shared.domain.names import Kind, ResourceKey
from shared.domain.quotes import PriceLine, QuotaFinding, Quote

Specs = Mapping[str, Spec | None]
"""Specs by document path."""


def nodes_of(spec: DeploymentSpec, region: str, catalog: Catalog) -> int:
    """Return how many machines a deployment holds in a region."""
    fit = catalog.option_for(catalog.model(spec.model), catalog.machine(spec.machine), catalog.region(region))
    return fit.nodes(spec.regions[region].replicas)


def gpus_of(specs: Specs, catalog: Catalog) -> int:
    """Return the accelerators that these specs hold when all their nodes are up."""
    return sum(
        nodes_of(spec, region, catalog) * catalog.machine(spec.machine).accelerator.count
        for spec in specs.values()
        if isinstance(spec, DeploymentSpec)
        for region in spec.regions
    )


def price_lines(specs: Specs, catalog: Catalog) -> tuple[PriceLine, ...]:
    """Return a line per kind of thing that bills by the hour."""
    lines: list[PriceLine] = []
    for path, spec in sorted(specs.items()):
        if isinstance(spec, DeploymentSpec):
            lines += _deployment_lines(spec, catalog)
        elif isinstance(spec, PlatformSpec):
            lines += _platform_lines(path.partition("/")[2], catalog)
    return tuple(lines)


def _deployment_lines(spec: DeploymentSpec, catalog: Catalog) -> Iterable[PriceLine]:
    machine, consumption = catalog.machine(spec.machine), Consumption(spec.consumption)
    for region in sorted(spec.regions):
        price = catalog.price(machine, catalog.region(region), consumption)
        what = f"{spec.machine} {consumption.replace('_', '-')}"
        yield PriceLine(region, what, nodes_of(spec, region, catalog), _usd(price))


def _platform_lines(region: str, catalog: Catalog) -> Iterable[PriceLine]:
    system = catalog.system_machine()
    price = catalog.price(system, catalog.region(region), Consumption.ON_DEMAND)
    yield PriceLine(region, f"{system.machine_type} system node", len(catalog.region(region).zones), _usd(price))
    yield PriceLine(region, "cluster fee", 1, _usd(catalog.cluster_fee))


def _usd(price: Price | None) -> float | None:
    return None if price is None else float(price.usd_per_hour)


def quota_needs(before: Specs, after: Specs, catalog: Catalog) -> dict[tuple[str, str], int]:
    """Return what the change draws more, by region and metric; what it gives back is not counted against it."""
    old, new = _drawn(before, catalog), _drawn(after, catalog)
    return {key: count - old[key] for key, count in sorted(new.items()) if count > old[key]}


def _drawn(specs: Specs, catalog: Catalog) -> Counter[tuple[str, str]]:
    drawn: Counter[tuple[str, str]] = Counter()
    for path, spec in specs.items():
        if isinstance(spec, DeploymentSpec):
            machine = catalog.machine(spec.machine)
            metric = machine.quota.metric(Consumption(spec.consumption)) or f"{machine.accelerator.type} quota"
            for region in spec.regions:
                drawn[region, metric] += nodes_of(spec, region, catalog) * machine.accelerator.count
        elif isinstance(spec, PlatformSpec):
            region, system = path.partition("/")[2], catalog.system_machine()
            drawn[region, system.cpu_quota] += system.vcpu * len(catalog.region(region).zones)
    return drawn


def quote(before: Specs, after: Specs, change: Difference, quota: tuple[QuotaFinding, ...], catalog: Catalog) -> Quote:
    """Return what going from these specs to those costs, needs and takes."""
    return Quote(
        before=price_lines(before, catalog),
        after=price_lines(after, catalog),
        gpus_before=gpus_of(before, catalog),
        gpus_after=gpus_of(after, catalog),
        quota=quota,
        eta=critical_path(change, catalog),
        catalogue=f"{catalog.version} of {catalog.read_on}",
        notes=_notes(after, catalog),
    )


def _notes(after: Specs, catalog: Catalog) -> tuple[str, ...]:
    notes = [f"not priced: {', '.join(catalog.not_priced)}"] if catalog.not_priced else []
    for spec in after.values():
        if not isinstance(spec, DeploymentSpec):
            continue
        machine = catalog.machine(spec.machine)
        notes += _price_notes(spec, machine, catalog)
        if spec.consumption == Consumption.SPOT:
            notes.append("spot nodes can be taken away at 30 seconds' notice, and their price moves daily")
    return tuple(dict.fromkeys(notes))


def _price_notes(spec: DeploymentSpec, machine: Machine, catalog: Catalog) -> Iterable[str]:
    for region in sorted(spec.regions):
        price = catalog.price(machine, catalog.region(region), Consumption(spec.consumption))
        if price is not None and price.note:
            yield f"{spec.machine} in {region}: {price.note}"


def critical_path(change: Difference, catalog: Catalog) -> timedelta:
    """Return how long the longest chain of needs takes by the catalogue's typical durations."""
    resources = {r.key: r for r in change.create} | {new.key: new for _, new in change.update}
    done: dict[ResourceKey, timedelta] = {}

    def finish(resource: Resource) -> timedelta:
        if resource.key not in done:
            prior = catalog.duration(resource.key.kind) if _takes_time(resource) else None
            own = prior.typical if prior else timedelta()
            needs = [finish(resources[need]) for need in resource.all_needs | resource.any_of if need in resources]
            done[resource.key] = own + max(needs, default=timedelta())
        return done[resource.key]

    built = max((finish(resource) for resource in resources.values()), default=timedelta())
    return built or _removal(change, catalog)


def _takes_time(resource: Resource) -> bool:
    """Of the workloads only those on accelerators load weights; the others are up in seconds."""
    return resource.key.kind is not Kind.WORKLOAD or any(need.kind is Kind.NODE_POOL for need in resource.needs)


def _removal(change: Difference, catalog: Catalog) -> timedelta:
    """A removal is as long as its slowest kind: what Google's list of durations says of building it, at most."""
    kinds: set[Kind] = {resource.key.kind for resource in change.delete}
    priors = [prior.typical for kind in kinds if (prior := catalog.duration(kind))]
    return max(priors, default=timedelta())
