"""Two regions that serve one model, balanced by KV usage, scraped, and under load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from infra.local.cloud.kube.controllers import Hooks
from infra.local.cloud.kube.controllers.engines import Replica
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.load import Load, Stream
from infra.local.cloud.load_shapes import curve, steady
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_store import Scraped
from tests.contract.cloud.clusters_place import EAST, REGIONS, WEST, Object, put
from tests.contract.cloud.fleet_place import BACKEND, TARGET, Fleet

US, EUROPE = REGIONS[EAST], REGIONS[WEST]
METRICS = "AutoscalingMetric.autoscaling.gke.io"
MONITORING = "PodMonitoring.monitoring.googleapis.com"
KV = "vllm:kv_cache_usage_perc"
CALM, HEAVY = 5.0, 40.0
"""Requests per second that one H100 serves with ease, and that are twice too many for it."""
PROMPT, OUTPUT = 1155, 211


class Collector(Monitoring):
    """Cloud Monitoring that also remembers the last scrape of every pod."""

    def __init__(self, place: Fleet) -> None:
        super().__init__(place.world)
        self.last: dict[str, list[Scraped]] = {}
        self.targets: dict[str, Mapping[str, str]] = {}
        self.times: dict[str, int] = {}

    def scrape(self, target: Mapping[str, str], samples: Any) -> None:
        """Take a scrape, and note it under the pod's name."""
        found = list(samples)
        pod = found[0].labels["pod"]
        self.last[pod], self.targets[pod], self.times[pod] = found, target, self.now
        super().scrape(target, found)


class LoadPlace(Fleet):
    """The fleet with its load; images in ``slow`` are bad releases."""

    def __init__(self) -> None:
        self.slow: dict[str, float] = {}
        super().__init__()
        self.load = Load(self.world, self.controllers)

    def _hooks(self) -> Hooks:
        self.monitoring = Collector(self)
        slowdown: Callable[[str], float] = lambda image: self.slow.get(image, 1.0)  # noqa: E731 - one use
        return replace(super()._hooks(), scrape=self.monitoring.scrape, slowdown=slowdown)

    def deploy(self, *, monitored: bool = True, exported: str = KV) -> None:
        """Bring everything up that a balanced and scraped deployment needs."""
        super().deploy()
        for objects in (self.west, self.east):
            metric = {"name": exported, "exportName": "kv-cache"}
            endpoint = {"port": 8000, "path": "/metrics", "metrics": [metric]}
            put(objects, METRICS, "cache", {"selector": {"matchLabels": {"app": "llm"}}, "endpoints": [endpoint]})
            if monitored:
                self.monitor(objects)
        self.balance()

    def monitor(self, objects: Objects) -> None:
        endpoint = {"port": "http", "interval": "15s"}
        put(objects, MONITORING, "llm", {"selector": {"matchLabels": {"app": "llm"}}, "endpoints": [endpoint]})

    def balance(self, percent: int = 60, *scopes: Object, **default: Any) -> None:
        """Set the balancing policy; what is in a scope must not be in the default, too."""
        apart = {key for scope in scopes for key in scope}
        usual = {"timeoutSec": 600, **custom(percent), **default}
        spec = {key: value for key, value in usual.items() if key not in apart}
        put(self.west, BACKEND, "balance", {"targetRef": TARGET, "default": {**spec, "scopes": list(scopes)}})
        self.pass_time(minutes=1)

    def stream(self, name: str = "us", rate: float = CALM, region: str = US, **more: Any) -> None:
        self.load.start(name, Stream("llama", steady(rate, PROMPT, OUTPUT), address=self.address(region), **more))

    def ramp(self, rate: float, region: str = US) -> None:
        """Let the load grow to this rate within a minute."""
        marks = curve([(0, 0), (1, rate)], PROMPT, OUTPUT)
        self.load.start(region, Stream("llama", marks, address=self.address(region)))

    def replica(self, key: str) -> Replica:
        """The model server of a cluster."""
        (found,) = (one for one in self.controllers.engines if one.cluster == key)
        return found

    def shown(self, name: str = "us") -> dict[str, Any]:
        return self.load.shown()[name]

    def away(self, name: str = "us", *, minutes: float = 5) -> float:
        """The part of a stream's requests that other regions got in the next minutes."""
        taken = {US: 0, EUROPE: 0}
        for _ in range(int(minutes * 2)):
            self.pass_time(seconds=30)
            for region, count in self.shown(name)["regions"].items():
                taken[region] += count
        return taken[EUROPE] / max(sum(taken.values()), 1)

    def exposed(self, key: str) -> dict[str, float]:
        """What the model server of a cluster shows at /metrics: series -> value."""
        (pod,) = (pod["metadata"]["name"] for pod in self.pods(key))
        text = self.controllers.pod_metrics(key, "default", pod) or ""
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {series: float(value) for series, value in lines}

    def gauge(self, key: str, name: str) -> float:
        (found,) = (value for series, value in self.exposed(key).items() if series.startswith(f"{name}{{"))
        return found

    def scraped(self, key: str) -> dict[str, float]:
        """The values of the last scrape of the model server of a cluster, but for histograms' buckets."""
        (pod,) = (pod["metadata"]["name"] for pod in self.pods(key))
        return {one.name: one.value for one in self.monitoring.last.get(pod, ()) if "le" not in one.labels}


def custom(percent: int) -> Object:
    """What balances by KV usage, for a default or a scope."""
    metric = {"name": "gke.named_metrics.kv-cache", "dryRun": False, "maxUtilizationPercent": percent}
    return {"balancingMode": "CUSTOM_METRICS", "customMetrics": [metric]}


__all__ = ["EAST", "WEST", "LoadPlace", "custom"]
