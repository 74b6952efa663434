"""PromQL's functions over a range of one series' points: growth with Prometheus' extrapolation, and ``_over_time``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

_TOLERANCE = 1.1
"""A gap at an end of the range longer than so many mean gaps is taken for the series' beginning or end."""


class Window(NamedTuple):
    """The points of one series in a range; times in milliseconds, ``after`` excluded and ``until`` included."""

    times: Sequence[int]
    values: Sequence[float]
    after: int
    until: int
    at: int
    """When the expression is evaluated."""

    @property
    def seconds(self) -> float:
        """The range's length."""
        return (self.until - self.after) / 1000


def _growth(window: Window, *, counter: bool) -> float | None:
    """Return how much a series grew over the whole range, by its points inside, or None if there are too few.

    As Prometheus: the growth between first and last point is stretched to the ends of the range, but by no more than
    half a mean gap where the series seems to begin or end inside, and for counters never below zero.
    """
    times, values = window.times, window.values
    if len(times) < 2:  # noqa: PLR2004 - a growth needs two points
        return None
    grown = values[-1] - values[0] + (_lost_in_resets(values) if counter else 0.0)
    covered = (times[-1] - times[0]) / 1000
    gap = covered / (len(times) - 1)
    before, behind = (times[0] - window.after) / 1000, (window.until - times[-1]) / 1000
    if before >= gap * _TOLERANCE:
        before = gap / 2
    if counter and grown > 0 and values[0] >= 0:
        before = min(before, covered * (values[0] / grown))
    if behind >= gap * _TOLERANCE:
        behind = gap / 2
    return grown * ((covered + before + behind) / covered)


def _lost_in_resets(values: Sequence[float]) -> float:
    lost, before = 0.0, values[0]
    for value in values:
        if value < before:
            lost += before
        before = value
    return lost


def _rate(window: Window) -> float | None:
    grown = _growth(window, counter=True)
    return None if grown is None else grown / window.seconds


def _last_step(window: Window, *, counter: bool) -> float | None:
    if len(window.times) < 2:  # noqa: PLR2004 - a step is between two points
        return None
    before, now = window.values[-2], window.values[-1]
    return now if counter and now < before else now - before


def _irate(window: Window) -> float | None:
    step = _last_step(window, counter=True)
    return None if step is None else step / ((window.times[-1] - window.times[-2]) / 1000)


def line(window: Window, origin: int) -> tuple[float, float] | None:
    """Return slope per second and value at ``origin`` of the line that fits best; None for fewer than two points."""
    count = len(window.times)
    if count < 2:  # noqa: PLR2004 - a line needs two points
        return None
    seconds = [(at - origin) / 1000 for at in window.times]
    x, y = total(seconds) / count, total(window.values) / count
    spread = total([(one - x) * (one - x) for one in seconds])
    slope = total([(a - x) * (b - y) for a, b in zip(seconds, window.values, strict=True)]) / spread
    return slope, y - slope * x


def _slope(window: Window) -> float | None:
    found = line(window, window.times[0]) if window.times else None
    return found and found[0]


def total(values: Sequence[float]) -> float:
    """Return the sum, exact but for its last rounding."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities of both signs, or beyond what a float holds
        return sum(values)


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return total(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """Return the mean square distance from the mean."""
    middle = mean(values)
    return mean([(one - middle) * (one - middle) for one in values])


def least(values: Sequence[float]) -> float:
    """Return the smallest that is a number, NaN if none is."""
    return min((one for one in values if one == one), default=math.nan)  # noqa: PLR0124 - NaN alone is not itself


def most(values: Sequence[float]) -> float:
    """Return the greatest that is a number, NaN if none is."""
    return max((one for one in values if one == one), default=math.nan)  # noqa: PLR0124 - NaN alone is not itself


def quantile(share: float, values: Sequence[float]) -> float:
    """Return a quantile, interpolated between the two nearest values, as Prometheus does."""
    if not values or math.isnan(share):
        return math.nan
    if not 0 <= share <= 1:
        return math.inf if share > 1 else -math.inf
    ordered = sorted(values, key=lambda one: -math.inf if math.isnan(one) else one)
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[min(low + 1, len(ordered) - 1)] * weight


RANGES: dict[str, Callable[[Window], float | None]] = {
    "rate": _rate,
    "increase": lambda window: _growth(window, counter=True),
    "delta": lambda window: _growth(window, counter=False),
    "irate": _irate,
    "idelta": lambda window: _last_step(window, counter=False),
    "deriv": _slope,
    "changes": lambda window: float(sum(a != b for a, b in zip(window.values, window.values[1:], strict=False))),
    "resets": lambda window: float(sum(b < a for a, b in zip(window.values, window.values[1:], strict=False))),
    "avg_over_time": lambda window: mean(window.values),
    "min_over_time": lambda window: least(window.values),
    "max_over_time": lambda window: most(window.values),
    "sum_over_time": lambda window: total(window.values),
    "count_over_time": lambda window: float(len(window.values)),
    "last_over_time": lambda window: window.values[-1],
    "present_over_time": lambda _: 1.0,
    "stddev_over_time": lambda window: math.sqrt(variance(window.values)),
    "stdvar_over_time": lambda window: variance(window.values),
}
"""What a function makes of the points of one series; there is at least one."""
