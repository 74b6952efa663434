"""What the last minutes say of one region: a window cut down to the few figures that a diagnosis needs.

Odd numbers (NaN, infinite, negative) are taken as not measured. Medians over some minutes, so that one scrape decides
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean, median

from shared.domain.capacity import Workload
from shared.domain.windows import MetricWindow, Series, latest

LATELY = 3.0
"""Minutes over which "now" is the median."""
MIX = 15.0
"""Minutes over which the mean lengths of requests are taken."""
TYPICAL = Workload(prompt=1155.0, output=211.0)
"""Mean lengths where no request was finished: those of the public Azure conversation trace of 2023."""
_NEEDED = ("kv", "waiting")
_RECENT = 4
_ENOUGH = 0.8
_MINUTE = timedelta(minutes=1)
_LONGEST_PROMPT, _LONGEST_OUTPUT = 1_000_000.0, 100_000.0


@dataclass(frozen=True)
class Reading:
    """One region now. None where it was not measured."""

    window: MetricWindow
    """Without odd numbers."""
    servers: float
    """How many report; those wanted where that is not measured."""
    kv: float | None
    kv_max: float | None
    waiting: float | None
    """Per server."""
    running: float | None
    """Per server."""
    ttft: float | None
    gap: float | None
    served: float
    """Requests finished per second, all servers together."""
    held_up: float
    """Requests per second that came and were not finished: the queue grew by them, or they were given up."""
    preemptions: float
    """Per second, all servers together."""
    workload: Workload
    missing: tuple[str, ...]
    """Series that a diagnosis cannot do without and that have no value lately."""


def read(window: MetricWindow, wanted: int) -> Reading:
    """Return the reading of a window over servers of which so many are wanted."""
    window = clean(window)
    lately = window.tail(LATELY)
    servers = max(1.0, middle(lately(window.replicas)) or float(wanted))
    return Reading(
        window=window,
        servers=servers,
        kv=middle(lately(window.kv)),
        kv_max=middle(lately(window.kv_max)),
        waiting=_each(middle(lately(window.waiting)), servers),
        running=_each(middle(lately(window.running)), servers),
        ttft=middle(lately(window.ttft)),
        gap=middle(lately(window.gap)),
        served=_mean(lately(window.requests)),
        held_up=held_up(window),
        preemptions=_mean(lately(window.preemptions)),
        workload=_workload(window),
        missing=tuple(name for name in _NEEDED if latest(getattr(window, name), _RECENT) is None),
    )


def clean(window: MetricWindow) -> MetricWindow:
    """Return the window with None for every value that cannot be one."""
    return replace(
        window,
        step=window.step if window.step > timedelta(0) else _MINUTE,
        replicas=_clean(window.replicas),
        kv=_clean(window.kv),
        kv_max=_clean(window.kv_max),
        waiting=_clean(window.waiting),
        running=_clean(window.running),
        ttft=_clean(window.ttft),
        gap=_clean(window.gap),
        requests=_clean(window.requests),
        prompt_tokens=_clean(window.prompt_tokens),
        output_tokens=_clean(window.output_tokens),
        preemptions=_clean(window.preemptions),
        failures=_clean(window.failures),
    )


def _clean(series: Series) -> Series:
    return tuple(None if value is None or not math.isfinite(value) or value < 0 else value for value in series)


def middle(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return median(values) if values else None


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _each(total: float | None, servers: float) -> float | None:
    return None if total is None else total / servers


def held_up(window: MetricWindow) -> float:
    """Return by how many requests per second queue and batch grew lately, with those that were given up."""
    size = max(1, round(LATELY * _MINUTE / window.step)) + 1
    pairs = zip(window.waiting[-size:], window.running[-size:], strict=False)
    held = [(at, w + r) for at, (w, r) in enumerate(pairs) if w is not None and r is not None]
    grown = 0.0
    if len(held) > 1:
        (first, before), (last, after) = held[0], held[-1]
        grown = max(0.0, after - before) / ((last - first) * window.step.total_seconds())
    return grown + _mean(window.tail(LATELY)(window.failures))


def _workload(window: MetricWindow) -> Workload:
    """Return the mean lengths of the last minutes, or of the whole window where nothing was finished in them."""
    for minutes in (MIX, len(window.requests) * window.step / _MINUTE):
        cut = window.tail(minutes)
        prompts, outputs, requests = (
            sum(cut(s)) for s in (window.prompt_tokens, window.output_tokens, window.requests)
        )
        if requests > 0 and prompts > 0:
            prompt = min(_LONGEST_PROMPT, max(1.0, prompts / requests))
            return Workload(prompt, min(_LONGEST_OUTPUT, max(1.0, outputs / requests)))
    return TYPICAL


def busiest(window: MetricWindow, minutes: float) -> float | None:
    """Return the most requests per second in any five of the last minutes; None where it was not seen that long."""
    steps = max(1, round(minutes * _MINUTE / window.step))
    seen = window.requests[-steps:]
    if sum(value is not None for value in seen) < _ENOUGH * steps:
        return None
    size = max(1, round(5 * _MINUTE / window.step))
    parts = (tuple(v for v in seen[at : at + size] if v is not None) for at in range(0, len(seen), size))
    return max((fmean(part) for part in parts if part), default=None)
