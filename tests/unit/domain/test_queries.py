"""PromQL as text: which servers it asks about, and under which names."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from shared.catalog.load import load
from shared.domain.engines import Ranged
from shared.domain.queries import HISTORY, WINDOW, Asking, cache_facts
from shared.domain.windows import MetricWindow

ENGINE = load().engine()
ASK = Asking(ENGINE, "llm", "us-east4")
HERE = 'namespace="infer-llm", location="us-east4"'


def test_a_gauge_is_asked_for_in_one_namespace_and_region() -> None:
    assert ASK.gauge("queue") == f"vllm:num_requests_waiting{{{HERE}}}"


def test_a_gauge_with_two_names_is_asked_for_under_both() -> None:
    new, old = "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"
    assert ASK.gauge("kv") == f"({new}{{{HERE}}} or {old}{{{HERE}}})"


def test_a_third_name_joins_the_others() -> None:
    engine = replace(ENGINE, metrics={"kv": tuple(Ranged(name) for name in ("a", "b", "c"))})
    assert Asking(engine, "llm", "us-east4").gauge("kv").count(" or ") == 2


def test_a_rate_is_taken_before_the_sum() -> None:
    asked = ASK.rate("success", 'finished_reason="stop"', window="5m")
    assert asked == f'sum(rate(vllm:request_success_total{{{HERE}, finished_reason="stop"}}[5m]))'


def test_a_quantile_sums_buckets_by_their_bound_and_what_is_kept() -> None:
    rate = f"rate(vllm:time_to_first_token_seconds_bucket{{{HERE}}}[5m])"
    assert ASK.quantile("ttft", 0.95) == f"histogram_quantile(0.95, sum by (le) ({rate}))"
    assert ASK.quantile("ttft", 0.5, keep="pod") == f"histogram_quantile(0.5, sum by (le, pod) ({rate}))"


def test_a_window_or_an_offset_stands_at_every_name() -> None:
    assert ASK.highest("kv", "1h").count("[1h]") == 2
    assert ASK.earlier("kv", "1h").count(" offset 1h") == 2


@pytest.mark.parametrize("ask", [*WINDOW.values(), *HISTORY.values(), cache_facts])
def test_no_query_asks_about_others_servers(ask: object) -> None:
    assert callable(ask)
    text = ask(ASK)
    assert text.count("vllm:") == text.count(f"{{{HERE}") > 0


def test_there_is_a_query_for_every_series_of_a_window() -> None:
    series = {field.name for field in fields(MetricWindow) if field.type == "Series"}
    assert series == WINDOW.keys()


def test_a_large_deployment_s_name_is_cut_as_its_namespace_is() -> None:
    assert 'namespace="infer-' in Asking(ENGINE, "m" * 30, "us-east4").gauge("queue")
