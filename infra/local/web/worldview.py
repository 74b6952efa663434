"""The world pane: regions, what is global, totals and operations, each as the page reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.compute_store import last
from infra.local.cloud.kube.values import Object, at, meta
from infra.local.cloud.operations import Work
from infra.local.cloud.regions import ZONES, region_of
from infra.local.web.clusters import OURS, clusters, state_of
from infra.local.web.items import Item, as_json
from infra.local.web.load_places import gateways

ENDED = 20
"""Operations that are still shown when they have ended."""
_OVER = {"Succeeded", "Failed"}


def world(cloud: Cloud) -> dict[str, Any]:
    """Return regions in use, global things and totals."""
    return {
        "regions": [_region(cloud, region) for region in regions_in_use(cloud)],
        "global": as_json(_global(cloud)),
        "totals": [{"label": label, "value": str(value)} for label, value in _totals(cloud)],
    }


def regions_in_use(cloud: Cloud) -> list[str]:
    """Return the regions where anything stands or is broken, in the order of the regions' own list."""
    faults = cloud.world.faults
    used = {region_of(cluster.location) for cluster in cloud.gke.clusters()}
    used |= {key.partition("/")[2] for key in faults.unavailable if key.startswith("network/")}
    used |= {region_of(place.partition("/")[0]) for place in faults.stockout} | {region for region, _ in faults.quota}
    return [region for region in ZONES if region in used]


def _region(cloud: Cloud, region: str) -> dict[str, Any]:
    faults = cloud.world.faults
    out = f"network/{region}" in faults.unavailable
    sold = sorted(place for place in faults.stockout if region_of(place.partition("/")[0]) == region)
    cut = sorted(f"{metric} cut to {limit}" for (where, metric), limit in faults.quota.items() if where == region)
    said = [*(["nothing here answers"] if out else []), *([f"sold out: {', '.join(sold)}"] if sold else []), *cut]
    note = "; ".join(said)
    items = [*_networks(cloud, region), *clusters(cloud, region)]
    return {"name": region, "state": "outage" if out else "ok", "note": note, "items": as_json(items)}


def _networks(cloud: Cloud, region: str) -> Iterator[Item]:
    scope = f"projects/{cloud.project.name}/regions/{region}"
    for found in cloud.compute.store.within(scope, "subnetworks"):
        if last(found.network) != "default":
            purpose = found.purpose.lower().replace("_", " ") if found.purpose else ""
            yield Item(f"{scope}/{found.name}", "Subnetwork", found.name, "READY", found.creation_timestamp, purpose)


def _global(cloud: Cloud) -> Iterator[Item]:
    project = cloud.project.name
    for found in cloud.compute.store.within(f"projects/{project}/global", "networks"):
        if found.name != "default":
            key, since = f"network/{found.name}", found.creation_timestamp
            yield Item(key, "Network", found.name, "READY", since, found.description)
    for name, member in sorted(cloud.fleet.memberships.made.items()):
        shown = cloud.fleet.memberships.shown(member)
        yield Item(name, "Fleet membership", last(name), shown.state.code.name, str(member.create_time or ""))
    for name, feature in sorted(cloud.fleet.features.made.items()):
        config = last(feature.spec.multiclusteringress.config_membership)
        state = cloud.fleet.features.shown(feature).resource_state.state.name
        yield Item(name, "Fleet feature", last(name), state, "", f"config cluster {config}" if config else "")
    for gateway in gateways(cloud):
        yield _gateway(gateway)


def _gateway(gateway: Object) -> Item:
    head = meta(gateway)
    conditions = {c["type"]: c for c in at(gateway, "status", "conditions") or ()}
    programmed = conditions.get("Programmed", {})
    addresses = ", ".join(str(a["value"]) for a in at(gateway, "status", "addresses") or ())
    state = "Programmed" if programmed.get("status") == "True" else "Waiting"
    note = addresses if state == "Programmed" else str(programmed.get("message", ""))
    since = str(head.get("creationTimestamp", ""))
    return Item(f"gateway/{head['namespace']}/{head['name']}", "Gateway", head["name"], state, since, note)


def _totals(cloud: Cloud) -> Iterator[tuple[str, object]]:
    gpus, nodes, pods, ready = Counter[str](), 0, 0, 0
    for cluster in cloud.gke.clusters():
        for pool in cluster.pools.values():
            nodes += len(pool.nodes)
            if pool.shape.gpus:
                gpus[pool.shape.gpu_type.removeprefix("nvidia-")] += pool.shape.gpus * len(pool.nodes)
    for objects in cloud.kube.clusters.values():
        for pod in objects.all("Pod"):
            if str(meta(pod)["namespace"]).startswith(OURS) and at(pod, "status", "phase") not in _OVER:
                pods, ready = pods + 1, ready + (state_of(pod) == "Ready")
    yield "Clusters", len(cloud.gke.clusters())
    yield "Nodes", nodes
    yield from sorted(gpus.items()) or (("GPUs", 0),)
    yield "Pods ready", f"{ready}/{pods}"


def operations(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the long-running operations: those under way, then the latest that have ended."""
    ledgers = {"GKE": cloud.gke.ledger, "Compute": cloud.compute.ledger, "Fleet": cloud.fleet.ledger}
    every = [(service, work) for service, ledger in ledgers.items() for work in ledger.works.values()]
    running = sorted((pair for pair in every if not pair[1].ended), key=lambda pair: pair[1].begun)
    ended = sorted((pair for pair in every if pair[1].ended), key=lambda pair: _end(pair[1]), reverse=True)[:ENDED]
    return [_operation(service, work, cloud.world.now) for service, work in (*running, *ended)]


def _end(work: Work) -> datetime:
    return work.ended or work.ends


def _operation(service: str, work: Work, now: datetime) -> dict[str, Any]:
    return {
        "id": work.path,
        "service": service,
        "kind": work.kind,
        "target": work.target.partition("/")[2].partition("/")[2],
        "state": "FAILED" if work.failure else work.status(now),
        "progress": work.progress(now),
        "begun": work.begun.isoformat(),
        "ended": work.ended.isoformat() if work.ended else None,
        "error": work.failure.message if work.failure else "",
    }
