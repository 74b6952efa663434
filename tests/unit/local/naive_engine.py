"""The same engine, written the slow way: every step by itself, every token by itself. A judge of the fast one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from infra.local.cloud.engine.physics import BLOCK, Physics


@dataclass(eq=False)
class One:
    arrived: float
    prompt: int
    output: int
    made: int = 0
    computed: int = 0
    """Tokens whose KV is held."""
    goal: int = 0
    """Tokens to compute before the next one is made."""
    first: float = -1.0
    end: float = -1.0

    @property
    def decoding(self) -> bool:
        return self.computed >= self.goal


def blocks(tokens: int) -> int:
    return -(-tokens // BLOCK)


def held(one: One) -> int:
    """A prompt's blocks are taken at once."""
    return blocks(max(one.computed, one.goal))


def serve(physics: Physics, requests: list[One]) -> int:
    """Serve all of them; return how often one was thrown out."""
    now, thrown = 0.0, 0
    coming, waiting, running = deque(requests), deque[One](), list[One]()
    while coming or waiting or running:
        if not waiting and not running:
            now = max(now, coming[0].arrived)
        while coming and coming[0].arrived <= now:
            waiting.append(coming.popleft())
        short = False
        while _free(physics, running) < _needed(running):
            latest = running.pop()
            latest.computed = latest.goal = 0
            waiting.appendleft(latest)
            thrown, short = thrown + 1, True
        if not short:
            _admit(physics, waiting, running)
        now = _step(physics, running, now)
    return thrown


def _free(physics: Physics, running: list[One]) -> int:
    return physics.blocks - sum(held(one) for one in running)


def _needed(running: list[One]) -> int:
    return sum(1 for one in running if one.decoding and one.computed % BLOCK == 0)


def _admit(physics: Physics, waiting: deque[One], running: list[One]) -> None:
    planned = sum(1 if one.decoding else one.goal - one.computed for one in running)
    while waiting and planned < physics.max_num_batched_tokens and len(running) < physics.max_num_seqs:
        goal = waiting[0].prompt + waiting[0].made
        if blocks(goal) > _free(physics, running) - _needed(running):
            return
        one = waiting.popleft()
        one.goal, planned = goal, planned + goal
        running.append(one)


def _step(physics: Physics, running: list[One], now: float) -> float:
    decoders = [one for one in running if one.decoding]
    budget, prompt = physics.max_num_batched_tokens - len(decoders), 0
    cached = sum(one.computed for one in decoders)
    for one in running:
        if not one.decoding and budget:
            part = min(budget, one.goal - one.computed)
            one.computed += part
            budget, prompt = budget - part, prompt + part
            if one.decoding:
                one.made += 1
    now += physics.step(len(running), cached, prompt)
    for one in decoders:
        one.made += 1
        one.computed += 1
    for one in tuple(running):
        if one.decoding and one.first < 0:
            one.first = now
        if one.decoding and one.made >= one.output:
            one.end = now
            running.remove(one)
    return now
