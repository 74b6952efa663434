"""One simulated cluster behind its HTTP front, and the real clients pointed at it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, dynamic
from kubernetes.dynamic.exceptions import DynamicApiError

from infra.local.cloud.kube.api import KubeServer
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.server import Server
from infra.local.cloud.world import World
from tests.waiting import PATIENCE

Object = dict[str, Any]
KEY = "projects/demo/locations/us-east4/clusters/gke-east"
MEMBER = "projects/123456789012/locations/us-east4/memberships/gke-east"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass
class Place:
    """The parts, for looking behind the wire."""

    world: World
    kube: KubeServer
    objects: Objects
    server: Server
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.server.endpoints['kubernetes']}/{KEY}"

    def api(self, token: str = "a-token", url: str = "") -> client.ApiClient:  # noqa: S107 - any text is a good token here
        configuration = client.Configuration(host=url or self.url)
        configuration.api_key = {"authorization": f"Bearer {token}"}
        configuration.retries = False
        return client.ApiClient(configuration)

    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api())

    def resource(self, api_version: str, kind: str) -> Any:
        """A dynamic resource, freshly discovered."""
        cache = self.folder / f"discovery-{len(list(self.folder.iterdir()))}.json"
        return dynamic.DynamicClient(self.api(), cache_file=str(cache)).resources.get(
            api_version=api_version, kind=kind
        )

    def kubectl(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the real kubectl to its end."""
        program = self.opened(*words)
        try:
            out, error = program.communicate(stdin, timeout=PATIENCE)
        finally:
            program.kill()
        return subprocess.CompletedProcess(program.args, program.returncode, out, error)

    def opened(self, *words: str) -> subprocess.Popen[str]:
        """Start the real kubectl. It sends no token over plain HTTP, so it has a door of its own."""
        program = shutil.which("kubectl")
        if program is None:
            pytest.skip("kubectl is not on PATH")
        door = f"{self.server.endpoints['kubectl']}/{KEY}"
        command = [program, "--server", door, "--cache-dir", str(self.folder / "kubectl"), *words]
        home = {"HOME": str(self.folder), "PATH": str(Path(program).parent)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=home)  # noqa: S603 - our own arguments


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    """A cluster with GKE's definitions, served on loopback."""
    world = World()
    kube = KubeServer(world)
    kube.membership = {MEMBER: KEY}.get
    objects = kube.cluster(KEY, install_gke_crds)

    server = Server(world, [], {"kubernetes": kube.answer, "kubectl": kube.for_kubectl}).start()
    try:
        yield Place(world, kube, objects, server, folder)
    finally:
        server.run(kube.close)
        server.stop()


def refusal(call: Callable[[], Any]) -> tuple[int, Object]:
    """The HTTP code and the Status of a call that is refused."""
    try:
        call()
    except (DynamicApiError, client.ApiException) as error:
        return error.status, json.loads(error.body)
    pytest.fail("the call was not refused")


def apply(resource: Any, body: Object, manager: str = "ours", **how: Any) -> Object:
    name = body["metadata"]["name"]
    applied = resource.server_side_apply(body=body, name=name, namespace="default", field_manager=manager, **how)
    out: Object = applied.to_dict()
    return out


def config_map(name: str, data: dict[str, str] | None = None, **head: Any) -> Object:
    metadata = {"name": name, "namespace": "default", **head}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def pool(name: str = "llm", port: int = 8000, **spec: Any) -> Object:
    picker = {"name": f"{name}-epp", "port": {"number": 9002}}
    wanted = {
        "selector": {"matchLabels": {"app": name}},
        "targetPorts": [{"number": port}],
        "endpointPickerRef": picker,
    }
    return {
        "apiVersion": "inference.networking.k8s.io/v1",
        "kind": "InferencePool",
        "metadata": {"name": name, "namespace": "default"},
        "spec": wanted | spec,
    }


def deployment(name: str = "llm", **pod: Any) -> Object:
    containers = [{"name": "engine", "image": "engine:1", "ports": [{"containerPort": 8000}]}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers, **pod}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def policy(**default: Any) -> Object:
    target = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "llm"}
    spec = {"targetRef": target, "default": default}
    return {"apiVersion": "networking.gke.io/v1", "kind": "GCPBackendPolicy", "metadata": {"name": "p"}, "spec": spec}
