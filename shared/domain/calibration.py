"""What a window of measurements teaches about one server: how full, how slow, how late the first token.

Between learning.py, which knows statistics only, and capacity.py, whose `ServerLimits` carry what was learned.
A window that is blind, unsteady, overloaded or nearly idle teaches nothing: the model speaks of steady states.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean, median

from shared.domain.capacity import ServerLimits, Workload, steady
from shared.domain.learning import Lesson, learn
from shared.domain.windows import MetricWindow, Series

MINUTES = 6.0
"""How far back a window is read."""
DRIFT = 0.15
"""How much load and batch may differ between the two halves."""
MOST_WAITING = 0.5
"""Requests in a server's queue beyond which it is overloaded, so that what it serves is not what arrives."""
LEAST_REQUESTS = 60.0
"""Fewer requests than this say little of a mean."""
PREFILL_SHARE = 0.35
"""Below this share of the time spent on prompts a window speaks of decoding, above it of prefill."""
BUSY = 0.25
"""Share of the KV cache, or of the time for prompts, from which on requests may wait for each other."""


@dataclass(frozen=True)
class _Seen:
    """Means over the window, of one server."""

    rate: float
    running: float
    kv: float
    ttft: float
    """0 where it was not measured."""
    workload: Workload


def workload_of(window: MetricWindow, minutes: float = 30.0) -> Workload | None:
    """Return the mean tokens of a request as measured; None where nothing was finished."""
    tail = window.tail(minutes)
    requests, prompt, output = (
        sum(tail(each)) for each in (window.requests, window.prompt_tokens, window.output_tokens)
    )
    return Workload(prompt / requests, output / requests) if requests > 0 and prompt >= 0 <= output else None


def learn_limits(limits: ServerLimits, window: MetricWindow) -> ServerLimits:
    """Return the limits with what the window teaches; the servers' own cache size always counts."""
    limits = limits.measured(window.kv_tokens)
    seen = _steady(window)
    return limits if seen is None else _first_token(_speed(_cache(limits, seen), seen), seen)


def _cache(limits: ServerLimits, seen: _Seen) -> ServerLimits:
    predicted = seen.running * seen.workload.context / limits.kv_tokens
    return replace(limits, cache=learn(limits.cache, predicted, seen.kv))


def _speed(limits: ServerLimits, seen: _Seen) -> ServerLimits:
    """Solve T = d / (1 - g P) for d where P is small, and for g where it is not."""
    per_token = limits.seconds_per_prompt_token * limits.prefill.factor
    prompts = seen.rate * seen.workload.prompt
    in_batch = seen.running / seen.rate - seen.workload.prompt * per_token
    gap = in_batch / seen.workload.output
    per_running = limits.step_per_running + seen.workload.context * limits.step_per_cached_token
    decode = limits.step_base + seen.running * per_running
    if prompts * per_token < PREFILL_SHARE:
        return replace(limits, decode=learn(limits.decode, decode, gap * (1.0 - prompts * per_token)))
    if gap <= 0.0:
        return limits
    observed = (1.0 - decode * limits.decode.factor / gap) / prompts
    return replace(limits, prefill=learn(limits.prefill, limits.seconds_per_prompt_token, observed))


def _first_token(limits: ServerLimits, seen: _Seen) -> ServerLimits:
    """Compare where requests begin to wait: how long an empty server takes says nothing of queues."""
    told = steady(replace(limits, first_token=Lesson()), seen.workload, seen.rate)
    if not told.stable or max(told.kv, told.prefill) < BUSY:
        return limits
    return replace(limits, first_token=learn(limits.first_token, told.ttft, seen.ttft))


def _steady(window: MetricWindow) -> _Seen | None:
    """Return the means of the last minutes; None where they are no steady state."""
    tail = window.tail(MINUTES)
    replicas, waiting, running = tail(window.replicas), tail(window.waiting), tail(window.running)
    requests, kv = tail(window.requests), tail(window.kv)
    if window.blind or not (_whole(window, replicas, waiting, running, requests, kv) and min(replicas) > 0):
        return None
    if min(replicas) != max(replicas) or max(waiting) > MOST_WAITING * replicas[-1] or any(tail(window.preemptions)):
        return None
    if not (_even(requests) and _even(running) and sum(requests) * window.step.total_seconds() >= LEAST_REQUESTS):
        return None
    workload = workload_of(window, MINUTES)
    if workload is None or workload.output <= 0.0:
        return None
    servers = replicas[-1]
    ttft = tail(window.ttft)
    return _Seen(
        fmean(requests) / servers, fmean(running) / servers, fmean(kv), median(ttft) if ttft else 0.0, workload
    )


def _whole(window: MetricWindow, *series: Series) -> bool:
    """Tell whether the last minutes have no gaps worth speaking of."""
    steps = MINUTES * 60 / window.step.total_seconds()
    return all(len(each) >= max(2.0, 0.8 * steps) for each in series)


def _even(values: Series) -> bool:
    """Tell whether both halves are about the same, and not nothing."""
    known = [value for value in values if value is not None]
    early, late = fmean(known[: len(known) // 2]), fmean(known[len(known) // 2 :])
    return late > 0.0 and abs(late - early) <= DRIFT * late
