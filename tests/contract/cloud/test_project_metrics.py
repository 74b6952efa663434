"""Cloud Monitoring, asked with Google's client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from project_place import Place, running

from tests.waiting import eventually

TTFT, REQUESTS = "prometheus.googleapis.com/ttft/gauge", "prometheus.googleapis.com/requests_total/counter"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def series(place: Place, metric: str, rest: str = "", **aggregation: Any) -> list[Any]:
    client = place.client(monitoring_v3.MetricServiceClient, "monitoring", "grpc")
    interval = {"start_time": place.world.now - timedelta(minutes=10), "end_time": place.world.now}
    asked = {
        "name": "projects/demo",
        "filter": f'metric.type = "{metric}"{rest}',
        "interval": interval,
        "aggregation": aggregation,
        "view": monitoring_v3.ListTimeSeriesRequest.TimeSeriesView.FULL,
    }
    return list(client.list_time_series(request=asked))


def measure(place: Place, metric: str, cluster: str, *values: float) -> None:
    """Write one value now and another each minute."""

    def write(value: float) -> Callable[[], None]:
        resource = {"type": "prometheus_target", "cluster": cluster}
        return lambda: place.monitoring.write(metric, resource, {"model": "llama"}, value)

    def plan() -> None:
        for minute, value in enumerate(values):
            place.world.after(timedelta(minutes=minute), write(value))

    until = place.world.now + timedelta(minutes=len(values) - 1)
    place.server.run(plan)
    eventually(lambda: place.world.now >= until)


def test_a_series_comes_back_newest_first(place: Place) -> None:
    measure(place, TTFT, "a", 1, 2)
    found = series(place, TTFT)[0]
    assert [point.value.double_value for point in found.points] == [2, 1]
    assert (found.resource.labels["cluster"], found.metric.labels["model"]) == ("a", "llama")


def test_a_filter_picks_by_label(place: Place) -> None:
    measure(place, TTFT, "a", 1)
    measure(place, TTFT, "b", 2)
    found = series(place, TTFT, ' AND resource.labels.cluster = one_of("b", "c")')
    assert [one.resource.labels["cluster"] for one in found] == ["b"]


def test_a_filter_that_is_not_understood_is_refused(place: Place) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        series(place, TTFT, " OR something else")


def test_series_are_aligned_and_reduced(place: Place) -> None:
    measure(place, TTFT, "a", 1)
    measure(place, TTFT, "b", 3)
    kinds = monitoring_v3.Aggregation
    found = series(
        place,
        TTFT,
        alignment_period=timedelta(minutes=5),
        per_series_aligner=kinds.Aligner.ALIGN_MEAN,
        cross_series_reducer=kinds.Reducer.REDUCE_MAX,
        group_by_fields=["metric.labels.model"],
    )
    assert [[point.value.double_value for point in one.points] for one in found] == [[3]]


def test_a_counter_has_a_rate(place: Place) -> None:
    measure(place, REQUESTS, "a", 0, 60, 180)
    aligner = monitoring_v3.Aggregation.Aligner.ALIGN_RATE
    found = series(place, REQUESTS, alignment_period=timedelta(minutes=1), per_series_aligner=aligner)
    assert [point.value.double_value for point in found[0].points] == [2, 1]


def test_metrics_describe_themselves(place: Place) -> None:
    measure(place, REQUESTS, "a", 1)
    client = place.client(monitoring_v3.MetricServiceClient, "monitoring", "grpc")
    found = list(client.list_metric_descriptors(name="projects/demo"))
    assert [one.type for one in found] == [REQUESTS]
