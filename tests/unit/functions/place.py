"""The house on stand-ins, and short ways to ask, vote and let a round happen in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from functions.decide import decide
from functions.propose import propose
from functions.reconcile import reconcile_unit
from shared.domain.conditions import Condition, ConditionType, find
from shared.domain.desired import Desired, Spec
from shared.domain.intents import Ask, Deploy, Intent, intent_id
from shared.domain.inventory import Status, Unit
from shared.domain.messages import IntentSubmitted, Message, ProposalMade, Told, VoteCast
from shared.domain.names import ResourceKey
from shared.domain.proposals import Decision, Proposal, proposal_id
from shared.domain.records import AUDIT, decision_path, proposal_path, status_path
from shared.store import desired_at, load, status_at
from tests.simulation.house import House
from tests.simulation.reduced import cluster, subnet
from tests.simulation.setting import ANA, BEN

US, EU = "us-east4", "europe-west3"
CHAT = "deployments/chat"
PLATFORM_US = Unit("platform", US)
CHAT_US = Unit("chat", US)
CLUSTER, SUBNET = cluster(US), subnet(US)


class Killed(BaseException):
    """The instance died."""


def at(effect: str, strike: Callable[[], object]) -> Callable[[str], None]:
    """Return a step that strikes once, the first time this effect comes."""
    waiting = [strike]

    def step(name: str) -> None:
        if name == effect and waiting:
            waiting.pop()()

    return step


def die() -> None:
    raise Killed


class Place(House):
    """A house with its directory fetched and nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.tick()
        self.drain()

    # asking and voting -----------------------------------------------------------------------------------

    def intent(self, ask: Ask | None = None, user: str = ANA, **more: Any) -> IntentSubmitted:
        """Return a new ask; by default a deploy of chat to one region."""
        self.asked += 1
        ask = ask or Deploy("llama3-8b", {US: 2}, "chat")
        return IntentSubmitted(Intent(intent_id("T1", str(self.asked)), ask, user, "C2", self.now(), **more))

    def propose(self, ask: Ask | None = None, user: str = ANA, **more: Any) -> Proposal:
        """Let an ask become a proposal."""
        message = self.intent(ask, user, **more)
        propose(message, self.services)
        proposal = self.proposal(message)
        assert proposal is not None, self.heard(Told)
        return proposal

    def proposal(self, message: IntentSubmitted) -> Proposal | None:
        return load(self.documents, Proposal, proposal_path(proposal_id(message.intent.id)))

    def vote(self, proposal: Proposal, user: str = BEN, *, approve: bool = True, **changes: Any) -> VoteCast:
        """Let a vote be decided on; return it."""
        cast = VoteCast(proposal.id, proposal.digest, user, approve, self.now(), "C2", f"i-{user}-{self.now()}")
        cast = replace(cast, **changes)
        decide(cast, self.services)
        return cast

    def apply(self, ask: Ask | None = None) -> Proposal:
        """Propose, approve, apply."""
        proposal = self.propose(ask)
        decide(ProposalMade(proposal.id), self.services)
        if self.decision(proposal) is None:
            self.vote(proposal)
        assert self.decision(proposal) is not None
        return proposal

    # what came of it -------------------------------------------------------------------------------------

    def decision(self, proposal: Proposal) -> Decision | None:
        return load(self.documents, Decision, decision_path(proposal.id))

    def desired(self, path: str) -> Desired:
        return desired_at(self.documents.get([path])[0], path)

    def spec(self, path: str) -> Spec | None:
        return self.desired(path).spec

    def status(self, unit: Unit) -> Status:
        return status_at(self.documents.get([status_path(unit)])[0], unit)

    def heard(self, kind: type[Message]) -> list[Any]:
        """Return the messages of a kind that were published and not taken yet."""
        return [message for _, message in self.bus.pending if isinstance(message, kind)]

    def told(self) -> str:
        """Return what one person was told last."""
        return str(self.heard(Told)[-1].text)

    def lines(self, what: str) -> list[Any]:
        return [document.body for document in self.documents.find(AUDIT) if document.body["what"] == what]

    # rounds ----------------------------------------------------------------------------------------------

    def round(self, unit: Unit, step: Callable[[str], None] | None = None) -> None:
        """Let one round of a unit happen; ``step`` may strike at its effects on the cloud."""
        provider = self.cloud.provider(step or (lambda _: None))
        reconcile_unit(unit, replace(self.services, providers=provider))

    def minutes(self, count: int) -> None:
        """Let minutes pass with all their messages and sweeps."""
        for _ in range(count):
            self.seconds += 60
            self.tick()
            self.drain()


def served(*regions: str) -> Place:
    """Return a place where chat was applied but no round has happened."""
    place = Place()
    place.apply(Deploy("llama3-8b", dict.fromkeys(regions or (US,), 2), "chat"))
    return place


def at_rest(*regions: str) -> Place:
    """Return a place where chat serves and all is quiet."""
    place = served(*regions)
    place.minutes(40)
    assert place.at_rest()
    return place


def said(place: Place, unit: Unit, kind: ConditionType) -> Condition:
    condition = find(place.status(unit).conditions, kind)
    assert condition is not None
    return condition


def starts(place: Place) -> set[ResourceKey]:
    return set(place.cloud.things)
