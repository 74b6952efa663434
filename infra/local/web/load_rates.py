"""How many requests per second model servers bear, so that a load can be asked for as a share of that. Pure.

A step takes base + per_request x running + per_cached x cached tokens, and per_prompt for each prompt token in it. At a
rate r every request brings ``work`` seconds of its own: its prompt, and its part of each of its steps. So a step lasts
base / (1 - r x work), and r x output x step requests run at once (Little). A server bears the rate at which as many run
as fit: into its KV cache with their mean context, and into its batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.local.cloud.engine.physics import Physics

SIGMA = 0.8
"""Spread of the lengths, which are log-normal."""
_LONGER = (1 + math.exp(SIGMA * SIGMA)) / 2
"""Long answers run for longer, so the mean answer in the cache is half of this times the mean answer."""
_LARGEST = 3 / 4
"""Share of what a server takes at all that one prompt or answer may have."""
_USUAL = 0.4
"""Share of it that a mean prompt may have: the longest are several times as long."""


@dataclass(frozen=True)
class Lengths:
    """Mean tokens of prompts and answers."""

    prompt: float
    output: float


def longest(physics: Physics) -> int:
    """Return to how many tokens each way requests are cut, so that hardly any is refused as too long."""
    return int(min(physics.max_model_len, physics.tokens) * _LARGEST)


def fitted(lengths: Lengths, physics: Physics) -> Lengths:
    """Return the lengths with a mean prompt that the server takes."""
    most = min(physics.max_model_len, physics.tokens) * _USUAL
    return Lengths(min(lengths.prompt, max(1.0, most)), lengths.output)


def bears(physics: Physics, lengths: Lengths) -> float:
    """Return the requests per second that one server bears for good; 0 where the model does not even fit."""
    context = lengths.prompt + lengths.output * _LONGER
    running = min(physics.max_num_seqs, physics.tokens / context)
    work = lengths.prompt * physics.per_prompt + lengths.output * (physics.per_request + physics.per_cached * context)
    return running / (lengths.output * physics.base + running * work)
