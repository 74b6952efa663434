"""PromQL's functions on instant vectors: one by one, on histograms, on labels."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Sequence

from infra.local.cloud.promql_lexer import number
from infra.local.cloud.promql_nodes import NAME, EvaluationError, compiled
from infra.local.cloud.promql_vectors import Element, Vector, identity, without_name

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SMALL = 1e-12
"""Buckets whose counts differ by less than this share are taken for equal: rates of floats are never quite exact."""


def _logarithm(of: Callable[[float], float]) -> Callable[[float], float]:
    def found(value: float) -> float:
        if value > 0:
            return of(value)
        return -math.inf if value == 0 else math.nan

    return found


def _whole(rounded: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(rounded(value)) if math.isfinite(value) else value


def _exponential(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


EACH: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "exp": _exponential,
    "ln": _logarithm(math.log),
    "log2": _logarithm(math.log2),
    "log10": _logarithm(math.log10),
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else math.nan,
    "sgn": lambda value: float((value > 0) - (value < 0)) if not math.isnan(value) else math.nan,
}
"""What is made of each value."""


def clamped(value: float, low: float, high: float) -> float:
    """Return a value held within two limits; NaN stays so, and so it is where a limit is."""
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return math.nan
    return max(low, min(high, value))


def rounded(value: float, step: float) -> float:
    """Return the nearest multiple of a step, the upper one of two as near."""
    if step == 0 or math.isnan(step):
        return math.nan
    inverse = 1.0 / step
    scaled = value * inverse + 0.5
    return math.floor(scaled) / inverse if math.isfinite(scaled) and inverse else value


def ordered(vector: Vector, *, down: bool) -> Vector:
    """Return the elements by their values; what is no number comes last."""

    def rank(one: Element) -> tuple[bool, float]:
        return math.isnan(one.value), -one.value if down else one.value

    return sorted(vector, key=rank)


def histogram_quantile(share: float, vector: Vector) -> Vector:
    """Return the quantile of each histogram, whose buckets are told apart by ``le``."""
    histograms: dict[Hashable, tuple[Element, list[tuple[float, float]]]] = {}
    for one in vector:
        labels = {name: text for name, text in one.labels.items() if name not in {NAME, "le"}}
        try:
            bound = number(one.labels.get("le", "").replace("+Inf", "inf"))
        except ValueError:
            continue
        held = histograms.setdefault(identity(labels), (Element(labels, 0.0), []))
        held[1].append((bound, one.value))
    return [Element(one.labels, _within(share, buckets)) for one, buckets in histograms.values()]


def _within(share: float, buckets: list[tuple[float, float]]) -> float:
    """Return a quantile by linear interpolation inside its bucket, as Prometheus does."""
    if math.isnan(share) or not 0 <= share <= 1:
        return math.nan if math.isnan(share) else math.copysign(math.inf, share)
    bounds, counts = _cumulative(buckets)
    if bounds[-1] != math.inf or len(bounds) < 2 or not counts[-1] > 0:  # noqa: PLR2004 - +Inf and one more
        return math.nan
    rank = share * counts[-1]
    index = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(bounds) - 1)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    inside = counts[index] - below
    return low + (bounds[index] - low) * ((rank - below) / inside) if inside else math.nan


def _cumulative(buckets: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return bounds and counts in order: equal bounds put together, counts that never fall."""
    sums: dict[float, float] = {}
    for bound, count in buckets:
        sums[bound] = sums.get(bound, 0.0) + count
    bounds = sorted(sums)
    counts = [sums[bounds[0]]]
    for bound in bounds[1:]:
        before, count = counts[-1], sums[bound]
        small = math.isclose(before, count, rel_tol=_SMALL, abs_tol=0.0)
        counts.append(before if small or count < before else count)
    return bounds, counts


def label_replace(vector: Vector, target: str, replacement: str, source: str, pattern: str) -> Vector:
    """Return the elements with ``target`` set from what the pattern finds in ``source``."""
    try:
        found = compiled(pattern)
    except ValueError as error:
        raise EvaluationError(f"invalid regular expression in label_replace(): {pattern}") from error
    _check_label(target, "label_replace")
    made = []
    for one in vector:
        hit = found.fullmatch(one.labels.get(source, ""))
        made.append(one if hit is None else _labelled(one, target, _expanded(replacement, hit)))
    return made


def label_join(vector: Vector, target: str, separator: str, sources: Sequence[str]) -> Vector:
    """Return the elements with ``target`` set to the values of other labels, joined."""
    _check_label(target, "label_join")
    return [_labelled(one, target, separator.join(one.labels.get(source, "") for source in sources)) for one in vector]


def _check_label(name: str, function: str) -> None:
    if not _LABEL.fullmatch(name):
        raise EvaluationError(f"invalid destination label name in {function}(): {name}")


def _labelled(one: Element, name: str, text: str) -> Element:
    labels = {key: value for key, value in one.labels.items() if key != name}
    return Element({**labels, name: text} if text else labels, one.value)


def _expanded(replacement: str, hit: re.Match[str]) -> str:
    def part(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        try:
            return hit[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return re.sub(r"\$(?:\$|\{(\w+)\}|(\w+))", part, replacement)


def each(vector: Vector, work: Callable[[float], float]) -> Vector:
    """Return the elements without their metric's name and with what is made of their values."""
    return [Element(without_name(one.labels), work(one.value)) for one in vector]
