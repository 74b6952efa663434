"""One unit's plan in words: conditions that do not flap, and a short report for cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared.domain.conditions import Condition, ConditionType, Reason, Truth, carry_over
from shared.domain.errors import TerminalError
from shared.domain.inventory import Status
from shared.domain.names import Kind
from shared.domain.observations import Observation, Present
from shared.domain.planning import Do, Gone, Hold, Keep, Plan, Step

_ASPECTS: Mapping[ConditionType, frozenset[Kind]] = {
    ConditionType.CAPACITY_READY: frozenset({Kind.NODE_POOL, Kind.CLUSTER}),
    ConditionType.WORKLOAD_READY: frozenset({Kind.WORKLOAD, Kind.SERVICE, Kind.INFERENCE_POOL}),
    ConditionType.TRAFFIC_READY: frozenset({Kind.SMOKE_TEST, Kind.GATEWAY, Kind.HTTP_ROUTE}),
}
_SHOWN = 3


def summarize(status: Status, plan: Plan, seen: Observation, generation: int, now: datetime) -> Status:
    """Return the status with the conditions and the report of this round."""
    made = [
        _aspect(kind, [s for s in plan.steps.values() if s.key.kind in kinds], generation, now)
        for kind, kinds in _ASPECTS.items()
    ]
    steps = list(plan.steps.values())
    new = [condition for condition in made if condition] + [
        _ready(ConditionType.READY, steps, generation, now),
        _reconciling(plan, generation, now),
        _stalled(steps, generation, now),
    ]
    return Status(
        unit=status.unit,
        inventory=status.inventory,
        conditions=carry_over(status.conditions, tuple(new)),
        report=_report(plan, seen),
        observed_generation=status.observed_generation,
        next_check_at=status.next_check_at,
        version=status.version,
    )


def stuck(status: Status, error: TerminalError, generation: int, now: datetime) -> Status:
    """Return the status of a unit whose desired state makes no sense: it stays as it is until that changes."""
    said = f"{error}. To mend it: apply a change that makes sense, or delete it"
    made = (
        (ConditionType.READY, Truth.FALSE, str(error)),
        (ConditionType.RECONCILING, Truth.FALSE, ""),
        (ConditionType.STALLED, Truth.TRUE, said),
    )
    new = tuple(Condition(kind, truth, Reason.INVALID, text, generation, now) for kind, truth, text in made)
    return replace(status, conditions=carry_over(status.conditions, new))


def _aspect(kind: ConditionType, steps: list[Step], generation: int, now: datetime) -> Condition | None:
    return _ready(kind, steps, generation, now) if steps else None


def _ready(kind: ConditionType, steps: list[Step], generation: int, now: datetime) -> Condition:
    wanted = [step for step in steps if not isinstance(step, Gone)]
    open_steps = [step for step in wanted if not isinstance(step, Keep)]
    if not open_steps:
        reason = Reason.AS_WANTED if wanted else Reason.REMOVED
        truth = Truth.TRUE if wanted or not steps else Truth.FALSE
        return Condition(kind, truth, reason, "", generation, now)
    blind = all(isinstance(step, Hold) and step.reason is Reason.NOT_SEEN for step in open_steps)
    first = min(open_steps, key=_urgency)
    truth = Truth.UNKNOWN if blind else Truth.FALSE
    return Condition(kind, truth, _reason(first), _sentence(first), generation, now)


def _reconciling(plan: Plan, generation: int, now: datetime) -> Condition:
    if plan.converged:
        return Condition(ConditionType.RECONCILING, Truth.FALSE, Reason.AS_WANTED, "", generation, now)
    doing = sorted((s for s in plan.steps.values() if not isinstance(s, Keep | Gone)), key=_urgency)
    said = "; ".join(dict.fromkeys(_sentence(step) for step in doing[:_SHOWN]))
    return Condition(ConditionType.RECONCILING, Truth.TRUE, _reason(doing[0]), said, generation, now)


def _stalled(steps: list[Step], generation: int, now: datetime) -> Condition:
    stuck = sorted((s for s in steps if isinstance(s, Hold) and s.remedy and not _patient(s)), key=_urgency)
    if not stuck:
        return Condition(ConditionType.STALLED, Truth.FALSE, Reason.AS_WANTED, "", generation, now)
    said = dict.fromkeys(f"{_sentence(step)}. To mend it: {step.remedy}" for step in stuck)
    text = "\n".join(list(said)[:_SHOWN])
    return Condition(ConditionType.STALLED, Truth.TRUE, stuck[0].reason, text, generation, now)


def _patient(step: Hold) -> bool:
    """Google's own controllers take up to 15 minutes: their absence is no trouble yet."""
    return step.moving and step.key.kind in {Kind.GATEWAY_CLASS, Kind.INFERENCE_POOL_IMPORT}


def _urgency(step: Step) -> tuple[int, str]:
    match step:
        case Hold(remedy=remedy) if remedy and not _patient(step):
            rank = 0
        case Do():
            rank = 1
        case Hold(reason=Reason.IN_PROGRESS):
            rank = 2
        case _:
            rank = 3
    return rank, str(step.key)


def _reason(step: Step) -> Reason:
    return step.reason if isinstance(step, Hold) else Reason.IN_PROGRESS


def _sentence(step: Step) -> str:
    match step:
        case Do(key=key, verb=verb, because=because):
            return f"{key}: {verb} started, because {because}"
        case Hold(key=key, reason=Reason.IN_PROGRESS, because=because) if because.startswith("operation "):
            return f"{key}: an operation is running"
        case Hold(key=key, because=because):
            return f"{key}: {because}"
        case Keep(key=key) | Gone(key=key):
            return f"{key}: as wanted"


def _report(plan: Plan, seen: Observation) -> Mapping[str, str]:
    kept = sum(isinstance(step, Keep) for step in plan.steps.values())
    wanted = sum(not isinstance(step, Gone) for step in plan.steps.values())
    told = {
        name: text
        for key in sorted(seen)
        if isinstance(found := seen[key], Present) and key in plan.steps
        for name, text in found.report.items()
    }
    return {**told, "progress": f"{kept}/{wanted}"}
