"""What the load balancer learns of a region's use: which gauge a policy names, and what it shows there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.local.cloud.engine.gateway import Region
from infra.local.cloud.kube.controllers.engines import Replica
from infra.local.cloud.kube.controllers.loop import Site
from infra.local.cloud.kube.values import Object, at

METRICS = "AutoscalingMetric.autoscaling.gke.io"
_NAMED = "gke.named_metrics."
_TARGET_PERCENT = 80


def region_of(member: Site, namespace: str, settings: Object, replicas: Sequence[Replica]) -> Region:
    """Return a region as the balancer sees it, by its policy's settings.

    Utilisation is that of the custom metric that is nearest to its target, or requests per endpoint in the mode
    IN_FLIGHT. Other modes have no limit that a model server ever reaches, so they give no signal.
    """
    scaler = settings.get("capacityScalerPercent")
    share = 1.0 if scaler is None else scaler / 100
    found: list[tuple[float, float]] = []
    if settings.get("balancingMode") == "CUSTOM_METRICS":
        found = list(_custom(member, namespace, settings, replicas))
    elif settings.get("balancingMode") == "IN_FLIGHT" and settings.get("maxInFlightRequestsPerEndpoint") and replicas:
        inside = sum(replica.server.running + replica.server.waiting for replica in replicas)
        found = [(inside / len(replicas) / settings["maxInFlightRequestsPerEndpoint"], 1.0)]
    if not found:
        return Region(len(replicas), None, _TARGET_PERCENT / 100, share)
    utilization, target = max(found, key=lambda one: one[0] / one[1])
    return Region(len(replicas), utilization, target, share)


def _custom(
    member: Site, namespace: str, settings: Object, replicas: Sequence[Replica]
) -> Iterator[tuple[float, float]]:
    """Yield utilisation and target of each custom metric that is balanced on and has data."""
    for metric in settings.get("customMetrics") or ():
        name = str(metric["name"]).removeprefix(_NAMED)
        source = _exported(member, namespace, name)
        shown = [value for one in replicas if source and (value := one.gauge(source)) is not None]
        if shown and not metric.get("dryRun"):
            yield sum(shown) / len(shown), (metric.get("maxUtilizationPercent") or _TARGET_PERCENT) / 100


def _exported(member: Site, namespace: str, name: str) -> str | None:
    """Return the Prometheus name behind a name that a cluster exports for balancing, in either shape."""
    for metric in member.objects.all(METRICS, namespace):
        for source, exported in _exports(metric):
            if exported == name:
                return source
    return None


def _exports(metric: Object) -> Iterator[tuple[str, str]]:
    for endpoint in at(metric, "spec", "endpoints") or ():
        for one in endpoint.get("metrics") or ():
            yield one["name"], one.get("exportName") or one["name"]
    for source in at(metric, "spec", "metrics") or ():
        for container in at(source, "pod", "containers") or ():
            for one in container.get("metrics") or ():
                shown = one.get("gauge") or {}
                if at(shown, "loadBalancing", "enabled"):
                    yield shown.get("prometheusMetricName") or shown["name"], shown["name"]
