"""Chaos over the wires: instances are killed while they work, messages come twice and late, answers are lost.

It sees every exchange before it is answered, so that it can kill whoever made it between the effect and the answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from infra.local.chaos_effects import effect
from infra.local.chaos_instances import Instances
from infra.local.chaos_people import Persistent
from infra.local.chaos_plan import TARGETS, Mishap, Strike, mishaps, strikes
from infra.local.cloud.tap import Tap
from infra.local.host import LONGEST, PATIENCE, Host
from shared.domain.topics import SUBSCRIBERS

LOOK = 0.002
"""Wall seconds between two looks whether a delivery has come in."""
CHAOS_TAKES = 3
"""How much more of the cloud's time a wait may take: redeliveries are put off, claims run out, people try again."""
BLINK = timedelta(seconds=20)
NO_ANSWER = "no answer"


class RoughHost(Host):
    """A try-out whose instances may be killed, with people who try again."""

    def __init__(self, seed: int, instances: Instances) -> None:
        super().__init__(seed, apart=instances)
        self.instances = instances
        self.people: Persistent = Persistent(self.cloud.slack, self.cloud.server, self._moment)

    def wait(self, until: Callable[[], bool], limit: timedelta = LONGEST, patience: float = PATIENCE) -> bool:
        """Wait as the story does, with more patience."""
        return super().wait(until, limit * CHAOS_TAKES, patience)

    @property
    def places(self) -> dict[str, str]:
        """Return ``host:port`` -> the target that listens there."""
        return {url.removeprefix("http://"): target for target, url in self._urls.items()}

    def _moment(self) -> None:
        end = self.cloud.world.now + BLINK
        self.wait(lambda: self.cloud.world.now >= end)


@dataclass(frozen=True)
class Kill:
    """One instance that was ended in the midst of its work."""

    at: datetime
    target: str
    how: str
    in_flight: int
    """Deliveries, clicks or commands that it had not answered."""

    def __str__(self) -> str:
        lost = f"{self.in_flight} in flight" if self.in_flight else "idle"
        return f"[{self.at:%H:%M:%S}] killed {self.target} {self.how} ({lost})"


@dataclass
class _Lane:
    """What awaits one target next."""

    target: str
    strikes: Iterator[Strike]
    strike: Strike
    left: int
    """Effects until it strikes, or the number of the delivery after which it does."""
    delay: float = 0.0
    armed: bool = False


class Chaos:
    """Strikes from ``begin`` to ``end``, on a host that has started. ``say`` is told a line for each kill."""

    def __init__(self, host: RoughHost, say: Callable[[str], None] = lambda _: None) -> None:
        self.kills: list[Kill] = []
        self.broken: Counter[str] = Counter()
        """Target -> deliveries that ended without an answer."""
        self.history: list[str] = []
        """All that was done to the product, a line each."""
        self._host, self._world, self._say = host, host.cloud.world, say
        self._mishaps = mishaps(self._world.dice("chaos/mishaps"))
        self._lanes: dict[str, _Lane] = {}
        self._next: tuple[int, Mishap] | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def __enter__(self) -> Self:
        self._host.cloud.server.run(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._host.cloud.server.run(self._end)

    def _begin(self) -> None:
        self._world.tap = _Witness(self._met)
        for target in TARGETS:
            lane = _Lane(target, strikes(self._world.dice(f"chaos/{target}"), target), Strike(0), 0)
            self._lanes[target] = lane
            self._turn(lane)
        self._task = asyncio.ensure_future(self._watch())

    def _end(self) -> None:
        self._over = True
        faults = self._world.faults
        for kind in (faults.duplicate, faults.late, faults.answer_lost, faults.rate_limited):
            kind.clear()
        if self._task:
            self._task.cancel()

    # Looking ---------------------------------------------------------------------------------------------

    def begun(self, target: str) -> int:
        """Return how many invocations of a target have come in."""
        if target == "bot":
            return self._host.people.asked
        return self._count("push", target)

    def in_flight(self, target: str) -> int:
        """Return how many of them have not been answered."""
        if target == "bot":
            return self._host.people.asked - self._host.people.answered
        return self._count("push", target) - self._count("ack", target) - self._count("nack", target)

    def _count(self, kind: str, target: str) -> int:
        topics = (topic for topic, targets in SUBSCRIBERS.items() if target in targets)
        return sum(self._host.cloud.pubsub.counts[f"{kind}/{topic}-{target}"] for topic in topics)

    async def _watch(self) -> None:
        """See deliveries come in, and let go wrong what is next."""
        loop = asyncio.get_running_loop()
        while True:
            for lane in self._lanes.values():
                waits = lane.strike.delay is not None and not lane.armed
                if waits and self.begun(lane.target) >= lane.left:
                    lane.armed = True
                    loop.call_later(lane.delay, self._after_delay, lane)
            self._let_go_wrong()
            await asyncio.sleep(LOOK)

    def _met(self, service: str, what: str, way: tuple[str, str], status: str, request: Any) -> None:
        """Meet one exchange, before it is answered."""
        if status == NO_ANSWER:
            self.broken[self._host.places.get(way[1], way[1])] += 1
        found = effect(service, what, request) if status == "OK" or status.startswith("2") else None
        if self._over or found is None:
            return
        target, done = found
        lane = self._lanes[target]
        # Nobody at work there: it was another who sent what the writer had not lived to send.
        if lane.strike.delay is not None or not self.in_flight(target):
            return
        lane.left -= 1
        if lane.left <= 0:
            self._kill(lane, f"as it had just {done}")

    # Striking --------------------------------------------------------------------------------------------

    def _turn(self, lane: _Lane) -> None:
        """Turn to the next strike."""
        lane.strike, lane.armed = next(lane.strikes), False
        lane.left = lane.strike.count + (0 if lane.strike.delay is None else self.begun(lane.target))
        lane.delay = lane.strike.delay or 0.0

    def _after_delay(self, lane: _Lane) -> None:
        if self._over:
            return
        if self.in_flight(lane.target):
            self._kill(lane, f"{lane.delay * 1000:.0f} ms after something came in")
        else:  # it was faster: the next one, then, and sooner
            lane.left, lane.delay, lane.armed = self.begun(lane.target) + 1, lane.delay / 2, False

    def _kill(self, lane: _Lane, how: str) -> None:
        kill = Kill(self._world.now, lane.target, how, self.in_flight(lane.target))
        self._host.instances.kill(lane.target)
        self.kills.append(kill)
        self.history.append(str(kill))
        self._say(f"  {kill}")
        self._turn(lane)

    def _let_go_wrong(self) -> None:
        pushed = self._host.cloud.pubsub.counts["push"]
        if self._next is None:
            mishap = next(self._mishaps)
            self._next = (pushed + mishap.after, mishap)
        due, mishap = self._next
        if pushed < due:
            return
        self._next, faults = None, self._world.faults
        if mishap.kind == "late":
            faults.late.clear()  # one topic at a time, until the next
            faults.late[mishap.key] = mishap.amount
        else:
            getattr(faults, mishap.kind)[mishap.key] += int(mishap.amount)
        self.history.append(f"[{self._world.now:%H:%M:%S}] {mishap.kind} {mishap.key}: {mishap.amount:g}")


class _Witness(Tap):
    """A tap that shows each exchange to somebody before it is answered."""

    def __init__(self, met: Callable[[str, str, tuple[str, str], str, Any], None]) -> None:
        super().__init__()
        self._met = met

    def note(
        self,
        at: datetime,
        service: str,
        what: str,
        way: tuple[str, str],
        status: str,
        seconds: float,
        request: object = b"",
        answer: object = b"",
    ) -> None:
        """Remember one exchange, and show it."""
        super().note(at, service, what, way, status, seconds, request, answer)
        self._met(service, what, way, status, request)
