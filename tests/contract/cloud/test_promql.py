"""PromQL, held to results computed by hand from Prometheus' documented rules."""

from __future__ import annotations

import math

import pytest
from promql_place import Metrics, same

from infra.local.cloud import promql_eval
from infra.local.cloud.promql_nodes import EvaluationError


@pytest.fixture
def metrics() -> Metrics:
    """Three servers in two regions; what counts up does so by one a second."""
    made = Metrics()
    for pod, region, usage in (("a", "east", 0.2), ("b", "east", 0.6), ("c", "west", 0.9)):
        made.add("vllm:kv", [usage] * 5, pod=pod, region=region)
        made.add("requests_total", [0, 15, 30, 45, 60], pod=pod, region=region)
    made.add("limit", [0.5] * 5, region="east")
    return made


# Selectors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "pods"),
    [
        ("vllm:kv", "abc"),
        ('vllm:kv{region="east"}', "ab"),
        ('vllm:kv{region!="east"}', "c"),
        ('vllm:kv{pod=~"a|c"}', "ac"),
        ('vllm:kv{pod!~"a|c"}', "b"),
        pytest.param('vllm:kv{region=~"eas"}', "", id="patterns fit as a whole"),
        pytest.param('vllm:kv{zone=""}', "abc", id="a label that is not there is empty"),
        pytest.param('{"vllm:kv", region="west"}', "c", id="a quoted name in braces"),
        pytest.param('{"__name__"="vllm:kv", "pod"="a"}', "a", id="quoted labels"),
        pytest.param('{__name__=~"vllm:.+", pod="b"}', "b", id="a pattern on the name"),
    ],
)
def test_a_selector_picks_series(metrics: Metrics, query: str, pods: str) -> None:
    assert sorted(labels.split("pod=")[1][0] for labels in metrics.value(query, 60)) == list(pods)


def test_a_series_without_a_point_for_five_minutes_is_gone(metrics: Metrics) -> None:
    assert [len(metrics.value("vllm:kv", at)) for at in (60 + 299, 60 + 300)] == [3, 0]


def test_an_offset_looks_at_the_past(metrics: Metrics) -> None:
    assert metrics.only('requests_total{pod="a"} offset 30s', 60) == 30


def test_an_offset_may_look_ahead(metrics: Metrics) -> None:
    assert metrics.only('requests_total{pod="a"} offset -15s', 0) == 15


# Growth --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "since", "grown"),
    [
        # Four points in (0, 60]: they grow by 45 in 45 s, and reach 15 s back, where the counter was zero: 60 / 45.
        pytest.param([0, 15, 30, 45, 60], 0, 60.0, id="steady"),
        # 15 - 10 and the 20 that were lost make 25, stretched by 60 / 45.
        pytest.param([10, 20, 5, 15], 15, 25 * 60 / 45, id="a reset"),
        # 90 in 45 s, but half a second before its first point the counter was at zero.
        pytest.param([1, 31, 61, 91], 15, 91.0, id="no further back than zero"),
        # Two points 15 s apart, 45 s into the range: the series is taken to begin half a gap before its first one.
        pytest.param([10, 20], 45, 10 * 22.5 / 15, id="begins inside"),
        # It ends 30 s before the range does, so half a gap is added there; in front 15 s, where it was zero.
        pytest.param([5, 10], 15, 5 * (15 + 15 + 7.5) / 15, id="ends inside"),
        pytest.param([7, 7, 7, 7], 15, 0.0, id="nothing happened"),
    ],
)
def test_an_increase_is_stretched_to_its_range(values: list[float], since: float, grown: float) -> None:
    metrics = Metrics()
    metrics.add("m", values, since=since)
    assert same(metrics.only("increase(m[1m])", 60), grown)


def test_a_rate_is_the_increase_per_second(metrics: Metrics) -> None:
    assert same(metrics.only('rate(requests_total{pod="a"}[1m])', 60), 1.0)


def test_one_point_has_no_rate(metrics: Metrics) -> None:
    assert metrics.value("rate(requests_total[15s])", 60) == {}


def test_a_delta_may_fall_below_zero() -> None:
    metrics = Metrics()
    metrics.add("m", [40, 30, 20, 10], since=15)
    assert same(metrics.only("delta(m[1m])", 60), -30 * 60 / 45)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        # From 10 it was reset, so all the 3 are new, in 15 s.
        ("irate(m[1m])", 3 / 15),
        ("idelta(m[1m])", -7),
        ("changes(m[1m])", 3),
        ("resets(m[1m])", 1),
        ("max_over_time(m[1m])", 10),
        ("min_over_time(m[1m])", 3),
        ("avg_over_time(m[1m])", 6.5),
        ("sum_over_time(m[1m])", 26),
        ("count_over_time(m[1m])", 4),
        ("last_over_time(m[1m])", 3),
        ("present_over_time(m[1m])", 1),
        # From the mean of 6.5 they are 1.5, 1.5, 3.5 and 3.5 away: (2.25 + 2.25 + 12.25 + 12.25) / 4.
        ("stdvar_over_time(m[1m])", 7.25),
        ("quantile_over_time(0.5, m[1m])", 6.5),
    ],
)
def test_what_a_range_comes_to(query: str, value: float) -> None:
    metrics = Metrics()
    metrics.add("m", [5, 8, 10, 3], since=15)
    assert same(metrics.only(query, 60), value)


def test_a_line_is_drawn_on(metrics: Metrics) -> None:
    assert same(metrics.only('predict_linear(requests_total{pod="a"}[5m], 40)', 60), 100.0)
    assert same(metrics.only('deriv(requests_total{pod="a"}[5m])', 60), 1.0)


def test_a_subquery_is_evaluated_at_whole_steps(metrics: Metrics) -> None:
    # At 30 s, 45 s and 60 s: 3 servers with 30, 45 and 60 each.
    assert metrics.only("sum_over_time(sum(requests_total)[45s:15s])", 60) == 90 + 135 + 180


# Aggregation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sum by (region) (vllm:kv)", {"{region=east}": 0.8, "{region=west}": 0.9}),
        ("sum(vllm:kv) by (region)", {"{region=east}": 0.8, "{region=west}": 0.9}),
        ("avg without (pod) (vllm:kv)", {"{region=east}": 0.4, "{region=west}": 0.9}),
        ("max(vllm:kv)", {"{}": 0.9}),
        ("min(vllm:kv)", {"{}": 0.2}),
        ("count(vllm:kv)", {"{}": 3.0}),
        ("group(vllm:kv)", {"{}": 1.0}),
        # Half way between 0.2 and 0.9 by rank is the middle one; a quarter lies half way between 0.2 and 0.6.
        ("quantile(0.5, vllm:kv)", {"{}": 0.6}),
        ("quantile(0.25, vllm:kv)", {"{}": 0.4}),
        ("topk(1, vllm:kv)", {"vllm:kv{pod=c,region=west}": 0.9}),
        ("bottomk by (region) (1, vllm:kv)", {"vllm:kv{pod=a,region=east}": 0.2, "vllm:kv{pod=c,region=west}": 0.9}),
        ('count_values("v", requests_total)', {"{v=60}": 3.0}),
        ("sum by (zone) (vllm:kv)", {"{}": 1.7}),
        ("sum(nothing)", {}),
    ],
)
def test_elements_are_put_together(metrics: Metrics, query: str, found: dict[str, float]) -> None:
    assert metrics.value(query, 60) == pytest.approx(found)


def test_a_minimum_passes_over_what_is_no_number() -> None:
    metrics = Metrics()
    metrics.add("m", [math.nan], pod="a")
    metrics.add("m", [3], pod="b")
    assert (metrics.only("min(m)"), metrics.only("max(m)"), metrics.only("count(m)")) == (3, 3, 2)


# Operators -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("1 + 2 * 3", 7),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("(1 + 2) * -3", -9),
        ("7 % 4 - 1", 2),
        ("-7 % 4", -3),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("0 / 0", math.nan),
        ("0 ^ -1", math.inf),
        ("(-8) ^ (1/3)", math.nan),
        ("5 % 0", math.nan),
        ("1 < bool 2", 1),
        ("2 <= bool 1", 0),
        ("1h30m", 5400),
        ("0x1F", 31),
        ("1e3", 1000),
        ("Inf", math.inf),
        ("time()", 1_767_603_660),
        ('scalar(limit{region="east"})', 0.5),
        ("scalar(vllm:kv)", math.nan),
    ],
)
def test_a_scalar_is_worked_out(metrics: Metrics, query: str, value: float) -> None:
    assert same(metrics.value(query, 60), value)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("vllm:kv > 0.5", {"vllm:kv{pod=b,region=east}": 0.6, "vllm:kv{pod=c,region=west}": 0.9}),
        ("0.5 > vllm:kv", {"vllm:kv{pod=a,region=east}": 0.2}),
        ("limit > bool 0.4", {"{region=east}": 1.0}),
        ("limit * 100", {"{region=east}": 50.0}),
        ("100 - limit", {"{region=east}": 99.5}),
        ("-limit", {"{region=east}": -0.5}),
        ("sum by (region) (vllm:kv) - limit", {"{region=east}": 0.3}),
        ("vllm:kv - on (region) group_left limit", {"{pod=a,region=east}": -0.3, "{pod=b,region=east}": 0.1}),
        ("limit - on (region) group_right vllm:kv", {"{pod=a,region=east}": 0.3, "{pod=b,region=east}": -0.1}),
        ("vllm:kv > on (region) group_left limit", {"vllm:kv{pod=b,region=east}": 0.6}),
        ('vllm:kv{pod="a"} + ignoring (pod) limit', {"{region=east}": 0.7}),
        ("limit or sum by (region) (vllm:kv)", {"limit{region=east}": 0.5, "{region=west}": 0.9}),
        ("sum by (region) (vllm:kv) and limit", {"{region=east}": 0.8}),
        ("sum by (region) (vllm:kv) unless limit", {"{region=west}": 0.9}),
        ("vllm:kv and on (region) limit > 0.4", {"vllm:kv{pod=a,region=east}": 0.2, "vllm:kv{pod=b,region=east}": 0.6}),
        ("vllm:kv or gpu:kv", {f"vllm:kv{{pod={p},region={r}}}": v for p, r, v in
                               (("a", "east", 0.2), ("b", "east", 0.6), ("c", "west", 0.9))}),
    ],
)  # fmt: skip
def test_two_vectors_meet_by_their_labels(metrics: Metrics, query: str, found: dict[str, float]) -> None:
    assert metrics.value(query, 60) == pytest.approx(found)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("limit - on (region) vllm:kv", "found duplicate series for the match group"),
        ("vllm:kv - on (region) limit", "many-to-one matching must be explicit"),
        ("vllm:kv * on () group_left (region) vllm:kv", "many-to-many matching not allowed"),
        ('rate({__name__=~"vllm:kv|requests_total", pod="a"}[1m])', "same labelset"),
    ],
)
def test_pairs_that_are_not_clear_are_refused(metrics: Metrics, query: str, why: str) -> None:
    with pytest.raises(EvaluationError, match=why):
        metrics.value(query, 60)


def test_a_query_that_touches_too_much_is_refused(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promql_eval, "MOST_SAMPLES", 10)
    for query in ("rate(requests_total[1m])", "max_over_time(nothing[1h:1s])"):
        with pytest.raises(EvaluationError, match="too many samples"):
            metrics.value(query, 60)
