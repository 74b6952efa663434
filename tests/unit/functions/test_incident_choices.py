"""What is chosen from an incident's card becomes a proposal like any other; what may not be is refused in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions import incidents as incidents_of
from functions import propose
from functions.decide import decide
from shared.domain.incidents import IncidentState
from shared.domain.intents import Balance, Scale
from shared.domain.messages import ProposalMade, RemedyChosen, SnoozeAsked
from shared.domain.proposals import Outcome
from shared.domain.suggestions import RemedyKind
from shared.domain.topics import Topic
from tests.notifications import notification
from tests.simulation.setting import ANA, BEN, GUEST
from tests.unit.functions.alarmed import WELL, alerted, asks, choose, hot, incident, later, offered, proposals, told
from tests.unit.functions.place import US, Place


def test_a_choice_becomes_a_proposal_of_whoever_chose_it() -> None:
    place = hot()
    alerted(place)
    choose(place, next(e for e in asks(place) if isinstance(e.ask, Scale)))
    [proposal] = [p for p in proposals(place) if p.intent.remedy]
    assert proposal.intent.user == ANA and incident(place).chosen == {proposal.intent.remedy.suggestion: proposal.id}
    assert place.decision(proposal) is None


def test_a_free_remedy_that_the_policy_lets_pass_is_applied_at_one_click() -> None:
    place = hot()
    alerted(place)
    shift = offered(place, RemedyKind.SHIFT)
    choose(place, shift)
    [proposal] = [p for p in proposals(place) if p.intent.remedy]
    decision = place.decision(proposal)
    assert isinstance(shift.ask, Balance) and decision is not None and decision.outcome is Outcome.APPLIED
    assert [each.kind for each in incident(place).outcomes] == [RemedyKind.SHIFT]


def test_once_one_is_applied_the_others_are_for_a_world_that_has_moved() -> None:
    place = hot()
    alerted(place)
    scale, shift = next(e for e in asks(place) if isinstance(e.ask, Scale)), offered(place, RemedyKind.SHIFT)
    choose(place, shift)
    choose(place, scale, sign="i-0000000000000002")
    assert "changed since" in told(place) or "out of date" in told(place)
    assert len([p for p in proposals(place) if p.intent.remedy]) == 1


def test_two_people_who_press_different_options_at_once_cause_one_effect() -> None:
    place = hot()
    found = alerted(place)
    scale, shift = next(e for e in asks(place) if isinstance(e.ask, Scale)), offered(place, RemedyKind.SHIFT)
    for number, (each, user) in enumerate([(scale, ANA), (shift, BEN)]):
        message = RemedyChosen(found.id, each.id, user, "C1", place.now(), f"i-000000000000000{number}")
        place.publish(Topic.INTENTS, message)
    generation = place.desired("deployments/chat").generation
    place.drain()
    assert place.desired("deployments/chat").generation == generation + 1


def test_what_two_people_press_in_one_moment_is_judged_whichever_of_the_two_is_heard_of_last() -> None:
    place = hot()
    found, shift = alerted(place), offered(place, RemedyKind.SHIFT)
    for number, user in enumerate([ANA, BEN]):
        message = RemedyChosen(found.id, shift.id, user, "C1", place.now(), f"i-000000000000000{number}")
        propose.choose(message, place.services)
    first, second = (p.id for p in sorted(proposals(place), key=lambda p: p.intent.user != ANA) if p.intent.remedy)
    incidents_of.handle(ProposalMade(first), place.services)
    decide(ProposalMade(first), place.services)
    incidents_of.handle(ProposalMade(second), place.services)
    place.drain()
    assert [each.proposal for each in incident(place).outcomes] == [first]


def test_a_choice_without_a_role_is_refused_with_who_could() -> None:
    place = hot()
    alerted(place)
    choose(place, offered(place, RemedyKind.SHIFT), user=GUEST)
    assert "Who could" in told(place) and not [p for p in proposals(place) if p.intent.remedy]


def test_a_remedy_is_judged_and_the_incident_closes_when_all_is_well() -> None:
    place = hot()
    alerted(place)
    choose(place, offered(place, RemedyKind.SHIFT))
    place.metrics.rates["chat", US] = WELL
    place.publish(Topic.ALERTS, notification(state="closed"))
    place.drain()
    later(place, 10)
    [outcome] = incident(place).outcomes
    assert outcome.judged and outcome.kv_after is not None
    assert incident(place).state is IncidentState.RESOLVED


def test_in_shadow_mode_nothing_can_be_chosen() -> None:
    place = hot()
    place.policy = replace(place.policy, shadow=frozenset({"chat"}))
    alerted(place)
    assert incident(place).shadow
    choose(place, asks(place)[0])
    assert "out of date" in told(place)


def snooze(place: Place, user: str = ANA, hours: float = 1) -> None:
    until = place.now() + timedelta(hours=hours)
    place.publish(Topic.INTENTS, SnoozeAsked(incident(place).id, user, "C1", until, "a load test", "i-1"))
    place.drain()


def test_a_snooze_is_remembered_with_its_reason() -> None:
    place = hot()
    alerted(place)
    snooze(place)
    found = incident(place).snooze
    assert found is not None and (found.by, found.reason) == (ANA, "a load test")


@pytest.mark.parametrize(("user", "hours", "because"), [(GUEST, 1, "you have no role"), (ANA, 48, "24 hours")])
def test_a_snooze_that_may_not_be_is_refused(user: str, hours: float, because: str) -> None:
    place = hot()
    alerted(place)
    snooze(place, user, hours)
    assert incident(place).snooze is None and because in told(place)
