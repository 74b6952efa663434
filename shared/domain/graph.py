"""What should exist, and in which order: resources that need resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import differences


@dataclass(frozen=True)
class Resource:
    """One wanted thing. ``spec`` holds only the fields we own, as plain JSON values."""

    key: ResourceKey
    spec: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[ResourceKey] = frozenset()
    """All of these must be kept before it is built, and may go only after it is gone."""
    any_of: frozenset[ResourceKey] = frozenset()
    """One of these is enough; empty asks for none."""
    remedy: str = ""
    """For a check: what a person does when it does not hold. A check is looked at, never built."""

    @cached_property
    def all_needs(self) -> frozenset[ResourceKey]:
        """Its needs, and the cluster that it lives in."""
        container = self.key.container
        return self.needs if container is None else self.needs | {container}

    @property
    def is_check(self) -> bool:
        """Whether it is only looked at."""
        return self.key.kind in CHECKS


CHECKS = frozenset({Kind.API, Kind.GRANT, Kind.BUCKET, Kind.GATEWAY_CLASS, Kind.INFERENCE_POOL_IMPORT})
"""Kinds that others bring about: a person (APIs, grants, buckets) or Google's controllers."""


@dataclass(frozen=True)
class ResourceGraph:
    """Wanted things by key, without cycles. Needs may point to resources of other units, outside the graph."""

    resources: Mapping[ResourceKey, Resource] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> ResourceGraph:
        """Build a graph; two resources with one key are a bug in the compiler."""
        built: dict[ResourceKey, Resource] = {}
        for resource in resources:
            if resource.key in built:
                msg = f"two resources with one key: {resource.key}"
                raise ValueError(msg)
            built[resource.key] = resource
        return cls(built)

    def __iter__(self) -> Iterator[Resource]:
        """Yield needs before what needs them. Sorted: every process yields one order, which digests rest on."""
        return iter(self._ordered)

    @cached_property
    def _ordered(self) -> tuple[Resource, ...]:
        inside = self.resources
        needs = {key: sorted((inside[key].all_needs | inside[key].any_of) & inside.keys()) for key in sorted(inside)}
        return tuple(inside[key] for key in TopologicalSorter(needs).static_order())

    def __contains__(self, key: object) -> bool:
        return key in self.resources

    def __len__(self) -> int:
        return len(self.resources)

    def __or__(self, other: ResourceGraph) -> ResourceGraph:
        return ResourceGraph.of([*self.resources.values(), *other.resources.values()])

    def at(self, location: str) -> ResourceGraph:
        """Return the part that one unit looks after."""
        return self._parts.get(location) or ResourceGraph()

    @cached_property
    def _parts(self) -> Mapping[str, ResourceGraph]:
        places: dict[str, dict[ResourceKey, Resource]] = {}
        for key, resource in self.resources.items():
            places.setdefault(key.location, {})[key] = resource
        return {location: ResourceGraph(resources) for location, resources in places.items()}

    @cached_property
    def outside(self) -> frozenset[ResourceKey]:
        """What the graph needs but does not hold: other units' resources, seen but not touched here."""
        asked = (r.all_needs | r.any_of for r in self.resources.values())
        return frozenset(key for keys in asked for key in keys) - self.resources.keys()


@dataclass(frozen=True)
class Difference:
    """What building ``after`` where ``before`` stands would do, key by key."""

    create: tuple[Resource, ...] = ()
    update: tuple[tuple[Resource, Resource], ...] = ()
    delete: tuple[Resource, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.create or self.update or self.delete)


def difference(before: ResourceGraph, after: ResourceGraph) -> Difference:
    """Compare two graphs, in building order. Checks are nobody's change and are left out."""
    old, new = before.resources, after.resources
    return Difference(
        create=tuple(r for r in after if r.key not in old and not r.is_check),
        update=tuple((old[r.key], r) for r in after if r.key in old and _changed(old[r.key], r)),
        delete=tuple(r for r in before if r.key not in new and not r.is_check),
    )


def _changed(old: Resource, new: Resource) -> bool:
    return bool(differences(new.spec, old.spec) or differences(old.spec, new.spec))
