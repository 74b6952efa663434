"""What makes the regions one service, on the config cluster: Gateway, route, and the policies on the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.pool import NETWORKING, Pool, health_check

GATEWAY_API = "gateway.networking.k8s.io"
IMPORT_KIND = "GCPInferencePoolImport"
LISTENER = {"name": "http", "protocol": "HTTP", "port": 80}
REGION_LABEL = "gke.io/region"
"""Label of a cluster that scopes select by."""
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


def balancing(name: str, pool: Pool, metric: str, utilizations: Mapping[str, int]) -> Manifest:
    """Return the policy that balances regions by the fullness of their KV caches.

    ``utilizations`` are the percentages at which another region is preferred, by region. Where they differ the balance
    is said in one scope a region, and nowhere else: a field must not be both in the default and in a scope. Always one
    complete policy: applying a partial one would reset the timeout to 30 seconds.
    """

    def balance(percent: int) -> dict[str, object]:
        return {
            "balancingMode": "CUSTOM_METRICS",
            "customMetrics": [{"name": metric, "dryRun": False, "maxUtilizationPercent": percent}],
        }

    default: dict[str, object] = {"timeoutSec": TIMEOUT_SECONDS, "trafficDuration": "LONG"}
    spec: dict[str, object] = {"targetRef": import_reference(pool), "default": default}
    if len(set(utilizations.values())) == 1:
        default |= balance(next(iter(utilizations.values())))
    else:
        default["scopes"] = [
            {"selector": {REGION_LABEL: region}, **balance(percent)} for region, percent in sorted(utilizations.items())
        ]
    return manifest(f"{NETWORKING}/v1", "GCPBackendPolicy", name, pool.labels, namespace=pool.namespace, spec=spec)
