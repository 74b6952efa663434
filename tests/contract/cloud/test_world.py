"""The agenda of virtual time: whatever is put on it happens once, also where time runs at a speed."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from infra.local.cloud.world import World

SPEED = 1000.0
TURNS = 300
STAGGER = 2e-6
"""Wall seconds by which each arrival is later than the one before: some of them meet the very end of a wait."""


def test_what_comes_while_a_wait_is_ending_happens_once_as_does_what_was_waited_for() -> None:
    async def told() -> Counter[str]:
        world, happened = World(speed=SPEED), Counter[str]()
        running, loop = asyncio.ensure_future(world.run()), asyncio.get_running_loop()

        def put(name: str, virtual: float) -> None:
            world.after(timedelta(seconds=virtual), lambda: happened.update([name]))

        for turn in range(TURNS):
            put(f"awaited {turn}", 1)
            loop.call_later(1 / SPEED + turn * STAGGER, put, f"newcomer {turn}", 0)
            await asyncio.sleep(4 / SPEED)
        for _ in range(3000):
            if len(happened) == 2 * TURNS:
                break
            await asyncio.sleep(0.01)
        running.cancel()
        return happened

    counted = asyncio.run(told())
    assert (len(counted), set(counted.values())) == (2 * TURNS, {1})
