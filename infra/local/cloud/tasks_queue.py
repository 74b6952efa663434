"""One Cloud Tasks queue at work: every task is posted at its time, and again until its answer is 2xx.

Rate limits are kept as settings but not enforced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.tasks_v2.types import queue as types
from google.rpc import code_pb2

from infra.local.cloud.world import Entry, World

Pb = Any
"""A protobuf message; the clients ship no types."""
Post = Callable[[Pb, Mapping[str, str]], Awaitable[int]]
"""Make the task's request with these headers; return the answer's HTTP status, 0 if there was none."""
NAME_KEPT = timedelta(hours=1)
UNLIMITED = -1
PAUSED = types.Queue.State.PAUSED


@dataclass(eq=False)
class Job:
    """A task and what has been tried."""

    task: Pb
    entry: Entry | None = None
    running: bool = False
    status: int = 0
    """The last answer's HTTP status."""


class TaskQueue:
    """State behind one queue."""

    def __init__(self, world: World, settings: Pb, post: Post, counts: Counter[str]) -> None:
        self.settings = settings
        self.jobs: dict[str, Job] = {}
        """Task name -> task, until it succeeded, was deleted or given up."""
        self._world = world
        self._post = post
        self._counts = counts
        self._gone: dict[str, datetime] = {}

    def count(self, kind: str) -> None:
        """Count one event, in all and for this queue."""
        self._counts[kind] += 1
        self._counts[f"{kind}/{self.settings.name.rsplit('/', 1)[1]}"] += 1

    def taken(self, name: str) -> bool:
        """Say whether a task of that name lives, or was there within the last hour."""
        # In order of leaving, so the oldest stand first.
        while self._gone and next(iter(self._gone.values())) <= self._world.now:
            del self._gone[next(iter(self._gone))]
        return name in self.jobs or name in self._gone

    def add(self, task: Pb) -> None:
        """Take in a task and plan its first attempt."""
        self.count("create")
        job = self.jobs[task.name] = Job(task)
        self._plan(job)

    def remove(self, name: str) -> None:
        """Forget a task; its name stays taken for an hour."""
        job = self.jobs.pop(name)
        if job.entry:
            job.entry.cancel()
        self._gone[name] = self._world.now + NAME_KEPT

    def purge(self) -> None:
        """Remove every task."""
        for name in list(self.jobs):
            self.remove(name)

    def resume(self) -> None:
        """Plan again what came due while the queue was paused."""
        for job in self.jobs.values():
            if not job.running:
                self._plan(job)

    def run(self, job: Job) -> None:
        """Post the task now, unless it is being posted."""
        if not job.running and job.task.name in self.jobs:
            job.running = True
            self._world.spawn(self._attempt(job))

    def _plan(self, job: Job) -> None:
        if job.entry:
            job.entry.cancel()
        due = job.task.schedule_time.ToDatetime(tzinfo=UTC)
        job.entry = self._world.at(due, lambda: None if self.settings.state == PAUSED else self.run(job))

    async def _attempt(self, job: Job) -> None:
        task = job.task
        self.count("dispatch")
        headers = self._headers(job)
        task.dispatch_count += 1
        task.last_attempt.Clear()
        task.last_attempt.schedule_time.CopyFrom(task.schedule_time)
        task.last_attempt.dispatch_time.FromDatetime(self._world.now)
        if task.dispatch_count == 1:
            task.first_attempt.dispatch_time.FromDatetime(self._world.now)
        job.status = await self._post(task, headers)
        job.running = False
        if job.status:
            task.response_count += 1
            task.last_attempt.response_time.FromDatetime(self._world.now)
        self._settle(job)

    def _headers(self, job: Job) -> dict[str, str]:
        task = job.task
        headers = {
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": self.settings.name.rsplit("/", 1)[1],
            "X-CloudTasks-TaskName": task.name.rsplit("/", 1)[1],
            "X-CloudTasks-TaskRetryCount": str(task.dispatch_count),
            "X-CloudTasks-TaskExecutionCount": str(task.response_count),
            "X-CloudTasks-TaskETA": f"{task.schedule_time.ToMicroseconds() / 1_000_000:.6f}",
        }
        if job.status:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(job.status)
        return headers

    def _settle(self, job: Job) -> None:
        task = job.task
        if task.name not in self.jobs:
            return
        if 200 <= job.status < 300:  # noqa: PLR2004 - HTTP's range of success
            self.count("success")
            self.remove(task.name)
            return
        task.last_attempt.response_status.code = code_pb2.UNKNOWN
        task.last_attempt.response_status.message = f"HTTP status code {job.status}" if job.status else "no answer"
        if self._given_up(task):
            self.count("given_up")
            self.remove(task.name)
            return
        self.count("retry")
        task.schedule_time.FromDatetime(self._world.now + self._pause(task.dispatch_count))
        self._plan(job)

    def _given_up(self, task: Pb) -> bool:
        """Attempts are spent and, where a retry duration is set, that has passed too."""
        config = self.settings.retry_config
        longest: timedelta = config.max_retry_duration.ToTimedelta()
        age: timedelta = self._world.now - task.first_attempt.dispatch_time.ToDatetime(tzinfo=UTC)
        spent: bool = config.max_attempts == UNLIMITED or task.dispatch_count >= config.max_attempts
        if not longest:
            return spent and config.max_attempts != UNLIMITED
        return spent and age >= longest

    def _pause(self, attempts: int) -> timedelta:
        """Doubling ``max_doublings`` times, then growing by the last step, up to the maximum."""
        config = self.settings.retry_config
        doublings = min(attempts - 1, config.max_doublings)
        longest: timedelta = config.max_backoff.ToTimedelta()
        step: timedelta = config.min_backoff.ToTimedelta() * 2**doublings
        grown: timedelta = step * max(1, attempts - doublings)
        return min(longest, grown)
