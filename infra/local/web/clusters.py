"""What runs in one region: clusters, node pools with their machines, workloads with their pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.gke_state import Cluster
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, at, meta
from infra.local.cloud.nodes import Pool
from infra.local.cloud.operations import Work
from infra.local.web.items import Item

OURS = "infer-"
"""How the namespaces begin that are worth a look; the others are the cluster's own."""


def clusters(cloud: Cloud, region: str) -> list[Item]:
    """Return the clusters of a region."""
    found = [one for one in cloud.gke.clusters() if one.location == region or one.location.startswith(f"{region}-")]
    return [_cluster(cloud, one) for one in sorted(found, key=lambda one: one.path)]


def _cluster(cloud: Cloud, cluster: Cluster) -> Item:
    objects = cloud.kube.clusters.get(cluster.path)
    state = cluster.spec.status.name
    working = cloud.gke.ledger.running(cluster.path)
    pools = [_pool(cloud, pool, objects) for pool in cluster.pools.values()]
    inside = list(_workloads(objects)) if objects else []
    return Item(
        cluster.path,
        "Cluster",
        cluster.name,
        "RECONCILING" if state == "RUNNING" and working else state,
        str(cluster.spec.create_time or ""),
        _doing(working) or str(cluster.spec.status_message),
        [*pools, *inside],
    )


def _doing(works: Sequence[Work]) -> str:
    return ", ".join(work.kind.lower().replace("_", " ") for work in works)


def _pool(cloud: Cloud, pool: Pool, objects: Objects | None) -> Item:
    state, working = pool.spec.status.name, cloud.gke.ledger.running(pool.path)
    shape = pool.shape
    gpus = f", {shape.gpus} x {shape.gpu_type.removeprefix('nvidia-')} each" if shape.gpus else ""
    zones = ", ".join(pool.spec.locations)
    note = f"{pool.size} x {pool.machine_type}{gpus} in {zones}"
    trouble = str(pool.spec.status_message)
    nodes = [_node(objects, pool, name) for name in pool.nodes]
    coming = pool.starting.items()
    starting = [Item(f"{pool.path}/{name}", "Node", name, "STARTING", "", zone) for name, (zone, _) in coming]
    shown = "RECONCILING" if state == "RUNNING" and working else state
    return Item(pool.path, "Node pool", pool.name, shown, "", trouble or note, [*nodes, *starting])


def _node(objects: Objects | None, pool: Pool, name: str) -> Item:
    node = pool.nodes[name]
    found = objects.find("Node", "", name) if objects else None
    since = str(meta(found).get("creationTimestamp", "")) if found else ""
    return Item(f"{pool.path}/{name}", "Node", name, "Ready" if node.ready else "NotReady", since, node.zone)


def _workloads(objects: Objects) -> Iterator[Item]:
    for kind in ("Deployment.apps", "Job.batch"):
        for found in objects.all(kind):
            if str(meta(found)["namespace"]).startswith(OURS):
                yield _workload(objects, kind.partition(".")[0], found)


def _workload(objects: Objects, kind: str, found: Object) -> Item:
    head = meta(found)
    selector = at(found, "spec", "selector", "matchLabels") or {}
    every = objects.all("Pod", head["namespace"])
    pods = [pod for pod in every if selector.items() <= (meta(pod).get("labels") or {}).items()]
    wanted, ready = at(found, "spec", "replicas"), at(found, "status", "readyReplicas") or 0
    if kind == "Job":
        done = any(c["type"] == "Complete" and c["status"] == "True" for c in at(found, "status", "conditions") or ())
        failed = any(c["type"] == "Failed" and c["status"] == "True" for c in at(found, "status", "conditions") or ())
        state, note = ("Completed" if done else "Failed" if failed else "Progressing"), str(head["namespace"])
    else:
        state, note = ("Ready" if ready == wanted else "Progressing"), f"{ready} of {wanted} ready, {head['namespace']}"
    key = f"{objects.name}/{kind}/{head['namespace']}/{head['name']}"
    since = str(head.get("creationTimestamp", ""))
    return Item(key, kind, head["name"], state, since, note, [_pod(objects, pod) for pod in pods])


def _pod(objects: Objects, pod: Object) -> Item:
    head, state = meta(pod), state_of(pod)
    where = str(at(pod, "spec", "nodeName") or "no node yet")
    return Item(
        f"{objects.name}/Pod/{head['namespace']}/{head['name']}",
        "Pod",
        str(head["name"]),
        state,
        str(head.get("creationTimestamp", "")),
        _why(pod) or where,
    )


def state_of(pod: Object) -> str:
    """Return a pod's state in the word that kubectl would show."""
    if "deletionTimestamp" in meta(pod):
        return "Terminating"
    conditions = {c["type"]: c for c in at(pod, "status", "conditions") or ()}
    if conditions.get("Ready", {}).get("status") == "True":
        return "Ready"
    if conditions.get("PodScheduled", {}).get("reason") == "Unschedulable":
        return "Unschedulable"
    waiting = _waiting(pod).get("reason", "")
    phase = str(at(pod, "status", "phase") or "Pending")
    return str(waiting or ("Starting" if phase == "Running" else phase))


def _waiting(pod: Object) -> dict[str, Any]:
    """Return what the first container that does not run yet says about itself."""
    status = pod.get("status") or {}
    every = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    states = [one.get("state") or {} for one in every]
    return next((state["waiting"] for state in states if "waiting" in state), {})


def _why(pod: Object) -> str:
    conditions = {c["type"]: c for c in at(pod, "status", "conditions") or ()}
    scheduled = conditions.get("PodScheduled", {})
    return str(scheduled.get("message") or _waiting(pod).get("message") or "")
