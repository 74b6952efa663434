"""Evaluates PromQL on the store: an instant at a time, ranges as a row of instants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from infra.local.cloud.monitoring_series import Series
from infra.local.cloud.monitoring_store import Store
from infra.local.cloud.promql_functions import (
    EACH,
    clamped,
    each,
    histogram_quantile,
    label_join,
    label_replace,
    ordered,
    rounded,
)
from infra.local.cloud.promql_groups import aggregated
from infra.local.cloud.promql_nodes import (
    NAME,
    Aggregation,
    Binary,
    Call,
    EvaluationError,
    Labels,
    Negation,
    Node,
    Number,
    Paren,
    Selector,
    Subquery,
    Text,
    inner,
)
from infra.local.cloud.promql_ranges import RANGES, Window, line, quantile
from infra.local.cloud.promql_typing import SETS
from infra.local.cloud.promql_vectors import (
    Element,
    Vector,
    distinct,
    identity,
    of_scalars,
    of_sets,
    of_vectors,
    with_scalar,
    without_name,
)

MOST_SAMPLES = 5_000_000
"""Points that one query may touch; it holds up everybody else meanwhile."""
LOOKBACK = 300_000
"""Milliseconds after which a series without a new point is no longer there."""


class Line(NamedTuple):
    """One series of a range: its labels and its points."""

    labels: Labels
    window: Window


Value = float | str | Vector
"""A scalar, a string, an instant vector."""


class Evaluator:
    """Evaluates the expressions of one query. What a selector picks is looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._picked: dict[Selector, list[Series]] = {}
        self._touched = 0

    def vector(self, node: Node, at: int) -> Vector:
        """Return an instant vector's value at a time in milliseconds. Raises EvaluationError."""
        found = self.value(node, at)
        return found if isinstance(found, list) else []

    def scalar(self, node: Node, at: int) -> float:
        """Return a scalar's value."""
        found = self.value(node, at)
        return found if isinstance(found, float) else math.nan

    def value(self, node: Node, at: int) -> Value:
        """Return the value of an expression that is no range. Raises EvaluationError."""
        match node:
            case Number():
                return float(node.value)
            case Text():
                return node.value
            case Paren():
                return self.value(node.of, at)
            case Negation():
                found = self.value(node.of, at)
                return self._dropped(node.of, each(found, lambda one: -one)) if isinstance(found, list) else -found  # type: ignore[operator]  # a string was refused
            case Selector():
                return self._instant(node, at)
            case Binary():
                return self._binary(node, at)
            case Aggregation():
                parameter = self.value(node.parameter, at) if node.parameter else 0.0
                return aggregated(node, self.vector(node.of, at), parameter)  # type: ignore[arg-type]  # typed before
            case Call():
                return self._call(node, at)
            case Subquery():
                return [Element(one.labels, one.window.values[-1]) for one in self.lines(node, at)]

    # Series --------------------------------------------------------------------------------------------------

    def picked(self, node: Selector) -> list[Series]:
        """Return the series that a selector fits, whatever their points."""
        if node not in self._picked:
            self._picked[node] = select(self._store, node)
        return self._picked[node]

    def _touch(self, count: int) -> None:
        self._touched += count
        if self._touched > MOST_SAMPLES:
            what = "query processing would load too many samples into memory in query execution"
            raise EvaluationError(what)

    def _instant(self, node: Selector, at: int) -> Vector:
        when = at - node.offset
        self._touch(len(self.picked(node)))
        return [
            Element(one.labels, value) for one in self.picked(node) if (value := one.at(when, LOOKBACK)) is not None
        ]

    def lines(self, node: Node, at: int, *, bare: bool = False) -> list[Line]:
        """Return the series of a range that have points in it; ``bare``: without their names."""
        node = inner(node)
        if isinstance(node, Selector):
            until = at - node.offset
            after = until - node.span
            found = []
            for one in self.picked(node):
                times, values = one.between(after, until)
                if times:
                    found.append(Line(one.bare if bare else one.labels, Window(times, values, after, until, at)))
            self._touch(sum(len(one.window.times) for one in found))
            return found
        if isinstance(node, Subquery):
            return self._subquery(node, at, bare=bare)
        return []

    def _subquery(self, node: Subquery, at: int, *, bare: bool) -> list[Line]:
        until = at - node.offset
        after = until - node.span
        first = (after // node.step + 1) * node.step
        rows = self.over(node.of, range(first, until + 1, node.step))
        return [
            Line(without_name(labels) if bare else labels, Window(times, values, after, until, at))
            for labels, times, values in rows
        ]

    def over(self, node: Node, instants: Iterable[int]) -> list[tuple[Labels, list[int], list[float]]]:
        """Return a row of points per series: an expression at one instant after the other."""
        rows: dict[frozenset[tuple[str, str]], tuple[Labels, list[int], list[float]]] = {}
        for at in instants:
            self._touch(1)
            found = self.value(node, at)
            for labels, value in found if isinstance(found, list) else [Element({}, float(found))]:
                row = rows.setdefault(identity(labels), (labels, [], []))
                row[1].append(at)
                row[2].append(value)
        return list(rows.values())

    def _dropped(self, of: Node, made: Vector) -> Vector:
        """Return a vector whose names were dropped; they may have been all that told two elements apart."""
        source = inner(of)
        return made if isinstance(source, Selector) and source.name else distinct(made)

    # Operators and functions ---------------------------------------------------------------------------------

    def _binary(self, node: Binary, at: int) -> Value:
        left, right = self.value(node.left, at), self.value(node.right, at)
        match left, right:
            case float(), float():
                return of_scalars(node.op, left, right)
            case list(), float():
                return self._dropped(node.left, with_scalar(node, left, right, swapped=False))
            case float(), list():
                return self._dropped(node.right, with_scalar(node, right, left, swapped=True))
            case list(), list():
                return of_sets(node, left, right) if node.op in SETS else distinct(of_vectors(node, left, right))
        return []

    def _call(self, node: Call, at: int) -> Value:  # noqa: C901, PLR0912 - one case per function
        name, given = node.function, node.arguments
        if name in RANGES:
            return self._over_time(node, at)
        if name in EACH:
            return self._dropped(given[0], each(self.vector(given[0], at), EACH[name]))
        match name:
            case "time":
                return at / 1000
            case "pi":
                return math.pi
            case "vector":
                return [Element({}, self.scalar(given[0], at))]
            case "scalar":
                found = self.vector(given[0], at)
                return found[0].value if len(found) == 1 else math.nan
            case "absent" | "absent_over_time":
                there = self.vector(given[0], at) if name == "absent" else self.lines(given[0], at)
                return [] if there else [Element(_expected(given[0]), 1.0)]
            case "sort" | "sort_desc":
                return ordered(self.vector(given[0], at), down=name == "sort_desc")
            case "histogram_quantile":
                return histogram_quantile(self.scalar(given[0], at), self.vector(given[1], at))
            case "quantile_over_time":
                share = self.scalar(given[0], at)
                lines = self.lines(given[1], at, bare=True)
                made = [Element(labels, quantile(share, window.values)) for labels, window in lines]
                return self._dropped(given[1], made)
            case "predict_linear":
                return self._predicted(given[0], self.scalar(given[1], at), at)
            case "clamp" | "clamp_min" | "clamp_max":
                return self._clamped(name, given, at)
            case "round":
                step = self.scalar(given[1], at) if len(given) > 1 else 1.0
                return self._dropped(given[0], each(self.vector(given[0], at), lambda one: rounded(one, step)))
        return self._relabelled(name, self.vector(given[0], at), [str(self.value(one, at)) for one in given[1:]])

    def _over_time(self, node: Call, at: int) -> Vector:
        work, keeps = RANGES[node.function], node.function == "last_over_time"
        found = Vector()
        for labels, window in self.lines(node.arguments[0], at, bare=not keeps):
            value = work(window)
            if value is not None:
                found.append(Element(labels, value))
        return found if keeps else self._dropped(node.arguments[0], found)

    def _predicted(self, node: Node, ahead: float, at: int) -> Vector:
        found = Vector()
        for labels, window in self.lines(node, at, bare=True):
            fitted = line(window, at)
            if fitted is not None:
                found.append(Element(labels, fitted[1] + fitted[0] * ahead))
        return self._dropped(node, found)

    def _clamped(self, name: str, given: Sequence[Node], at: int) -> Vector:
        limits = [self.scalar(one, at) for one in given[1:]]
        low = -math.inf if name == "clamp_max" else limits[0]
        high = math.inf if name == "clamp_min" else limits[-1]
        if low > high:
            return []
        return self._dropped(given[0], each(self.vector(given[0], at), lambda one: clamped(one, low, high)))

    def _relabelled(self, name: str, vector: Vector, texts: Sequence[str]) -> Vector:
        if name == "label_join":
            return distinct(label_join(vector, texts[0], texts[1], texts[2:]))
        target, replacement, source, pattern = texts
        return distinct(label_replace(vector, target, replacement, source, pattern))


def select(store: Store, node: Selector) -> list[Series]:
    """Return the series of the store that a selector fits."""
    rest = [one for one in node.matchers if not (one.name == NAME and one.op == "=" and one.value == node.name)]
    if node.name:
        candidates: Iterable[Series] = store.named(node.name)
    else:
        on_name = [one for one in rest if one.name == NAME]
        names = [name for name in store.names() if all(one.fits(name) for one in on_name)]
        candidates = (series for name in names for series in store.named(name))
    if not rest:
        return list(candidates)
    return [series for series in candidates if all(one.fits(series.labels.get(one.name, "")) for one in rest)]


def _expected(node: Node) -> Labels:
    """Return the labels that a missing series would surely have had."""
    source = inner(node)
    if not isinstance(source, Selector):
        return {}
    names = [one.name for one in source.matchers]
    return {
        one.name: one.value
        for one in source.matchers
        if one.op == "=" and one.value and one.name != NAME and names.count(one.name) == 1
    }
