"""Alert conditions on thresholds and absence, and how several conditions make one incident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from alerting_place import KV, Place, running
from google.cloud import monitoring_v3

KINDS = monitoring_v3.Aggregation


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        made.subscribe()
        yield made


def threshold(**fields: Any) -> dict[str, Any]:
    asked = {
        "filter": f'metric.type = "prometheus.googleapis.com/{KV}/gauge" AND resource.type = "prometheus_target"',
        "comparison": "COMPARISON_GT",
        "threshold_value": 0.6,
        "duration": timedelta(),
        "aggregations": [{"alignment_period": timedelta(minutes=1), "per_series_aligner": KINDS.Aligner.ALIGN_MEAN}],
        **fields,
    }
    return {"display_name": "hot", "condition_threshold": asked}


def absence(minutes: int = 5) -> dict[str, Any]:
    asked = {
        "filter": f'metric.type = "prometheus.googleapis.com/{KV}/gauge" AND resource.type = "prometheus_target"',
        "duration": timedelta(minutes=minutes),
    }
    return {"display_name": "silent", "condition_absent": asked}


def test_a_threshold_is_crossed(place: Place) -> None:
    place.scraped().start(**{KV: 0.9})
    place.policy(conditions=[threshold()], notification_channels=[place.channel()])
    place.pass_time(60)
    (told,) = place.notified()
    assert (told["threshold_value"], told["observed_value"]) == ("0.6", "0.9")


def test_a_threshold_on_the_mean_of_a_cluster(place: Place) -> None:
    for pod, usage in (("a", 0.9), ("b", 0.5)):
        place.scraped(pod).start(**{KV: usage})
    how = {
        "alignment_period": timedelta(minutes=1),
        "per_series_aligner": KINDS.Aligner.ALIGN_MEAN,
        "cross_series_reducer": KINDS.Reducer.REDUCE_MEAN,
        "group_by_fields": ["resource.label.cluster"],
    }
    place.policy(conditions=[threshold(aggregations=[how])], notification_channels=[place.channel()])
    place.pass_time(60)
    assert [(one["resource"]["labels"], one["observed_value"]) for one in place.notified()] == [
        ({"cluster": "east"}, "0.7")
    ]


@pytest.mark.parametrize(
    ("missing", "states"),
    [
        ("EVALUATION_MISSING_DATA_INACTIVE", ["open", "closed"]),
        ("EVALUATION_MISSING_DATA_NO_OP", ["open"]),
        ("EVALUATION_MISSING_DATA_ACTIVE", ["open"]),
    ],
)
def test_what_missing_data_means_to_a_threshold(place: Place, missing: str, states: list[str]) -> None:
    place.scraped().start(**{KV: 0.9})
    condition = threshold(evaluation_missing_data=missing, duration=timedelta(minutes=1))
    place.policy(conditions=[condition], notification_channels=[place.channel()])
    place.pass_time(150)
    place.scraped().on = False
    place.pass_time(600)
    assert place.states() == states


def test_a_series_that_falls_silent_is_absent_until_it_is_back(place: Place) -> None:
    place.scraped().start(**{KV: 0.5})
    place.policy(conditions=[absence()], notification_channels=[place.channel()])
    place.pass_time(60)
    place.scraped().on = False
    place.pass_time(360)
    gone = place.states()
    place.scraped().start()
    place.pass_time(60)
    assert (gone, place.states()) == (["open"], ["closed"])


def test_a_series_that_was_silent_before_the_policy_is_not_absent(place: Place) -> None:
    place.scraped().start(**{KV: 0.5})
    place.pass_time(20)
    place.scraped().on = False
    place.pass_time(60)
    place.policy(conditions=[absence()], notification_channels=[place.channel()])
    place.pass_time(900)
    assert place.notified() == []


def two() -> list[dict[str, Any]]:
    return [
        {
            "display_name": name,
            "condition_prometheus_query_language": {"query": query, "disable_metric_validation": True},
        }
        for name, query in (("kv", f"{KV} > 0.6"), ("queue", "waiting > 3"))
    ]


@pytest.mark.parametrize(
    ("combiner", "pods", "states"),
    [
        pytest.param("OR", "a", ["open"], id="either is enough"),
        pytest.param("AND", "a", [], id="both are needed"),
        pytest.param("AND", "aa", ["open"], id="and both are there"),
        pytest.param("AND", "ab", ["open"], id="on whatever servers"),
        pytest.param("AND_WITH_MATCHING_RESOURCE", "ab", [], id="on one and the same server"),
        pytest.param("AND_WITH_MATCHING_RESOURCE", "aa", ["open"], id="and it is"),
    ],
)
def test_conditions_are_combined(place: Place, combiner: str, pods: str, states: list[str]) -> None:
    place.policy(combiner=combiner, conditions=two(), notification_channels=[place.channel()])
    for pod, values in zip(pods, ({KV: 0.9}, {"waiting": 5.0}), strict=False):
        place.scraped(pod).start(**values)
    place.pass_time(60)
    assert place.states() == states
