"""Runs of steps in which nothing but decoding happens: how long they last, how many blocks they take. Pure.

The first step of a run lasts ``first`` seconds, and each one ``growth`` longer than the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from infra.local.cloud.engine.physics import BLOCK


def lasting(count: int, first: float, growth: float) -> float:
    """Return the seconds that so many steps take."""
    return count * (first + growth * (count - 1) / 2)


def within(seconds: float, first: float, growth: float) -> int:
    """Return how many steps end within so many seconds."""
    linear = first - growth / 2
    # The root of growth / 2 x n x n + linear x n = seconds, in the form that survives a growth of nothing.
    count = int(2 * seconds / (linear + sqrt(linear * linear + 2 * growth * seconds)))
    while lasting(count, first, growth) > seconds:
        count -= 1
    while lasting(count + 1, first, growth) <= seconds:
        count += 1
    return count


def fitting(count: int, first: float, growth: float, event: float, until: float) -> int:
    """Return how many of these steps are taken: to the end of the one in which an event falls, all ended ``until``."""
    took = lasting(count, first, growth)
    if took <= event and took <= until:
        return count
    if event < until:
        reached = within(event, first, growth) if event > 0 else 0
        reached += lasting(reached, first, growth) < event
        if lasting(reached, first, growth) <= until:
            return min(count, reached)
    return min(count, within(until, first, growth)) if until > 0 else 0


def affordable(count: int, decoding: int, free: int, due: Sequence[int], step: int) -> int:
    """Return for how many of these steps there are enough free blocks, from this step on."""
    if decoding * (count // BLOCK + 1) <= free:
        return count
    rounds, left = divmod(free, decoding)
    found = rounds * BLOCK
    for ahead in range(BLOCK):
        left -= due[(step + ahead) % BLOCK]
        if left < 0:
            break
        found += 1
    return min(count, found)


def blocks(count: int, decoding: int, due: Sequence[int], step: int) -> int:
    """Return how many blocks so many steps take: each request one in 16 steps, in its own turn."""
    rounds, rest = divmod(count, BLOCK)
    return decoding * rounds + sum(due[(step + ahead) % BLOCK] for ahead in range(rest))
