"""What may go wrong between an incident and its topic, and what is done by hand: storms, test messages, a look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alerting_place import EAST, KV, PROJECT, Place, running
from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        made.subscribe()
        yield made


def fire(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    place.scraped().start(**{KV: 0.1})
    place.pass_time(60)


def test_a_notification_is_lost(place: Place) -> None:
    place.world.faults.lost["monitoring"] = 1
    fire(place)
    assert (place.states(), place.world.faults.seen["lost/monitoring"]) == (["closed"], 1)


def test_a_notification_comes_twice(place: Place) -> None:
    place.world.faults.duplicate["monitoring"] = 1
    fire(place)
    assert place.states() == ["open", "open", "closed"]


def test_late_notifications_overtake_each_other(place: Place) -> None:
    place.world.faults.late["monitoring"] = 3000
    fire(place)
    for usage in (0.9, 0.1) * 4:
        place.scraped().start(**{KV: usage})
        place.pass_time(60)
    place.pass_time(3000)
    times = [one["ended_at"] or one["started_at"] for one in place.notified()]
    assert len(times) == 10 and times != sorted(times)


def test_a_fault_may_be_of_one_channel_alone(place: Place) -> None:
    one, two = place.channel(), place.channel()
    place.world.faults.lost[one] = 5
    place.policy(notification_channels=[one, two])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    assert place.states() == ["open"]


def test_without_its_topic_a_channel_shows_that_it_cannot_work(place: Place) -> None:
    channel = place.channel(labels={"topic": f"{PROJECT}/topics/nosuch"})
    place.policy(notification_channels=[channel])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    status = place.channels.get_notification_channel(name=channel).verification_status
    assert status == monitoring_v3.NotificationChannel.VerificationStatus.UNVERIFIED
    assert place.alerting.shown()["notifications"] == {"dropped": 1}


def test_a_channel_that_is_switched_off_is_passed_over(place: Place) -> None:
    place.policy(notification_channels=[place.channel(enabled=False)])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    assert place.notified() == []


# By hand -------------------------------------------------------------------------------------------------------


def test_a_storm_flaps_an_incident(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    first = place.notified()[0]["incident_id"]
    ids = place.run(lambda: place.alerting.storm(first, 5))
    told = place.notified()
    assert [one["state"] for one in told] == ["closed", "open", "closed", "open", "closed"]
    assert [one["incident_id"] for one in told] == ids
    assert ids[0] == first and len(set(ids)) == 3


def test_after_a_storm_the_incident_is_what_its_condition_says(place: Place) -> None:
    policy = place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    place.run(lambda: place.alerting.storm(policy.name, 3))
    place.pass_time(60)
    assert (place.states()[-1], len(place.alerting.shown()["open"])) == ("open", 1)


def test_a_storm_of_a_quiet_policy_ends_when_it_is_evaluated(place: Place) -> None:
    policy = place.policy(notification_channels=[place.channel()])
    place.run(lambda: place.alerting.storm(policy.name, 3))
    place.pass_time(60)
    assert place.states() == ["open", "closed", "open", "closed"]


def test_a_storm_of_what_is_not_there_is_refused(place: Place) -> None:
    with pytest.raises(ApiError, match="Not found"):
        place.run(lambda: place.alerting.storm("0.nosuch", 1))


def test_what_is_timed_out_by_hand_opens_again_after_the_conditions_duration(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    (first,) = place.notified()
    place.run(lambda: place.alerting.time_out(first["incident_id"]))
    assert place.states() == ["closed"]
    place.pass_time(60)
    (again,) = place.notified()
    assert (again["state"], again["incident_id"] != first["incident_id"]) == ("open", True)


def test_only_what_is_open_is_timed_out(place: Place) -> None:
    with pytest.raises(ApiError, match="Not found"):
        place.run(lambda: place.alerting.time_out("0.nosuch"))


def test_the_consoles_test_message_is_of_another_shape(place: Place) -> None:
    channel = place.channel()
    place.run(lambda: place.alerting.send_test(channel))
    (body,) = place.bodies()
    assert (body["version"], body["incident"]["state"]) == ("test", "OPEN")
    assert body["incident"]["documentation"] == "Test documentation"


def test_open_incidents_are_shown(place: Place) -> None:
    place.policy(seconds=60, notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(40)
    pending = place.alerting.shown()["pending"]
    place.pass_time(90)
    (shown,) = place.alerting.shown()["open"]
    assert len(pending) == 1
    assert (shown["policy"], shown["value"], shown["labels"]["location"]) == ("KV hot", 0.9, EAST["location"])
