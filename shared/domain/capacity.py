"""What one model server bears: from requests per second to batch, KV cache and latency, in closed form.

Advice asks it what a region will feel after a remedy, the replay what to suggest. Pure arithmetic. The two-resource
model of a replica (prompts need arithmetic, tokens need memory bandwidth), with r requests/s, prompt p and output o
tokens, b requests in the batch:

    step time            T = B + c b + g p b / o
    Little's law         b = r o T,   so   b = r o B / (1 - r (g p + c o))
    one more running     c = per_running + context x per_cached_token,   context = p + o (1 + v) / 2 on the mean
    KV share             b context / kv_tokens

B is the step that only reads the weights, g the seconds of one prompt token. A request's context grows from p to p + o;
who answers at length is in the batch for longer, hence v, the variance of the answer's length over its mean squared.
With v = 1 the mean context is p + o. The step time is the usual
T = d(b) / (1 - g x prompt tokens per s) with d = B + c b, solved for b. Three limits end it: a step takes at most s
prompt tokens, so b <= o s / p (prefill); b <= most_running (batch); b context <= kv_tokens (KV).
The form and g, B, c of an 8-billion model on H100 follow figures that NVIDIA's aiconfigurator 0.12 estimates for vLLM,
which they meet within about 10 %; limits_of carries them over to other cards and models by their data sheets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.domain.errors import TerminalError
from shared.domain.intervals import Z80, Interval
from shared.domain.learning import Lesson
from shared.domain.machines import Accelerator
from shared.domain.models import Model, ModelOption
from shared.domain.queueing import CEILING, wait

__all__ = [
    "CEILING", "KV_ROOM", "MOST_RUNNING", "Limit", "ServerLimits", "Steady", "Workload", "effect", "limits_of",
    "most_rate", "steady",
]  # fmt: skip

STEP_TOKENS, STEP_TOKENS_SMALL = 8192, 2048
"""Prompt tokens that one step takes at most: vLLM's defaults of max_num_batched_tokens for serving, on large cards
and on others."""
_LARGE_GB = 70
"""Memory from which vLLM calls a card large, unless it is an A100."""
KV_ROOM = 0.85
"""Share of the KV cache that may be planned with; beyond it chance alone leads to preemption."""
MOST_RUNNING = 1024
"""Batch limit where nobody says another."""
LONG_PROMPT = 3.0
"""95th percentile of the prompt over its mean: 3.0 in the Azure chat week of 2024, 2.9 in its coding week."""
LENGTHS_VARY = 1.0
"""Variance of a request's tokens over their mean squared: as that of an exponential distribution, and as recorded."""
_COMPUTE_EFFICIENCY = 0.878
"""Share of the data sheet's dense rate that prefill reaches: gives 18.5 us a token for 8 billion parameters on H100."""
_BANDWIDTH_EFFICIENCY = 0.866
"""Share of the data sheet's bandwidth: 2.9 of 3.35 TB/s on H100."""
_STEP_OVERHEAD = 0.56e-3
"""Seconds a step takes beside reading the weights: 6.1 ms in all for 16.06 GB on H100."""
_UNHIDDEN = 0.54
"""Part of one token's arithmetic that is not hidden behind reading: 10 us for each running request on H100."""
_TP_LOSS = 0.19
"""Loss by tensor parallelism for each doubling, from the same estimates for 70 billion on 2 and 4 cards."""
_AMPERE = "Ampere"


class Limit(StrEnum):
    """Which resource of a server ends first."""

    KV = "KV cache"
    PREFILL = "prefill"
    BATCH = "batch limit"


@dataclass(frozen=True)
class ServerLimits:
    """What one server can do. Times in seconds, of one server with all its GPUs."""

    kv_tokens: float
    """Tokens that fit into its KV cache."""
    seconds_per_prompt_token: float
    step_base: float
    """A step with an empty batch: reading the weights."""
    step_per_running: float
    step_per_cached_token: float
    most_running: int = MOST_RUNNING
    step_tokens: int = STEP_TOKENS
    """Prompt tokens that one step takes at most."""
    cache: Lesson = field(default_factory=Lesson)
    """KV share against the model's at the same batch."""
    decode: Lesson = field(default_factory=Lesson)
    """Step time against the model's where little is prefilled."""
    prefill: Lesson = field(default_factory=Lesson)
    """Seconds of a prompt token against the model's."""
    first_token: Lesson = field(default_factory=Lesson)
    """Time to the first token against the model's, where requests begin to wait."""

    def taught(self, known: ServerLimits | None) -> ServerLimits:
        """Return the limits with what was learned of servers of the same kind."""
        return self if known is None else replace(self, cache=known.cache, decode=known.decode, prefill=known.prefill)

    def measured(self, kv_tokens: float | None) -> ServerLimits:
        """Return the limits with the cache size the servers themselves name, where they do."""
        known = kv_tokens is not None and math.isfinite(kv_tokens) and kv_tokens > 0
        return replace(self, kv_tokens=kv_tokens) if known and kv_tokens is not None else self


@dataclass(frozen=True)
class Workload:
    """Mean tokens of a request."""

    prompt: float
    output: float

    @property
    def context(self) -> float:
        """Tokens that those who are running hold in the cache on the mean."""
        return max(1.0, self.prompt + self.output * (1.0 + LENGTHS_VARY) / 2.0)


@dataclass(frozen=True)
class Steady:
    """How one server runs at a constant load."""

    running: float
    """Requests in the batch."""
    kv: float
    """Share of the KV cache in use, 0 to 1."""
    gap: float
    """Seconds between two tokens."""
    ttft: float
    """95th percentile of the time to the first token, seconds; CEILING where queues grow without bound."""
    prefill: float
    """Share of the time that goes into prompts, 0 to 1."""
    stable: bool
    limit: Limit
    """Which resource is, or would be, the first to end."""


@dataclass(frozen=True)
class _Server:
    """The coefficients of the docstring above, with what was learned, for one workload."""

    base: float
    per_running: float
    per_prompt: float
    """Seconds to prefill one mean prompt."""
    steps: float
    """Steps over which a mean prompt is spread."""
    output: float
    kv_each: float
    """Share of the KV cache one running request takes."""
    late: float
    """By how much the first token comes later than the model says."""
    most: tuple[tuple[float, Limit], ...]

    def gap(self, running: float) -> float:
        return self.base + running * (self.per_running + self.per_prompt / self.output)

    def rate(self, running: float) -> float:
        return running / (self.output * self.gap(running))


def steady(limits: ServerLimits, workload: Workload, rate_per_server: float) -> Steady:
    """Return how one server runs at that many requests per second. Total: nonsense counts as no load."""
    server, rate = _server(limits, workload), _sane(rate_per_server)
    left = 1.0 - rate * (server.per_prompt + server.per_running * server.output)
    wanted = rate * server.output * server.base / left if left > 0 else math.inf
    return _at(server, wanted)


def effect(limits: ServerLimits, workload: Workload, rate_per_server: float) -> tuple[Interval, Interval]:
    """Return the KV share and the time to the first token to expect, as wide as what was learned leaves open."""
    low, likely, high = (
        steady(_shifted(limits, deviations), workload, rate_per_server) for deviations in (-Z80, 0.0, Z80)
    )
    return _ordered(low.kv, likely.kv, high.kv), _ordered(low.ttft, likely.ttft, high.ttft)


def most_rate(limits: ServerLimits, workload: Workload, ttft: float, gap: float) -> float:
    """Return the requests per second one server bears within both SLOs (seconds) and KV_ROOM; 0: not even one."""
    server = _server(limits, workload)
    low, high = 0.0, server.most[0][0]
    for _ in range(26):
        middle = (low + high) / 2
        seen = _at(server, middle)
        within = seen.ttft <= ttft and seen.gap <= gap and seen.kv <= KV_ROOM
        low, high = (middle, high) if within else (low, middle)
    return server.rate(low)


def limits_of(
    model: Model, option: ModelOption, accelerator: Accelerator, most_running: int = MOST_RUNNING
) -> ServerLimits:
    """Return what the catalogue's figures promise of one server of the model. TerminalError: no data sheet is known.

    g = 2 parameters / (rate x 0.878), B = weights / (bandwidth x 0.866) + 0.56 ms; n cards share both, at a loss of
    0.19 for each doubling. Weights in fp8 are multiplied at twice the rate where the card can. A step is taken to read
    all weights, which a mixture of experts does in large batches only: too slow rather than too fast, until the first
    windows correct it.
    """
    if accelerator.bandwidth_gb_per_s is None or accelerator.dense_tflops is None:
        raise TerminalError(
            f"no data sheet of {accelerator.type} is in the catalogue, so what it bears is not known",
            reason="CapacityUnknown",
            field="machine",
        )
    cards = option.tp / (1.0 + _TP_LOSS * math.log2(option.tp))
    large = accelerator.memory_gb >= _LARGE_GB and accelerator.architecture != _AMPERE
    doubled = 2.0 if model.weights_dtype == "fp8" and accelerator.architecture != _AMPERE else 1.0
    flops = cards * doubled * _COMPUTE_EFFICIENCY * accelerator.dense_tflops * 1e12
    per_token = 2e9 * (model.active_b or model.params_b or 0.0) / flops
    bandwidth = cards * _BANDWIDTH_EFFICIENCY * accelerator.bandwidth_gb_per_s * 1e9
    return ServerLimits(
        kv_tokens=float(option.kv_tokens),
        seconds_per_prompt_token=per_token,
        step_base=1e9 * (model.weights_gb or 0.0) / bandwidth + _STEP_OVERHEAD,
        step_per_running=_UNHIDDEN * per_token,
        step_per_cached_token=model.kv_bytes_per_token / bandwidth,
        most_running=most_running,
        step_tokens=STEP_TOKENS if large else STEP_TOKENS_SMALL,
    )


def _server(limits: ServerLimits, workload: Workload) -> _Server:
    prompt, output, context = _sane(workload.prompt), max(1.0, _sane(workload.output)), max(1.0, workload.context)
    slower, kv_each = limits.decode.factor, context * limits.cache.factor / max(1.0, limits.kv_tokens)
    most = [(1.0 / kv_each, Limit.KV), (max(1.0, float(limits.most_running)), Limit.BATCH)]
    most.append((output * max(1, limits.step_tokens) / max(1.0, prompt), Limit.PREFILL))
    return _Server(
        base=max(1e-6, limits.step_base * slower),
        per_running=slower * (limits.step_per_running + context * limits.step_per_cached_token),
        per_prompt=prompt * limits.seconds_per_prompt_token * limits.prefill.factor,
        steps=prompt / max(1, limits.step_tokens),
        output=output,
        kv_each=kv_each,
        late=limits.first_token.factor,
        most=tuple(sorted(most)),
    )


def _at(server: _Server, wanted: float) -> Steady:
    """Return how it runs with that batch, or with the greatest that is possible."""
    most, limit = server.most[0]
    running = min(wanted, most)
    gap = server.gap(running)
    return Steady(
        running=running,
        kv=min(1.0, running * server.kv_each),
        gap=gap,
        ttft=_ttft(server, running, gap) if wanted < most else CEILING,
        prefill=_prefill(server, running, gap),
        stable=wanted < most,
        limit=limit,
    )


def _ttft(server: _Server, running: float, gap: float) -> float:
    """Return the 95th percentile: means add up, excesses over the mean add as independent ones do.

    The rest of the step under way and one's own: 1.5 T. One's own prompt, and the weights read once for each step
    over which it is spread: its mean and, in the tail, LONG_PROMPT of it. Waiting for other prompts: an M/G/1 queue,
    busy for the share of time that goes into prompts. Waiting for a place in the batch or the cache: Sakasegawa's
    approximation of a queue with many servers; in the cache long requests take the places of several, which by its
    variance makes 1 + v fewer places of them.
    """
    alone = server.per_prompt + server.steps * server.base
    places = {limit: most for most, limit in server.most}
    busy = max(_prefill(server, running, gap), running / places[Limit.PREFILL])
    held = server.output * gap + alone
    waits = (
        wait(alone, busy, 1.0),
        wait(held, running / places[Limit.BATCH], places[Limit.BATCH]),
        wait(held, running / places[Limit.KV], places[Limit.KV] / (1.0 + LENGTHS_VARY)),
    )
    mean = 1.5 * gap + alone + sum(mean for mean, _ in waits)
    excess = math.hypot((LONG_PROMPT - 1.0) * alone, *(excess for _, excess in waits))
    return min(CEILING, server.late * (mean + excess))


def _prefill(server: _Server, running: float, gap: float) -> float:
    """Return the share of the time that goes into prompts."""
    return running * server.per_prompt / (server.output * gap)


def _shifted(limits: ServerLimits, deviations: float) -> ServerLimits:
    """Return the limits as bad as so many standard deviations make them."""
    cache, decode, prefill, first_token = (
        replace(lesson, mean=lesson.mean + deviations * lesson.spread)
        for lesson in (limits.cache, limits.decode, limits.prefill, limits.first_token)
    )
    return replace(limits, cache=cache, decode=decode, prefill=prefill, first_token=first_token)


def _ordered(low: float, likely: float, high: float) -> Interval:
    """Return the interval; rounding alone can turn equal figures about."""
    return Interval(min(low, likely), likely, max(high, likely))


def _sane(value: float) -> float:
    return value if math.isfinite(value) and value > 0.0 else 0.0
