"""GKE's virtual machines as Node objects."""

from __future__ import annotations

from infra.local.cloud.kube.controllers.hooks import Node
from infra.local.cloud.kube.controllers.loop import Controller, Site
from infra.local.cloud.kube.controllers.values import made_condition, timed
from infra.local.cloud.kube.values import Object, meta

GPU = "nvidia.com/gpu"
TPU = "google.com/tpu"
_GIB = 2**30


class Nodes(Controller):
    """Mirrors the machines of a cluster. GPUs become allocatable once driver and device plugin are installed."""

    def sync(self, site: Site) -> None:
        """Make the Node objects be those machines that GKE has now."""
        nodes = {node.name: node for node in self.hooks.nodes_of(site.key)}
        for obj in site.objects.all("Node"):
            if meta(obj)["name"] not in nodes:
                site.objects.delete("Node", "", meta(obj)["name"])
        for node in nodes.values():
            self._mirror(site, node)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Write one machine's state anew."""
        del namespace
        node = next((n for n in self.hooks.nodes_of(site.key) if n.name == name), None)
        found = site.objects.get("Node", "", name)
        if node is not None and found is not None:
            self._report(site, node, found)

    def _mirror(self, site: Site, node: Node) -> None:
        found = site.objects.get("Node", "", node.name)
        head: Object = meta(found) if found else {"name": node.name}
        labels = {**(head.get("labels") or {}), **labels_of(node)}
        spec: Object = {
            **((found or {}).get("spec") or {}),
            "providerID": f"gce://{site.project}/{node.zone}/{node.name}",
        }
        if node.taints:
            spec["taints"] = [dict(taint) for taint in node.taints]
        obj = {"apiVersion": "v1", "kind": "Node", "metadata": {**head, "labels": labels}, "spec": spec}
        self._report(site, node, site.objects.put(obj, "gke"))

    def _report(self, site: Site, node: Node, obj: Object) -> None:
        gpus = node.gpus if node.ready and node.gpus and self.over("gpu-driver", site, obj) else 0
        old = obj.get("status") or {}
        ready = made_condition(
            "Ready",
            node.ready,
            "KubeletReady" if node.ready else "KubeletNotReady",
            "kubelet is posting ready status" if node.ready else "container runtime network not ready",
        )
        status = {
            "capacity": capacity(node, gpus),
            "allocatable": allocatable(node, gpus),
            "conditions": timed(old.get("conditions"), [ready], self.world.now),
            "addresses": [{"type": "Hostname", "address": node.name}],
            "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux"},
        }
        site.objects.set_status(obj, status)


def labels_of(node: Node) -> dict[str, str]:
    """Return the labels of a machine: those that every node has, and what GKE says."""
    known = {
        "kubernetes.io/hostname": node.name,
        "node.kubernetes.io/instance-type": node.machine_type,
        "topology.kubernetes.io/zone": node.zone,
        "topology.kubernetes.io/region": node.zone.rsplit("-", 1)[0],
        "cloud.google.com/gke-nodepool": node.pool,
    }
    return {**known, **node.labels}


def capacity(node: Node, gpus: int) -> dict[str, str]:
    """Return what the machine has."""
    extra = {TPU if node.gpu_type.startswith("tpu-") else GPU: str(gpus)} if gpus else {}
    return {"cpu": f"{node.cpu:g}", "memory": f"{int(node.memory_gb * 2**20)}Ki", "pods": "110"} | extra


def allocatable(node: Node, gpus: int) -> dict[str, str]:
    """Return what is left for pods after GKE's reservations."""
    millis = node.cpu * 1000 - _reserved_millis(node.cpu)
    memory = node.memory_gb * _GIB - _reserved_bytes(node.memory_gb) - 100 * 2**20
    return {**capacity(node, gpus), "cpu": f"{int(millis)}m", "memory": f"{int(memory / 1024)}Ki"}


def _reserved_millis(cpu: float) -> float:
    # 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest.
    return 60 * min(cpu, 1) + 10 * min(max(cpu - 1, 0), 1) + 5 * min(max(cpu - 2, 0), 2) + 2.5 * max(cpu - 4, 0)


def _reserved_bytes(gib: float) -> float:
    reserved, left = 0.0, gib
    # The share that GKE keeps falls with each slice of memory.
    for size, share in ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06)):
        part = min(left, size)
        reserved, left = reserved + part * share, left - part
    return (reserved + left * 0.02) * _GIB
