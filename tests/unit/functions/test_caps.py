"""Caps and effects on real documents: nothing that is applied exceeds a cap, whatever was voted meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from functions.decide import decide
from functions.propose import estate_of, propose
from shared.domain.costing import gpus_of
from shared.domain.intents import Ask, Balance, Delete, Deploy, Scale, Undo
from shared.domain.messages import ProposalMade
from shared.domain.policy import Caps, Rule
from shared.domain.proposals import Outcome, Proposal
from tests.unit.functions.place import CHAT, EU, US, Place, at

CHANGES = Rule("changes", ("engineers",), approvers=("approvers",))
CAP = 12


def gpus(place: Place) -> int:
    estate = estate_of(place.documents)
    return gpus_of({path: desired.spec for path, desired in estate.desired.items()}, place.services.catalog)


def outcome(place: Place, proposal: Proposal) -> Outcome | None:
    decision = place.decision(proposal)
    return decision.outcome if decision else None


def two_that_fit_only_one_by_one(quorum: int = 1) -> tuple[Place, Proposal, Proposal]:
    """Return a place with 4 GPUs in use, a cap of 12, and two open proposals for 8 more each."""
    place = Place()
    place.policy = replace(place.policy, rules=(replace(CHANGES, quorum=quorum),), caps=Caps(gpus=CAP))
    for name in ("chat", "code"):
        place.apply(Deploy("llama3-8b", {US: 2}, name))
    assert gpus(place) == 4
    return place, place.propose(Scale(US, "chat", delta=8)), place.propose(Scale(US, "code", delta=8))


# proposals that exceed a cap only together -----------------------------------------------------------------------


def test_the_second_of_two_that_exceed_a_cap_together_is_void() -> None:
    place, first, second = two_that_fit_only_one_by_one()
    place.vote(first)
    place.vote(second)
    assert (outcome(place, first), outcome(place, second)) == (Outcome.APPLIED, Outcome.VOID)
    assert gpus(place) == CAP


def test_who_voted_for_it_is_told_the_rule_the_figures_and_what_would_be_right() -> None:
    place, first, second = two_that_fit_only_one_by_one()
    place.vote(first)
    place.vote(second)
    assert "rule 'caps' now refuses it: it would make 20 GPUs in all; the cap is 12" in place.told()
    assert "asking for less" in place.told() and "Nothing was changed" in place.told()


def test_what_became_less_meanwhile_makes_room() -> None:
    place, first, second = two_that_fit_only_one_by_one()
    place.vote(first)
    place.apply(Delete("chat"))
    place.vote(second)
    assert outcome(place, second) is Outcome.APPLIED


def test_one_that_is_applied_while_another_is_about_to_be_voids_it() -> None:
    place, first, second = two_that_fit_only_one_by_one(quorum=0)
    place.documents.step = at("commit", lambda: decide(ProposalMade(second.id), place.services))
    decide(ProposalMade(first.id), place.services)
    assert (outcome(place, first), outcome(place, second)) == (Outcome.VOID, Outcome.APPLIED)
    assert gpus(place) == CAP


def test_two_applied_at_once_that_fit_together_are_both_applied() -> None:
    place, first, second = two_that_fit_only_one_by_one(quorum=0)
    place.policy = replace(place.policy, caps=Caps(gpus=20))
    place.documents.step = at("commit", lambda: decide(ProposalMade(second.id), place.services))
    decide(ProposalMade(first.id), place.services)
    assert outcome(place, first) is outcome(place, second) is Outcome.APPLIED


# unknown prices --------------------------------------------------------------------------------------------------


def with_a_deployment_of_unknown_price() -> Place:
    """Return a place under an hourly cap in which what chat runs on in Europe has no price; code runs in America."""
    place = Place()
    place.apply(Deploy("llama3-8b", {EU: 2, US: 2}, "chat"))
    place.apply(Deploy("llama3-8b", {US: 2}, "code"))
    catalog = place.services.catalog
    known = {key: price for key, price in catalog.prices.items() if key[1] != EU}
    place.services = replace(place.services, catalog=replace(catalog, prices=known))
    place.policy = replace(place.policy, caps=Caps(hourly=9999.0))
    return place


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(Scale(EU, "chat", delta=1), id="more of what has no price"),
        pytest.param(Scale(US, "code", delta=1), id="more of something else"),
        pytest.param(Deploy("llama3-8b", {EU: 2}, "code"), id="known to unknown, which looks like less"),
    ],
)
def test_beside_an_unknown_price_nothing_grows_under_an_hourly_cap(ask: Ask) -> None:
    place = with_a_deployment_of_unknown_price()
    message = place.intent(ask)
    propose(message, place.services)
    assert place.proposal(message) is None
    assert "refused by rule 'caps': no price is known of" in place.told() and f"in {EU}" in place.told()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(Delete("chat"), id="delete what has no price"),
        pytest.param(Delete("code"), id="delete something else"),
        pytest.param(Scale(EU, "chat", delta=-1), id="less of what has no price"),
        pytest.param(Scale(US, "code", delta=-1), id="less of something else"),
        pytest.param(Balance(70, "chat"), id="nothing that bills"),
    ],
)
def test_beside_an_unknown_price_less_is_always_possible(ask: Ask) -> None:
    place = with_a_deployment_of_unknown_price()
    place.apply(ask)


def test_without_an_hourly_cap_an_unknown_price_is_in_nobodys_way() -> None:
    place = with_a_deployment_of_unknown_price()
    place.policy = replace(place.policy, caps=Caps(gpus=99))
    place.apply(Scale(US, "code", delta=1))


# what is judged is the effect ------------------------------------------------------------------------------------


def _served(place: Place) -> None:
    place.apply(Deploy("llama3-8b", {US: 2}, "chat"))


def _scaled(place: Place) -> None:
    _served(place)
    place.apply(Scale(US, "chat", 5))


def _deleted(place: Place) -> None:
    _served(place)
    place.apply(Delete("chat"))


@pytest.mark.parametrize(
    ("before", "rule"),
    [
        pytest.param(_served, "for delete", id="of the first deploy"),
        pytest.param(_scaled, "for undo", id="of a change"),
        pytest.param(_deleted, "for deploy", id="of a delete"),
    ],
)
def test_an_undo_is_judged_by_what_it_does(before: Callable[[Place], None], rule: str) -> None:
    place = Place()
    before(place)
    verbs = ("delete", "deploy", "undo")
    rules = tuple(replace(CHANGES, name=f"for {verb}", verbs=frozenset({verb})) for verb in verbs)
    place.policy = replace(place.policy, rules=rules)
    assert place.propose(Undo("chat")).gate.rule == rule


def test_an_undo_cannot_take_down_what_may_not_be_deleted() -> None:
    place = Place()
    _served(place)
    place.policy = replace(place.policy, rules=(replace(CHANGES, verbs=frozenset({"undo"})),))
    message = place.intent(Undo("chat"))
    propose(message, place.services)
    assert "no rule lets you delete this" in place.told() and place.spec(CHAT) is not None
