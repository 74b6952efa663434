"""Aligning and reducing points, the two steps of Monitoring's aggregation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError

_Aligner, _Reducer = monitoring_v3.Aggregation.Aligner, monitoring_v3.Aggregation.Reducer


@dataclass(frozen=True)
class Sample:
    """A value at a time."""

    at: datetime
    value: float


def percentile(share: float) -> Callable[[Sequence[float]], float]:
    """Return what picks the smallest value that is not below so many percent of all."""

    def pick(values: Sequence[float]) -> float:
        return sorted(values)[max(0, math.ceil(share / 100 * len(values)) - 1)]

    return pick


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_ALIGN: dict[int, Callable[[Sequence[float]], float]] = {
    _Aligner.ALIGN_MEAN: _mean,
    _Aligner.ALIGN_MAX: max,
    _Aligner.ALIGN_MIN: min,
    _Aligner.ALIGN_SUM: sum,
    _Aligner.ALIGN_DELTA: sum,
    _Aligner.ALIGN_COUNT: len,
    _Aligner.ALIGN_NEXT_OLDER: lambda values: values[-1],
    _Aligner.ALIGN_PERCENTILE_99: percentile(99),
    _Aligner.ALIGN_PERCENTILE_95: percentile(95),
    _Aligner.ALIGN_PERCENTILE_50: percentile(50),
}
_REDUCE: dict[int, Callable[[Sequence[float]], float]] = {
    _Reducer.REDUCE_MEAN: _mean,
    _Reducer.REDUCE_MAX: max,
    _Reducer.REDUCE_MIN: min,
    _Reducer.REDUCE_SUM: sum,
    _Reducer.REDUCE_COUNT: len,
    _Reducer.REDUCE_PERCENTILE_99: percentile(99),
    _Reducer.REDUCE_PERCENTILE_95: percentile(95),
    _Reducer.REDUCE_PERCENTILE_50: percentile(50),
}


def supported(how: Any) -> bool:
    """Say whether an aggregation's aligner and reducer are simulated."""
    aligners = {_Aligner.ALIGN_NONE, _Aligner.ALIGN_RATE, *_ALIGN}
    return how.per_series_aligner in aligners and how.cross_series_reducer in {_Reducer.REDUCE_NONE, *_REDUCE}


def align(samples: Sequence[Sample], aligner: int, period: timedelta, end: datetime) -> list[Sample]:
    """Return one sample for each period that has any, the periods counted back from ``end``, oldest first."""
    if aligner == _Aligner.ALIGN_NONE:
        return list(samples)
    if not period:
        raise ApiError("INVALID_ARGUMENT", "Field aggregation.alignmentPeriod is required.", "badRequest")
    counting = aligner in {_Aligner.ALIGN_DELTA, _Aligner.ALIGN_RATE}
    boxes: dict[int, list[Sample]] = {}
    for one in _growth(samples) if counting else samples:
        boxes.setdefault((end - one.at) // period, []).append(one)
    made = [Sample(end - age * period, _value(boxes[age], aligner, period)) for age in boxes]
    return sorted(made, key=lambda one: one.at)


def _growth(samples: Sequence[Sample]) -> list[Sample]:
    """Return how much a counter grew up to each sample; one that fell was reset, so all it shows is new."""
    pairs = itertools.pairwise(samples)
    return [Sample(b.at, b.value - a.value if b.value >= a.value else b.value) for a, b in pairs]


def _value(box: Sequence[Sample], aligner: int, period: timedelta) -> float:
    values = [one.value for one in box]
    if aligner == _Aligner.ALIGN_RATE:
        return sum(values) / period.total_seconds()
    if aligner not in _ALIGN:
        raise ApiError("UNIMPLEMENTED", f"{_Aligner(aligner).name} is not simulated", "notImplemented")
    return float(_ALIGN[aligner](values))


def reduce(series: Sequence[Sequence[Sample]], reducer: int) -> list[Sample]:
    """Return one series out of several aligned ones, oldest first."""
    if reducer not in _REDUCE:
        raise ApiError("UNIMPLEMENTED", f"{_Reducer(reducer).name} is not simulated", "notImplemented")
    at: dict[datetime, list[float]] = {}
    for samples in series:
        for one in samples:
            at.setdefault(one.at, []).append(one.value)
    return [Sample(when, float(_REDUCE[reducer](at[when]))) for when in sorted(at)]
