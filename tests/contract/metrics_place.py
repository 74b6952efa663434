"""Model servers as their metrics show them, in the embedded Monitoring: values over time, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_store import Scraped
from infra.local.cloud.promql_api import Prometheus as PrometheusApi
from infra.local.cloud.server import Server
from infra.local.cloud.world import World
from shared.adapters.prometheus import Prometheus
from shared.catalog.load import load

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCRAPE = 15
EAST = "us-east4"
KV, KV_OLD = "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"
WAITING, RUNNING = "vllm:num_requests_waiting", "vllm:num_requests_running"
SUCCESS, TTFT = "vllm:request_success_total", "vllm:time_to_first_token_seconds"
Curve = Callable[[float], float]
"""Seconds after the first scrape -> the value then."""


def flat(value: float) -> Curve:
    return lambda _: value


def rising(per_second: float) -> Curve:
    return lambda seconds: per_second * seconds


@dataclass
class Measured:
    """Monitoring with what was scraped into it."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.monitoring = Monitoring(self.world)
        self.api = PrometheusApi(self.world, self.monitoring)

    def server(
        self,
        pod: str,
        metrics: Mapping[str, Curve],
        *,
        labels: Mapping[str, str] | None = None,
        deployment: str = "llm",
        region: str = EAST,
        minutes: float = 30,
        ended: float = 0,
        every: int = SCRAPE,
    ) -> None:
        """Scrape a server for so many minutes, up to ``ended`` minutes before now."""
        target = {
            "project_id": "demo",
            "location": region,
            "cluster": f"inferops-{region}",
            "namespace": f"infer-{deployment}",
            "job": "vllm",
            "instance": f"{pod}:http",
        }
        own = {"pod": pod, "container": "vllm", "model_name": deployment, "engine": "0", **(labels or {})}
        steps = round(minutes * 60 / every)
        for step in range(steps + 1):
            at = NOW - timedelta(minutes=ended, seconds=(steps - step) * every)
            samples = [_sample(name, own, curve(step * every)) for name, curve in metrics.items()]
            self.monitoring.store.scrape(round(at.timestamp() * 1000), target, samples)


def _sample(name: str, labels: Mapping[str, str], value: float) -> Scraped:
    bucket, _, bound = name.partition("|")
    kind = "histogram" if bound else "counter" if name.endswith("_total") else "gauge"
    return Scraped(bucket, kind, {**labels, "le": bound} if bound else labels, value)


def histogram(name: str, per_second: Mapping[str, float]) -> dict[str, Curve]:
    """A histogram whose buckets (upper bound -> all up to it) fill at these rates."""
    return {f"{name}_bucket|{bound}": rising(rate) for bound, rate in per_second.items()}


@contextmanager
def reading(measured: Measured, project: str = "demo") -> Iterator[Prometheus]:
    """The product's door to it."""
    server = Server(measured.world, [], {"prometheus": measured.api.answer}).start()
    try:
        yield Prometheus(server.endpoints["prometheus"], project, load().engine())
    finally:
        server.stop()
