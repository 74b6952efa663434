"""The shapes of load: how many requests come, and how long they are, minute by minute. Pure.

A shape is a row of marks. Between two marks everything changes in a straight line; after the last one it stays, or all
begins anew.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_DAY, _EVERY = 1440, 5
_MORNING, _EVENING = 630, 1200
"""The minutes of the two peaks: half past ten, and eight in the evening."""
_WIDTHS = (150.0, 120.0)
_SECOND = 0.85
"""The evening's peak against the morning's."""


@dataclass(frozen=True)
class Mark:
    """The load at one minute."""

    minute: float
    rate: float
    """Requests per second."""
    prompt: float
    """Mean tokens of a prompt."""
    output: float
    """Mean tokens of an answer."""


@dataclass(frozen=True)
class Asked:
    """One exact request."""

    at: float
    """Seconds after the stream begins."""
    prompt: int
    output: int


def steady(rate: float, prompt: float, output: float) -> tuple[Mark, ...]:
    """Return a load that stays as it is."""
    return (Mark(0, rate, prompt, output),)


def curve(points: Iterable[tuple[float, float]], prompt: float, output: float) -> tuple[Mark, ...]:
    """Return a load of equal requests that follows these (minute, requests per second)."""
    return tuple(Mark(minute, rate, prompt, output) for minute, rate in points)


def scaled(marks: Iterable[Mark], factor: float) -> tuple[Mark, ...]:
    """Return the same shape with so many times the requests."""
    return tuple(replace(mark, rate=mark.rate * factor) for mark in marks)


def day(peak: float, prompt: float, output: float, *, seed: int = 0, night: float = 0.2) -> tuple[Mark, ...]:
    """Return a working day from midnight to midnight, a mark every five minutes; repeat it for more days.

    Two bells, at half past ten and, 15 % lower, at eight in the evening, stand on a night of ``night`` x ``peak``. On
    top lies a noise of a few percent that drifts: each mark keeps 0.8 of the deviation of the one before. The last
    mark is the first one again, so that days join.
    """
    dice = random.Random(f"day/{seed}")  # noqa: S311 - a shape, not a secret
    drift, marks = 0.0, []
    for minute in range(0, _DAY, _EVERY):
        drift = 0.8 * drift + dice.gauss(0, 0.03)
        bells = zip((_MORNING, _EVENING), _WIDTHS, (1.0, _SECOND), strict=True)
        height = max(high * math.exp(-(((minute - middle) / width) ** 2)) for middle, width, high in bells)
        rate = peak * (night + (1 - night) * height) * math.exp(drift)
        marks.append(Mark(minute, rate, prompt, output))
    return (*marks, replace(marks[0], minute=_DAY))


class Shape:
    """Marks to be asked for any minute."""

    def __init__(self, marks: Sequence[Mark], *, repeat: bool = False) -> None:
        """Raises ValueError for marks that make no shape."""
        self._minutes = [mark.minute for mark in marks]
        if not marks or sorted(set(self._minutes)) != self._minutes:
            raise ValueError("a load needs marks, each later than the one before")
        if any(mark.rate < 0 or mark.prompt < 1 or mark.output < 1 for mark in marks):
            raise ValueError("a load has no less than no requests, and no less than one token each way")
        self._marks = tuple(marks)
        self._period = self._minutes[-1] - self._minutes[0] if repeat else 0.0

    def at(self, minute: float) -> Mark:
        """Return the load at this minute after the stream began."""
        if self._period and minute > self._minutes[-1]:
            minute = self._minutes[0] + (minute - self._minutes[0]) % self._period
        after = bisect_right(self._minutes, minute)
        if not 0 < after < len(self._marks):
            return self._marks[min(after, len(self._marks) - 1)]
        old, new = self._marks[after - 1], self._marks[after]
        part = (minute - old.minute) / (new.minute - old.minute)
        return Mark(
            minute,
            old.rate + part * (new.rate - old.rate),
            old.prompt + part * (new.prompt - old.prompt),
            old.output + part * (new.output - old.output),
        )


def length(dice: random.Random, mean: float, sigma: float, longest: int) -> int:
    """Draw a length in tokens: log-normal with this mean, cut to the longest, which lowers the mean a little."""
    if not sigma:
        return min(round(mean), longest)
    return min(longest, max(1, round(dice.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma))))
