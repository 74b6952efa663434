"""Cloud Monitoring's Prometheus HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from alerting_place import KV, Place, running

LABELS = {
    "__name__": KV,
    "project_id": "demo",
    "location": "us-east4",
    "cluster": "east",
    "namespace": "llama",
    "job": "vllm",
    "instance": "a",
    "pod": "a",
    "model_name": "llama",
}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        made.scraped().start(**{KV: 0.5, "waiting": 3.0})
        made.pass_time(60)
        yield made


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "success"
    return answer.json()["data"]


def seconds(place: Place) -> float:
    return place.world.now.timestamp()


def test_an_instant_query_gives_a_vector(place: Place) -> None:
    found = data(place.prometheus("query", query=KV))
    assert found == {"resultType": "vector", "result": [{"metric": LABELS, "value": [seconds(place), "0.5"]}]}


@pytest.mark.parametrize(
    ("query", "kind", "value"),
    [("1 + 1", "scalar", "2"), ('"text"', "string", "text"), ("vector(1) / 0", "vector", "+Inf")],
)
def test_other_results_have_their_own_shape(place: Place, query: str, kind: str, value: str) -> None:
    found = data(place.prometheus("query", query=query))
    last = found["result"][0]["value"] if kind == "vector" else found["result"]
    assert (found["resultType"], last[1]) == (kind, value)


def test_a_range_selector_gives_a_matrix(place: Place) -> None:
    found = data(place.prometheus("query", query=f"{KV}[50s]"))
    assert found["resultType"] == "matrix"
    assert [value for _, value in found["result"][0]["values"]] == ["0.5"] * 3


def test_a_query_may_be_of_the_past(place: Place) -> None:
    assert data(place.prometheus("query", query=KV, time=seconds(place) - 3600))["result"] == []
    assert len(data(place.prometheus("query", query=KV, time=place.world.now.isoformat()))["result"]) == 1


def test_a_range_query_gives_a_value_for_each_step(place: Place) -> None:
    start, end = seconds(place) - 60, seconds(place)
    found = data(place.prometheus("query_range", query="waiting + 1", start=start, end=end, step="30s"))
    assert found["resultType"] == "matrix"
    assert found["result"][0]["values"] == [[start, "4"], [start + 30, "4"], [end, "4"]]


def test_a_range_query_of_a_scalar_has_no_labels(place: Place) -> None:
    at = seconds(place)
    found = data(place.prometheus("query_range", query="1", start=at, end=at, step=15))
    assert found["result"] == [{"metric": {}, "values": [[at, "1"]]}]


def test_a_form_may_be_posted(place: Place) -> None:
    url = f"{place.server.endpoints['prometheus']}/v1/projects/demo/location/global/prometheus/api/v1/query"
    answer = httpx.post(url, data={"query": "waiting"}, trust_env=False)
    assert data(answer)["result"][0]["value"][1] == "3"


def test_what_there_is_can_be_listed(place: Place) -> None:
    assert data(place.prometheus("series", **{"match[]": '{pod="a"}'}))[0]["__name__"] == KV
    assert "model_name" in data(place.prometheus("labels"))
    assert data(place.prometheus("label/__name__/values")) == [KV, "waiting"]
    assert data(place.prometheus("label/pod/values", **{"match[]": "nothing"})) == []
    assert data(place.prometheus("metadata"))["waiting"] == [{"type": "gauge", "help": "", "unit": ""}]


@pytest.mark.parametrize(
    ("path", "query", "status", "why"),
    [
        ("query", {"query": "sum("}, 400, 'invalid parameter "query": 1:4: parse error: unclosed left parenthesis'),
        ("query", {}, 400, "no expression found in input"),
        ("query", {"query": "up", "time": "noon"}, 400, 'cannot parse "noon" to a valid timestamp'),
        ("query_range", {"query": "up", "start": 1, "end": 0, "step": 1}, 400, "must not be before start time"),
        ("query_range", {"query": "up", "start": 0, "end": 1, "step": 0}, 400, "zero or negative"),
        ("query_range", {"query": "up", "start": 0, "end": 1, "step": "1x"}, 400, "valid duration"),
        ("query_range", {"query": "up", "start": 0, "end": 11_001, "step": 1}, 400, "maximum resolution of 11,000"),
        ("query_range", {"query": "up[5m]", "start": 0, "end": 1, "step": 1}, 400, "must be Scalar or instant Vector"),
        ("series", {}, 400, "no match[] parameter"),
        ("series", {"match[]": "sum(up)"}, 400, "expected a series selector"),
        ("query", {"query": "waiting + on () group_left () {pod='a'}"}, 422, "many-to-many matching not allowed"),
    ],
)
def test_a_refusal_has_the_shape_of_prometheus(
    place: Place, path: str, query: dict[str, Any], status: int, why: str
) -> None:
    answer = place.prometheus(path, **query)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")
    assert answer.json()["errorType"] == ("bad_data" if status == 400 else "execution")
    assert why in answer.json()["error"]


@pytest.mark.parametrize(
    ("where", "status"), [({"project": "other"}, 403), ({"location": "us-east4"}, 400)], ids=["project", "location"]
)
def test_other_projects_and_locations_are_refused(place: Place, where: dict[str, str], status: int) -> None:
    answer = place.prometheus("query", query="1", **where)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_an_unknown_path_is_not_found(place: Place) -> None:
    assert place.prometheus("rules").status_code == 404


def test_it_is_down_with_the_rest_of_monitoring(place: Place) -> None:
    place.world.faults.unavailable.add("monitoring")
    assert place.prometheus("query", query="1").status_code == 503


def test_the_same_points_are_listed_by_monitorings_own_api(place: Place) -> None:
    kind = f"prometheus.googleapis.com/{KV}/gauge"
    start, end = (f"2026-01-05T09:00:{second:02d}Z" for second in (0, 30))
    query = {"filter": f'metric.type = "{kind}"', "interval.startTime": start, "interval.endTime": end}
    url = f"{place.server.endpoints['monitoring']}/v3/projects/demo/timeSeries"
    (series,) = httpx.get(url, params=query, trust_env=False).json()["timeSeries"]
    assert [point["value"] for point in series["points"]] == [{"doubleValue": 0.5}] * 3
    assert (series["resource"]["type"], series["metric"]["labels"]) == (
        "prometheus_target",
        {"pod": "a", "model_name": "llama"},
    )
