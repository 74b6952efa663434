"""Fills pools with machines as an operation asks: within quota and stock, or with the failure that GKE reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_show import condition
from infra.local.cloud.nodes import Pool
from infra.local.cloud.operations import Failure


@dataclass
class Attempt:
    """Machines that an operation waits for."""

    core: Core
    pool: Pool
    wanted: int
    """Machines in every zone of the pool."""
    begun: datetime
    short: Failure | None = None
    """The quota that is too small: then nothing is started."""
    blocked: list[str] = field(default_factory=list)
    """Zones that had none to give."""

    @property
    def takes(self) -> str:
        """Return the row of the table of durations that says how long it is waited for, if it will fail."""
        return "quota" if self.short else "stockout" if self.blocked else ""

    def missing(self) -> Counter[str]:
        """Return how many machines each zone still needs."""
        have = self.pool.per_zone()
        return Counter({zone: max(0, self.wanted - have[zone]) for zone in self.pool.spec.locations})

    def finish(self) -> Failure | None:
        """Try the blocked zones once more, let all machines join, and say what is missing."""
        if self.short:
            return self._told(self.short, "Insufficient quota to satisfy the request")
        machines, refused = self.core.machines, None
        for zone in self.blocked:
            need = self.missing()[zone]
            if failure := machines.refused_by_stock(self.pool, zone):
                refused = refused or failure
                continue
            for _ in range(need):
                machines.start(self.pool, zone)
        machines.join_now(self.pool)
        best = self.pool.spec.best_effort_provisioning
        enough = best.enabled and len(self.pool.nodes) >= best.min_provision_nodes
        return self._told(refused, "Google Compute Engine") if refused and not enough else None

    def _told(self, failure: Failure, who: str) -> Failure:
        running, expected = len(self.pool.nodes), self.wanted * len(self.pool.spec.locations)
        lasted = (self.core.world.now - self.begun).total_seconds()
        minutes = f"{int(lasted // 60)}m" if int(lasted // 60) else ""
        after = f"{minutes}{lasted % 60:.3f}s"
        counts = f"Expected {expected}, running {running}, transitioning {expected - running}."
        text = f"{who}: Not all instances running in IGM after {after}. {counts}"
        message = f"{text} Current errors: [{failure.reason}]: {failure.message}"
        self.pool.note(f"{failure.reason}: {failure.message}")
        return Failure(failure.status, message, failure.reason, failure.attributes)


def begin(core: Core, pool: Pool, per_zone: int) -> Attempt:
    """Start the machines that a pool lacks to have so many in every zone."""
    attempt = Attempt(core, pool, per_zone, core.world.now)
    missing = attempt.missing()
    if total := missing.total():
        attempt.short = core.machines.refused_by_quota(pool, pool.spec.locations[0], total)
    if attempt.short:
        return attempt
    for zone, need in missing.items():
        if need and core.machines.refused_by_stock(pool, zone):
            attempt.blocked.append(zone)
            continue
        for _ in range(need):
            core.machines.start(pool, zone)
    return attempt


def broken(core: Core, pool: Pool, failure: Failure, status: str = "ERROR") -> None:
    """Leave a pool as a failed operation does: in error, with the machines that had come and no others."""
    for name in list(pool.starting):
        core.machines.remove(pool, name)
    pool.spec.status = status
    pool.spec.status_message = failure.message
    pool.spec.conditions = [condition(failure)]
    pool.changes += 1
    core.changed()


def enforce_bounds(core: Core, pool: Pool) -> None:
    """Let the autoscaler keep its limits: grow to the least, give up idle machines above the most."""
    low, high = pool.bounds()
    if pool.size < low:
        core.machines.grow(pool, low)
    elif pool.size > high:
        core.machines.shrink(pool, high, core.busy(pool))
