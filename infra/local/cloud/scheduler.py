"""Cloud Scheduler, as far as it is met: something that happens again and again in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from infra.local.cloud.world import Entry, World


class Job:
    """One recurring job; ``stop`` ends it."""

    def __init__(self, world: World, name: str, pause: timedelta, publish: Callable[[], object]) -> None:
        self.name = name
        self.runs = 0
        """How often it has published."""
        self._world = world
        self._pause = pause
        self._publish = publish
        self._entry: Entry = world.after(pause, self._run)

    def stop(self) -> None:
        """Publish no more."""
        self._entry.cancel()

    def _run(self) -> None:
        # Planned first: publish may stop the job.
        self._entry = self._world.at(self._entry.at + self._pause, self._run)
        self.runs += 1
        self._publish()


class Scheduler:
    """The jobs by name. Publishing holds no time; what the subscribers do with the message does."""

    def __init__(self, world: World) -> None:
        self.jobs: dict[str, Job] = {}
        self._world = world

    def every(self, seconds: float, publish: Callable[[], object], name: str) -> Job:
        """Publish every so many virtual seconds, for the first time after that long; replaces a job of that name."""
        self.stop(name)
        job = self.jobs[name] = Job(self._world, name, timedelta(seconds=seconds), publish)
        return job

    def stop(self, name: str | None = None) -> None:
        """Stop one job, or all of them."""
        for job in [job for job in self.jobs.values() if name in {None, job.name}]:
            job.stop()
            del self.jobs[job.name]
