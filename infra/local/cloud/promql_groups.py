"""PromQL's aggregations: groups of elements by their labels, and what is made of each group."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

from infra.local.cloud.promql_nodes import NAME, Aggregation, EvaluationError, Labels
from infra.local.cloud.promql_ranges import least, mean, most, quantile, total, variance
from infra.local.cloud.promql_vectors import Element, Vector

_PLAIN: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": total,
    "avg": mean,
    "min": least,
    "max": most,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stddev": lambda values: math.sqrt(variance(values)),
    "stdvar": variance,
}


def aggregated(node: Aggregation, vector: Vector, parameter: float | str) -> Vector:
    """Return one element per group, or with topk and bottomk the chosen ones themselves."""
    groups: dict[Hashable, Vector] = {}
    key = _key(node)
    for one in vector:
        groups.setdefault(key(one.labels), []).append(one)
    if node.op in {"topk", "bottomk"}:
        return [one for group in groups.values() for one in _chosen(node.op, group, float(parameter))]
    if node.op == "count_values":
        return [one for group in groups.values() for one in _counted(node, group, str(parameter))]
    return [
        Element(_labels(node, group[0].labels), _made(node.op, [one.value for one in group], parameter))
        for group in groups.values()
    ]


def _made(op: str, values: Sequence[float], parameter: float | str) -> float:
    return quantile(float(parameter), values) if op == "quantile" else _PLAIN[op](values)


def _key(node: Aggregation) -> Callable[[Labels], Hashable]:
    if node.without:
        dropped = {NAME, *node.labels}
        return lambda labels: frozenset(item for item in labels.items() if item[0] not in dropped)
    return lambda labels: tuple(labels.get(name, "") for name in node.labels)


def _labels(node: Aggregation, labels: Labels) -> Labels:
    if node.without:
        return {name: text for name, text in labels.items() if name != NAME and name not in node.labels}
    return {name: labels[name] for name in node.labels if labels.get(name)}


def _chosen(op: str, group: Vector, parameter: float) -> Vector:
    if math.isnan(parameter):
        raise EvaluationError("Parameter value is NaN")
    count = int(max(0.0, min(parameter, len(group))))
    up = op == "topk"

    def rank(one: Element) -> tuple[bool, float]:
        # What is no number comes last, whichever end is asked for.
        return math.isnan(one.value), -one.value if up else one.value

    return sorted(group, key=rank)[:count]


def _counted(node: Aggregation, group: Vector, label: str) -> Vector:
    counts: dict[str, int] = {}
    for one in group:
        text = written(one.value)
        counts[text] = counts.get(text, 0) + 1
    return [Element({**_labels(node, group[0].labels), label: text}, float(count)) for text, count in counts.items()]


def written(value: float) -> str:
    """Return a number as Prometheus writes it: as short as it is exact, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond it the shortest form may need care
        return "-0" if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    digits, _, exponent = text.partition("e")
    return _plain(digits, int(exponent))


def _plain(digits: str, exponent: int) -> str:
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, _, part = digits.partition(".")
    point = len(whole) + exponent
    every = (whole + part).rstrip("0") or "0"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{every}"
    if point >= len(every):
        return sign + every.ljust(point, "0")
    return f"{sign}{every[:point]}.{every[point:]}"
