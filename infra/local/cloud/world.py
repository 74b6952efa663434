"""Virtual time and chance. The world jumps to the next thing on its agenda only when nobody is at work."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import logging
import random
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.cloud.faults import Faults
from infra.local.cloud.tap import Tap

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
        """Virtual seconds per wall second while nobody is at work; None jumps at once."""
        self.paused = False
        self.stepping = False
        """Whether time jumps, whatever its speed, until a step is done."""
        self.faults = Faults()
        self.tap = Tap()
        self.in_flight = 0
        self.mishaps: list[str] = []
        """What broke on the agenda: mistakes of this cloud's own, one trace each."""
        self._agenda: list[Entry] = []
        self._since: float | None = None
        """Wall time from which on the clock runs by its speed; None while it stands still."""
        self._count = itertools.count()
        self._taken = 0
        self._awaken()

    def _awaken(self) -> None:
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = False

    def __getstate__(self) -> dict[str, Any]:
        passing = {"_quiet", "_changed", "_tasks", "_held", "tap"}
        agenda = sorted(entry for entry in self._agenda if not entry.cancelled)
        return {name: value for name, value in vars(self).items() if name not in passing} | {"_agenda": agenda}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.tap = Tap()
        self._awaken()

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
        self.sync()
        return self.at(self.now + delay, what)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold time still while a request, a delivery or a task is under way."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that holds time still until it has ended."""
        # Busy from this very moment: the task's own first step may come after the runner looked.
        self._begin()
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._end()

    def _begin(self) -> None:
        self.sync()
        self._since = None
        self.in_flight += 1
        self._quiet.clear()

    def _end(self) -> None:
        self.in_flight -= 1
        if not self.in_flight:
            self._quiet.set()
            if self.speed is not None:
                self._changed.set()  # the clock runs again

    def sync(self) -> None:
        """Read the clock where it runs by its speed: bring ``now`` to this moment."""
        if self._since is not None and self.speed is not None:
            wall = time.monotonic()
            reached = self.now + timedelta(seconds=(wall - self._since) * self.speed)
            self.now, self._since = min(reached, self._agenda[0].at if self._agenda else reached), wall

    async def run(self) -> None:
        """Live: take the next thing from the agenda whenever all is quiet, for ever."""
        while True:
            await self._quiet.wait()
            if self._held or self.paused or not self._agenda:
                self._changed.clear()
                await self._changed.wait()
                continue
            await self._advance()

    async def _advance(self) -> None:
        entry = self._agenda[0]
        if not entry.cancelled and self.speed is not None and not self.stepping and entry.at > self.now:
            await self._run_towards(entry, self.speed)
            return
        entry = heapq.heappop(self._agenda)
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

    async def _run_towards(self, entry: Entry, speed: float) -> None:
        """Let the clock run until the next thing is due, or until somebody comes to work or changes the agenda."""
        self._changed.clear()
        self._since = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), (entry.at - self.now).total_seconds() / speed)
        self.sync()
        self._since = None

    def pause(self, *, on: bool = True) -> None:
        """Stop or go on with time; requests are answered either way."""
        self.sync()
        self.paused, self.stepping = on, False
        self._changed.set()

    def hold(self) -> None:
        """Begin nothing more in this process; a world that is kept and brought back goes on as it was."""
        self.sync()
        self._held = True
        self._changed.set()

    def set_speed(self, speed: float | None) -> None:
        """Let time run so many virtual seconds a second, or jump with None."""
        self.sync()
        self.speed = speed
        self._changed.set()

    def step(self, delay: timedelta) -> None:
        """Let so much time pass as fast as it can, then pause."""
        self.sync()
        self.after(delay, self.pause)
        self.paused, self.stepping = False, True
        self._changed.set()
