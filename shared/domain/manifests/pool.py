"""The InferencePool, its objective, and the policies for whatever points at the pool directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.picker import ALPHA_GROUP, GRPC_PORT, POOL_GROUP
from shared.domain.manifests.server import selector

EXPORT = {"networking.gke.io/export": "True"}
"""Annotation that makes GKE import the pool into the config cluster; the upstream one has no effect there."""
NETWORKING = "networking.gke.io"
OBJECTIVE_PRIORITY = 10
"""Above 0: such requests are served before unmarked ones and never shed."""
CHECK_SECONDS = 2
POOL_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Pool:
    """What the pool of one region is made from. Every port in it comes from one value."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    port: int
    health_path: str
    picker: str
    """Name of the picker's Service."""


def inference_pool(pool: Pool) -> Manifest:
    """Return the exported pool. A picker that is down must not stop traffic: FailOpen."""
    spec = {
        "selector": {"matchLabels": selector(pool.name)},
        "targetPorts": [{"number": pool.port}],
        "endpointPickerRef": {"name": pool.picker, "port": {"number": GRPC_PORT}, "failureMode": "FailOpen"},
    }
    return manifest(
        f"{POOL_GROUP}/v1",
        "InferencePool",
        pool.name,
        pool.labels,
        namespace=pool.namespace,
        annotations=EXPORT,
        spec=spec,
    )


def objective(pool: Pool) -> Manifest:
    """Return the objective that requests name in ``x-gateway-inference-objective``. Nothing ever writes its status."""
    spec = {"priority": OBJECTIVE_PRIORITY, "poolRef": {"group": POOL_GROUP, "name": pool.name}}
    kind = "InferenceObjective"
    return manifest(f"{ALPHA_GROUP}/v1alpha2", kind, pool.name, pool.labels, namespace=pool.namespace, spec=spec)


def target(pool: Pool) -> dict[str, str]:
    """Return the policies' reference to the pool."""
    return {"group": POOL_GROUP, "kind": "InferencePool", "name": pool.name}


def health_check(
    name: str, pool: Pool, reference: Mapping[str, str], timing: Mapping[str, int] | None = None
) -> Manifest:
    """Return a load balancer's health check on the servers' own health path.

    The port is fixed in so many words: newer CRDs refuse a port without its specification.
    """
    check = {"port": pool.port, "portSpecification": "USE_FIXED_PORT", "requestPath": pool.health_path}
    default = {**(timing or {}), "config": {"type": "HTTP", "httpHealthCheck": check}}
    spec = {"targetRef": dict(reference), "default": default}
    return manifest(f"{NETWORKING}/v1", "HealthCheckPolicy", name, pool.labels, namespace=pool.namespace, spec=spec)


def pool_policies(pool: Pool) -> tuple[Manifest, Manifest]:
    """Return health check and backend policy for a Gateway inside the cluster that uses the pool directly."""
    timing = {"timeoutSec": CHECK_SECONDS, "checkIntervalSec": CHECK_SECONDS}
    default = {"timeoutSec": POOL_TIMEOUT_SECONDS, "logging": {"enabled": True}}
    spec = {"targetRef": target(pool), "default": default}
    backend = manifest(
        f"{NETWORKING}/v1", "GCPBackendPolicy", pool.name, pool.labels, namespace=pool.namespace, spec=spec
    )
    return health_check(pool.name, pool, target(pool), timing), backend
