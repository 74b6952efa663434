"""How long requests wait for a place: the queues in front of a server, by approximations that textbooks give.

capacity.py adds these waits to what a request takes by itself. A single place is an M/G/1 queue of requests whose
lengths vary as much as their mean; for many places Sakasegawa's formula estimates the chance to wait at all,
used ** (sqrt(2 (places + 1)) - 1), and who waits does so for service / (places (1 - used)) on the mean, exponentially.
"""

from __future__ import annotations

import math

CEILING = 600.0
"""Seconds: a wait that grows without bound is given as this."""
_TAIL = 0.05


def wait(service: float, used: float, places: float) -> tuple[float, float]:
    """Return the mean wait, and by how much its 95th percentile exceeds it, with so many places so much in use."""
    if used >= 1.0:
        return CEILING, 0.0
    chance = used ** max(1.0, math.sqrt(2.0 * (places + 1.0)) - 1.0)
    each = service / (places * (1.0 - used))
    mean = chance * each
    return mean, max(0.0, each * math.log(chance / _TAIL) - mean) if chance > _TAIL else 0.0
