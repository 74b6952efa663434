"""AutoscalingMetric: which of the servers' gauges the load balancer may balance on.

Google documents two shapes of ``spec`` under one apiVersion, and only the cluster's own CRD tells which one it takes.
The resource is written in shape A and carries both under ``_shapes``: the Kubernetes adapter sends the one that the
CRD has, and reads what is stored back through ``flat``. So what is compared is shape A on both sides, and a change
made by hand is drift in either shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.engines import Engine
from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.server import selector

PREFIX = "gke.named_metrics."
"""What the load balancer puts before an export name."""


def autoscaling_metric(pool: str, namespace: str, labels: Mapping[str, str], engine: Engine) -> Manifest:
    """Return the KV gauge under each name an engine version may have, each exported under its own."""
    pairs = zip(engine.metrics["kv"], engine.kv_exports, strict=True)
    metrics = [{"name": metric.text, "exportName": export.text} for metric, export in pairs]
    endpoint = {"port": engine.port, "path": engine.metrics_path, "metrics": metrics}
    spec = {"selector": {"matchLabels": selector(pool)}, "endpoints": [endpoint]}
    return manifest(
        "autoscaling.gke.io/v1beta1",
        "AutoscalingMetric",
        f"{pool}-gauges",
        labels,
        namespace=namespace,
        spec=spec,
        _shapes={"A": spec, "B": nested(spec)},
    )


def balanced_metric(engine: Engine) -> str:
    """Return the name under which a backend policy finds the gauge that carries data."""
    return PREFIX + engine.kv_export()


def nested(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec of shape A in shape B."""
    containers = [
        {"endpoint": {"port": each["port"], "path": each["path"]}, "metrics": [_gauge(m) for m in each["metrics"]]}
        for each in spec["endpoints"]
    ]
    return {"metrics": [{"pod": {"selector": spec["selector"], "containers": containers}}]}


def flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec as stored, of either shape, in shape A; what fits neither comes back as it is, and is drift."""
    match spec:
        case {"metrics": [{"pod": {"selector": selected, "containers": [*containers]}}]}:
            return {"selector": selected, "endpoints": [_endpoint(each) for each in containers]}
        case _:
            return dict(spec)


def _gauge(metric: Mapping[str, str]) -> dict[str, Any]:
    gauge = {
        "name": metric["exportName"],
        "prometheusMetricName": metric["name"],
        "loadBalancing": {"enabled": True},
    }
    return {"gauge": gauge}


def _endpoint(container: Mapping[str, Any]) -> dict[str, Any]:
    gauges: Sequence[Mapping[str, Any]] = [metric.get("gauge", {}) for metric in container.get("metrics", ())]
    metrics = [
        {"name": gauge.get("prometheusMetricName"), "exportName": gauge.get("name")}
        for gauge in gauges
        # A gauge that is no longer sent to the load balancer is not what we asked for.
        if gauge.get("loadBalancing", {}).get("enabled")
    ]
    return {**container.get("endpoint", {}), "metrics": metrics}
