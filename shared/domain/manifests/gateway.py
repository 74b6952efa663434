"""What makes the regions one service, on the config cluster: Gateway, route, and the policies on the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.pool import NETWORKING, Pool, health_check

GATEWAY_API = "gateway.networking.k8s.io"
IMPORT_KIND = "GCPInferencePoolImport"
LISTENER = {"name": "http", "protocol": "HTTP", "port": 80}
TIMEOUT_SECONDS = 600
"""At least twice the 99th percentile of a request. Proxies count only the latency of answers that succeed, so a short
timeout would make a failing region look fast."""


def import_reference(pool: Pool) -> dict[str, str]:
    """Return the reference to the pool's import."""
    return {"group": NETWORKING, "kind": IMPORT_KIND, "name": pool.name}


def gateway(pool: Pool, gateway_class: str, regions: Sequence[str]) -> Manifest:
    """Return the internal Gateway with one address per region."""
    addresses = [{"type": f"{NETWORKING}/ephemeral-ipv4-address/{region}", "value": region} for region in regions]
    spec = {"gatewayClassName": gateway_class, "addresses": addresses, "listeners": [dict(LISTENER)]}
    return manifest(f"{GATEWAY_API}/v1", "Gateway", pool.name, pool.labels, namespace=pool.namespace, spec=spec)


def route(pool: Pool) -> Manifest:
    """Return the route to the import. It has no timeouts: GKE rejects a route with any; the policy carries them."""
    parent = {"group": GATEWAY_API, "kind": "Gateway", "name": pool.name}
    spec = {"parentRefs": [parent], "rules": [{"backendRefs": [import_reference(pool)]}]}
    return manifest(f"{GATEWAY_API}/v1", "HTTPRoute", pool.name, pool.labels, namespace=pool.namespace, spec=spec)


def import_health_check(name: str, pool: Pool) -> Manifest:
    """Return the health check that decides which regions get traffic."""
    return health_check(name, pool, import_reference(pool))


def balancing(name: str, pool: Pool, metric: str, utilization: int) -> Manifest:
    """Return the policy that balances regions by the fullness of their KV caches.

    ``utilization`` is the percentage at which another region is preferred. Always one complete policy: applying a
    partial one would reset the timeout to 30 seconds.
    """
    default = {
        "timeoutSec": TIMEOUT_SECONDS,
        "balancingMode": "CUSTOM_METRICS",
        "trafficDuration": "LONG",
        "customMetrics": [{"name": metric, "dryRun": False, "maxUtilizationPercent": utilization}],
    }
    spec: Mapping[str, object] = {"targetRef": import_reference(pool), "default": default}
    return manifest(f"{NETWORKING}/v1", "GCPBackendPolicy", name, pool.labels, namespace=pool.namespace, spec=spec)
