"""What the servers measured, read through Monitoring's Prometheus API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.prometheus import Prometheus
from shared.catalog.load import load
from shared.domain.conditions import Reason
from shared.domain.errors import NeedsHumanError, RetryableError
from tests.contract.metrics_place import (
    EAST,
    KV,
    KV_OLD,
    NOW,
    RUNNING,
    SUCCESS,
    TTFT,
    WAITING,
    Measured,
    flat,
    histogram,
    reading,
    rising,
)
from tests.unit.adapters.answering import answering


@pytest.fixture
def measured() -> Measured:
    return Measured()


@pytest.fixture
def metrics(measured: Measured) -> Iterator[Prometheus]:
    with reading(measured) as found:
        yield found


def test_a_window_has_a_value_a_step_and_ends_now(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", {KV: lambda seconds: seconds / 1800})
    window = metrics.window("llm", EAST, NOW, 10)
    assert (len(window.kv), window.step, window.end) == (20, timedelta(seconds=30), NOW)
    assert window.kv[-3:] == pytest.approx((1740 / 1800, 1770 / 1800, 1.0))


def test_servers_are_put_together(measured: Measured, metrics: Prometheus) -> None:
    for pod, kv, waiting in (("a", 0.9, 4), ("b", 0.3, 2)):
        measured.server(pod, {KV: flat(kv), WAITING: flat(waiting), RUNNING: flat(10)})
    window = metrics.window("llm", EAST, NOW, 5)
    found = (window.replicas, window.kv, window.kv_max, window.waiting, window.running)
    assert [series[-1] for series in found] == pytest.approx([2, 0.6, 0.9, 6, 20])


def test_the_same_value_under_two_names_counts_once(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", {KV: flat(0.4), KV_OLD: flat(0.4)})
    measured.server("b", {KV_OLD: flat(0.8)})
    assert metrics.window("llm", EAST, NOW, 5).kv[-1] == pytest.approx(0.6)


def test_what_other_deployments_and_regions_measure_is_left_out(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", {KV: flat(0.2)})
    measured.server("b", {KV: flat(0.9)}, deployment="other")
    measured.server("c", {KV: flat(0.9)}, region="europe-west3")
    assert metrics.window("llm", EAST, NOW, 5).kv_max[-1] == pytest.approx(0.2)


def test_what_was_not_measured_is_none_and_not_zero(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", {RUNNING: flat(3)}, minutes=5, ended=10)
    window = metrics.window("llm", EAST, NOW, 30)
    assert (window.running[0], window.running[-1], window.ttft[-1]) == (None, None, None)
    assert 3.0 in window.running


def test_a_quantile_of_no_requests_is_none(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", histogram(TTFT, {"1": 0, "+Inf": 0}))
    assert metrics.window("llm", EAST, NOW, 5).ttft[-1] is None


def test_the_first_token_is_the_quantile_over_all_servers(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", histogram(TTFT, {"1": 9, "2": 10, "+Inf": 10}))
    measured.server("b", histogram(TTFT, {"1": 9, "2": 10, "+Inf": 10}))
    assert metrics.window("llm", EAST, NOW, 10).ttft[-1] == pytest.approx(1.5)


def test_a_window_says_what_was_finished_and_what_failed(measured: Measured, metrics: Prometheus) -> None:
    for reason, rate in (("stop", 2.0), ("length", 0.5), ("abort", 0.25), ("error", 0.25)):
        measured.server("a", {SUCCESS: rising(rate)}, labels={"finished_reason": reason})
    window = metrics.window("llm", EAST, NOW, 5)
    assert (window.requests[-1], window.failures[-1]) == pytest.approx((2.5, 0.5))


def test_a_restarted_server_s_counters_do_not_count_backwards(measured: Measured, metrics: Prometheus) -> None:
    measured.server("a", {SUCCESS: lambda seconds: seconds % 900}, labels={"finished_reason": "stop"})
    requests = metrics.window("llm", EAST, NOW, 25).requests
    assert all(value is None or value >= 0 for value in requests)


def test_the_servers_say_how_large_their_cache_is(measured: Measured, metrics: Prometheus) -> None:
    for pod, blocks in (("a", "28000"), ("b", "28000"), ("c", "27000")):
        facts = {"num_gpu_blocks": blocks, "block_size": "16"}
        measured.server(pod, {"vllm:cache_config_info": flat(1)}, labels=facts)
    assert metrics.window("llm", EAST, NOW, 5).kv_tokens == 28000 * 16


@pytest.mark.parametrize("facts", [{}, {"num_gpu_blocks": "None", "block_size": "16"}], ids=["nothing", "no number"])
def test_a_server_that_does_not_say_it_leaves_it_open(
    measured: Measured, metrics: Prometheus, facts: dict[str, str]
) -> None:
    measured.server("a", {"vllm:cache_config_info": flat(1)}, labels=facts)
    assert metrics.window("llm", EAST, NOW, 5).kv_tokens is None


def test_days_are_read_by_what_came_and_not_only_by_what_ended(measured: Measured, metrics: Prometheus) -> None:
    servers = {SUCCESS: rising(2.0), WAITING: rising(0.5), RUNNING: flat(100)}
    measured.server("a", servers, labels={"finished_reason": "stop"}, minutes=60)
    history = metrics.history("llm", EAST, NOW, 1)
    assert (len(history.requests), history.step) == (288, timedelta(minutes=5))
    assert history.requests[-3:] == pytest.approx((2.5, 2.5, 2.5))
    assert history.requests[0] is None


def test_days_measured_every_five_minutes_still_have_a_rate(measured: Measured, metrics: Prometheus) -> None:
    servers = {SUCCESS: rising(2.0), WAITING: flat(0), RUNNING: flat(8)}
    measured.server("a", servers, labels={"finished_reason": "stop"}, minutes=24 * 60, every=300)
    assert metrics.history("llm", EAST, NOW, 1).requests[-200:] == pytest.approx((2.0,) * 200)


def test_another_project_s_metrics_take_a_person(measured: Measured) -> None:
    with reading(measured, project="other") as metrics, pytest.raises(NeedsHumanError) as refused:
        metrics.window("llm", EAST, NOW, 5)
    assert refused.value.reason == Reason.PERMISSION_DENIED
    assert "roles/monitoring.viewer" in refused.value.remedy


@pytest.mark.parametrize(
    ("code", "body"),
    [
        pytest.param(0, "", id="nobody answers"),
        pytest.param(503, "{}", id="away"),
        pytest.param(429, "{}", id="asked too often"),
        pytest.param(200, '{"status": "error", "errorType": "timeout"}', id="an error that says it went well"),
        pytest.param(200, '{"status": "success", "data": {}}', id="no result"),
        pytest.param(200, "<html>", id="no JSON"),
    ],
)
def test_what_cannot_be_read_now_is_tried_again(code: int, body: str) -> None:
    with answering() as told:
        told.code, told.body = code, body
        with pytest.raises(RetryableError, match="read metrics of llm in us-east4"):
            Prometheus(told.url, "demo", load().engine()).window("llm", EAST, NOW, 5)


def test_a_query_goes_to_the_documented_address() -> None:
    with answering() as told:
        told.body = '{"status": "success", "data": {"resultType": "matrix", "result": []}}'
        Prometheus(told.url, "demo", load().engine()).history("llm", EAST, NOW, 1)
    base = "/v1/projects/demo/location/global/prometheus/api/v1/query_range?"
    assert {method for method, path in told.asked if path.startswith(base)} == {"GET"}
    assert len(told.asked) == 2
