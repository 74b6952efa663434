"""The Compute resources that a Gateway becomes. Pure, but for looking at the clusters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud.kube.controllers.fleet import POOL, exporters
from infra.local.cloud.kube.controllers.loop import Context, Site
from infra.local.cloud.kube.controllers.routing import GATEWAY, imports_of, routes_of
from infra.local.cloud.kube.controllers.values import labels_of
from infra.local.cloud.kube.values import Object, at, meta

PROXIES = ("130.211.0.0/22", "35.191.0.0/16")
"""Where Google's health checks come from."""


@dataclass(frozen=True)
class Child:
    """One resource: the collection as in Compute's API, its name, its fields; zone or region tell where it is."""

    collection: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)


def wanted(context: Context, site: Site, gateway: Object, addresses: dict[str, str]) -> list[Child]:
    """Return what must exist for a Gateway with these addresses by region."""
    head = meta(gateway)
    base = f"{head['namespace']}-{head['name']}"
    front = _name(site, base, "")
    ports = sorted({str(one["port"]) for one in at(gateway, "spec", "listeners") or ()})
    made = [
        Child("urlMaps", front),
        Child("targetHttpProxies", front, {"urlMap": front}),
        Child("firewalls", _name(site, base, "l7"), {"direction": "INGRESS", "sourceRanges": list(PROXIES)}),
    ]
    for region, address in addresses.items():
        for port in ports:
            rule = {"IPAddress": address, "portRange": f"{port}-{port}", "target": front}
            scheme = {"loadBalancingScheme": "INTERNAL_MANAGED", "description": f"{GATEWAY} {base} {region}"}
            made.append(Child("forwardingRules", _name(site, base, f"{region}-{port}"), {**rule, **scheme}))
    for namespace, name in dict.fromkeys(ref for route in routes_of(site, gateway) for ref in imports_of(route)):
        made += _backend(context, site, base, namespace, name)
    return made


def _backend(context: Context, site: Site, base: str, namespace: str, name: str) -> list[Child]:
    """The backend service and health check of one import, and one group of endpoints per cluster and zone."""
    service = _name(site, f"{base}-{name}", "")
    groups = [
        Child(
            "networkEndpointGroups",
            _name(member, f"{namespace}-{name}", f"{port}-{zone}"),
            {"zone": zone, "networkEndpointType": "GCE_VM_IP_PORT", "defaultPort": port},
        )
        for member in exporters(context, namespace, name)
        for port in ports_of(member, namespace, name)
        for zone in zones_of(member)
    ]
    backends = [{"group": group.name, "balancingMode": "RATE"} for group in groups]
    body = {"loadBalancingScheme": "INTERNAL_MANAGED", "healthChecks": [service], "backends": backends}
    return [Child("healthChecks", service, {"type": "HTTP"}), Child("backendServices", service, body), *groups]


def ports_of(site: Site, namespace: str, name: str) -> list[int]:
    """Return the ports of a cluster's pool."""
    pool = site.objects.find(POOL, namespace, name) or {}
    return [int(port["number"]) for port in at(pool, "spec", "targetPorts") or ()]


def zones_of(site: Site) -> list[str]:
    """Return the zones in which a cluster has nodes."""
    zones = {labels_of(node).get("topology.kubernetes.io/zone", "") for node in site.objects.all("Node")}
    return sorted(zones - {""})


def _name(site: Site, base: str, more: str) -> str:
    digest = hashlib.sha256(f"{site.key}/{base}/{more}".encode()).hexdigest()[:12]
    return f"gkemcg1-{base[:41].rstrip('-')}-{digest}"
