"""PromQL's functions, held to results computed by hand from Prometheus' documented rules."""

from __future__ import annotations

import math
from typing import Any

import pytest
from promql_place import Metrics, same


@pytest.fixture
def metrics() -> Metrics:
    """Three servers and a limit."""
    made = Metrics()
    for pod, region, usage in (("a", "east", 0.2), ("b", "east", 0.6), ("c", "west", 0.9)):
        made.add("vllm:kv", [usage] * 5, pod=pod, region=region)
    made.add("limit", [0.5] * 5, region="east")
    return made


_BUCKETS = {"1": 10.0, "2": 30.0, "4": 40.0, "+Inf": 40.0}


@pytest.mark.parametrize(
    ("share", "buckets", "value"),
    [
        # The 20th of 40 is the 10th of the 20 between 1 and 2.
        pytest.param(0.5, _BUCKETS, 1.5, id="inside a bucket"),
        # The 36th is the 6th of the 10 between 2 and 4.
        pytest.param(0.9, _BUCKETS, 3.2, id="inside a later one"),
        pytest.param(0.1, _BUCKETS, 0.4, id="the first begins at zero"),
        pytest.param(0.99, {**_BUCKETS, "+Inf": 50.0}, 4.0, id="beyond the last bound"),
        pytest.param(0.5, {"1": 10.0, "2": 30.0}, math.nan, id="no bucket for all"),
        pytest.param(0.5, {"1": 0.0, "+Inf": 0.0}, math.nan, id="nothing observed"),
        pytest.param(1.5, _BUCKETS, math.inf, id="above one"),
        pytest.param(-1, _BUCKETS, -math.inf, id="below zero"),
        pytest.param(0.5, {"1": 10.0, "2": 9.0, "4": 40.0, "+Inf": 40.0}, 2 + 2 * 10 / 30, id="counts that fall"),
    ],
)
def test_the_quantile_of_a_histogram(share: float, buckets: dict[str, float], value: float) -> None:
    metrics = Metrics()
    metrics.histogram("ttft", buckets, pod="a")
    assert same(metrics.only(f"histogram_quantile({share}, ttft_bucket)"), value)


def test_quantiles_are_taken_after_the_servers_were_put_together() -> None:
    metrics = Metrics()
    for pod in ("a", "b"):
        metrics.histogram("ttft", _BUCKETS, pod=pod)
    assert same(metrics.only("histogram_quantile(0.5, sum by (le) (ttft_bucket))"), 1.5)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('absent(nothing{region="east", pod=~"a.*"})', {"{region=east}": 1.0}),
        ("absent(limit)", {}),
        ("absent(sum(nothing))", {"{}": 1.0}),
        ("absent_over_time(limit[1m])", {}),
        ("abs(-limit)", {"{region=east}": 0.5}),
        ("ceil(limit)", {"{region=east}": 1.0}),
        ("floor(limit)", {"{region=east}": 0.0}),
        ("round(limit + 0.26, 0.5)", {"{region=east}": 1.0}),
        ("clamp_max(limit, 0.4)", {"{region=east}": 0.4}),
        ("clamp_min(limit, 0.6)", {"{region=east}": 0.6}),
        ("clamp(limit, 0.6, 0.4)", {}),
        ("vector(3)", {"{}": 3.0}),
        ('label_replace(limit, "zone", "$1-b", "region", "(e).*")', {"limit{region=east,zone=e-b}": 0.5}),
        ('label_replace(limit, "zone", "x", "region", "w.*")', {"limit{region=east}": 0.5}),
        ('label_join(limit, "both", "/", "region", "region")', {"limit{both=east/east,region=east}": 0.5}),
    ],
)
def test_a_function_on_a_vector(metrics: Metrics, query: str, found: dict[str, float]) -> None:
    assert metrics.value(query, 60) == pytest.approx(found)


def test_a_vector_is_sorted(metrics: Metrics) -> None:
    found: Any = metrics.value("sort_desc(vllm:kv)", 60)
    assert list(found.values()) == [0.9, 0.6, 0.2]
