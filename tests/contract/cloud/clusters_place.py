"""Clusters with their controllers and a small cloud around them, stepped through virtual time without a server."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local.cloud.kube.controllers import Controllers, Hooks, Pool
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.world import World

Object = dict[str, Any]
EAST, WEST = "gke-east", "gke-west"
REGIONS = {EAST: "us-east4", WEST: "europe-west3"}
CLASS = "gke-l7-cross-regional-internal-managed-mc"
GATEWAY, ROUTE = "Gateway.gateway.networking.k8s.io", "HTTPRoute.gateway.networking.k8s.io"
IMPORT, POOL = "GCPInferencePoolImport.networking.gke.io", "InferencePool.inference.networking.k8s.io"
CLASSES = "GatewayClass.gateway.networking.k8s.io"
MODEL = "meta-llama/Llama-3.1-8B-Instruct"


@dataclass
class Machine:
    name: str
    pool: str
    zone: str
    gpus: int = 0
    gpu_type: str = ""
    machine_type: str = "e2-standard-8"
    cpu: float = 8
    memory_gb: float = 32
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[dict[str, str]] = field(default_factory=list)
    ready: bool = True


def h100(name: str, zone: str) -> Machine:
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    labels = {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}
    kind = "nvidia-h100-80gb"
    return Machine(name, "h100", zone, 2, kind, "a3-highgpu-2g", 52, 468, labels=labels, taints=[taint])


class Place:
    """Two clusters of a fleet; what is outside them is plain data that a test may change."""

    def __init__(self) -> None:
        self.world = World()
        self.machines: dict[str, list[Machine]] = {}
        self.pools: dict[str, list[Pool]] = {}
        self.wanted: list[tuple[str, str, int]] = []
        self.sold_out = False
        self.dropped: list[str] = []
        self.missing_images: set[str] = set()
        self.version_of: str | None = None
        self.readers: set[tuple[str, str, str]] = set()
        self.addons = {"gcs_fuse_csi_driver_config"}
        self.config: str | None = None
        self.members: list[str] = []
        self.proxies = set(REGIONS.values())
        self.subnets = {"rdma-0"}
        self.children: dict[str, list[tuple[str, str]]] = {}
        self.controllers = Controllers(self.world, self._hooks())
        self.clusters: dict[str, Objects] = {}

    def _hooks(self) -> Hooks:
        return Hooks(
            nodes_of=lambda cluster: self.machines.get(cluster, []),
            pools_of=lambda cluster: self.pools.get(cluster, []),
            want_nodes=self._want,
            drop_node=lambda _cluster, _pool, node: self.dropped.append(node),
            image_exists=lambda ref: ref not in self.missing_images,
            image_version=lambda _: self.version_of,
            has_addon=lambda _, addon: addon in self.addons,
            may_read=lambda _, namespace, account, bucket: (namespace, account, bucket) in self.readers,
            config_cluster=lambda: self.config,
            member_clusters=lambda: self.members,
            subnet_range={"us-east4": "10.150.0.0/20", "europe-west3": "10.156.0.0/20"}.get,
            proxy_subnet=lambda region: region in self.proxies,
            network_exists=lambda vpc: vpc == "rdma",
            subnet_exists=lambda _vpc, subnet, _region: subnet in self.subnets,
            add_child=self._child,
            remove_children=self._forget,
        )

    def _want(self, cluster: str, pool: str, count: int) -> int:
        self.wanted.append((cluster, pool, count))
        return 0 if self.sold_out else count

    def _forget(self, owner: str) -> None:
        self.children.pop(owner, None)

    def _child(self, owner: str, kind: str, name: str, _: Object) -> None:
        made = self.children.setdefault(owner, [])
        if (kind, name) not in made:
            made.append((kind, name))

    def born(self, key: str) -> Objects:
        objects = self.clusters[key] = Objects(self.world, key)
        install_gke_crds(objects)
        zone = f"{REGIONS[key]}-a"
        self.machines.setdefault(key, [Machine(f"{key}-system", "system", zone), h100(f"{key}-gpu", zone)])
        self.controllers.attach(key, objects, REGIONS[key], "demo")
        return objects

    def pass_time(self, **units: float) -> None:
        """Let so much virtual time pass, and everything in it happen."""
        self._until(self.world.now + timedelta(**units), lambda: False)

    def wait_for(self, what: Callable[[], bool], **units: float) -> timedelta:
        """Let time pass until something holds; return how long it took."""
        begun = self.world.now
        self._until(begun + timedelta(**(units or {"hours": 2})), what)
        assert what(), "it did not come true in time"
        return self.world.now - begun

    def quiet(self) -> bool:
        return all(entry.cancelled for entry in self.world._agenda)

    def _until(self, end: datetime, enough: Callable[[], bool]) -> None:
        agenda = self.world._agenda
        while agenda and agenda[0].at <= end and not enough():
            entry = heapq.heappop(agenda)
            if not entry.cancelled:
                self.world.now = max(self.world.now, entry.at)
                entry.what()
        if not enough():
            self.world.now = end

    def pods(self, key: str, app: str = "llm") -> list[Object]:
        return self.clusters[key].list("Pod", "default", {"app": app})


def put(objects: Objects, kind: str, name: str, spec: Object, **more: Any) -> Object:
    """Write an object of a kind the test names by its id."""
    head: Object = {"name": name, **more.pop("metadata", {})}
    if objects.kinds[kind].namespaced:
        head["namespace"] = "default"
    api = objects.kinds[kind].api_version
    body = {"spec": spec} if spec else {}
    return objects.put(
        {"apiVersion": api, "kind": kind.split(".", maxsplit=1)[0], "metadata": head, **body, **more}, "test"
    )


def secret(objects: Objects, name: str = "hf-token", value: str = "hf_x") -> Object:
    data = {"token": base64.b64encode(value.encode()).decode()}
    return put(objects, "Secret", name, {}, type="Opaque", data=data)


def server(image: str = "vllm/vllm-openai:v0.18.1", model: str = MODEL) -> Object:
    """A model server's container as the product's manifests have it."""
    token = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "token"}}}
    return {
        "name": "vllm", "image": image, "args": [f"--model={model}", "--port=8000", "--served-model-name=llama"],
        "env": [token], "ports": [{"name": "http", "containerPort": 8000}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
        "startupProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5, "failureThreshold": 180},
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8000}},
    }  # fmt: skip


def deployment(name: str, container: Object, replicas: int = 1, **spec: Any) -> Object:
    """A Deployment's spec; ``pod`` adds to the pod's spec."""
    app = {"app": name}
    metadata = {"labels": app, **spec.pop("metadata", {})}
    template = {"metadata": metadata, "spec": {"containers": [container], **spec.pop("pod", {})}}
    return {"replicas": replicas, "selector": {"matchLabels": app}, "template": template, **spec}


def condition(obj: Object | None, kind: str) -> Object:
    found = ((obj or {}).get("status") or {}).get("conditions") or []
    return next((c for c in found if c["type"] == kind), {})


def waiting(pod: Object) -> str:
    return str(pod["status"]["containerStatuses"][0]["state"].get("waiting", {}).get("reason", ""))
