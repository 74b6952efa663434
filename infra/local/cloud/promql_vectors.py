"""PromQL's operators: arithmetic and comparisons, and how the elements of two vectors find each other."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

from infra.local.cloud.promql_nodes import NAME, Binary, EvaluationError, Labels, Matching
from infra.local.cloud.promql_typing import COMPARISONS


class Element(NamedTuple):
    """One series' value at one time."""

    labels: Labels
    value: float


Vector = list[Element]


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        # Zero to a negative power is infinite, all else is no number.
        if a != 0:
            return math.nan
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf


def _divided(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


def _modulo(a: float, b: float) -> float:
    return math.fmod(a, b) if b and not math.isinf(a) else math.nan


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _modulo,
    "^": _power,
    "atan2": math.atan2,
}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def without_name(labels: Labels) -> Labels:
    """Return the labels without the metric's name."""
    return {name: text for name, text in labels.items() if name != NAME} if NAME in labels else labels


def identity(labels: Labels) -> frozenset[tuple[str, str]]:
    """Return what tells one set of labels from another."""
    return frozenset(labels.items())


def distinct(found: Vector) -> Vector:
    """Return a vector as it is. Raises EvaluationError if two of its elements have the same labels."""
    if len({identity(one.labels) for one in found}) != len(found):
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    return found


def of_scalars(op: str, left: float, right: float) -> float:
    """Return what an operator makes of two numbers."""
    return float(_COMPARED[op](left, right)) if op in COMPARISONS else _ARITHMETIC[op](left, right)


def with_scalar(node: Binary, vector: Vector, scalar: float, *, swapped: bool) -> Vector:
    """Return what an operator makes of each element and a number; ``swapped``: the number stands on the left."""
    if node.op in _ARITHMETIC:
        work = _ARITHMETIC[node.op]
        return [
            Element(without_name(one.labels), work(scalar, one.value) if swapped else work(one.value, scalar))
            for one in vector
        ]
    test = _COMPARED[node.op]
    judged = [(one, test(scalar, one.value) if swapped else test(one.value, scalar)) for one in vector]
    if node.yields_bool:
        return [Element(without_name(one.labels), float(holds)) for one, holds in judged]
    return [one for one, holds in judged if holds]


def signature(matching: Matching) -> Callable[[Labels], Hashable]:
    """Return what two elements must agree in."""
    if matching.on:
        return lambda labels: tuple(labels.get(name, "") for name in matching.labels)
    ignored = {NAME, *matching.labels}
    return lambda labels: frozenset(item for item in labels.items() if item[0] not in ignored)


def of_sets(node: Binary, left: Vector, right: Vector) -> Vector:
    """Return the elements of ``and``, ``or``, ``unless``."""
    key = signature(node.matching)
    if node.op == "or":
        known = {key(one.labels) for one in left}
        return left + [one for one in right if key(one.labels) not in known]
    known = {key(one.labels) for one in right}
    return [one for one in left if (key(one.labels) in known) == (node.op == "and")]


def of_vectors(node: Binary, left: Vector, right: Vector) -> Vector:
    """Return what an operator makes of each pair. Raises EvaluationError where the pairs are not clear."""
    matching, key = node.matching, signature(node.matching)
    many, single = (right, left) if matching.many == "right" else (left, right)
    partners = _by_signature(single, key, "left" if matching.many == "right" else "right")
    found, seen = Vector(), set[Hashable]()
    for one in many:
        sign = key(one.labels)
        other = partners.get(sign)
        if other is None:
            continue
        pair = (other.value, one.value) if matching.many == "right" else (one.value, other.value)
        value = _outcome(node, *pair)
        if value is None:
            continue
        labels = _labels(node, one.labels, other.labels)
        mark = identity(labels) if matching.many else sign
        if mark in seen:
            what = (
                "grouping labels must ensure unique matches"
                if matching.many
                else ("many-to-one matching must be explicit (group_left/group_right)")
            )
            raise EvaluationError(f"multiple matches for labels: {what}")
        seen.add(mark)
        found.append(Element(labels, value))
    return found


def _by_signature(single: Iterable[Element], key: Callable[[Labels], Hashable], side: str) -> dict[Hashable, Element]:
    found: dict[Hashable, Element] = {}
    for one in single:
        sign = key(one.labels)
        if sign in found:
            both = ", ".join(shown(each.labels) for each in (one, found[sign]))
            what = f"found duplicate series for the match group on the {side} hand-side of the operation: [{both}]"
            raise EvaluationError(
                f"{what};many-to-many matching not allowed: matching labels must be unique on one side"
            )
        found[sign] = one
    return found


def _outcome(node: Binary, left: float, right: float) -> float | None:
    if node.op in _ARITHMETIC:
        return _ARITHMETIC[node.op](left, right)
    holds = _COMPARED[node.op](left, right)
    if node.yields_bool:
        return float(holds)
    return left if holds else None


def _labels(node: Binary, many: Labels, single: Labels) -> Labels:
    matching = node.matching
    found = dict(many)
    if node.op in _ARITHMETIC or node.yields_bool:
        found.pop(NAME, None)
    if not matching.many:
        if matching.on:
            return {name: text for name, text in found.items() if name in matching.labels}
        return {name: text for name, text in found.items() if name not in matching.labels}
    for name in matching.include:
        if single.get(name):
            found[name] = single[name]
        else:
            found.pop(name, None)
    return found


def shown(labels: Mapping[str, str]) -> str:
    """Return labels as Prometheus writes them."""
    inside = ", ".join(f'{name}="{text}"' for name, text in sorted(labels.items()) if name != NAME)
    return f"{labels.get(NAME, '')}{{{inside}}}"
