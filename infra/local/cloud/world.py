"""Virtual time and chance. The world jumps to the next thing on its agenda only when nobody is at work."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.cloud.faults import Faults

_LOG = logging.getLogger(__name__)
BREATH_EVERY, BREATH = 20, 0.001
"""After so many things off the agenda the loop sleeps so many wall seconds.

Each look at the sockets lets go of Python's lock for too short a time for a waiting thread to take it, and begins that
thread's patience anew: a world that runs free would starve the very clients who could hold it still.
"""
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(order=True)
class Entry:
    """One thing on the agenda; ``cancel`` takes it off."""

    at: datetime
    order: int
    what: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Make sure that this never happens."""
        self.cancelled = True


class World:
    """The clock, the agenda, the dice and the faults that every simulated service shares."""

    def __init__(self, seed: int = 0, start: datetime = START, speed: float | None = None) -> None:
        self.now = start
        self.seed = seed
        self.speed = speed
        """Virtual seconds per wall second; None jumps at once."""
        self.paused = False
        self.faults = Faults()
        self.in_flight = 0
        self.mishaps: list[str] = []
        """What broke on the agenda: mistakes of this cloud's own, one trace each."""
        self._agenda: list[Entry] = []
        self._count = itertools.count()
        self._taken = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def dice(self, purpose: str) -> random.Random:
        """Return a source of chance for one purpose: what else is drawn never moves it."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311 - a simulation, not a secret

    def at(self, when: datetime, what: Callable[[], None]) -> Entry:
        """Put a thing on the agenda; a time that has passed means now."""
        entry = Entry(max(when, self.now), next(self._count), what)
        heapq.heappush(self._agenda, entry)
        self._changed.set()
        return entry

    def after(self, delay: timedelta, what: Callable[[], None]) -> Entry:
        """Put a thing on the agenda, so much later than now."""
        return self.at(self.now + delay, what)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold time still while a request, a delivery or a task is under way."""
        self.in_flight += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._quiet.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that holds time still until it has ended."""
        # Busy from this very moment: the task's own first step may come after the runner looked.
        self.in_flight += 1
        self._quiet.clear()
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.in_flight -= 1
        if not self.in_flight:
            self._quiet.set()

    async def run(self) -> None:
        """Live: take the next thing from the agenda whenever all is quiet, for ever."""
        while True:
            await self._quiet.wait()
            if self.paused or not self._agenda:
                self._changed.clear()
                await self._changed.wait()
                continue
            await self._advance()

    async def _advance(self) -> None:
        entry = self._agenda[0]
        if not entry.cancelled and self.speed is not None and entry.at > self.now:
            self._changed.clear()
            wait = (entry.at - self.now).total_seconds() / self.speed
            begun = asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                pass
            else:
                slept = asyncio.get_running_loop().time() - begun
                self.now = min(entry.at, self.now + timedelta(seconds=slept * self.speed))
                return
        entry = heapq.heappop(self._agenda)  # which may be one that came while the wait was ending
        if not entry.cancelled:
            self.now = max(self.now, entry.at)
            try:
                entry.what()
            except Exception:  # noqa: BLE001 - logged with its trace
                # A mistake in one service must not stop the clock for all others.
                _LOG.exception("something on the agenda broke")
                self.mishaps.append(traceback.format_exc())
        self._taken += 1
        await asyncio.sleep(0 if self._taken % BREATH_EVERY else BREATH)

    def pause(self, *, on: bool = True) -> None:
        """Stop or go on with time; requests are answered either way."""
        self.paused = on
        self._changed.set()
