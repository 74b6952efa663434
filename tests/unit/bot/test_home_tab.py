"""What the Home tab reads: every deployment that is or is going, what it costs, and which proposals wait."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.fleet import read_fleet
from shared.blocks.home import MOST_WAITING, home_view
from shared.catalog.load import load
from shared.domain.catalog import Catalog
from shared.domain.codec import encode
from shared.domain.conditions import Condition, ConditionType, Reason, Truth
from shared.domain.desired import DeploymentSpec, Desired, Placement, PlatformSpec
from shared.domain.intents import Deploy, Intent
from shared.domain.inventory import Status, Unit
from shared.domain.proposals import Change, Decision, Outcome, Proposal, Vote
from shared.domain.quotes import Quote
from shared.domain.records import card_path, decision_path, proposal_path, status_path, vote_path
from shared.domain.verdicts import AskFirst
from shared.ports import Clock, Put
from tests.standins import MemoryDocuments
from tests.unit.blocks.surfaces import refused
from tests.unit.blocks.values import T0

SPEC = DeploymentSpec(
    "llama-3.1-8b", "chat", "g2-standard-12", "spot", {"us-east4": Placement(3, "us-east4-a")}, *"ipp"
)


@dataclass
class Works:
    """What of the bot's collaborators the fleet is read with."""

    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    catalog: Catalog = field(default_factory=load)
    clock: Clock = lambda: T0
    bus: Any = None
    settings: Any = None
    views: Any = None

    def store(self, path: str, value: Any, **fields: Any) -> None:
        self.documents.commit([Put(path, encode(value), fields)])

    def propose(self, name: str, *, minutes: int = 60, dry_run: bool = False, generation: int = 0) -> Proposal:
        """Leave a proposal and its card as propose and notify would."""
        intent = Intent(f"i-{name}", Deploy("llama3-8b", {"us-east4": None}), "U0ANA00001", "C1", T0, dry_run)
        gate = AskFirst("changes", ("approvers",), 1, T0 + timedelta(minutes=minutes), T0 + timedelta(hours=9))
        quote = Quote((), (), 0, 3, (), timedelta(minutes=20), "2026-01")
        changes = (Change("deployments/chat", generation, None, SPEC),)
        made = Proposal(name, intent, changes, ("x",), {}, quote, gate, "d" * 64, T0, "chat", "C1")
        self.store(proposal_path(name), made)
        self.documents.commit([Put(card_path(name), {}, {"due": gate.approve_by.timestamp()})])
        return made


@pytest.fixture(name="works")
def fresh_works() -> Works:
    return Works()


def waiting(works: Works) -> list[str]:
    return [view.proposal.id for view in read_fleet(works).waiting]


def test_proposals_wait_in_the_order_of_their_time(works: Works) -> None:
    works.propose("p-2", minutes=50)
    works.propose("p-1", minutes=10)
    assert waiting(works) == ["p-1", "p-2"]


def test_a_vote_so_far_is_seen(works: Works) -> None:
    made = works.propose("p-1")
    vote = Vote("p-1", made.digest, "U0BEN00001", approve=True, at=T0)
    works.store(vote_path(vote.id), vote, proposal="p-1")
    [view] = read_fleet(works).waiting
    assert view.approved_by == {"U0BEN00001"}


def test_what_ended_does_not_wait(works: Works) -> None:
    for outcome in Outcome:
        works.propose(f"p-{outcome}")
        works.store(decision_path(f"p-{outcome}"), Decision(f"p-{outcome}", outcome, "", T0, {}))
    works.propose("p-plan", dry_run=True)
    works.propose("p-late", minutes=-1)
    works.propose("p-superseded", generation=4)
    assert waiting(works) == []


def test_only_the_most_urgent_are_read_in_full_and_all_are_counted(works: Works) -> None:
    for number in range(37):
        works.propose(f"p-{number:02d}", minutes=100 - number)
    fleet = read_fleet(works)
    assert (len(fleet.waiting), fleet.waiting_in_all) == (MOST_WAITING, 37)
    assert fleet.waiting[0].proposal.id == "p-36"


def test_a_deployment_costs_its_machines_and_all_of_it_the_clusters_too(works: Works) -> None:
    works.store("deployments/chat", Desired("deployments/chat", 1, SPEC))
    works.store("platform/us-east4", Desired("platform/us-east4", 1, PlatformSpec(frozenset({"chat"}))))
    fleet = read_fleet(works)
    price = works.catalog.price(
        works.catalog.machine(SPEC.machine),
        works.catalog.region("us-east4"),
        works.catalog.consumption(works.catalog.machine(SPEC.machine), "spot"),
    )
    assert price
    assert fleet.costs["chat"].hourly == pytest.approx(3 * float(price.usd_per_hour))
    assert fleet.total.hourly > fleet.costs["chat"].hourly


def test_what_the_catalogue_no_longer_knows_has_no_known_price_and_is_shown(works: Works) -> None:
    works.store("deployments/old", Desired("deployments/old", 1, replace(SPEC, machine="abacus")))
    fleet = read_fleet(works)
    assert [one.name for one in fleet.standings] == ["old"]
    assert fleet.costs["old"].unknown


def test_what_is_gone_is_left_out(works: Works) -> None:
    removed = Condition(ConditionType.READY, Truth.FALSE, Reason.REMOVED, "", 2, T0)
    works.store("deployments/chat", Desired("deployments/chat", 2, None, "p-1", SPEC))
    for place in ("us-east4", "global"):
        unit = Unit("chat", place)
        works.store(status_path(unit), Status(unit, {}, (removed,), {}, 2))
    assert read_fleet(works).standings == ()


def test_a_fleet_of_two_hundred_is_read_and_taken_by_slack(works: Works) -> None:
    for number in range(200):
        path = f"deployments/chat-{number}"
        works.store(path, Desired(path, 1, SPEC))
    fleet = read_fleet(works)
    assert len(fleet.standings) == 200
    assert refused(home_view(fleet, T0)) == ""
