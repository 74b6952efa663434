"""The one door to the desired state: who may vote, what is applied, and what is void."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.decide import decide, units_of
from shared.domain.amend import Estate
from shared.domain.desired import Desired, Placement, PlatformSpec
from shared.domain.intents import Balance, Delete, Deploy, Scale, Undo
from shared.domain.inventory import Unit
from shared.domain.messages import Decided, ProposalMade
from shared.domain.proposals import Change, Outcome, Proposal
from shared.domain.quotes import QuotaFinding
from tests.unit.domain.examples import serving
from tests.unit.functions.place import CHAT, EU, US, Killed, Place, at, die


class NothingLeft:
    """A project that has used all of its quota."""

    def findings(self, needs: Mapping[tuple[str, str], int]) -> tuple[QuotaFinding, ...]:
        return tuple(QuotaFinding(region, metric, need, 8, 8) for (region, metric), need in needs.items())


def quorum(place: Place, count: int) -> None:
    """Let every change want so many approvals."""
    rules = tuple(replace(rule, quorum=count) for rule in place.policy.rules)
    place.policy = replace(place.policy, rules=rules)


# applying ------------------------------------------------------------------------------------------------------


def test_with_its_quorum_met_a_proposal_is_applied() -> None:
    place = Place()
    proposal = place.propose()
    place.vote(proposal)
    assert [place.spec(change.path) for change in proposal.changes] == [change.after for change in proposal.changes]


def test_every_document_moves_on_by_one_generation_and_names_its_proposal() -> None:
    place = Place()
    place.apply()
    proposal = place.apply(Scale(US, "chat", 5))
    desired = place.desired(CHAT)
    assert (desired.generation, desired.proposal) == (2, proposal.id)


def test_the_decision_says_which_generations_came_of_it() -> None:
    place = Place()
    decision = place.decision(place.apply())
    assert decision is not None and decision.outcome is Outcome.APPLIED
    assert decision.generations == {CHAT: 1, "platform/global": 1, f"platform/{US}": 1}


def test_what_it_was_before_is_kept_for_undo() -> None:
    place = Place()
    place.apply()
    before = place.spec(CHAT)
    place.apply(Scale(US, "chat", 5))
    assert place.desired(CHAT).previous == before
    place.apply(Undo("chat"))
    assert place.spec(CHAT) == before


def test_reconcile_is_told_which_units_it_concerns() -> None:
    place = Place()
    place.apply(Deploy("llama3-8b", {US: 1}, "chat"))
    assert place.heard(Decided)[-1].units == (
        Unit("chat", "global"),
        Unit("chat", US),
        Unit("platform", "global"),
        Unit("platform", US),
    )


def test_below_its_quorum_nothing_is_applied() -> None:
    place = Place()
    quorum(place, 2)
    proposal = place.propose()
    place.vote(proposal, "ben")
    place.vote(proposal, "ben", at=place.now() + timedelta(seconds=1))
    assert place.spec(CHAT) is None
    place.vote(proposal, "chloe")
    assert place.spec(CHAT) is not None


def test_a_quorum_of_nobody_is_applied_as_soon_as_it_is_proposed() -> None:
    place = Place()
    place.apply()
    proposal = place.propose(Balance(70, "chat"))
    decide(ProposalMade(proposal.id), place.services)
    assert place.decision(proposal) is not None


def test_a_fresh_proposal_that_needs_votes_waits_for_them() -> None:
    place = Place()
    proposal = place.propose()
    decide(ProposalMade(proposal.id), place.services)
    assert place.decision(proposal) is None and place.spec(CHAT) is None


def test_applying_happens_once_however_often_it_is_told() -> None:
    place = Place()
    proposal = place.propose()
    vote = place.vote(proposal)
    for message in (vote, ProposalMade(proposal.id), vote):
        decide(message, place.services)
    assert place.desired(CHAT).generation == 1 and len(place.lines("applied")) == 1


def test_two_deciding_at_once_apply_it_once() -> None:
    place = Place()
    quorum(place, 2)
    proposal = place.propose()
    place.vote(proposal, "ben")
    place.documents.step = at("commit", lambda: place.vote(proposal, "chloe"))
    place.vote(proposal, "chloe")
    assert place.desired(CHAT).generation == 1 and len(place.lines("applied")) == 1


def test_dying_after_the_vote_was_kept_the_next_delivery_applies() -> None:
    place = Place()
    proposal = place.propose()
    place.documents.step = at("committed", die)
    with pytest.raises(Killed):
        place.vote(proposal)
    assert place.decision(proposal) is None
    place.vote(proposal)
    assert place.decision(proposal) is not None


def test_what_was_approved_on_other_generations_is_not_applied() -> None:
    place = Place()
    first, second = place.propose(), place.propose(Deploy("llama3-8b", {EU: 1}, "chat"))
    place.vote(first)
    place.vote(second)
    assert place.spec(CHAT) == first.changes[0].after and place.decision(second) is None


# the digest ----------------------------------------------------------------------------------------------------


def void(place: Place, proposal: Proposal) -> bool:
    decision = place.decision(proposal)
    return decision is not None and decision.outcome is Outcome.VOID and place.spec(CHAT) is None


def test_another_policy_since_then_makes_it_void() -> None:
    place = Place()
    proposal = place.propose()
    place.change_policy()
    place.vote(proposal)
    assert void(place, proposal)


def test_other_prices_since_then_make_it_void() -> None:
    place = Place()
    proposal = place.propose()
    place.services = replace(place.services, catalog=replace(place.services.catalog, version="tomorrow"))
    place.vote(proposal)
    assert void(place, proposal)


def test_a_void_proposal_stays_void() -> None:
    place = Place()
    policy, proposal = place.policy, place.propose()
    place.change_policy()
    place.vote(proposal)
    place.policy = policy
    place.vote(proposal, "chloe")
    assert void(place, proposal) and "is void; type the command again" in place.told()


def test_live_quota_is_not_read_again() -> None:
    place = Place()
    proposal = place.propose()
    place.services = replace(place.services, quotas=NothingLeft())
    place.vote(proposal)
    assert place.spec(CHAT) is not None


# which units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "before", "after", "previous", "units"),
    [
        pytest.param(CHAT, None, serving({US: 1}), None, {US, "global"}, id="a new deployment"),
        pytest.param(CHAT, serving({US: 1}), serving({EU: 1}), None, {US, EU, "global"}, id="one that moves"),
        pytest.param(CHAT, serving({US: 1}), None, serving({EU: 1}), {US, EU, "global"}, id="one that moved before"),
        pytest.param(f"platform/{US}", None, PlatformSpec(frozenset()), None, {US}, id="a region's platform"),
    ],
)
def test_a_change_concerns(path: str, before: None, after: None, previous: None, units: set[str]) -> None:
    estate = Estate({path: Desired(path, 1, before, "", previous)})
    assert {unit.location for unit in units_of(Change(path, 1, before, after), estate)} == units


def test_taking_down_concerns_the_regions_it_was_in() -> None:
    place = Place()
    place.apply()
    place.bus.pending.clear()
    place.apply(Delete("chat"))
    assert Unit("chat", US) in place.heard(Decided)[-1].units


def test_a_placement_is_what_was_asked_for() -> None:
    place = Place()
    place.apply(Deploy("llama3-8b", {US: 2}, "chat"))
    assert place.spec(CHAT).regions[US] == Placement(2, "us-east4-a")  # type: ignore[union-attr]  # a deployment's


# Races ---------------------------------------------------------------------------------------------------


def test_a_rejection_at_the_very_moment_of_applying_wins_or_is_refused_but_never_ignored() -> None:
    place = Place()
    proposal = place.propose()

    def then_reject(_: str = "") -> None:
        place.documents.step = at("commit", lambda: place.vote(proposal, "chloe", approve=False))

    place.documents.step = at("committed", then_reject)  # Ben's approval is recorded, and not yet acted on
    place.vote(proposal, "ben")
    decision = place.decision(proposal)
    assert decision is not None and decision.outcome is Outcome.REJECTED
    assert place.spec(CHAT) is None


def test_a_rejection_that_comes_too_late_is_told_so() -> None:
    place = Place()
    proposal = place.propose()
    place.documents.step = at("commit", lambda: place.vote(proposal, "ben"))
    place.vote(proposal, "chloe", approve=False)
    assert place.spec(CHAT) is not None
    assert f"{proposal.id} is applied" in place.told()
