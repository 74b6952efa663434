"""The simulated cloud behind ``ports.Providers``: things, operations that take time, bad luck, and a strict judge."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError
from shared.domain.graph import CHECKS
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey, request_id
from shared.domain.observations import Absent, Broken, InFlight, Observation, Observed, Present, Unknown
from shared.domain.planning import Do, Verb
from shared.domain.settling import Result, Started

SLOW = {Kind.CLUSTER: 300, Kind.NODE_POOL: 200, Kind.MEMBERSHIP: 60, Kind.FEATURE: 60, Kind.SUBNETWORK: 20}
"""Kinds with operations, and how many seconds those take."""
STARTING = {Kind.WORKLOAD: 240, Kind.GATEWAY: 300, Kind.SMOKE_TEST: 30}
"""Kinds that are there at once and ready later."""

REQUEST_IDS = frozenset({Kind.SUBNETWORK, Kind.MEMBERSHIP, Kind.FEATURE})
"""Kinds whose API knows an attempt again; GKE and Kubernetes go by the name alone."""


@dataclass
class Thing:
    """One thing that exists."""

    spec: Mapping[str, Any]
    needs: frozenset[ResourceKey]
    busy_until: datetime
    ready_at: datetime
    operation: str = ""
    doomed: bool = False
    fails: bool = False
    wreck: bool = False


@dataclass
class SimCloud:
    """What exists, and what goes wrong just now."""

    clock: Callable[[], datetime]
    things: dict[ResourceKey, Thing] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    operations: Iterator[int] = field(default_factory=itertools.count)
    blind: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    """Location -> busy, lost, quota or stockout."""
    slowness: float = 1.0
    met: Counter[str] = field(default_factory=Counter)
    needs: dict[ResourceKey, set[tuple[frozenset[ResourceKey], frozenset[ResourceKey]]]] = field(default_factory=dict)
    """Every way in which a key was ever wanted: all of these, and any of those."""
    memory: list[dict[ResourceKey, Thing]] = field(default_factory=list)

    def settle(self) -> None:
        """Let operations end whose time has come."""
        now = self.clock()
        for key, thing in list(self.things.items()):
            if thing.busy_until > now:
                continue
            if thing.doomed:
                self.drop(key)
            elif thing.fails and not thing.wreck:
                thing.wreck = True

    def drop(self, key: ResourceKey) -> None:
        """Remove a thing, and with a cluster all that lives in it."""
        self.things.pop(key, None)
        for inner in [k for k in self.things if k.container == key]:
            del self.things[inner]

    def provider(self, step: Callable[[str], None], *, stale: bool = False, overlapped: bool = False) -> Invocation:
        """Return what one invocation sees of the cloud."""
        return Invocation(self, step, stale=stale, overlapped=overlapped)


class Invocation:
    """Keeps ``ports.Providers`` for one invocation, and judges what it starts by what it saw."""

    def __init__(self, cloud: SimCloud, step: Callable[[str], None], *, stale: bool, overlapped: bool) -> None:
        self.cloud, self.step, self.stale, self.overlapped = cloud, step, stale, overlapped
        self.seen: Observation = {}
        self.shown: dict[ResourceKey, Thing] = {}

    # looking ---------------------------------------------------------------------------------------------

    def look(self, inventory: Mapping[ResourceKey, Entry]) -> Observation:
        self.step("look")
        self.cloud.settle()
        self.shown = {key: Thing(**vars(thing)) for key, thing in self.cloud.things.items()}
        if self.stale and self.cloud.memory:
            self.shown = self.cloud.memory[-1]
            self.cloud.met["stale read"] += 1
        else:
            self.cloud.memory.append(self.shown)
            del self.cloud.memory[:-3]
        self.seen = {key: self._see(key) for key in inventory}
        self.step("looked")
        return self.seen

    def _see(self, key: ResourceKey) -> Observed:
        if key.location in self.cloud.blind:
            self.cloud.met["blind"] += 1
            return Unknown("read timed out")
        if (container := key.container) is not None:
            outside = self._see(container)
            if isinstance(outside, Unknown):
                return outside
            there = self.shown.get(container)
            if there is not None and there.doomed:
                return Unknown("the cluster is being deleted")
            if there is None or isinstance(outside, InFlight) or there.wreck:
                return Absent()
        if key.kind in CHECKS:
            return self._check(key)
        return self._see_thing(key)

    def _see_thing(self, key: ResourceKey) -> Observed:
        thing, now = self.shown.get(key), self.cloud.clock()
        if thing is None:
            return Absent()
        if thing.busy_until > now:
            return InFlight(thing.operation)
        if thing.wreck or thing.fails:
            return Broken(RetryableError(f"no stock for {key}", reason="StockOut"), wreck=True)
        return Present(thing.spec, thing.ready_at <= now)

    def _check(self, key: ResourceKey) -> Observed:
        if key.kind in {Kind.API, Kind.GRANT, Kind.BUCKET}:
            there = True
        elif key.kind is Kind.GATEWAY_CLASS:
            there = any(k.kind is Kind.FEATURE for k in self.shown)
        else:
            there = any(k.kind is Kind.INFERENCE_POOL and k.name == key.name for k in self.shown)
        return Present({}, ready=True) if there else Absent()

    # starting --------------------------------------------------------------------------------------------

    def start(self, actions: Iterable[Do], inventory: Mapping[ResourceKey, Entry]) -> Mapping[ResourceKey, Result]:
        return {action.key: self._start(action, inventory[action.key].serial) for action in list(actions)}

    def _start(self, action: Do, serial: int) -> Result:
        self._judge(action)
        self.step("start")
        fault = self.cloud.faults.get(action.key.location, "")
        if fault in {"busy", "quota", "lost"}:
            self.cloud.met[fault] += 1
        if fault == "busy":
            return RetryableError("the API is busy", reason="Busy")
        if fault == "quota":
            return NeedsHumanError("no quota", reason="QuotaExceeded", remedy="ask for more")
        try:
            operation = self._effect(action, request_id(action.key, action.verb, serial), fault)
        except InferError as error:
            return error
        self.step("started")
        if fault == "lost":
            return RetryableError("the answer was lost", reason="DeadlineExceeded")
        return Started(operation)

    def _effect(self, action: Do, request: str, fault: str) -> str:
        self.cloud.settle()
        if action.key.kind in REQUEST_IDS and request in self.cloud.requests:
            return self.cloud.requests[request]
        thing, now = self.cloud.things.get(action.key), self.cloud.clock()
        if thing is not None and thing.busy_until > now:
            raise PreconditionError(f"{action.key} is busy", reason="Busy")
        operation = f"op-{next(self.cloud.operations)}"
        match action.verb:
            case Verb.CREATE:
                self._create(action, operation, fault)
            case Verb.UPDATE if thing is not None and action.resource is not None:
                thing.spec, thing.busy_until = action.resource.spec, self._later(action.key, SLOW)
                thing.needs = action.resource.all_needs
                thing.operation = operation
            case Verb.DELETE if thing is not None:
                thing.doomed, thing.busy_until, thing.operation = True, self._later(action.key, SLOW), operation
                self.cloud.settle()
            case _:
                return ""
        self.cloud.requests[request] = operation
        return operation if action.key.kind in SLOW else ""

    def _create(self, action: Do, operation: str, fault: str) -> None:
        assert action.resource is not None
        container = action.key.container
        home = self.cloud.things.get(container) if container else None
        if container and (home is None or home.doomed or home.busy_until > self.cloud.clock()):
            raise PreconditionError(f"there is no {container}", reason="Busy")
        if action.key in self.cloud.things:
            return  # it carries our mark: adopted
        sold_out = fault == "stockout" and action.key.kind is Kind.NODE_POOL
        self.cloud.met["stockout"] += sold_out
        self.cloud.things[action.key] = Thing(
            spec=action.resource.spec,
            needs=action.resource.all_needs,
            busy_until=self._later(action.key, SLOW),
            ready_at=self._later(action.key, SLOW) + self._span(action.key, STARTING),
            operation=operation,
            fails=sold_out,
        )

    def _later(self, key: ResourceKey, durations: Mapping[Kind, int]) -> datetime:
        return self.cloud.clock() + self._span(key, durations)

    def _span(self, key: ResourceKey, durations: Mapping[Kind, int]) -> timedelta:
        return timedelta(seconds=durations.get(key.kind, 0) * self.cloud.slowness)

    # judging ---------------------------------------------------------------------------------------------

    def _judge(self, action: Do) -> None:
        """Every start is justified by this very round's look."""
        own = self.seen.get(action.key, Unknown(""))
        assert not isinstance(own, Unknown | InFlight), f"{action.verb} of {action.key} without having seen it: {own}"
        if action.verb is Verb.DELETE:
            users = self._users(action.key)
            assert not users, f"{action.key} is deleted under {users}"
        else:
            ways = self.cloud.needs[action.key]
            met = [
                all(map(self._kept, all_of)) and (not any_of or any(map(self._kept, any_of))) for all_of, any_of in ways
            ]
            assert any(met), f"{action.key} is built before what it needs: {ways}"

    def _kept(self, need: ResourceKey) -> bool:
        found = self.seen.get(need)
        return isinstance(found, Present) and found.ready

    def _users(self, key: ResourceKey) -> list[ResourceKey]:
        through = {key}
        if key.kind is Kind.FEATURE:
            through |= {
                need for thing in self.shown.values() for need in thing.needs if need.kind is Kind.GATEWAY_CLASS
            }
        return [user for user, thing in self.shown.items() if thing.needs & through and user != key]
