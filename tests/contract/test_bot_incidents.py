"""Incidents over HTTP: options chosen, looked into and snoozed, by button, by form and in words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud.slack_forms import Sent
from infra.local.cloud.slack_workspace import ANA, BEN
from shared.domain.incidents import Head, Incident, Snooze
from shared.domain.messages import RemedyChosen, SnoozeAsked
from shared.domain.proposals import proposal_id
from shared.domain.records import head_path, incident_path
from shared.domain.topics import Topic
from tests.contract.bot_place import NOW, OPS, Place, fresh_place, running_bot  # noqa: F401 - fixtures are found by name
from tests.unit.blocks.incident_values import ADVISED, RESOLVED, T0
from tests.unit.blocks.surfaces import texts
from tests.unit.bot.choosing import state_of

NAME = ADVISED.id


@pytest.fixture(name="alarmed")
def place_with_an_incident(place: Place) -> Place:
    keep(place, ADVISED)
    place.store(head_path("chat.us-east4"), Head("chat.us-east4", 3, NAME))
    return place


def keep(place: Place, incident: Incident) -> None:
    place.works.documents.stored.pop(incident_path(incident.id), None)
    place.store(incident_path(incident.id), incident, state=str(incident.state), deployment=incident.deployment)


def choices(place: Place) -> list[RemedyChosen]:
    return [message for topic, message in place.heard if isinstance(message, RemedyChosen) and topic == Topic.INTENTS]


def snoozes(place: Place) -> list[SnoozeAsked]:
    return [message for topic, message in place.heard if isinstance(message, SnoozeAsked) and topic == Topic.INTENTS]


def send(place: Place, **chosen: Any) -> Sent:
    view = place.modal
    sent: Sent = place.do(place.slack.submit(ANA, view.id, state_of(view.shown, **chosen)))
    return sent


def test_a_pressed_option_is_a_choice_of_who_pressed_it(alarmed: Place) -> None:
    assert alarmed.clicks("remedy", f"{NAME}:s-1", BEN) == 200
    [chosen] = choices(alarmed)
    assert chosen == RemedyChosen(NAME, "s-1", BEN, OPS, NOW, chosen.id)


def test_every_press_is_a_choice_of_its_own_which_propose_judges(alarmed: Place) -> None:
    for value in ("s-1", "s-1", "s-2"):
        alarmed.clicks("remedy", f"{NAME}:{value}", BEN)
    assert [chosen.suggestion for chosen in choices(alarmed)] == ["s-1", "s-1", "s-2"]
    assert len({chosen.id for chosen in choices(alarmed)}) == 3


def test_two_people_who_press_the_same_option_make_two_choices(alarmed: Place) -> None:
    for user in (ANA, BEN):
        alarmed.clicks("remedy", f"{NAME}:s-1", user)
    assert len({chosen.id for chosen in choices(alarmed)}) == 2


@pytest.mark.parametrize("value", ["", NAME, f"{NAME}:", f"{NAME}:s-1:x", f"../x:{'s' * 9}", f"{NAME}:<!here>"])
def test_a_button_that_names_no_suggestion_fails_visibly(alarmed: Place, value: str) -> None:
    assert alarmed.clicks("remedy", value) == 400
    assert alarmed.heard == []


def test_a_choice_that_could_not_be_published_fails_visibly(alarmed: Place) -> None:
    alarmed.works.bus.down = True
    assert alarmed.clicks("remedy", f"{NAME}:s-1") == 503


def test_a_typed_option_is_the_choice_of_its_button(alarmed: Place) -> None:
    said = alarmed.types(f"remedy {NAME} 2", BEN)
    alarmed.clicks("remedy", f"{NAME}:s-2", BEN)
    typed, pressed = choices(alarmed)
    assert typed == replace(pressed, id=typed.id, at=typed.at)
    assert said.startswith("Add 2 replicas on new nodes, for chat in us-east4. Heard")
    assert f"`{proposal_id(typed.id)}`" in said


@pytest.mark.parametrize(
    ("incident", "number", "because"),
    [
        pytest.param(ADVISED, 3, "there is no option 3; there is: 1: Shift traffic", id="no such option"),
        pytest.param(replace(ADVISED, chosen={"s-1": "p-1"}), 1, "chosen already, as proposal p-1", id="chosen"),
        pytest.param(replace(ADVISED, shadow=True), 1, "only recorded", id="shadow"),
        pytest.param(replace(ADVISED, snooze=Snooze(ANA, T0 + timedelta(hours=1), "x")), 1, "snoozed", id="snoozed"),
        pytest.param(RESOLVED, 1, "is resolved", id="over"),
    ],
)
def test_an_option_that_is_not_offered_is_refused_in_words(
    alarmed: Place, incident: Incident, number: int, because: str
) -> None:
    keep(alarmed, incident)
    assert because in alarmed.types(f"remedy {NAME} {number}")
    assert alarmed.heard == []


def test_why_opens_the_formulas_and_figures(alarmed: Place) -> None:
    assert alarmed.clicks("why-remedy", NAME, ANA) == 200
    assert "load that stays: 12 x 0.6" in texts(alarmed.modal.shown)
    assert alarmed.heard == []


def test_why_of_what_is_no_more_says_so(place: Place) -> None:
    assert place.clicks("why-remedy", NAME, ANA) == 200
    assert f"there is no incident {NAME}" in texts(place.modal.shown)


def test_why_that_slack_does_not_show_fails_visibly(alarmed: Place) -> None:
    alarmed.slack.world.faults.rate_limited["views.open"] = 1
    assert alarmed.clicks("why-remedy", NAME, ANA) == 503


@pytest.mark.parametrize("action", ["why-remedy", "snooze-incident"])
def test_a_button_that_names_no_incident_fails_visibly(alarmed: Place, action: str) -> None:
    assert alarmed.clicks(action, "chat/../x", ANA) == 400


def test_a_snooze_is_asked_with_its_reason_until_that_time(alarmed: Place) -> None:
    alarmed.clicks("snooze-incident", NAME, ANA)
    assert send(alarmed, **{"for": "4h", "reason": "load test\nby ana"}).errors == {}
    [asked] = snoozes(alarmed)
    until = NOW + timedelta(hours=4)
    assert asked == SnoozeAsked(NAME, ANA, OPS, until, "load test by ana", asked.id)
    assert "Heard: no suggestions for chat in us-east4 until" in texts(alarmed.modal.shown)


def test_a_snooze_without_a_reason_is_refused_at_its_field(alarmed: Place) -> None:
    alarmed.clicks("snooze-incident", NAME, ANA)
    assert "needs a reason" in send(alarmed, reason=" - ").errors["reason"]
    assert alarmed.heard == []


def test_a_snooze_that_could_not_be_published_stays_open_and_says_so(alarmed: Place) -> None:
    alarmed.clicks("snooze-incident", NAME, ANA)
    alarmed.works.bus.down = True
    assert send(alarmed, reason="load test").errors["reason"].startswith("Not heard")


def test_a_form_of_another_release_is_refused(alarmed: Place) -> None:
    alarmed.clicks("snooze-incident", NAME, ANA)
    alarmed.modal.shown["private_metadata"] = json.dumps({"channel": OPS, "incident": "../x"})
    assert "not one of this release" in send(alarmed, reason="load test").errors["reason"]
    assert alarmed.heard == []


def test_a_strangers_snooze_is_refused_by_name_of_the_rule(alarmed: Place) -> None:
    alarmed.clicks("snooze-incident", NAME, ANA)
    person = alarmed.slack.workspace.person(ANA)
    assert person
    person.team_id = "T0OTHER"
    try:
        assert "'own team'" in send(alarmed, reason="load test").errors["reason"]
    finally:
        person.team_id = ""
    assert alarmed.heard == []


def test_there_is_no_form_for_an_incident_that_is_over(alarmed: Place) -> None:
    keep(alarmed, RESOLVED)
    alarmed.clicks("snooze-incident", NAME, ANA)
    assert "is resolved" in texts(alarmed.modal.shown)


def test_a_typed_snooze_is_asked_too(alarmed: Place) -> None:
    assert "Heard: no suggestions" in alarmed.types(f"snooze {NAME} 30m load test, by ana")
    [asked] = snoozes(alarmed)
    assert (asked.until, asked.reason) == (NOW + timedelta(minutes=30), "load test, by ana")


def test_open_incidents_are_listed_and_others_are_not(alarmed: Place) -> None:
    keep(alarmed, replace(RESOLVED, id="chat.us-east4.2"))
    said = alarmed.types("incidents")
    assert f"`{NAME}` *chat in us-east4*: KV cache is the limit" in said
    assert "chat.us-east4.2" not in said


def test_where_no_incident_is_open_that_is_said(place: Place) -> None:
    assert place.types("incidents").startswith("No incident is open.")


@pytest.mark.parametrize("asked", [NAME, "chat us-east4"])
def test_an_incident_is_read_by_id_or_by_place(alarmed: Place, asked: str) -> None:
    said = alarmed.types(f"incident {asked}")
    assert said.startswith("chat in us-east4: KV cache is the limit, 93 % full")
    assert "*1. Shift traffic to europe-west3*" in said


def test_an_incident_that_never_was_is_refused(place: Place) -> None:
    assert "there has been no incident of chat in us-east4" in place.types("incident chat us-east4")
    assert "there is no incident chat.us-east4.9" in place.types("incident chat.us-east4.9")
