"""Alerts become one incident a place and episode, looked at until it was measured to be over."""

from __future__ import annotations

import pytest

from functions.incidents import REOPENS
from shared.domain.incidents import IncidentState
from shared.domain.intents import Deploy
from shared.domain.suggestions import Diagnosis
from shared.domain.topics import Topic
from tests.notifications import notification
from tests.unit.functions.alarmed import CHAT_US, HOT, WELL, alerted, hot, incident, incidents, later
from tests.unit.functions.place import EU, US, Place


def test_an_alert_opens_an_incident_with_evidence_and_advice() -> None:
    found = alerted(hot())
    assert found.advice is not None and found.advice.evidence
    assert found.advice.diagnosis not in {Diagnosis.HEALTHY, Diagnosis.BLIND}
    assert len([each for each in found.advice.suggestions if each.ask]) >= 2


def test_the_incident_is_shown_in_one_card() -> None:
    place = hot()
    found = alerted(place)
    cards = [key for _, _, key, thread in place.chat.messages.values() if key == found.id and not thread]
    assert cards == [found.id]


def test_a_storm_is_one_incident_looked_at_a_few_times() -> None:
    place = hot()
    for number in range(200):
        place.publish(Topic.ALERTS, notification(incident=f"0.{number}", state="open" if number % 2 else "closed"))
    place.drain()
    later(place, 1)
    assert len(incidents(place)) == 1 and incident(place).received == 200
    assert len(place.lines("opened")) == 1


def test_the_same_notification_twice_changes_nothing() -> None:
    place = hot()
    first = alerted(place)
    assert alerted(place).version == first.version


def test_a_close_that_comes_before_its_open_opens_nothing() -> None:
    place = hot()
    place.publish(Topic.ALERTS, notification(state="closed"))
    place.publish(Topic.ALERTS, notification())
    place.drain()
    assert incidents(place) == []


def test_two_regions_are_two_incidents() -> None:
    place = hot(US, EU)
    alerted(place)
    place.publish(Topic.ALERTS, notification(region=EU, incident="0.eu"))
    place.drain()
    assert {each.place for each in incidents(place)} == {CHAT_US, "chat.europe-west3"}


def test_a_place_that_alarms_again_soon_is_in_the_same_incident() -> None:
    place = hot()
    alerted(place)
    place.metrics.rates["chat", US] = WELL
    alerted(place, state="closed")
    later(place, 2)
    assert incident(place).state is IncidentState.RESOLVED
    place.metrics.rates["chat", US] = HOT
    assert alerted(place, incident="0.again").id == f"{CHAT_US}.1"
    assert incident(place).state is IncidentState.OPEN


def test_a_place_that_alarms_again_much_later_is_in_a_new_incident() -> None:
    place = hot()
    alerted(place)
    place.metrics.rates["chat", US] = WELL
    alerted(place, state="closed")
    later(place, 2)
    place.seconds += REOPENS.total_seconds() * 3
    assert alerted(place, incident="0.again").id == f"{CHAT_US}.2"


def test_metrics_that_vanish_are_called_blind_and_never_well() -> None:
    place = hot()
    alerted(place)
    place.metrics.vanished.add(US)
    place.publish(Topic.ALERTS, notification(state="closed"))
    later(place, 5)
    found = incident(place)
    assert found.advice is not None and found.advice.diagnosis is Diagnosis.BLIND
    assert found.state is IncidentState.OPEN


def test_monitoring_that_does_not_answer_is_said_and_asked_again() -> None:
    place = hot()
    place.metrics.down = True
    assert "could not be read" in alerted(place).note
    place.metrics.down = False
    later(place, 1)
    assert incident(place).note == ""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"not json", id="malformed"),
        pytest.param(notification(scoping_project_id="other"), id="foreign project"),
        pytest.param(b"x" * 200_000, id="oversized"),
        pytest.param(notification().replace(b'"1.2"', b'"9.9"'), id="unknown version"),
    ],
)
def test_bad_input_is_recorded_and_shown_without_any_action(data: bytes) -> None:
    place = hot()
    place.publish(Topic.ALERTS, data)
    place.drain()
    found = incident(place, "unreadable")
    assert found.problems and found.advice is None
    assert [card for card, _, key, _ in place.chat.messages.values() if key == found.id]


def test_unreadable_notifications_share_one_card() -> None:
    place = hot()
    for number in range(20):
        place.publish(Topic.ALERTS, f"not json {number}".encode())
    place.drain()
    later(place, 1)
    assert incident(place, "unreadable").received == 20 and len(incidents(place)) == 1


def test_a_receiver_that_dies_leaves_the_alert_to_the_next_delivery() -> None:
    place = hot()
    place.chaos.fuse = 0
    place.publish(Topic.ALERTS, notification())
    place.drain()
    assert len(incidents(place)) == 1


def test_a_deployment_that_is_gone_has_no_advice() -> None:
    place = Place()
    place.apply(Deploy("llama3-8b", {US: 2}, "other"))
    assert alerted(place).advice is None
