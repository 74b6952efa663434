"""What a card is made from: one proposal with all that became of it, as values. Filled by notify, read by the cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.conditions import ConditionType, Reason, Truth, find
from shared.domain.desired import DeploymentSpec, deployment_path
from shared.domain.inventory import PLATFORM, Status, Unit
from shared.domain.names import GLOBAL
from shared.domain.proposals import Change, Decision, Proposal, State, Vote, approvers, rejecters


@dataclass(frozen=True)
class Work:
    """One unit that an applied proposal changes: the generation it has to reach, and how far it is."""

    unit: Unit
    generation: int
    status: Status | None

    @property
    def done(self) -> bool:
        """Whether it is as that generation wants it, now."""
        if self.status is None or self.status.observed_generation < self.generation:
            return False
        ready = find(self.status.conditions, ConditionType.READY)
        return ready is not None and (ready.status is Truth.TRUE or ready.reason is Reason.REMOVED)

    @property
    def trouble(self) -> str:
        """What only a person can put right, with the remedy; empty where nothing is."""
        stalled = find(self.status.conditions, ConditionType.STALLED) if self.status else None
        return stalled.message if stalled and stalled.status is Truth.TRUE else ""


class Phase(StrEnum):
    """Which card a proposal has now."""

    PLAN = "plan"
    PLAN_ONLY = "plan only"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    VOID = "void"
    PROGRESS = "progress"
    DONE = "done"
    DELETED = "deleted"
    REPLACED = "replaced"


_WITHOUT_WORK: Mapping[State, Phase] = {
    State.OPEN: Phase.PLAN,
    State.APPROVED: Phase.PLAN,
    State.PLAN_ONLY: Phase.PLAN_ONLY,
    State.REJECTED: Phase.REJECTED,
    State.EXPIRED: Phase.EXPIRED,
    State.SUPERSEDED: Phase.SUPERSEDED,
    State.VOID: Phase.VOID,
}


@dataclass(frozen=True)
class View:
    """One proposal and what became of it."""

    proposal: Proposal
    state: State
    votes: tuple[Vote, ...] = ()
    decision: Decision | None = None
    who: str = ""
    """Who may approve, in words."""
    works: tuple[Work, ...] = ()
    """Once it is applied: every unit it changes."""
    replaced_by: str = ""
    """Once it is applied: the proposal that changed the deployment after it."""
    finished: datetime | None = None
    """When it was first seen finished; later repairs do not move it."""

    @property
    def phase(self) -> Phase:
        """Which card it has now."""
        if self.state is not State.APPLIED:
            return _WITHOUT_WORK[self.state]
        if self.replaced_by:
            return Phase.REPLACED
        if not self.works or not all(work.done for work in self.works):
            return Phase.PROGRESS
        return Phase.DELETED if self.after is None else Phase.DONE

    @property
    def after(self) -> DeploymentSpec | None:
        """What the deployment becomes; None when it goes."""
        path = deployment_path(self.proposal.deployment)
        spec = next((change.after for change in self.proposal.changes if change.path == path), None)
        return spec if isinstance(spec, DeploymentSpec) else None

    @property
    def finished_at(self) -> datetime | None:
        """When the last unit became as wanted; None while there is nothing to tell it by."""
        found = (find(work.status.conditions, ConditionType.READY) for work in self.works if work.status)
        return self.finished or max((each.last_transition_time for each in found if each), default=None)

    @property
    def approved_by(self) -> frozenset[str]:
        """Whose approval counts."""
        return approvers(self.proposal, self.votes)

    @property
    def rejected_by(self) -> frozenset[str]:
        """Who rejected it."""
        return rejecters(self.proposal, self.votes)

    @property
    def troubles(self) -> tuple[Work, ...]:
        """The units that wait for a person."""
        return tuple(work for work in self.works if work.trouble)


def units_of(changes: Iterable[Change]) -> list[tuple[Unit, str]]:
    """Return every unit that the changes touch, with the path of its document; deployments first, then by place."""
    found: dict[Unit, str] = {}
    for change in changes:
        owner, _, name = change.path.partition("/")
        if owner == PLATFORM:
            found[Unit(PLATFORM, name)] = change.path
            continue
        specs = [spec for spec in (change.before, change.after) if isinstance(spec, DeploymentSpec)]
        places = {region for spec in specs for region in spec.regions} | {GLOBAL}
        found |= {Unit(name, place): change.path for place in places}
    return sorted(found.items(), key=lambda item: (item[0].is_platform, item[0].location == GLOBAL, item[0]))
