"""Fold one round's plan and results into the next status document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError, TerminalError
from shared.domain.graph import ResourceGraph
from shared.domain.inventory import Entry, Status
from shared.domain.names import ResourceKey, short_hash
from shared.domain.observations import Broken, InFlight, Observation, Present
from shared.domain.planning import Do, Gone, Hold, Keep, Plan, Verb

FIRST_RETRY = timedelta(seconds=10)
SLOWEST_RETRY = timedelta(minutes=5)
ASK_AGAIN = timedelta(minutes=10)
"""After a failure that only a person can mend."""
LATE_ARRIVALS = timedelta(minutes=15)
"""Longer than any invocation can live (an event-driven function: 9 minutes)."""
FASTEST_LOOK = timedelta(seconds=2)
SLOWEST_LOOK = timedelta(seconds=60)
WAITING_LOOK = timedelta(minutes=5)
LOOK_SHARE = 0.02
"""How much later than its end an operation may be noticed, as a share of its age."""


@dataclass(frozen=True)
class Started:
    """The provider took the order; ``operation`` is empty where the effect is immediate."""

    operation: str = ""


Result = Started | InferError


def late_results(seen: Observation) -> dict[ResourceKey, Result]:
    """Return the failures that arrived after their round had ended."""
    broken = {key: observed.error for key, observed in seen.items() if isinstance(observed, Broken)}
    standing = {k: o.failure for k, o in seen.items() if isinstance(o, Present) and o.failure is not None}
    return {**broken, **standing}


def remember(status: Status, graph: ResourceGraph) -> Status:
    """Write down what may come to exist, before anything is built. Being wanted again restarts the quiet time.

    What a resource stood on so far stays among its needs until it is seen as wanted: a workload still runs on the
    old pool while it moves to the new one.
    """
    inventory = dict(status.inventory)
    for resource in graph:
        entry = inventory.get(resource.key, Entry())
        inventory[resource.key] = replace(entry, needs=entry.needs | resource.all_needs, gone_since=None)
    return replace(status, inventory=inventory)


def settle(
    status: Status,
    generation: int,
    plan: Plan,
    seen: Observation,
    results: Mapping[ResourceKey, Result],
    now: datetime,
) -> Status:
    """Return the status after this round: what was started, what failed, what is gone, when to look again."""
    inventory = {
        key: _settle_key(entry, plan, key, seen, results.get(key), now)
        for key, entry in status.inventory.items()
        if not _forgotten(entry, plan, key, now)
    }
    quiet = [entry.gone_since + LATE_ARRIVALS for entry in inventory.values() if entry.gone_since]
    return replace(
        status,
        inventory=inventory,
        observed_generation=generation if plan.converged else status.observed_generation,
        next_check_at=_next_check(plan, inventory, quiet, now),
    )


def _forgotten(entry: Entry, plan: Plan, key: ResourceKey, now: datetime) -> bool:
    quiet = entry.gone_since is not None and now - entry.gone_since >= LATE_ARRIVALS
    return quiet and isinstance(plan.steps.get(key), Gone)


def _settle_key(
    entry: Entry, plan: Plan, key: ResourceKey, seen: Observation, result: Result | None, now: datetime
) -> Entry:
    step = plan.steps.get(key)
    if isinstance(seen.get(key), InFlight):
        return replace(entry, operation_since=entry.operation_since or now, gone_since=None, kept=False)
    entry = replace(entry, kept=False, gone_since=entry.gone_since if isinstance(step, Gone) else None)
    match step, result:
        case Gone(), _:
            return replace(_at_rest(entry), gone_since=entry.gone_since or now, ready_once=False)
        case Keep(needs=needs), _:
            return replace(_at_rest(entry), needs=needs, ready_once=True, kept=True)
        case Do(), Started(operation):
            return _begun(entry, step, operation, now)
        case _, InferError() as error:
            return _after_failure(entry, error, now)
        case Hold(moving=True), _:
            return replace(entry, operation_since=entry.operation_since or now)
        case _:
            return entry


def _at_rest(entry: Entry) -> Entry:
    """Forget what was under way; ``applied`` too: what was sent was seen, so a later difference is drift."""
    return Entry(needs=entry.needs, serial=entry.serial, gone_since=entry.gone_since, ready_once=entry.ready_once)


def _begun(entry: Entry, step: Do, operation: str, now: datetime) -> Entry:
    return replace(
        entry,
        serial=entry.serial + 1,
        operation=operation,
        operation_since=now,
        not_before=None,
        applied=short_hash(step.resource.spec, 12) if step.resource else "",
        ready_once=entry.ready_once and step.verb is Verb.UPDATE,
    )


def _after_failure(entry: Entry, error: InferError, now: datetime) -> Entry:
    if entry.not_before is not None and now < entry.not_before:
        return entry  # the same failure, seen again before its pause is over
    match error:
        case RetryableError(after=timedelta() as after):
            pause = after
        case PreconditionError():
            pause = FIRST_RETRY
        case TerminalError() | NeedsHumanError():
            pause = ASK_AGAIN
        case _:
            pause = min(FIRST_RETRY * 2 ** min(entry.tries, 10), SLOWEST_RETRY)
    lost = isinstance(error, RetryableError) and error.reason == Reason.DEADLINE_EXCEEDED
    # The effect may have happened: the serial must not move, so that the same attempt is asked for again.
    serial = entry.serial if lost else entry.serial + 1
    return replace(
        entry,
        serial=serial,
        operation="",
        operation_since=None,
        tries=entry.tries + 1,
        not_before=now + pause,
        because=str(error),
        remedy=error.remedy,
        reason=error.reason,
        applied="",
    )


def _next_check(
    plan: Plan, inventory: Mapping[ResourceKey, Entry], quiet: list[datetime], now: datetime
) -> datetime | None:
    """Say when the next look is due; None once nothing is left to wait for."""
    due = list(quiet)
    if plan.moving:
        due.append(now + pace(inventory, now))
    paused = [entry.not_before for entry in inventory.values() if entry.not_before and entry.not_before > now]
    due += paused
    if not due and any(isinstance(step, Hold) for step in plan.steps.values()):
        due.append(now + WAITING_LOOK)
    return min(due, default=None)


def pace(inventory: Mapping[ResourceKey, Entry], now: datetime) -> timedelta:
    """Return the pause before the next look: a share of the oldest operation's age, within bounds."""
    since = [entry.operation_since for entry in inventory.values() if entry.operation_since]
    age = now - min(since, default=now)
    return max(FASTEST_LOOK, min(SLOWEST_LOOK, age * LOOK_SHARE))
