"""What must hold of PromQL whatever the data is."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promql_place import Metrics

from infra.local.cloud.promql_functions import EACH
from infra.local.cloud.promql_nodes import EvaluationError
from infra.local.cloud.promql_ranges import RANGES

VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
GROWTH = st.lists(st.one_of(st.none(), st.integers(0, 1000)), min_size=2, max_size=20)
"""By how much a counter grew from one scrape to the next; None is a scrape that failed."""
VECTORS = st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), VALUES, min_size=1)


def vector(values: dict[tuple[str, str], float], name: str = "m") -> Metrics:
    metrics = Metrics()
    for (region, pod), value in values.items():
        metrics.add(name, [value], region=region, pod=pod)
    return metrics


def counter(growth: list[int | None]) -> Metrics:
    metrics, total, values = Metrics(), 0, list[float | None]()
    for step in growth:
        total += step or 0
        values.append(None if step is None else total)
    metrics.add("m_total", values)
    return metrics


@given(GROWTH)
def test_what_counts_up_never_has_a_negative_rate(growth: list[int | None]) -> None:
    found = counter(growth).value("rate(m_total[2m])", 15 * (len(growth) - 1))
    assert all(rate >= 0 for rate in found.values())


@given(GROWTH)
def test_an_increase_is_a_rate_times_its_range(growth: list[int | None]) -> None:
    metrics, at = counter(growth), 15 * (len(growth) - 1)
    rates, increases = (metrics.value(f"{name}(m_total[2m])", at) for name in ("rate", "increase"))
    assert {labels: rate * 120 for labels, rate in rates.items()} == pytest.approx(increases)


@given(GROWTH)
def test_an_increase_is_no_less_than_what_was_seen(growth: list[int | None]) -> None:
    metrics, at = counter(growth), 15 * (len(growth) - 1)
    seen = metrics.value("max_over_time(m_total[10m]) - min_over_time(m_total[10m])", at)
    for increase in metrics.value("increase(m_total[10m])", at).values():
        assert increase >= seen["{}"] * (1 - 1e-9)


@given(VECTORS)
def test_sums_of_parts_are_the_sum_of_all(values: dict[tuple[str, str], float]) -> None:
    metrics = vector(values)
    assert metrics.only("sum(sum by (region) (m))") == pytest.approx(metrics.only("sum(m)"))


@given(VECTORS)
def test_a_mean_lies_between_the_ends(values: dict[tuple[str, str], float]) -> None:
    metrics = vector(values)
    low, middle, high = (metrics.only(f"{name}(m)") for name in ("min", "avg", "max"))
    assert low - 1e-6 <= middle <= high + 1e-6


@given(VECTORS, VALUES)
def test_a_comparison_splits_a_vector_in_two(values: dict[tuple[str, str], float], limit: float) -> None:
    metrics = vector(values)
    above, rest = metrics.value(f"m > {limit}"), metrics.value(f"m <= {limit}")
    assert above.keys().isdisjoint(rest)
    assert above | rest == metrics.value("m")


@given(VECTORS)
def test_sets_behave_as_sets(values: dict[tuple[str, str], float]) -> None:
    metrics = vector(values)
    assert metrics.value("m and m") == metrics.value("m or m") == metrics.value("m")
    assert metrics.value("m unless m") == {}


@given(VECTORS, st.integers(1, 6))
def test_the_top_is_no_smaller_than_the_rest(values: dict[tuple[str, str], float], count: int) -> None:
    metrics = vector(values)
    top = metrics.value(f"topk({count}, m)")
    rest = [value for labels, value in metrics.value("m").items() if labels not in top]
    assert len(top) == min(count, len(values))
    assert min(top.values()) >= max(rest, default=-math.inf)


_NUMBERS = st.sampled_from(["0", "-1", "0.5", "1e308", "-1e308", "1e-300", "Inf", "-Inf", "NaN", "time()", "scalar(m)"])
_SELECTED = st.sampled_from(["m", "n", 'm{region="a"}', 'm{pod!~"x|y"}', "h_bucket", "nothing", "m offset 15s"])
_RANGED = st.sampled_from(["m[1m]", "n[5m]", "h_bucket[30s]", "nothing[1m]", "m[15s]", "avg(n)[2m:30s]"])
_RANGE_FUNCTIONS = st.sampled_from(
    [*RANGES, "absent_over_time", *(f"quantile_over_time({n},{{}})" for n in ("0.5", "NaN")), "predict_linear({},600)"]
)
_VECTOR_FUNCTIONS = st.sampled_from(
    [*EACH, "sort", "sort_desc", "absent", "round", "round({},0)", "round({},1e-300)", "clamp({},-Inf,NaN)", "-{}"]
)
_GROUPS = st.sampled_from(
    [
        *("sum", "avg by (pod)", "min", "max without (pod)", "count", "stddev", "quantile(-Inf,{})", "topk(-Inf,{})"),
        *("topk(Inf,{})", "bottomk(1,{})", "count_values('v',{})", "histogram_quantile(0.9,{})", "group"),
    ]
)


def applied(what: str, to: str) -> str:
    return what.format(to) if "{}" in what else f"{what}({to})"


_QUERIES = st.recursive(
    st.one_of(_SELECTED, st.builds(applied, _RANGE_FUNCTIONS, _RANGED)),
    lambda inner: st.one_of(
        st.builds(applied, st.one_of(_VECTOR_FUNCTIONS, _GROUPS), inner),
        st.tuples(inner, st.sampled_from(["+", "/", "%", "^", "> bool", "and", "or", "unless"]), inner).map(
            lambda parts: "({}) {} ({})".format(*parts)
        ),
        st.tuples(inner, st.sampled_from(["-", "*", "/", "%", "^", "<", "!= bool", "atan2"]), _NUMBERS).map(
            lambda parts: "({}) {} ({})".format(*parts)
        ),
    ),
    max_leaves=5,
)
_ODD = [1.0, -1e308, math.inf, 1e308, math.nan, 0.0, -math.inf, 1e-308, 3.0]


@given(_QUERIES)
@settings(max_examples=300)
def test_any_query_on_any_values_has_a_result_or_is_refused(query: str) -> None:
    metrics = Metrics()
    for pod in "xy":
        metrics.add("m", _ODD, region="a", pod=pod)
        metrics.add("n", _ODD[::-1], region="b", pod=pod)
        metrics.histogram("h", {"0.1": math.nan, "1": 5.0, "+Inf": math.inf}, pod=pod)
    # Anything but a refusal fails the test by itself.
    with contextlib.suppress(EvaluationError):
        metrics.value(query, 120)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=6), st.floats(0.001, 1), st.floats(0.001, 1))
def test_quantiles_of_a_histogram_grow_with_their_share(counts: list[int], one: float, two: float) -> None:
    metrics, total, buckets = Metrics(), 0, dict[str, float]()
    for index, count in enumerate(counts):
        total += count
        buckets[str(2**index) if index < len(counts) - 1 else "+Inf"] = total
    metrics.histogram("h", buckets)
    low, high = (metrics.only(f"histogram_quantile({share:.6f}, h_bucket)") for share in sorted((one, two)))
    assert (total == 0 and math.isnan(low)) or 0 <= low <= high <= 2 ** (len(counts) - 2)
