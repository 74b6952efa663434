"""Whether the last release made the servers slower: the same region before it and since, at no more load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from shared.domain.readings import Reading, clean, held_up, middle
from shared.domain.suggestions import Release
from shared.domain.windows import MetricWindow, Series

SUSPECT = timedelta(hours=6)
"""For how long after a release trouble may be its fault."""
WORSE = 1.3
"""A gap between tokens so many times as long, or tokens per second so many times fewer, are no noise."""
NO_MORE_LOAD = 1.1
"""Load per server up to so many times that of before counts as not higher, beside what chance alone makes of it."""
LATELY = 5.0
"""Minutes that are compared: the busiest before it, and the last ones; as long as quantiles look back."""
_LEAST = 3
_CHANCE = 2.0
"""Standard deviations that chance is given: one in 20 times it does more."""
_LENGTHS = 2.0
"""By how much the variance of tokens is greater than that of requests: their lengths vary as much as their mean."""


@dataclass(frozen=True)
class Pace:
    """How servers ran over some minutes, each of them."""

    load: float
    """Requests per second that came."""
    prompts: float
    """Prompt tokens per second."""
    gap: float | None
    """Seconds between two tokens."""
    tokens: float
    """Tokens generated per second."""
    queued: bool
    counted: float
    """Requests, all servers together: how much chance is in the load."""


@dataclass(frozen=True)
class Slower:
    """By how much a release made the servers slower."""

    before: Pace
    after: Pace
    factor: float
    """How many times as long a token takes, or how many times fewer are generated."""


def slower(release: Release | None, now: datetime, reading: Reading) -> Slower | None:
    """Return how much slower the servers are since the release; None: not clearly, or too long ago to be its fault."""
    if release is None or release.before is None or not timedelta(0) <= now - release.at <= SUSPECT:
        return None
    before, window = clean(release.before), reading.window
    since = max(0, int((window.end - release.at) / window.step))
    size = _steps(before)
    was = _pace(before, _busiest(before, size), size, 0.0)
    size = min(since, _steps(window))
    has = _pace(window, len(window.requests) - size, size, held_up(window))
    if was is None or has is None or _more_load(was, has):
        return None
    # What more load explains is not the release's: steps grow with the batch, and that with the load at least.
    more = max(1.0, _ratio(has.load, was.load))
    factor = max(_ratio(has.gap, was.gap) / more, _ratio(was.tokens, has.tokens) if has.queued else 1.0)
    return Slower(was, has, factor) if factor >= WORSE else None


def _more_load(before: Pace, after: Pace) -> bool:
    """Say whether more came than before, chance aside."""
    variance = 1 / max(1.0, before.counted) + 1 / max(1.0, after.counted)
    requests, tokens = (NO_MORE_LOAD + _CHANCE * math.sqrt(variance * more) for more in (1.0, _LENGTHS))
    return after.load > requests * before.load or after.prompts > tokens * before.prompts


def _ratio(value: float | None, other: float | None) -> float:
    return value / other if value and other else 1.0


def _steps(window: MetricWindow) -> int:
    return max(1, round(timedelta(minutes=LATELY) / window.step))


def _busiest(window: MetricWindow, size: int) -> int:
    """Return where the steps begin in which most came: how servers bear little load tells nothing of more."""
    starts = range(max(1, len(window.requests) - size + 1))
    return max(starts, key=lambda at: _mean(_measured(window.requests, at, size)))


def _measured(series: Series, start: int, size: int) -> tuple[float, ...]:
    return tuple(value for value in series[start : start + size] if value is not None)


def _pace(window: MetricWindow, start: int, size: int, held: float) -> Pace | None:
    """Return the pace of some steps, ``held`` requests per second more having come; None: too little was measured."""

    def cut(series: Series) -> tuple[float, ...]:
        return _measured(series, start, size)

    servers, requests = middle(cut(window.replicas)), cut(window.requests)
    if not servers or len(requests) < _LEAST:
        return None
    came = _mean(requests) + held
    queued = (middle(cut(window.waiting)) or 0.0) / servers >= 1.0
    return Pace(
        load=came / servers,
        prompts=_mean(cut(window.prompt_tokens)) / servers,
        gap=middle(cut(window.gap)),
        tokens=_mean(cut(window.output_tokens)) / servers,
        queued=queued,
        counted=came * len(requests) * window.step.total_seconds(),
    )


def _mean(values: tuple[float, ...]) -> float:
    return fmean(values) if values else 0.0
