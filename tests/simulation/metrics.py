"""What the simulated model servers measure: from the load that a history lays on a region and the replicas it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.situations import first_limits
from shared.catalog.load import load
from shared.domain.capacity import Workload, steady
from shared.domain.desired import DeploymentSpec, Desired, deployment_path
from shared.domain.errors import RetryableError
from shared.domain.windows import History, MetricWindow, Series
from shared.ports import Readable
from shared.store import read

WORK = Workload(prompt=1200, output=200)
STEP, FIVE = timedelta(seconds=30), timedelta(minutes=5)


class SimMetrics:
    """Keeps ``ports.Metrics``. Half of what spills over a region's target goes to the others."""

    def __init__(self, documents: Readable, step: Callable[[str], None]) -> None:
        self.rates: dict[tuple[str, str], float] = {}
        """Requests per second by deployment and region, from now on."""
        self.vanished: set[str] = set()
        self.down = False
        self.asked: Counter[str] = Counter()
        self._documents, self._step = documents, step
        self._catalog = load()

    def window(self, deployment: str, region: str, end: datetime, minutes: int) -> MetricWindow:
        self._step("measure")
        self.asked["window"] += 1
        if self.down:
            raise RetryableError("Cloud Monitoring does not answer", reason="Unavailable")
        count = minutes * 2
        desired = read(Desired, self._documents.get([deployment_path(deployment)])[0])
        spec = desired.spec if desired else None
        nothing: Series = (None,) * count
        if not isinstance(spec, DeploymentSpec) or region in self.vanished or region not in spec.regions:
            return MetricWindow(deployment, region, end, STEP, *(nothing for _ in range(12)))
        replicas = spec.regions[region].replicas
        rate = self.rate(deployment, region, spec)
        seen = steady(first_limits(spec, self._catalog), WORK, rate / replicas)
        waiting = 0.0 if seen.stable else 50.0 * replicas
        values = (
            replicas, seen.kv, seen.kv, waiting, seen.running * replicas, seen.ttft, seen.gap, rate,
            rate * WORK.prompt, rate * WORK.output, 0.0, 0.0,
        )  # fmt: skip
        return MetricWindow(deployment, region, end, STEP, *((float(value),) * count for value in values))

    def rate(self, deployment: str, region: str, spec: DeploymentSpec) -> float:
        """Return what arrives at a region once its neighbours have spilled over."""
        own = self.rates.get((deployment, region), 1.0)
        if spec.spills_at(region) < spec.utilization:
            own *= 0.6
        come = [
            0.4 * self.rates.get((deployment, other), 1.0)
            for other in spec.regions
            if other != region and spec.spills_at(other) < spec.utilization
        ]
        return own + sum(come) / max(1, len(spec.regions) - 1)

    def history(self, deployment: str, region: str, end: datetime, days: int) -> History:
        self.asked["history"] += 1
        rate = self.rates.get((deployment, region), 1.0)
        return History(deployment, region, end, FIVE, (rate,) * (12 * 24 * min(days, 2)))
