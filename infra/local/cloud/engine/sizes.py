"""GPUs and models as far as a model server's speed and memory hang on them. The judge's own small table.

GPUs: the memory that the driver reports, and the makers' figures for memory bandwidth and dense bf16 arithmetic.
Models: parameters from the model cards; bytes of KV cache per token are 2 x layers x KV heads x head size x 2 bytes,
all layers counted. A model that is not listed is guessed from the size in its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_MIB = 2**20


@dataclass(frozen=True)
class Gpu:
    """One accelerator."""

    memory: float
    """Bytes."""
    bandwidth: float
    """Bytes per second from its memory."""
    rate: float
    """Dense bf16 operations per second."""
    fp8: bool = True
    """Whether it computes in fp8."""
    large_batches: bool = True
    """Whether vLLM takes the larger of its two defaults for batches: at least 70 GiB, and no A100."""
    overhead: float = 2 * 2**30
    """Bytes for activations and buffers."""


GPUS: dict[str, Gpu] = {
    "nvidia-l4": Gpu(23_034 * _MIB, 300e9, 121e12, large_batches=False, overhead=1.5 * 2**30),
    "nvidia-tesla-a100": Gpu(40_960 * _MIB, 1_555e9, 312e12, fp8=False, large_batches=False),
    "nvidia-a100-80gb": Gpu(81_920 * _MIB, 2_039e9, 312e12, fp8=False, large_batches=False),
    "nvidia-h100-80gb": Gpu(81_559 * _MIB, 3_350e9, 989e12),
    "nvidia-h100-mega-80gb": Gpu(81_559 * _MIB, 3_350e9, 989e12),
    "nvidia-h200-141gb": Gpu(143_771 * _MIB, 4_800e9, 989e12),
    "nvidia-b200": Gpu(183_359 * _MIB, 8_000e9, 2_250e12),
    "nvidia-gb200": Gpu(189_471 * _MIB, 8_000e9, 2_500e12),
    "tpu-v5-lite-podslice": Gpu(16_384 * _MIB, 819e9, 197e12, fp8=False, large_batches=False),
    "tpu-v6e-slice": Gpu(32_768 * _MIB, 1_640e9, 918e12, fp8=False, large_batches=False),
}
"""By the name that GKE has for the accelerator type."""
UNKNOWN = GPUS["nvidia-h100-80gb"]


@dataclass(frozen=True)
class Model:
    """One model as its weights are published."""

    active: float
    """Parameters that one token passes through."""
    weights: float
    """Bytes of all weights."""
    kv: float
    """Bytes of KV cache per token, 16 bit."""
    experts: bool = False
    """Whether it is a mixture of experts."""
    fp8: bool = False
    """Whether its weights are 8 bit."""
    latent: bool = False
    """Whether every GPU of a tensor parallel group keeps the whole KV cache, as with DeepSeek's latent attention."""


def _dense(billions: float, gigabytes: float, kv: int) -> Model:
    return Model(billions * 1e9, gigabytes * 1e9, kv)


def _mixture(active: float, gigabytes: float, kv: int, *, fp8: bool = False) -> Model:
    return Model(active * 1e9, gigabytes * 1e9, kv, experts=True, fp8=fp8)


MODELS: dict[str, Model] = {
    "llama-3-8b": _dense(8.03, 16.1, 131_072),
    "llama-3.1-8b": _dense(8.03, 16.1, 131_072),
    "llama-3-70b": _dense(70.6, 141, 327_680),
    "llama-3.1-70b": _dense(70.6, 141, 327_680),
    "llama-3.3-70b": _dense(70.6, 141, 327_680),
    "llama-3.1-405b": replace(_dense(405, 410, 516_096), fp8=True),
    "llama-4-scout": _mixture(17, 217, 196_608),
    "llama-4-maverick": _mixture(17, 402, 196_608, fp8=True),
    "gemma-2-9b": _dense(9.24, 18.5, 344_064),
    "gemma-2-27b": _dense(27.2, 54.5, 376_832),
    "gemma-3-4b": _dense(4.3, 8.6, 139_264),
    "gemma-3-12b": _dense(12.2, 24.4, 393_216),
    "gemma-3-27b": _dense(27.4, 54.9, 507_904),
    "gpt-oss-20b": _mixture(3.6, 13.8, 49_152),
    "gpt-oss-120b": _mixture(5.1, 65.3, 73_728),
    "deepseek-v3": replace(_mixture(37, 689, 70_272, fp8=True), latent=True),
    "deepseek-r1": replace(_mixture(37, 689, 70_272, fp8=True), latent=True),
    "qwen2.5-7b": _dense(7.6, 15.2, 57_344),
    "qwen2.5-32b": _dense(32.8, 65.5, 262_144),
    "qwen2.5-72b": _dense(72.7, 145, 327_680),
    "qwen3-8b": _dense(8.2, 16.4, 147_456),
    "qwen3-32b": _dense(32.8, 65.5, 262_144),
    "qwen3-30b-a3b": _mixture(3.3, 61, 98_304),
    "qwen3-235b": _mixture(22, 236, 192_512, fp8=True),
    "mistral-7b": _dense(7.25, 14.5, 131_072),
    "mistral-nemo": _dense(12.2, 24.5, 163_840),
    "mistral-small-24b": _dense(23.6, 48, 163_840),
    "mixtral-8x7b": _mixture(12.9, 93, 131_072),
    "mixtral-8x22b": _mixture(39, 281, 229_376),
}
"""By a part of the Hugging Face id, in lower case."""
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z0-9])")
_KV_EXPONENT = 0.42
"""KV bytes per token grow so with the parameters: from 131,072 at 8b to 327,680 at 70b."""


def model(name: str, quantization: str = "") -> Model:
    """Return what is known of a model by its id or path, its weights as they are quantized."""
    low = name.lower()
    found = [key for key in MODELS if key in low]
    made = MODELS[max(found, key=len)] if found else _guessed(low)
    how = f"{low} {quantization.lower()}"
    if "fp8" in how and not made.fp8:
        return replace(made, weights=made.weights / 2, fp8=True)
    if any(word in how for word in ("awq", "gptq", "int4", "w4a16")):
        return replace(made, weights=made.weights * 0.3)
    return made


def _guessed(low: str) -> Model:
    sizes = _SIZE.findall(low)
    billions = float(sizes[-1]) if sizes else 8.0
    return Model(billions * 1e9, billions * 2e9, 131_072 * (billions / 8) ** _KV_EXPONENT)
