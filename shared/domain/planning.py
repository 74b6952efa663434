"""Wanted and seen in, one step per key out. No clock, no client, no log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.graph import CHECKS, Resource, ResourceGraph
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey, short_hash
from shared.domain.observations import (
    NOT_LOOKED_AT,
    Absent,
    Broken,
    InFlight,
    Observation,
    Observed,
    Present,
    Unknown,
    differences,
)


class Verb(StrEnum):
    """What can be done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Do:
    """Change the world, once, for this reason. ``resource`` is what is wanted; None for a delete."""

    key: ResourceKey
    verb: Verb
    because: str
    resource: Resource | None = None


@dataclass(frozen=True)
class Hold:
    """Leave it alone for now, for this reason. ``remedy`` where only a person gets it further."""

    key: ResourceKey
    because: str
    reason: Reason = Reason.WAITING
    remedy: str = ""
    moving: bool = False
    """Something is under way that will end by itself: look again soon."""


@dataclass(frozen=True)
class Keep:
    """As wanted. ``needs`` is what it stands on now, which may be less than what was remembered."""

    key: ResourceKey
    needs: frozenset[ResourceKey] = frozenset()


@dataclass(frozen=True)
class Gone:
    """Unwanted and seen to be absent."""

    key: ResourceKey


Step = Do | Hold | Keep | Gone
Inventory = Mapping[ResourceKey, Entry]


@dataclass(frozen=True)
class Plan:
    """Exactly one step for every key that is wanted or remembered."""

    steps: Mapping[ResourceKey, Step] = field(default_factory=dict)

    @property
    def actions(self) -> Iterator[Do]:
        """What is to be started now."""
        return (step for step in self.steps.values() if isinstance(step, Do))

    @property
    def converged(self) -> bool:
        """Whether observed and desired agree."""
        return all(isinstance(step, Keep | Gone) for step in self.steps.values())

    @property
    def moving(self) -> bool:
        """Whether something is under way that only a look can tell the end of."""
        return any(isinstance(step, Do) or (isinstance(step, Hold) and step.moving) for step in self.steps.values())


def make_plan(
    graph: ResourceGraph,
    inventory: Inventory,
    seen: Observation,
    now: datetime,
    others: Inventory | None = None,
) -> Plan:
    """Say what to do next about every key, wanted or remembered.

    ``others`` is what other units remember and may need of ours: one of ours that is no longer wanted stays until
    its users are seen absent.
    """
    steps: dict[ResourceKey, Step] = {}
    for resource in graph:
        steps[resource.key] = _wanted(resource, inventory.get(resource.key, Entry()), seen, steps)
    used = users_of({**(others or {}), **inventory})
    for key in sorted(inventory.keys() - graph.resources.keys()):
        steps[key] = _unwanted(key, used.get(key, frozenset()), seen)
    return Plan({key: _when_due(step, inventory.get(key), now) for key, step in steps.items()})


def users_of(inventory: Inventory) -> Mapping[ResourceKey, frozenset[ResourceKey]]:
    """Return what is remembered to need each key. A check is nobody's user: it passes on what it is needed for."""
    direct: dict[ResourceKey, set[ResourceKey]] = {}
    for key, entry in inventory.items():
        for need in entry.needs:
            direct.setdefault(need, set()).add(key)

    def real(key: ResourceKey) -> frozenset[ResourceKey]:
        found = direct.get(key, set())
        checks = {user for user in found if user.kind in CHECKS}
        return frozenset(found - checks).union(*(real(check) for check in checks))

    return {key: real(key) for key in direct}


def _repair(key: ResourceKey) -> str:
    """Say what a person can do about a wreck of something that once served."""
    if key.kind is not Kind.NODE_POOL or key.container is None:
        return f"repair or delete {key} by hand; deleted, it is built anew"
    place = f"--cluster={key.container.name} --region={key.location}"
    return f"repair it, or delete it, and it is built anew: gcloud container node-pools delete {key.name} {place}"


def _wanted(resource: Resource, entry: Entry, seen: Observation, earlier: Mapping[ResourceKey, Step]) -> Step:
    key, now_seen = resource.key, seen.get(resource.key, NOT_LOOKED_AT)
    if resource.is_check:
        return _check(resource, now_seen, seen, earlier)
    match now_seen:
        case Unknown(because):
            return Hold(key, because, Reason.NOT_SEEN, moving=True)
        case InFlight(operation):
            return Hold(key, f"operation {operation} is running", Reason.IN_PROGRESS, moving=True)
        case Broken(error) if entry.not_before is None:
            return failed(key, error)  # first the failure is folded in, then its pause is kept
        case Broken(error, wreck=True) if entry.ready_once:
            return Hold(key, str(error), Reason.WRECK, error.remedy or _repair(key))
        case Broken(wreck=True):
            waiting = _waiting_for(resource, seen, earlier)
            return waiting or Do(key, Verb.DELETE, "its creation failed; the rest of it goes first")
        case Broken() | Absent():
            waiting = _waiting_for(resource, seen, earlier)
            return waiting or Do(key, Verb.CREATE, "it does not exist", resource)
        case Present():
            return _present(resource, entry, now_seen, _waiting_for(resource, seen, earlier))
        case other:
            assert_never(other)


def _present(resource: Resource, entry: Entry, seen: Present, waiting: Hold | None) -> Step:
    key = resource.key
    differing = differences(resource.spec, seen.spec)
    if differing and seen.failure is not None and entry.not_before is None:
        return failed(key, seen.failure)
    if differing and entry.applied == short_hash(resource.spec, 12):
        remedy = f"look at {differing[0]} of {key}: something else sets it, or the API does not know it"
        return Hold(key, f"{', '.join(differing[:3])} was not kept as sent", Reason.FIELD_NOT_KEPT, remedy)
    if differing:
        return waiting or Do(key, Verb.UPDATE, f"{', '.join(differing[:3])} differs", resource)
    if not seen.ready:
        return Hold(key, seen.because or "it is starting", seen.reason, moving=True)
    return Keep(key, resource.all_needs)


def _check(resource: Resource, now_seen: Observed, seen: Observation, earlier: Mapping[ResourceKey, Step]) -> Step:
    key = resource.key
    if isinstance(now_seen, Present) and now_seen.ready:
        return Keep(key, resource.all_needs)
    if waiting := _waiting_for(resource, seen, earlier):
        return waiting
    match now_seen:
        case Broken(error):
            return failed(key, error, resource.remedy)
        case Unknown(because) | Present(because=because) if because:
            return Hold(key, because, Reason.WAITING, resource.remedy, moving=True)
        case _:
            return Hold(key, "it is not there yet", Reason.WAITING, resource.remedy, moving=True)


def failed(key: ResourceKey, error: InferError, remedy: str = "") -> Hold:
    """Return the step that only shows a failure."""
    return Hold(key, str(error), reason_of(error.reason), error.remedy or remedy, moving=True)


def reason_of(word: str) -> Reason:
    """Return the reason of that name; a word that is none is a bug of ours and says so."""
    return Reason(word) if word in set(Reason) else Reason.INTERNAL


def _waiting_for(resource: Resource, seen: Observation, earlier: Mapping[ResourceKey, Step]) -> Hold | None:
    missing = sorted(need for need in resource.all_needs if not _kept(need, seen, earlier))
    if missing:
        return Hold(resource.key, f"waiting for {missing[0]}")
    if resource.any_of and not any(_kept(need, seen, earlier) for need in resource.any_of):
        return Hold(resource.key, f"waiting for one of {', '.join(map(str, sorted(resource.any_of)))}")
    return None


def _kept(need: ResourceKey, seen: Observation, earlier: Mapping[ResourceKey, Step]) -> bool:
    if need in earlier:
        return isinstance(earlier[need], Keep)
    found = seen.get(need, NOT_LOOKED_AT)
    return isinstance(found, Present) and found.ready


def _unwanted(key: ResourceKey, users: frozenset[ResourceKey], seen: Observation) -> Step:
    present = sorted(user for user in users if not isinstance(seen.get(user, NOT_LOOKED_AT), Absent))
    if key.kind in CHECKS:
        # While something stands on it, it must be remembered: what the check itself needs is needed through it.
        return Hold(key, f"still used by {present[0]}", Reason.IN_USE) if present else Gone(key)
    match seen.get(key, NOT_LOOKED_AT):
        case Unknown(because):
            return Hold(key, because, Reason.NOT_SEEN, moving=True)
        case InFlight(operation):
            return Hold(key, f"operation {operation} is running", Reason.IN_PROGRESS, moving=True)
        case Absent() | Broken(wreck=False):
            return Gone(key)
        case Present() | Broken() if present:
            return Hold(key, f"still used by {present[0]}", Reason.IN_USE)
        case Present() | Broken():
            return Do(key, Verb.DELETE, "it is no longer wanted")
        case other:
            assert_never(other)


def _when_due(step: Step, entry: Entry | None, now: datetime) -> Step:
    if not isinstance(step, Do) or entry is None or entry.not_before is None or now >= entry.not_before:
        return step
    return Hold(step.key, entry.because, reason_of(entry.reason), entry.remedy)
