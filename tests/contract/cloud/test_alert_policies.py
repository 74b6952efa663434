"""Alert policies, made and changed with Google's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from alerting_place import HOT, KV, PROJECT, Place, running
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.protobuf import field_mask_pb2

LABELS = {f"k{number}": "v" for number in range(65)}
FILTER = 'metric.type = "compute.googleapis.com/x" AND resource.type = "gce_instance"'


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def query(**fields: Any) -> dict[str, Any]:
    asked = {"query": HOT, "disable_metric_validation": True, **fields}
    return {"display_name": "hot", "condition_prometheus_query_language": asked}


def threshold(**fields: Any) -> dict[str, Any]:
    asked = {"filter": FILTER, "comparison": "COMPARISON_GT", "threshold_value": 1, **fields}
    return {"display_name": "above", "condition_threshold": asked}


def absence(seconds: int) -> dict[str, Any]:
    return {"display_name": "gone", "condition_absent": {"filter": FILTER, "duration": timedelta(seconds=seconds)}}


def strategy(**fields: Any) -> dict[str, Any]:
    return {"alert_strategy": fields}


def test_the_server_gives_names_and_fills_in(place: Place) -> None:
    policy = place.policy(name="mine")
    number = policy.name.removeprefix(f"{PROJECT}/alertPolicies/")
    assert number.isdecimal()
    assert policy.conditions[0].name.startswith(f"{policy.name}/conditions/")
    assert policy.enabled is True
    assert policy.creation_record == policy.mutation_record
    assert policy.creation_record.mutate_time == place.world.now


def test_a_policy_is_found_again(place: Place) -> None:
    policy = place.policy()
    assert place.policies.get_alert_policy(name=policy.name) == policy


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"display_name": ""}, "display_name"),
        ({"conditions": []}, "1 to 6 conditions"),
        ({"conditions": [query()] * 7}, "1 to 6 conditions"),
        ({"combiner": 0}, "combiner"),
        ({"conditions": [{"display_name": "none"}]}, "A condition must be specified"),
        ({"conditions": [{**query(), "display_name": ""}]}, "display name"),
        ({"conditions": [query(query="")]}, "must not be empty"),
        ({"conditions": [query(query="sum(")]}, "1:4: parse error: unclosed left parenthesis"),
        ({"conditions": [query(query="up[5m]")]}, "range vector"),
        ({"conditions": [query(disable_metric_validation=False)]}, f'The metric "{KV}" does not exist'),
        ({"conditions": [query(evaluation_interval=timedelta(seconds=45))]}, "a multiple of 30 s"),
        ({"conditions": [query(evaluation_interval=timedelta())]}, "a multiple of 30 s"),
        ({"conditions": [query(duration=timedelta(days=1))]}, "23 h 30 min"),
        ({"conditions": [query(labels={"a-b": "x"})]}, "label name"),
        ({"conditions": [query(alert_rule="not one")]}, "label name"),
        ({"conditions": [threshold(filter='resource.type = "x"')]}, "one metric type"),
        ({"conditions": [threshold(filter='metric.type = "x"')]}, "a resource type"),
        ({"conditions": [threshold(filter=FILTER + " nonsense")]}, "valid combination"),
        ({"conditions": [threshold(comparison="COMPARISON_GE")]}, "COMPARISON_GT and COMPARISON_LT"),
        ({"conditions": [threshold(duration=timedelta(seconds=90))]}, "a multiple of 60 s"),
        ({"conditions": [threshold(aggregations=[{"alignment_period": timedelta(minutes=1)}])]}, "need each other"),
        ({"conditions": [threshold(aggregations=[{"cross_series_reducer": "REDUCE_SUM"}])]}, "needs an aligner"),
        ({"conditions": [threshold(evaluation_missing_data=1)]}, "at least a minute"),
        ({"conditions": [absence(60)]}, "120 s to 23 h 30 min"),
        ({"user_labels": LABELS}, "at most 64"),
        ({"user_labels": {"Upper": "x"}}, "lowercase"),
        ({"user_labels": {"1st": "x"}}, "a letter first"),
        ({"user_labels": {"region": "us east"}}, "lowercase"),
        ({"documentation": {"content": "x" * 8193}}, "8192 characters"),
        ({"documentation": {"content": "x", "mime_type": "text/html"}}, "text/markdown"),
        ({"documentation": {"content": "x", "links": [{"url": "x"}] * 4}}, "at most 3 links"),
        (strategy(auto_close=timedelta(minutes=29)), "between 30 minutes and 7 days"),
        (strategy(auto_close=timedelta(days=8)), "between 30 minutes and 7 days"),
        (strategy(notification_prompts=["CLOSED"]), "OPENED"),
        (strategy(notification_rate_limit={"period": timedelta(minutes=5)}), "Only log-based"),
        (strategy(notification_channel_strategy=[{"renotify_interval": timedelta(minutes=5)}]), "30 minutes to 24"),
    ],
)
def test_what_is_wrong_is_refused(place: Place, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=why):
        place.policy(**fields)


@pytest.mark.parametrize(
    "condition",
    [
        {"condition_monitoring_query_language": {"query": "fetch x"}},
        {"condition_matched_log": {"filter": "x"}},
        {"condition_sql": {"query": "select 1"}},
        threshold(denominator_filter=FILTER),
        threshold(filter=FILTER.replace("/x", "/x/histogram")),
        threshold(aggregations=[{"alignment_period": timedelta(minutes=1), "per_series_aligner": "ALIGN_STDDEV"}]),
    ],
    ids=["mql", "logs", "sql", "ratio", "distribution", "aligner"],
)
def test_what_is_not_simulated_says_so(place: Place, condition: dict[str, Any]) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="not simulated"):
        place.policy(conditions=[{"display_name": "x", **condition}])


def test_a_metric_that_was_scraped_once_may_be_named(place: Place) -> None:
    place.scraped().start(**{KV: 0.5})
    place.policy(conditions=[query(disable_metric_validation=False)])


def test_a_filter_on_a_metric_that_nobody_wrote_is_not_found(place: Place) -> None:
    missing = f'metric.type = "prometheus.googleapis.com/{KV}/gauge" AND resource.type = "prometheus_target"'
    with pytest.raises(exceptions.NotFound, match="Cannot find metric that matches type"):
        place.policy(conditions=[threshold(filter=missing)])


def test_channels_must_exist(place: Place) -> None:
    with pytest.raises(exceptions.NotFound):
        place.policy(notification_channels=[f"{PROJECT}/notificationChannels/1"])


def test_sixty_four_labels_are_taken(place: Place) -> None:
    labels = dict(list(LABELS.items())[:64])
    assert place.policy(user_labels=labels).user_labels == labels


# Changes -------------------------------------------------------------------------------------------------------


def test_with_a_mask_only_what_it_names_changes(place: Place) -> None:
    policy = place.policy(user_labels={"a": "1", "b": "2"})
    asked = {"name": policy.name, "display_name": "new", "user_labels": {"a": "9"}, "combiner": "AND"}
    mask = field_mask_pb2.FieldMask(paths=["display_name", "user_labels.a"])
    after = place.policies.update_alert_policy(update_mask=mask, alert_policy=asked)
    assert (after.display_name, after.user_labels, after.combiner) == ("new", {"a": "9", "b": "2"}, policy.combiner)
    assert after.conditions == policy.conditions


def test_without_a_mask_the_policy_is_replaced_under_its_name(place: Place) -> None:
    policy = place.policy(user_labels={"a": "1"})
    asked = {"name": policy.name, "display_name": "new", "combiner": "OR", "conditions": [query()]}
    after = place.policies.update_alert_policy(alert_policy=asked)
    assert (after.user_labels, after.creation_record) == ({}, policy.creation_record)
    assert after.conditions[0].name != policy.conditions[0].name


def test_a_condition_that_is_named_keeps_its_name(place: Place) -> None:
    policy = place.policy()
    policy.conditions[0].display_name = "other"
    policy.conditions.append(monitoring_v3.AlertPolicy.Condition(query()))
    after = place.policies.update_alert_policy(alert_policy=policy)
    assert after.conditions[0].name == policy.conditions[0].name
    assert len({condition.name for condition in after.conditions}) == 2


def test_a_condition_of_another_policy_cannot_be_named(place: Place) -> None:
    policy, other = place.policy(), place.policy()
    policy.conditions[0].name = other.conditions[0].name
    with pytest.raises(exceptions.InvalidArgument, match="no condition of this policy"):
        place.policies.update_alert_policy(alert_policy=policy)


def test_a_mask_of_no_field_is_refused(place: Place) -> None:
    mask = field_mask_pb2.FieldMask(paths=["nosuch"])
    with pytest.raises(exceptions.InvalidArgument, match="no such field"):
        place.policies.update_alert_policy(update_mask=mask, alert_policy=place.policy())


def test_a_change_is_held_to_the_same_rules(place: Place) -> None:
    policy = place.policy()
    policy.conditions[0].condition_prometheus_query_language.query = "sum("
    with pytest.raises(exceptions.InvalidArgument, match="parse error"):
        place.policies.update_alert_policy(alert_policy=policy)


def test_a_deleted_policy_is_gone(place: Place) -> None:
    policy = place.policy()
    place.policies.delete_alert_policy(name=policy.name)
    with pytest.raises(exceptions.NotFound):
        place.policies.get_alert_policy(name=policy.name)


def test_other_projects_are_refused(place: Place) -> None:
    with pytest.raises(exceptions.PermissionDenied):
        place.policies.list_alert_policies(name="projects/other")


# Lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", ["a", "b", "c"]),
        ('display_name = "a"', ["a"]),
        ('display_name != "a"', ["b", "c"]),
        ('user_labels.kind = "kv"', ["a", "b"]),
        ('user_labels = "region"', ["b"]),
        ('user_labels.kind="kv" AND user_labels.region="east"', ["b"]),
        ('display_name = "a" OR display_name = "c"', ["a", "c"]),
        ('NOT user_labels.kind = "kv"', ["c"]),
        ('user_labels.kind = starts_with("k")', ["a", "b"]),
        ('user_labels.kind = one_of("queue", "ttft")', ["c"]),
        ("enabled = false", ["c"]),
        ('(display_name="a" OR display_name="b") user_labels.region="east"', ["b"]),
    ],
)
def test_a_list_is_filtered(place: Place, wanted: str, names: list[str]) -> None:
    place.policy(display_name="a", user_labels={"kind": "kv"})
    place.policy(display_name="b", user_labels={"kind": "kv", "region": "east"})
    place.policy(display_name="c", user_labels={"kind": "queue"}, enabled=False)
    found = place.policies.list_alert_policies(request={"name": PROJECT, "filter": wanted})
    assert [policy.display_name for policy in found] == names


@pytest.mark.parametrize("wanted", ["display_name", 'display_name = "a" OR', 'nosuch = "a"', "display_name = (", "="])
def test_a_filter_that_makes_no_sense_is_refused(place: Place, wanted: str) -> None:
    place.policy()
    with pytest.raises(exceptions.InvalidArgument):
        list(place.policies.list_alert_policies(request={"name": PROJECT, "filter": wanted}))


def test_a_list_comes_in_pages_and_in_order(place: Place) -> None:
    for name in "bca":
        place.policy(display_name=name)
    asked = {"name": PROJECT, "page_size": 2, "order_by": "-display_name"}
    first = next(iter(place.policies.list_alert_policies(request=asked).pages))
    assert [policy.display_name for policy in first.alert_policies] == ["c", "b"]
    assert first.total_size == 3
    assert [one.display_name for one in place.policies.list_alert_policies(request=asked)] == ["c", "b", "a"]


def test_it_is_served_over_rest_too(place: Place) -> None:
    policy = place.policy()
    url = f"{place.server.endpoints['monitoring']}/v3/{policy.name}"
    patched = httpx.patch(url, params={"updateMask": "display_name"}, json={"displayName": "new"}, trust_env=False)
    assert patched.json()["displayName"] == httpx.get(url, trust_env=False).json()["displayName"] == "new"
