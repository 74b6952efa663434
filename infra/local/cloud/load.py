"""Clients of the served models: streams of requests to Gateways, each with its own rate and lengths.

The agenda has one entry a tick while streams run or clients wait, and none otherwise. A tick draws the arrivals of the
time since the last one, sends each by its exact time to the model server that the Gateway picks, and lets all servers
work up to now. Ticks are a second apart, or less when many requests come, so that none holds the world up for long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from infra.local.cloud.engine.request import Outcome, Request
from infra.local.cloud.kube.controllers import Controllers
from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.controllers.ways import OK, Way
from infra.local.cloud.load_shapes import Asked, Mark, Shape, length
from infra.local.cloud.world import Entry, World

TICK = 1.0
_MOST_A_TICK, _SHORTEST = 100, 0.05
WINDOW = 30.0
"""Seconds over which it is shown where requests went."""


@dataclass(frozen=True)
class Stream:
    """What some clients ask. They are in the region of the address, and speak to the proxies there."""

    model: str
    """The name that the servers answer to."""
    marks: tuple[Mark, ...] = ()
    """The load over time; its arrivals are random and independent. Or:"""
    requests: tuple[Asked, ...] = ()
    """Exact requests, in the order of their times."""
    address: str = ""
    """A Gateway's address. Or:"""
    gateway: str = ""
    """``namespace/name`` of a Gateway that has an address in:"""
    region: str = ""
    sigma: float = 0.8
    """Spread of the lengths, which are log-normal; 0: all are equal."""
    longest: int = 16_384
    """Lengths are cut to this, in tokens each way."""
    repeat: bool = False
    """Whether the marks begin anew after the last one."""
    minutes: float | None = None
    """After how long it ends by itself; None: when all exact requests are sent, or never."""


class Tally:
    """What became of a stream's requests."""

    def __init__(self) -> None:
        self.sent = 0
        self.refused: Counter[int] = Counter()
        """By HTTP status; 0 for no answer at all."""
        self.outcomes: Counter[Outcome] = Counter()
        self._windows: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._since = 0.0

    def ended(self, request: Request, outcome: Outcome) -> None:
        """Hear how a request ended that a server had taken."""
        del request
        self.outcomes[outcome] += 1

    def went(self, at: float, status: int, region: str) -> None:
        """Note where a request went, and how it was taken there."""
        self.sent += 1
        self._turn(at)
        if status == OK:
            self._windows[1][region] += 1
        else:
            self.refused[status] += 1

    def regions(self, at: float) -> dict[str, int]:
        """Return how many requests each region took in the last window that is over."""
        self._turn(at)
        return dict(sorted(self._windows[0].items()))

    @property
    def in_flight(self) -> int:
        """How many clients wait for their answer."""
        return self.sent - self.refused.total() - self.outcomes.total()

    def _turn(self, at: float) -> None:
        if at >= self._since + WINDOW:
            late = at >= self._since + 2 * WINDOW
            self._windows = (Counter() if late else self._windows[1], Counter())
            self._since = at - at % WINDOW


class _Run:
    """A stream that runs since ``begun``, on the clock of the model servers."""

    def __init__(self, stream: Stream, begun: float, dice: Random) -> None:
        self.stream, self.tally = stream, Tally()
        self._begun, self._dice = begun, dice
        self._shape = Shape(stream.marks, repeat=stream.repeat) if stream.marks else None
        self._next = 0
        self._left = dice.expovariate(1)
        """How much of the integral of the rate is left before the next arrival."""

    def rate(self, now: float) -> float:
        """Return the requests per second that are wanted now."""
        if self._shape:
            return self._shape.at((now - self._begun) / 60).rate
        reached = self._next
        while reached < len(self.stream.requests) and self.stream.requests[reached].at < now - self._begun + TICK:
            reached += 1
        return (reached - self._next) / TICK

    @property
    def ends(self) -> float | None:
        """When it ends by itself, where that is set."""
        return None if self.stream.minutes is None else self._begun + self.stream.minutes * 60

    def over(self, now: float) -> bool:
        """Say whether its time is over, or all exact requests have been sent."""
        late = self.ends is not None and now >= self.ends
        return late or (self._shape is None and self._next == len(self.stream.requests))

    def arrivals(self, since: float, until: float) -> Iterator[tuple[float, int, int]]:
        """Yield when requests came in this time, and how long they are."""
        if self._shape is None:
            yield from self._exact(until)
            return
        stream, at = self.stream, since
        mark = self._shape.at(((since + until) / 2 - self._begun) / 60)
        while mark.rate and at + self._left / mark.rate < until:
            at += self._left / mark.rate
            self._left = self._dice.expovariate(1)
            prompt = length(self._dice, mark.prompt, stream.sigma, stream.longest)
            yield at, prompt, length(self._dice, mark.output, stream.sigma, stream.longest)
        self._left -= (until - at) * mark.rate

    def _exact(self, until: float) -> Iterator[tuple[float, int, int]]:
        asked = self.stream.requests
        while self._next < len(asked) and self._begun + asked[self._next].at < until:
            one = asked[self._next]
            self._next += 1
            yield self._begun + one.at, one.prompt, one.output


class Load:
    """All streams. Its methods are called inside the cloud's loop."""

    def __init__(self, world: World, controllers: Controllers) -> None:
        self._world, self._controllers = world, controllers
        self._engines, self._ways = controllers.engines, controllers.ways
        self._runs: dict[str, _Run] = {}
        self._done: dict[str, Tally] = {}
        self._entry: Entry | None = None
        self._last = 0.0

    def start(self, name: str, stream: Stream) -> None:
        """Begin a stream. ValueError when one of this name runs, or when it says too little or too much."""
        if name in self._runs:
            raise ValueError(f"the stream {name} runs already")
        if bool(stream.marks) == bool(stream.requests):
            raise ValueError("a stream has either marks or exact requests")
        if bool(stream.address) == bool(stream.gateway and stream.region):
            raise ValueError("a stream is aimed at an address, or at a Gateway and a region")
        self._world.sync()
        self._settle()
        self._runs[name] = _Run(stream, self._engines.now, self._world.dice(f"load/{name}"))
        self._done.pop(name, None)
        self._plan()

    def stop(self, name: str) -> None:
        """End a stream; who waits for an answer still gets it. ValueError when none of this name runs."""
        if name not in self._runs:
            raise ValueError(f"no stream {name} runs")
        self._world.sync()
        self._settle()
        self._done[name] = self._runs.pop(name).tally

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return what each stream does, and what became of its requests, for a page."""
        now = self._engines.now
        running = {name: (run.tally, run.rate(now)) for name, run in self._runs.items()}
        ended = {name: (tally, 0.0) for name, tally in self._done.items()}
        return {
            name: {
                "runs": name in running,
                "ends": self._runs[name].ends if name in running else None,
                "aim": self._aim(self._runs[name].stream) if name in running else "",
                "rate": round(rate, 3),
                "sent": tally.sent,
                "served": tally.outcomes["served"],
                "gave up": tally.outcomes["gave up"],
                "lost": tally.outcomes["lost"],
                "refused": {str(status): count for status, count in sorted(tally.refused.items())},
                "waiting": tally.in_flight,
                "regions": tally.regions(now),
            }
            for name, (tally, rate) in sorted({**ended, **running}.items())
        }

    def _plan(self) -> None:
        """Put the next tick on the agenda while there is anything to do."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        self._engines.known_until = self._last if self._runs else None
        if self._runs or self._engines.busy:
            rate = sum(run.rate(self._engines.now) for run in self._runs.values())
            pause = max(_SHORTEST, min(TICK, _MOST_A_TICK / rate)) if rate else TICK
            self._entry = self._world.at(self._world.now + timedelta(seconds=pause), self._tick)

    def _tick(self) -> None:
        self._entry = None
        try:
            self._settle()
        finally:
            for name in [name for name, run in self._runs.items() if run.over(self._engines.now)]:
                self._done[name] = self._runs.pop(name).tally
            self._plan()

    def _settle(self) -> None:
        """Send all that came since the last tick, and let the servers work up to now."""
        now, last = self._engines.now, self._last
        self._last = now
        arrivals = [(*one, run) for run in self._runs.values() for one in run.arrivals(last, now)]
        arrivals.sort(key=lambda one: one[0])
        ways = {run: self._way(run.stream) for run in self._runs.values()}
        for at, prompt, output, run in arrivals:
            way = ways[run]
            if isinstance(way, Way):
                status, region = way.send(run.stream.model, at, prompt, output, run.tally)
            else:
                status, region = way, ""
            run.tally.went(at, status, region)
        self._engines.known_until = now
        self._engines.advance()

    def _aim(self, stream: Stream) -> str:
        """Return the address that a stream's requests go to; empty while there is none."""
        return stream.address or self._ways.address(stream.gateway, stream.region) or ""

    def _way(self, stream: Stream) -> Way | int:
        """Return the way of a stream's requests, or the HTTP status that each of them gets; 0: none."""
        address = self._aim(stream)
        found = self._ways.way(address) if address else NoAnswer.SILENCE
        if isinstance(found, Way):
            return found
        return found.status if isinstance(found, Answer) else 0
