"""What one model server can do, from its model, its options and its GPU. Pure.

One step of vLLM's V1 engine takes

    base + per_request x running + per_cached x cached tokens + per_prompt x prompt tokens computed in it

seconds, and gives every request that decodes one token. The constants come from the GPU's and the model's size:

- per_prompt = 2 x active parameters / (0.878 x bf16 rate): 18.5 us for an 8b model on an H100.
- base = weights / (0.866 x bandwidth) + 0.55 ms: 6.1 ms there; 0.866 x 3.35 TB/s are the 2.9 TB/s of the fit.
- per_request = 0.54 x per_prompt: 10 us there. It is one token's arithmetic, part of it hidden behind the reading.
- per_cached = KV bytes of a token / (0.866 x bandwidth).
- n GPUs in tensor parallel share all of it, and lose a factor 1 + 0.16 x log2(n) to their exchange.
- fp8 weights are half as large, and computed 1.5 times as fast where the GPU can.

The H100 figures are a fit to estimates from kernel data (8b, 1200/200 tokens, 128 running); the same source gives gaps
of 71 ms on an A100, 25 on an H200 and 14 on a B200, and 170, 70, 104, 62 ms for 70b on 4 A100, 4 H100, 2 H200, 2 B200:
the formulas are within a fifth of all of these. Mixtures of experts are counted as reading all their weights in each
step, which is true of large batches only; expect a factor of two there.

KV cache: ((memory x utilization - overhead) x GPUs - weights) / KV bytes per token, in blocks of 16 tokens. The
overhead is 2 GiB a GPU, 1.5 on an L4, and 2 more for a mixture of experts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from infra.local.cloud.engine.sizes import GPUS, UNKNOWN, Gpu, Model, model

BLOCK = 16
"""Tokens in a block of KV cache."""
DEFAULT_LENGTH = 131_072
_COMPUTE, _READ = 0.878, 0.866
"""Shares of the makers' figures that are reached in practice."""
_LAUNCH = 0.55e-3
_HIDDEN = 0.54
_EXCHANGE = 0.16
_FP8 = 1.5
_EXPERTS = 2 * 2**30


@dataclass(frozen=True)
class Options:
    """What a server's command line says; None is vLLM's own default."""

    model: str
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    gpu_memory_utilization: float = 0.9
    gpus: int = 1
    """Tensor parallel times pipeline parallel size."""
    kv_cache_dtype: str = "auto"
    quantization: str = ""


@dataclass(frozen=True)
class Physics:
    """The constants of one replica. Times are in seconds."""

    per_prompt: float
    """For each prompt token that is computed."""
    base: float
    """For each step: reading the weights."""
    per_request: float
    """For each running request in a step."""
    per_cached: float
    """For each token in the KV caches that a step reads."""
    blocks: int
    """All blocks of the KV cache."""
    max_num_seqs: int
    max_num_batched_tokens: int
    max_model_len: int = DEFAULT_LENGTH
    gpu_memory_utilization: float = 0.9
    cache_dtype: str = "auto"

    @property
    def tokens(self) -> int:
        """The tokens that the KV cache holds."""
        return self.blocks * BLOCK

    def step(self, running: float, cached: float, prompt: float = 0.0) -> float:
        """Return how long a step takes with so many requests, cached tokens and prompt tokens."""
        reading = self.base + self.per_request * running + self.per_cached * cached
        return reading + self.per_prompt * prompt

    def slowed(self, factor: float) -> Physics:
        """Return the same replica with steps that take so many times longer."""
        times = ("per_prompt", "base", "per_request", "per_cached")
        return replace(self, **{name: getattr(self, name) * factor for name in times})


def physics_of(options: Options, gpu: str) -> Physics:
    """Return what a server with these options does on this type of GPU, named as GKE does; unknown counts as H100."""
    card = GPUS.get(gpu, UNKNOWN)
    known = model(options.model, options.quantization)
    kv = known.kv / (2 if options.kv_cache_dtype.startswith("fp8") else 1)
    lost = (1 + _EXCHANGE * math.log2(options.gpus)) / options.gpus
    faster = _FP8 if known.fp8 and card.fp8 else 1.0
    per_prompt = lost * 2 * known.active / (_COMPUTE * card.rate * faster)
    seconds_per_byte = lost / (_READ * card.bandwidth)
    return Physics(
        per_prompt=per_prompt,
        base=known.weights * seconds_per_byte + _LAUNCH,
        per_request=_HIDDEN * per_prompt,
        per_cached=kv * seconds_per_byte,
        blocks=_blocks(options, card, known, kv),
        max_num_seqs=options.max_num_seqs or (1024 if card.large_batches else 256),
        max_num_batched_tokens=options.max_num_batched_tokens or (8192 if card.large_batches else 2048),
        max_model_len=options.max_model_len or DEFAULT_LENGTH,
        gpu_memory_utilization=options.gpu_memory_utilization,
        cache_dtype=options.kv_cache_dtype,
    )


def _blocks(options: Options, card: Gpu, known: Model, kv: float) -> int:
    """Return the blocks of KV cache; none where the weights alone do not fit."""
    overhead = card.overhead + (_EXPERTS if known.experts else 0)
    room = (card.memory * options.gpu_memory_utilization - overhead) * options.gpus - known.weights
    copies = options.gpus if known.latent else 1
    return max(0, int(room / kv / copies) // BLOCK)
