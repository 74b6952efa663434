"""A proposal's story on stand-ins: what notify reads, and a Slack that may limit, refuse, or lose the speaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from functions.notify import handle
from shared.catalog.load import load
from shared.domain.codec import encode
from shared.domain.conditions import Condition, ConditionType, Reason, Truth
from shared.domain.desired import DeploymentSpec, Desired, Placement, PlatformSpec, Spec, deployment_path, platform_path
from shared.domain.intents import Deploy, Intent
from shared.domain.inventory import PLATFORM, Status, Unit
from shared.domain.messages import Message
from shared.domain.names import GLOBAL
from shared.domain.policy import Policy, Role
from shared.domain.proposals import Change, Decision, Outcome, Proposal, Vote
from shared.domain.quotes import PriceLine, Quote
from shared.domain.records import decision_path, proposal_path, status_fields, status_path, vote_path
from shared.domain.site import Site
from shared.domain.verdicts import AskFirst
from shared.ports import BlocksRefusedError, Card, Put, RateLimitedError
from shared.services import Services
from tests.standins import MemoryBus, MemoryChat, MemoryDocuments, MemoryTimers

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANA, BEN = "U0ANA00001", "U0BEN00001"
SPEC = DeploymentSpec(
    "llama-3.1-8b", "chat", "g2-standard-12", "spot", {"us-east4": Placement(3, "us-east4-a")}, *"ipp"
)
QUOTE = Quote((), (PriceLine("us-east4", "g2-standard-12 spot", 3, 0.5),), 0, 3, (), timedelta(minutes=20), "2026-01")
GATE = AskFirst("changes", ("approvers",), 1, T0 + timedelta(hours=24), T0 + timedelta(hours=48))
POLICY = Policy(roles={"approvers": Role(groups=frozenset({"ml-platform"}))})


class Killed(BaseException):
    """The function instance died."""


class Fuse:
    """Kills at the n-th effect."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self, _: str) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed


class FussyChat(MemoryChat):
    """Limits or refuses on request."""

    limited = 0
    refuses_blocks = False
    refusal: Exception | None = None

    def post(self, channel: str, card: Card, *, key: str = "", thread: str = "") -> str:
        self._fuss(card)
        return super().post(channel, card, key=key, thread=thread)

    def edit(self, channel: str, ts: str, card: Card) -> bool:
        self._fuss(card)
        return super().edit(channel, ts, card)

    def tell(self, user: str, channel: str, text: str) -> None:
        if self.limited:
            self.limited -= 1
            raise RateLimitedError(5)
        super().tell(user, channel, text)

    def _fuss(self, card: Card) -> None:
        if self.limited:
            self.limited -= 1
            raise RateLimitedError(5)
        if self.refusal:
            raise self.refusal
        if self.refuses_blocks and any(block["type"] in {"table", "header"} for block in card.blocks):
            raise BlocksRefusedError


class Place:
    """Documents, a clock and a Slack."""

    def __init__(self) -> None:
        self.now = T0
        self.fuse = Fuse()
        self.documents = MemoryDocuments(self.fuse)
        self.chat, self.timers = FussyChat(self.fuse), MemoryTimers(self.fuse)
        untouched = cast("Any", None)  # notify speaks and reads; it has no cloud
        self.services = Services(
            documents=self.documents,
            bus=MemoryBus(),
            timers=self.timers,
            providers=untouched,
            quotas=untouched,
            metrics=untouched,
            resolver=untouched,
            chat=self.chat,
            clock=lambda: self.now,
            policy=lambda: POLICY,
            compile=untouched,
            catalog=load(),
            site=Site("demo", "1"),
            channel="C1",
        )

    def put(self, path: str, value: Any, **fields: Any) -> None:
        there = self.documents.stored.get(path)
        self.documents.commit([Put(path, encode(value), fields, there.version if there else "")])

    def propose(self, name: str = "p-000000000001", channel: str = "C1", **other: Any) -> Proposal:
        """Write a proposal as propose would."""
        intent = Intent(f"i-{name}", Deploy("llama3-8b", {"us-east4": 3}, "chat"), ANA, channel, T0)
        intent = replace(intent, dry_run=other.pop("dry_run", False))
        spec: Spec | None = other.pop("after", SPEC)
        changes = (
            Change(deployment_path("chat"), other.pop("generation", 0), None, spec),
            Change(platform_path("us-east4"), 0, None, PlatformSpec(frozenset({"chat"}))),
        )
        summary, counts = ("deployments/chat model: none → llama",), {"create": 9}
        made = Proposal(name, intent, changes, summary, counts, QUOTE, GATE, "d" * 64, T0, "chat", "C1")
        made = replace(made, **other)
        self.put(proposal_path(name), made, deployment="chat", created_at=T0.timestamp())
        return made

    def vote(self, proposal: Proposal, *, approve: bool = True, user: str = BEN) -> None:
        vote = Vote(proposal.id, proposal.digest, user, approve, self.now)
        self.put(vote_path(vote.id), vote, proposal=proposal.id)

    def apply(self, proposal: Proposal, generation: int = 1) -> None:
        """Write what decide writes when it applies a proposal."""
        reached = {change.path: generation for change in proposal.changes}
        self.put(decision_path(proposal.id), Decision(proposal.id, Outcome.APPLIED, "approved", self.now, reached))
        for change in proposal.changes:
            self.put(change.path, Desired(change.path, generation, change.after, proposal.id, change.before))

    def report(self, unit: Unit, ready: bool, stalled: str = "", generation: int = 1, **report: str) -> None:
        """Write a unit's status as reconcile would."""

        def condition(kind: ConditionType, truth: bool, message: str = "") -> Condition:
            status = Truth.TRUE if truth else Truth.FALSE
            return Condition(kind, status, Reason.AS_WANTED, message, generation, self.now)

        conditions = (
            condition(ConditionType.READY, ready),
            condition(ConditionType.RECONCILING, not ready, "building"),
            condition(ConditionType.STALLED, bool(stalled), stalled),
        )
        status = Status(unit, {}, conditions, report, generation if ready else generation - 1)
        self.put(status_path(unit), status, **status_fields(status))

    def all_ready(self) -> None:
        for unit in (Unit("chat", "us-east4"), Unit("chat", GLOBAL), Unit(PLATFORM, "us-east4")):
            self.report(unit, ready=True)

    def hear(self, *messages: Message) -> None:
        for message in messages:
            handle(message, self.services)

    def later(self, seconds: float) -> None:
        """Let time pass, and what comes due arrive."""
        self.now += timedelta(seconds=seconds)
        for _, message in self.timers.due(self.now):
            self.hear(message)

    def dies(self, at: int, what: Callable[[], None]) -> bool:
        """Do something that dies at the n-th effect; say whether it got that far."""
        self.fuse.left = at
        try:
            what()
        except Killed:
            return True
        finally:
            self.fuse.left = None
        return False

    @property
    def cards(self) -> list[Card]:
        return [card for _, card, _, thread in self.chat.messages.values() if not thread]

    @property
    def replies(self) -> list[str]:
        """What the threads were told, by key."""
        return [key.partition("/")[2] for _, _, key, thread in self.chat.messages.values() if thread]
