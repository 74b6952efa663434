"""What every history starts from: the policy, the functions, and the chaos that may strike at each effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.alerts import receive
from functions.decide import decide
from functions.incidents import handle as incidents
from functions.notify import handle as notify
from functions.propose import choose, propose
from functions.reconcile import reconcile
from functions.sweep import sweep
from shared.domain.messages import (
    AlertReceived,
    CardDue,
    Decided,
    IncidentChanged,
    IncidentDue,
    IntentSubmitted,
    ProposalMade,
    RemedyChosen,
    SnoozeAsked,
    StatusChanged,
    Tick,
    Told,
    VoteCast,
    Wake,
)
from shared.domain.policy import Policy, Role, Rule
from shared.domain.quotes import QuotaFinding
from shared.services import Services

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANA, BEN, CHLOE, GUEST = "ana", "ben", "chloe", "guest"
QUORUM = 1
DRIFT_MINUTES = 11
"""By then every converged unit was looked at once more."""
POLICY = Policy(
    roles={"engineers": Role(groups=frozenset({"ml-platform"})), "approvers": Role(groups=frozenset({"approvers"}))},
    rules=(
        Rule("small steps", ("engineers",), frozenset({"balance"}), quorum=0),
        Rule("changes", ("engineers",), approvers=("approvers",), quorum=QUORUM),
    ),
    hash="policy-1",
)


def asked(message: IntentSubmitted | RemedyChosen, services: Services) -> None:
    """Do what the target propose does."""
    if isinstance(message, RemedyChosen):
        choose(message, services)
    else:
        propose(message, services)


FUNCTIONS: dict[str, tuple[tuple[type, ...], Callable[..., None]]] = {
    "propose": ((IntentSubmitted, RemedyChosen), asked),
    "decide": ((VoteCast, ProposalMade), decide),
    "reconcile": ((Wake, Decided), reconcile),
    "notify": ((ProposalMade, Decided, StatusChanged, CardDue, Told, IncidentChanged), notify),
    "alerts": ((bytes,), receive),
    "incidents": ((AlertReceived, IncidentDue, Decided, ProposalMade, SnoozeAsked), incidents),
    "sweep": ((Tick,), sweep),
}


class Killed(BaseException):
    """The function instance died."""


@dataclass
class Chaos:
    """Strikes once at the n-th effect from now: kills the invocation, or runs something else in its midst."""

    fuse: int | None = None
    strike: Callable[[], None] | None = None
    only: str = ""
    """Counts effects of this name alone; empty: all."""
    met: Counter[str] = field(default_factory=Counter)

    def __call__(self, effect: str) -> None:
        if self.fuse is None or (self.only and effect != self.only):
            return
        self.fuse -= 1
        if self.fuse < 0:
            self.fuse = None
            strike, self.strike = self.strike, None
            if strike is None:
                self.met[f"killed at {effect}"] += 1
                raise Killed(effect)
            self.met["overlap"] += 1
            strike()


class Quotas:
    def findings(self, needs: dict[tuple[str, str], int]) -> tuple[QuotaFinding, ...]:
        return tuple(QuotaFinding(region, metric, need, 64, 0) for (region, metric), need in needs.items())


class Resolver:
    def image(self, reference: str) -> str:
        return f"{reference}@sha256:{'0' * 64}"

    def secret(self, name: str) -> str:
        return f"{name}/versions/1"
