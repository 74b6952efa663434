"""The load of a region in the next hour, from its last days and its last minutes, as intervals that keep their word.

Advice asks it what will arrive when a remedy takes effect. All in logarithms, because load grows by shares:

    load(t + h) = level(t) + a_h season_h(t) + m_h (trend(t) - season's trend(t))

``level`` is the mean of the last minutes; ``season_h`` is by how much the same time of earlier days changed over the
same horizon; the last term is what today rises faster than those days. a and m are fitted for each horizon on the
forecasts that would have been made on the days before (ridge regression, drawn towards 1 and 0), and their errors
there are the interval: quantiles of the forecast's own past errors, widened while there are few of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from statistics import fmean

from shared.domain.intervals import Z80, Interval
from shared.domain.windows import History, MetricWindow, Series

HORIZONS = (5, 15, 30, 60)
"""Minutes ahead."""
LEVEL = 10.0
"""Minutes over which today's level is taken."""
SMOOTH = 35.0
"""Minutes, centred, over which an earlier day's level is taken: its noise must not become today's forecast."""
TREND = 40.0
"""Minutes over which today's trend is compared with that of earlier days."""
FLOOR = 0.02
"""Requests/s added to every figure, so that nothing at all has a logarithm."""
ORIGINS = 220
"""Past moments from which forecasts are made to learn from their errors."""
DAYS = 7
HALF_LIFE = 1440.0
"""Minutes after which an error of the past counts half."""
RIDGE_SEASON, RIDGE_TREND = 0.02, 0.1
"""Weight of the first guesses of a and m, in squared logarithms: about ten origins at which load moved by 5 or 10 %."""
MOST_SEASON, MOST_TREND = 1.5, 0.6
"""Bounds of a and m: one sudden change must not be carried on for ever."""
LEAP = math.log(2.0)
"""Bound of a rise that is carried on, and of an error of the past: where load begins from nothing, logarithms leap."""
SLACK = 1.05
"""Widens the interval: the errors of a fit are a little too small where it was fitted."""
PRIOR_ERRORS = 12
"""How many errors the assumption of PRIOR_HOUR counts for."""
PRIOR_HOUR = 0.35
"""Standard deviation of the logarithm an hour ahead when nothing is known; it grows with the root of time."""
PRIOR_NOW = 0.08
_TAIL = 0.1
_DAY_MINUTES = 1440.0


@dataclass(frozen=True)
class Forecast:
    """Requests per second that will arrive."""

    now: Interval
    ahead: Mapping[int, Interval]
    """By minutes ahead."""

    def at(self, minutes: float) -> Interval:
        """Return the load so many minutes ahead: between two horizons in proportion, beyond the last as there."""
        known = [(0.0, self.now), *sorted((float(far), each) for far, each in self.ahead.items())]
        before = next(pair for pair in reversed(known) if pair[0] <= max(0.0, minutes))
        after = next((pair for pair in known if pair[0] >= minutes), known[-1])
        if after[0] <= before[0]:
            return before[1]
        share = (minutes - before[0]) / (after[0] - before[0])
        (a, b) = (before[1], after[1])
        return Interval(
            a.low + share * (b.low - a.low),
            a.likely + share * (b.likely - a.likely),
            a.high + share * (b.high - a.high),
        )


def forecast(history: History, recent: MetricWindow | None, horizons: Sequence[int] = HORIZONS) -> Forecast:
    """Return what is to be expected. Total: without any measurement it is nothing, with a wide interval."""
    past = _Past.of(_joined(history, recent), history.step.total_seconds() / 60.0)
    if past is None:
        nothing = Interval(0.0, 0.0, 1.0)
        return Forecast(nothing, dict.fromkeys(horizons, nothing))
    return Forecast(_ahead(past, 0.0), {far: _ahead(past, float(far)) for far in horizons})


@dataclass(frozen=True)
class _Past:
    """The load in logarithms, one figure a step, without gaps."""

    values: tuple[float, ...]
    levels: tuple[float, ...]
    """Mean of the last LEVEL minutes at each step."""
    smooth: tuple[float, ...]
    """Mean of the SMOOTH minutes around each step."""
    minutes: float
    """Of one step."""

    @classmethod
    def of(cls, series: Series, minutes: float) -> _Past | None:
        known = [value is not None and math.isfinite(value) for value in series]
        if True not in known:
            return None
        first = known.index(True)
        values: list[float] = []
        for value, usable in zip(series[first:], known[first:], strict=True):
            values.append(math.log(max(0.0, value or 0.0) + FLOOR) if usable else values[-1])
        back, half = max(0, round(LEVEL / minutes) - 1), round(SMOOTH / 2 / minutes)
        return cls(tuple(values), _means(values, back, 0), _means(values, half, half), minutes)

    def steps(self, minutes: float) -> int:
        return round(minutes / self.minutes)


def _means(values: Sequence[float], back: int, ahead: int) -> tuple[float, ...]:
    """Return at each place the mean from so many places before to so many after, as far as there are any."""
    sums, count, width = tuple(accumulate(values, initial=0.0)), len(values), back + ahead + 1
    whole = [(upto - before) / width for before, upto in zip(sums, sums[width:], strict=False)]
    edges = [*range(min(back, count)), *range(max(back, count - ahead), count)]
    some = {at: (max(0, at - back), min(count, at + ahead + 1)) for at in edges}
    means = {at: (sums[end] - sums[begin]) / (end - begin) for at, (begin, end) in some.items()}
    return tuple(means[at] if at in means else whole[at - back] for at in range(count))


def _ahead(past: _Past, minutes: float) -> Interval:
    """Return the load so far ahead."""
    model, last, steps = _Model(past, minutes), len(past.values) - 1, max(1, past.steps(minutes))
    fitted: list[tuple[float, float, float]] = []
    first = max(past.steps(LEVEL), past.steps(_DAY_MINUTES) + past.steps(TREND))
    first = first if last - steps - first > past.steps(_DAY_MINUTES) // 4 else past.steps(TREND)
    spacing = max(1, -(-(last - steps - first) // ORIGINS))
    for at in range(last - steps, first, -spacing):
        season, trend = model.predictors(at)
        fitted.append((past.values[at + steps] - past.levels[at], season, trend))
    a, m = _fit(fitted) if minutes else (0.0, 0.0)
    errors = [_bounded(seen - a * season - m * trend) for seen, season, trend in fitted]
    season, trend = model.predictors(last)
    likely = past.levels[last] + a * season + m * trend
    below, above = _band(errors, minutes, 0.5 ** (spacing * past.minutes / HALF_LIFE))
    low, middle, high = (max(0.0, math.exp(each) - FLOOR) for each in (likely + below, likely, likely + above))
    return Interval(min(low, middle), middle, max(high, middle))


class _Model:
    """The two predictors at any moment of the past, for one horizon."""

    def __init__(self, past: _Past, minutes: float) -> None:
        self._levels, self._smooth = past.levels, past.smooth
        self._ahead, self._back = max(1, past.steps(minutes)), max(1, past.steps(TREND))
        self._days = [round(day * _DAY_MINUTES / past.minutes) for day in range(1, DAYS + 1)]

    def predictors(self, at: int) -> tuple[float, float]:
        """Return by how much earlier days changed from this time on, and how much faster today rose until now."""
        smooth, ahead, back = self._smooth, self._ahead, self._back
        then = [at - day for day in self._days if at - day >= back]
        rise = self._levels[at] - self._levels[at - back] if at >= back else 0.0
        if not then:
            return 0.0, _bounded(rise)
        season = sum([smooth[day + ahead] - smooth[day] for day in then])
        before = sum([smooth[day] - smooth[day - back] for day in then])
        return season / len(then), _bounded(rise - before / len(then))


def _bounded(leap: float) -> float:
    return min(LEAP, max(-LEAP, leap))


def _fit(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Return a and m that would have missed least, drawn towards 1 and 0 while little is known."""
    xx = sum(x * x for _, x, _ in rows) + RIDGE_SEASON
    xz = sum(x * z for _, x, z in rows)
    zz = sum(z * z for _, _, z in rows) + RIDGE_TREND
    xy = sum(x * y for y, x, _ in rows) + RIDGE_SEASON
    zy = sum(z * y for y, _, z in rows)
    det = xx * zz - xz * xz
    if det <= 0.0:
        return 1.0, 0.0
    a, m = (xy * zz - xz * zy) / det, (xx * zy - xz * xy) / det
    return min(MOST_SEASON, max(0.0, a)), min(MOST_TREND, max(-MOST_TREND, m))


def _band(errors: Sequence[float], minutes: float, fading: float) -> tuple[float, float]:
    """Return the 10 and 90 % quantiles of past errors, latest first; with few of them mixed with a wide first guess.

    Older ones count less: how wrong forecasts were at the weekend says little of Tuesday.
    """
    wide = Z80 * (PRIOR_NOW + PRIOR_HOUR * math.sqrt(minutes / 60.0))
    if not errors:
        return -wide, wide
    weighted = sorted((error, fading**age) for age, error in enumerate(errors))
    low, high = _quantile(weighted), -_quantile([(-error, weight) for error, weight in reversed(weighted)])
    count = len(errors)
    low, high = SLACK * low, SLACK * high
    trust = count / (count + PRIOR_ERRORS) if count < 5 * PRIOR_ERRORS else 1.0
    return trust * low - (1 - trust) * wide, trust * high + (1 - trust) * wide


def _quantile(weighted: Sequence[tuple[float, float]]) -> float:
    """Return the value below which a tenth of the weight lies, the next forecast's own error counted among them."""
    wanted = _TAIL * (sum(weight for _, weight in weighted) + 1.0)
    reached = accumulate(weight for _, weight in weighted)
    return next((error for (error, _), upto in zip(weighted, reached, strict=True) if upto >= wanted), weighted[-1][0])


def _joined(history: History, recent: MetricWindow | None) -> Series:
    """Return the days, and the last minutes in place of what the days do not hold yet."""
    if recent is None:
        return history.requests
    later = round((recent.end - history.end) / history.step)
    new = min(max(0, later), len(history.requests))
    fresh = _arrivals(recent, history.step, max(1, new))
    if new == 0 and fresh[-1] is not None:
        return (*history.requests[:-1], fresh[-1])
    return (*history.requests, *fresh) if new else history.requests


def _arrivals(window: MetricWindow, step: timedelta, count: int) -> Series:
    """Return what arrived a second in each of the last steps: what was finished or failed, and what piled up.

    A region that cannot keep up finishes less than arrives; the difference stands in its queues.
    """
    each = max(1, round(step / window.step))
    inside = [
        a + b if a is not None and b is not None else None for a, b in zip(window.waiting, window.running, strict=True)
    ]
    arrived: list[float | None] = []
    for begin in range(len(inside) - count * each, len(inside), each):
        span = slice(max(0, begin), max(0, begin + each))
        done = [value for value in window.requests[span] if value is not None]
        failed = [value for value in window.failures[span] if value is not None]
        held = [value for value in inside[span] if value is not None]
        grown = (held[-1] - held[0]) / ((len(held) - 1) * window.step.total_seconds()) if len(held) > 1 else 0.0
        lost = fmean(failed) if failed else 0.0
        arrived.append(max(0.0, fmean(done) + lost + grown) if done else None)
    return tuple(arrived)
