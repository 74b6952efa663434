"""When the conditions of our alert policies hold, judged by the embedded Prometheus on what servers measured."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud.promql_eval import Evaluator
from infra.local.cloud.promql_parse import parse
from shared.catalog.load import load
from shared.domain.compile_alerts import alert_policy
from shared.domain.compile_frame import Frame
from tests.contract.metrics_place import (
    EAST,
    KV,
    KV_OLD,
    NOW,
    RUNNING,
    TTFT,
    WAITING,
    Curve,
    Measured,
    flat,
    histogram,
)
from tests.contract.providers.whole_cloud import SITE, spec

QUIET = {KV: flat(0.3), WAITING: flat(0), RUNNING: flat(5)}
SLOW, FAST = histogram(TTFT, {"1": 1, "4": 10, "+Inf": 10}), histogram(TTFT, {"1": 10, "4": 10, "+Inf": 10})


def _holding(measured: Measured) -> dict[str, list[dict[str, str]]]:
    """Return the conditions whose queries return series now, with their labels."""
    frame = Frame("llm", spec(EAST), EAST, EAST, SITE, load())
    evaluator, now = Evaluator(measured.monitoring.store), round(NOW.timestamp() * 1000)
    found = {}
    for condition in alert_policy(frame, ()).spec["conditions"]:
        query = condition["condition_prometheus_query_language"]["query"]
        found[condition["display_name"]] = [dict(one.labels) for one in evaluator.vector(parse(query), now)]
    return {name: series for name, series in found.items() if series}


@pytest.fixture
def measured() -> Measured:
    return Measured()


@pytest.mark.parametrize(
    ("changed", "holding"),
    [
        pytest.param({}, set(), id="a quiet region"),
        pytest.param({KV: flat(0.62)}, set(), id="about its spill target, which is as it should be"),
        pytest.param({KV: flat(0.7)}, {"KV cache hot"}, id="above it"),
        pytest.param({KV: flat(0.95)}, {"KV cache hot", "KV cache full"}, id="full"),
        pytest.param({WAITING: flat(4)}, {"Requests waiting"}, id="a queue without KV: long prompts"),
        pytest.param(SLOW, {"First token slow"}, id="slow to the first token"),
        pytest.param(FAST, set(), id="fast to the first token"),
        pytest.param({KV: flat(0.1)}, {"Idle"}, id="an hour of next to nothing"),
        pytest.param({KV: lambda seconds: 0.1 if seconds > 600 else 0.7}, set(), id="a peak ten minutes into it"),
        pytest.param({KV: flat(0.1), WAITING: flat(1)}, set(), id="little KV, but somebody waits"),
    ],
)
def test_a_condition_holds(measured: Measured, changed: dict[str, Curve], holding: set[str]) -> None:
    for pod in ("a", "b"):
        measured.server(pod, {**QUIET, **changed}, minutes=60)
    assert _holding(measured).keys() == holding


def test_a_region_is_not_idle_before_an_hour_was_measured(measured: Measured) -> None:
    measured.server("a", {**QUIET, KV: flat(0)}, minutes=50)
    assert "Idle" not in _holding(measured)


def test_an_engine_s_old_name_is_heard_as_well(measured: Measured) -> None:
    measured.server("a", {KV_OLD: flat(0.95), WAITING: flat(0), RUNNING: flat(5)})
    assert _holding(measured).keys() == {"KV cache hot", "KV cache full"}


def test_one_full_server_is_told_by_its_name_while_the_region_is_well(measured: Measured) -> None:
    for pod, kv in (("a", 0.95), ("b", 0.2), ("c", 0.2)):
        measured.server(pod, {**QUIET, KV: flat(kv)})
    found = _holding(measured)
    assert {name: [series["pod"] for series in all_] for name, all_ in found.items()} == {"KV cache full": ["a"]}


@pytest.mark.parametrize("ended", [None, 10], ids=["never measured", "gone silent"])
def test_missing_metrics_are_an_alert_that_says_where(measured: Measured, ended: Any) -> None:
    if ended is not None:
        measured.server("a", QUIET, ended=ended)
    assert _holding(measured) == {"Metrics missing": [{"namespace": "infer-llm", "location": EAST}]}


def test_an_incident_says_where_it_is(measured: Measured) -> None:
    measured.server("a", {**QUIET, KV: flat(0.7)})
    [where] = _holding(measured)["KV cache hot"]
    assert where == {"location": EAST, "cluster": f"inferops-{EAST}", "namespace": "infer-llm"}


def test_another_region_s_trouble_is_not_this_one_s(measured: Measured) -> None:
    measured.server("a", QUIET)
    measured.server("b", {**QUIET, KV: flat(0.99)}, region="europe-west3")
    measured.server("c", {**QUIET, KV: flat(0.99)}, deployment="other")
    assert _holding(measured) == {}
