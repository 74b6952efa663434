"""Alert policies at work: incidents open and close, and Pub/Sub hears of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import cloudpickle
import pytest
from alerting_place import KV, Place, running

from infra.local.cloud.keeping import _Pickler


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        made.subscribe()
        yield made


# Opening and closing -------------------------------------------------------------------------------------------


def test_a_hot_series_opens_an_incident(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(40)
    assert place.states() == ["open"]


def test_a_cool_series_opens_none(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.5})
    place.pass_time(600)
    assert place.notified() == []


def test_an_incident_opens_only_after_the_duration(place: Place) -> None:
    place.policy(seconds=120, notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(140)
    before = place.states()
    place.pass_time(40)
    assert (before, place.states()) == ([], ["open"])


def test_a_short_peak_is_forgotten(place: Place) -> None:
    place.policy(seconds=120, notification_channels=[place.channel()])
    server = place.scraped()
    for usage in (0.9, 0.1, 0.9, 0.1):
        server.start(**{KV: usage})
        place.pass_time(90)
    assert place.notified() == []


def test_an_incident_closes_under_its_own_id_when_the_query_no_longer_finds_it(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    place.scraped().start(**{KV: 0.1})
    place.pass_time(60)
    opened, closed = place.notified()
    assert (opened["incident_id"], opened["ended_at"]) == (closed["incident_id"], None)
    assert closed["state"] == "closed" and closed["ended_at"] > closed["started_at"]


def test_an_incident_that_comes_back_has_another_id(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    for usage in (0.9, 0.1, 0.9):
        place.scraped().start(**{KV: usage})
        place.pass_time(60)
    first, _, again = place.notified()
    assert first["incident_id"] != again["incident_id"]


def test_each_series_has_an_incident_of_its_own(place: Place) -> None:
    place.policy(f"{KV} > 0.6", notification_channels=[place.channel()])
    for pod in "ab":
        place.scraped(pod).start(**{KV: 0.9})
    place.pass_time(60)
    place.scraped("a").start(**{KV: 0.1})
    place.pass_time(60)
    told = [(one["state"], one["metric"]["labels"]["pod"]) for one in place.notified()]
    assert sorted(told) == [("closed", "a"), ("open", "a"), ("open", "b")]


def test_a_query_without_a_metric_may_find_that_it_is_absent(place: Place) -> None:
    place.policy(f'absent({KV}{{location="us-east4"}})', seconds=60, notification_channels=[place.channel()])
    place.pass_time(120)
    assert [one["resource"]["labels"]["location"] for one in place.notified()] == ["us-east4"]


def test_a_policy_is_evaluated_at_its_interval(place: Place) -> None:
    policy = place.policy(notification_channels=[place.channel()])
    policy.conditions[0].condition_prometheus_query_language.evaluation_interval = timedelta(minutes=5)
    place.policies.update_alert_policy(alert_policy=policy)
    place.pass_time(10)
    place.scraped().start(**{KV: 0.9})
    place.pass_time(280)
    before = place.states()
    place.pass_time(20)
    assert (before, place.states()) == ([], ["open"])


# Time-outs -----------------------------------------------------------------------------------------------------

HALF_HOUR = {"auto_close": timedelta(minutes=30)}


def test_an_incident_that_goes_on_being_measured_stays_open_beyond_its_time_out(place: Place) -> None:
    place.policy(alert_strategy=HALF_HOUR, notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(5400)
    assert place.states() == ["open"]


def as_before(place: Place) -> None:
    """Make a policy for which series stay as they were while they have no data."""
    where = f'metric.type = "prometheus.googleapis.com/{KV}/gauge" AND resource.type = "prometheus_target"'
    asked = {"filter": where, "comparison": "COMPARISON_GT", "threshold_value": 0.6, "duration": timedelta()}
    condition = {"display_name": "KV", "condition_threshold": asked}
    place.policy(conditions=[condition], alert_strategy=HALF_HOUR, notification_channels=[place.channel()])


def test_an_incident_without_data_is_closed_by_its_time_out_counted_from_the_last_of_them(place: Place) -> None:
    server = place.scraped()
    server.start(**{KV: 0.9})
    place.pass_time(10)
    as_before(place)
    place.pass_time(3600)
    server.on = False
    place.pass_time(1700)
    before = place.states()
    place.pass_time(3600)
    assert (before, place.states()) == (["open"], ["closed"])


def test_what_was_closed_for_want_of_data_opens_again_with_them(place: Place) -> None:
    server = place.scraped()
    server.start(**{KV: 0.9})
    place.pass_time(10)
    as_before(place)
    place.pass_time(60)
    server.on = False
    place.pass_time(2000)
    server.start(**{KV: 0.9})
    place.pass_time(60)
    assert place.states() == ["open", "closed", "open"]


def test_a_time_out_of_one_series_leaves_the_others_alone(place: Place) -> None:
    for pod in "ab":
        place.scraped(pod).start(**{KV: 0.9})
    place.pass_time(10)
    as_before(place)
    place.pass_time(60)
    place.scraped("a").on = False
    place.pass_time(3600)
    told = [(one["metric"]["labels"]["pod"], one["state"]) for one in place.notified()]
    assert sorted(told) == [("a", "closed"), ("a", "open"), ("b", "open")]


def test_an_incident_over_what_is_absent_is_closed_by_its_time_out_though_nothing_else_happens(place: Place) -> None:
    place.policy(f"absent({KV})", alert_strategy=HALF_HOUR, notification_channels=[place.channel()])
    place.pass_time(1900)
    assert place.states()[:2] == ["open", "closed"]


def test_reminders_are_sent_where_they_were_asked_for(place: Place) -> None:
    channel = place.channel()
    reminded = {"notification_channel_names": [channel], "renotify_interval": timedelta(minutes=30)}
    strategy = {"notification_channel_strategy": [reminded]}
    place.policy(notification_channels=[channel], alert_strategy=strategy)
    place.scraped().start(**{KV: 0.9})
    place.pass_time(3700)
    ids = {one["incident_id"] for one in place.notified()}
    assert (len(ids), place.alerting.sender.counts["sent"]) == (1, 3)


def test_closings_are_not_told_where_only_openings_are_asked_for(place: Place) -> None:
    place.policy(alert_strategy={"notification_prompts": ["OPENED"]}, notification_channels=[place.channel()])
    for usage in (0.9, 0.1):
        place.scraped().start(**{KV: usage})
        place.pass_time(60)
    assert place.states() == ["open"]


# Changes -------------------------------------------------------------------------------------------------------


def test_a_policy_that_is_switched_off_closes_its_incidents(place: Place) -> None:
    policy = place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    policy.enabled = False
    place.policies.update_alert_policy(alert_policy=policy)
    place.pass_time(300)
    assert place.states() == ["open", "closed"]


def test_a_deleted_policy_closes_its_incidents(place: Place) -> None:
    policy = place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    place.policies.delete_alert_policy(name=policy.name)
    assert place.states() == ["open", "closed"]


# Rest ----------------------------------------------------------------------------------------------------------


def test_without_policies_nothing_is_on_the_agenda(place: Place) -> None:
    policy = place.policy()
    place.policies.delete_alert_policy(name=policy.name)
    assert place.run(lambda: [one for one in place.world._agenda if not one.cancelled]) == []


def test_with_no_data_for_long_nothing_is_on_the_agenda(place: Place) -> None:
    place.policy(f"rate({KV}[10m]) > 1", seconds=300)
    place.pass_time(3600)
    assert place.run(lambda: [one for one in place.world._agenda if not one.cancelled]) == []


def test_data_wakes_the_policies_again(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.pass_time(3600)
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    assert place.states() == ["open"]


def test_what_follows_the_clock_is_never_at_rest(place: Place) -> None:
    at = place.world.now.timestamp() + 7200
    place.policy(f"vector(time() > bool {at}) > 0", notification_channels=[place.channel()])
    place.pass_time(7300)
    assert place.states() == ["open"]


def test_alerting_is_kept_and_goes_on(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.9})
    place.pass_time(60)
    place.scraped().on = False
    place.pass_time(20)  # the scrape itself is the test's own and cannot be kept
    file = io.BytesIO()
    _Pickler(file).dump(place.alerting)
    again = cloudpickle.loads(file.getvalue())
    assert again.shown() == place.alerting.shown()
    assert again._monitoring.on_data == again._on_data
