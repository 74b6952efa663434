"""From changes to what a proposal says of them. decide recomputes the digest with the very same functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.amend import Estate
from shared.domain.catalog import Catalog
from shared.domain.codec import plain
from shared.domain.costing import quota_needs, quote
from shared.domain.desired import FLEET_PATH, DeploymentSpec, FleetSpec, Spec
from shared.domain.graph import Difference, ResourceGraph, difference
from shared.domain.names import Kind
from shared.domain.proposals import Change, digest_of, field_changes
from shared.domain.quotes import QuotaFinding, Quote

Compile = Callable[[str, Spec | None, FleetSpec | None], ResourceGraph]


@dataclass(frozen=True)
class Draft:
    """What changes mean: the resources they touch, their price, their words."""

    changes: tuple[Change, ...]
    difference: Difference
    quote: Quote
    summary: tuple[str, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources come, change and go."""
        found = self.difference
        return {"create": len(found.create), "update": len(found.update), "delete": len(found.delete)}

    def digest(self, rule: str, policy: str) -> str:
        """Return what a vote binds, under this rule of the policy with this hash."""
        bound = [(c.path, c.generation, plain(c.before), plain(c.after)) for c in self.changes]
        return digest_of(bound, self.difference, self.quote, rule, policy)


def needs(changes: Sequence[Change], catalog: Catalog) -> dict[tuple[str, str], int]:
    """Return which quotas the changes draw on, for the quota reader."""
    return quota_needs(_specs(changes, "before"), _specs(changes, "after"), catalog)


def draft(
    changes: tuple[Change, ...], estate: Estate, compiled: Compile, quota: tuple[QuotaFinding, ...], catalog: Catalog
) -> Draft:
    """Work out what the changes mean, given the documents as they stand."""
    after_fleet = next((c.after for c in changes if c.path == FLEET_PATH), estate.fleet)
    fleet = after_fleet if isinstance(after_fleet, FleetSpec) else None
    before, after = ResourceGraph(), ResourceGraph()
    for change in changes:
        before = before | compiled(change.path, change.before, estate.fleet)
        after = after | compiled(change.path, change.after, fleet)
    found = difference(before, after)
    priced = quote(_specs(changes, "before"), _specs(changes, "after"), found, quota, catalog)
    return Draft(changes, found, priced, _summary(changes, found))


def _specs(changes: Sequence[Change], side: str) -> dict[str, Spec | None]:
    return {change.path: getattr(change, side) for change in changes}


def _summary(changes: tuple[Change, ...], found: Difference) -> tuple[str, ...]:
    lines: list[str] = []
    for change in changes:
        if change.before is None:
            lines.append(f"{change.path}: new{_contents(change.after)}")
        elif change.after is None:
            lines.append(f"{change.path}: goes")
        else:
            lines += field_changes(change, plain(change.after), plain(change.before))
    shown = (Kind.CLUSTER, Kind.NODE_POOL)
    lines += [f"creates {r.key}" for r in found.create if r.key.kind in shown]
    lines += [f"deletes {r.key}" for r in found.delete if r.key.kind in shown]
    return tuple(lines)


def _contents(spec: Spec | None) -> str:
    """Say what a new deployment is made of: there is no older one that fields could be compared with."""
    if not isinstance(spec, DeploymentSpec):
        return ""
    where = ", ".join(f"{p.replicas} x {p.zone or region}" for region, p in sorted(spec.regions.items()))
    weights = spec.weights or "the Hugging Face hub"
    way = spec.consumption.replace("_", "-")
    return f", {spec.model} on {spec.machine} ({way}), replicas {where}, weights from {weights}"
