"""Long-running work, common to Compute, GKE and Fleet: it is begun, takes its time, and ends well or badly.

Each service renders a ``Work`` in its own words; when it ends, ``finish`` makes the effect or says why not.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.local.cloud.durations import Durations
from infra.local.cloud.errors import ApiError
from infra.local.cloud.world import Entry, World

_KEPT = timedelta(hours=24)
_SAME_REQUEST = timedelta(minutes=60)


@dataclass(frozen=True)
class Failure:
    """Why work ended badly: canonical status, sentence, and the service's own code such as GCE_STOCKOUT."""

    status: str
    message: str
    reason: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    """What the service adds in error details, such as metricName and limit of a quota."""


INTERNAL = Failure("INTERNAL", "Internal error. Please try again or contact Google Support.", "INTERNAL_ERROR")
Finish = Callable[[], Failure | None]


@dataclass
class Work:
    """One long-running operation. ``parent`` is where it is listed, ``target`` the path of what it works on."""

    name: str
    kind: str
    parent: str
    target: str
    begun: datetime
    runs_from: datetime
    ends: datetime
    ended: datetime | None = None
    failure: Failure | None = None
    aborting: bool = False
    note: str = ""
    """What it says about itself while it runs."""
    result: object = None
    """What the service wants to give back at the end."""

    @property
    def path(self) -> str:
        """Return the full name, such as ``projects/P/locations/L/operations/NAME``."""
        return f"{self.parent}/operations/{self.name}"

    def status(self, now: datetime) -> str:
        """Return PENDING, RUNNING, ABORTING or DONE."""
        if self.ended:
            return "DONE"
        if self.aborting:
            return "ABORTING"
        return "PENDING" if now < self.runs_from else "RUNNING"

    def progress(self, now: datetime) -> int:
        """Return how far it is, in per cent of the time that it will have taken."""
        if self.ended:
            return 100
        whole = (self.ends - self.begun).total_seconds()
        return min(99, int(100 * (now - self.begun).total_seconds() / whole)) if whole else 0


@dataclass
class _Running:
    entry: Entry
    finish: Finish
    undo: Callable[[Failure], None]


def nothing(_failure: Failure) -> None:
    """Leave everything as it is when the work fails."""


class Ledger:
    """All operations of one service, by path."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.durations = Durations(world)
        self.works: dict[str, Work] = {}
        self.on_end: list[Callable[[], None]] = []
        """Called whenever work has ended: what others wait for may be there now."""
        self._running: dict[str, _Running] = {}
        self._requests: dict[tuple[str, str], Work] = {}
        self._count = 0

    def start(
        self,
        kind: str,
        parent: str,
        target: str,
        finish: Finish,
        undo: Callable[[Failure], None] = nothing,
        takes: str = "",
    ) -> Work:
        """Begin work of a kind; ``takes`` names another row of the table of durations. ``undo`` meets any failure."""
        self._forget_old()
        now = self.world.now
        lasts = self.world.now + self.durations.draw(takes or kind, target)
        # Some operations queue for a few seconds before they run, as the real ones do.
        queue = self.world.dice(f"queue/{kind}/{target}/{self._count}").choice((0, 0, 0, 3))
        runs_from = min(now + timedelta(seconds=queue), lasts)
        work = Work(self._name(kind, target), kind, parent, target, now, runs_from, lasts)
        doomed = self.world.faults.spend("failing", self.world.faults.failing, kind)
        entry = self.world.at(lasts, lambda: self._end(work, INTERNAL if doomed else None))
        self.works[work.path] = work
        self._running[work.path] = _Running(entry, finish, undo)
        return work

    def done(self, kind: str, parent: str, target: str) -> Work:
        """Note work that has ended well at once."""
        now = self.world.now
        work = Work(self._name(kind, target), kind, parent, target, now, now, now, now)
        self.works[work.path] = work
        return work

    def cancel(self, work: Work) -> None:
        """Give up running work: it aborts and ends as cancelled a few seconds later."""
        running = self._running.get(work.path)
        if running is None or work.aborting:
            return
        work.aborting = True
        running.entry.cancel()
        cancelled = Failure("CANCELLED", "Operation was cancelled.", "CANCELLED")
        running.entry = self.world.after(timedelta(seconds=5), lambda: self._end(work, cancelled))

    def drop(self, target: str) -> None:
        """End at once, without effect, all work on a thing that was taken away from under it, or on its parts."""
        for work in self.running(target):
            self._running.pop(work.path).entry.cancel()
            work.ended, work.failure = self.world.now, Failure("ABORTED", f"{work.target} is gone.", "ABORTED")

    def running(self, target: str) -> list[Work]:
        """Return what is under way on a thing and on its parts, oldest first."""
        works = [self.works[path] for path in self._running]
        return [work for work in works if work.target == target or work.target.startswith(f"{target}/")]

    def under(self, parent: str) -> list[Work]:
        """Return all operations of one parent, oldest first."""
        return [work for work in self.works.values() if work.parent == parent]

    def once(self, project: str, request_id: str, begin: Callable[[], Work]) -> Work:
        """Begin work, or return what this request id began within the last hour."""
        work = self._repeated(project, request_id) or begin()
        if request_id:
            self._requests[project, request_id] = work
        return work

    def _repeated(self, project: str, request_id: str) -> Work | None:
        """Return the work that this request id began within the last hour; refuse an id that is none."""
        if not request_id:
            return None
        try:
            zero = uuid.UUID(request_id).int == 0
        except ValueError:
            zero = True
        if zero:
            raise ApiError("INVALID_ARGUMENT", f"Invalid value for field 'requestId': '{request_id}'.", "invalid")
        work = self._requests.get((project, request_id))
        return work if work and self.world.now - work.begun < _SAME_REQUEST else None

    def _end(self, work: Work, failure: Failure | None) -> None:
        running = self._running.pop(work.path, None)
        if running is None:
            return
        work.failure = failure or running.finish()
        work.ended = self.world.now
        if work.failure:
            running.undo(work.failure)
        for listener in self.on_end:
            listener()

    def _name(self, kind: str, target: str) -> str:
        self._count += 1
        dice = self.world.dice(f"operation/{self._count}/{kind}/{target}")
        millis = int(self.world.now.timestamp() * 1000)
        return f"operation-{millis}-{uuid.UUID(int=dice.getrandbits(128), version=4)}"

    def _forget_old(self) -> None:
        for path in _older(self.works.values(), self.world.now - _KEPT):
            del self.works[path]
        for key in [key for key, work in self._requests.items() if self.world.now - work.begun >= _KEPT]:
            del self._requests[key]


def _older(works: Iterable[Work], than: datetime) -> list[str]:
    """Return the paths of the works that ended before then; works are in the order they began."""
    old = []
    for work in works:
        if work.begun >= than:
            break
        if work.ended and work.ended < than:
            old.append(work.path)
    return old
