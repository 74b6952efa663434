"""A running cloud with Compute, GKE and Fleet, and the real clients pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1, container_v1, gkehub_v1

from infra.local.cloud.compute import Compute, compute_wire
from infra.local.cloud.fleet import Fleet, fleet_wire
from infra.local.cloud.gke import Gke, gke_wire
from infra.local.cloud.server import Server
from infra.local.cloud.world import World
from tests.waiting import eventually

EAST = "projects/demo/locations/us-east4"
GLOBAL = "projects/demo/locations/global"
H100 = {"accelerator_type": "nvidia-h100-80gb", "accelerator_count": 2}


@dataclass
class Place:
    """The parts of the cloud, for looking behind the wire; ``granted`` is the ingress agent's role."""

    world: World
    compute: Compute
    gke: Gke
    fleet: Fleet
    server: Server
    granted: list[bool] = field(default_factory=lambda: [True])

    def rest(self, kind: Any) -> Any:
        host = {"compute_v1": "compute", "container_v1": "gke", "gkehub_v1": "fleet"}[kind.__module__.split(".")[2]]
        options = {"api_endpoint": self.server.endpoints[host]}
        return kind(transport="rest", credentials=AnonymousCredentials(), client_options=options)

    def grpc(self, kind: Any) -> Any:
        channel = grpc.insecure_channel(self.server.endpoints["grpc"])
        return kind(transport=kind.get_transport_class("grpc")(channel=channel))

    def run(self, what: Callable[[], Any]) -> Any:
        return self.server.run(what)

    def hold(self) -> None:
        """Stop time; requests are answered all the same."""
        self.run(self.world.pause)

    def go_on(self) -> None:
        self.run(lambda: self.world.pause(on=False))

    def settle(self) -> None:
        """Let time go on until nothing more is going to happen."""
        self.go_on()
        eventually(lambda: self.run(lambda: not self.world._agenda))

    # Compute -------------------------------------------------------------------------------------------------

    def done(self, operation: Any) -> Any:
        """Wait for an operation of Compute and return it."""
        region = operation.region.rsplit("/", 1)[-1]
        if region:
            get = lambda: self.regional.get(project="demo", region=region, operation=operation.name)  # noqa: E731 - one use
        else:
            get = lambda: self.globals.get(project="demo", operation=operation.name)  # noqa: E731 - one use
        return until(get, lambda op: op.status == compute_v1.Operation.Status.DONE)

    @property
    def globals(self) -> Any:
        return self.rest(compute_v1.GlobalOperationsClient)

    @property
    def regional(self) -> Any:
        return self.rest(compute_v1.RegionOperationsClient)

    # GKE -----------------------------------------------------------------------------------------------------

    def ended(self, operation: Any) -> Any:
        """Wait for an operation of GKE and return it."""
        client, name = self.grpc(container_v1.ClusterManagerClient), f"{EAST}/operations/{operation.name}"
        return until(lambda: client.get_operation(name=name), lambda op: op.status.name == "DONE")

    def cluster(self, name: str = "east", **fields: Any) -> str:
        """Make a cluster in us-east4 and return its path."""
        client, spec = self.grpc(container_v1.ClusterManagerClient), {"initial_node_count": 1, **fields}
        operation = self.ended(client.create_cluster(parent=EAST, cluster={"name": name, **spec}))
        assert not operation.error.message
        return f"{EAST}/clusters/{name}"

    def pool(self, cluster: str, name: str = "gpu", **fields: Any) -> Any:
        """Make a pool and return the operation as it ended."""
        client = self.grpc(container_v1.ClusterManagerClient)
        return self.ended(client.create_node_pool(parent=cluster, node_pool={"name": name, **fields}))

    def nodes(self, cluster: str = "east") -> list[Any]:
        return list(self.run(lambda: self.gke.nodes("demo", "us-east4", cluster)))


def h100(**fields: Any) -> dict[str, Any]:
    """A pool of spot machines with two H100 in the one zone."""
    config = {"machine_type": "a3-highgpu-2g", "spot": True, "accelerators": [H100]}
    return {"locations": ["us-east4-a"], "config": config, **fields}


def autoscaled(most: int = 4) -> dict[str, Any]:
    return {"enabled": True, "total_max_node_count": most, "location_policy": "ANY"}


def until(get: Callable[[], Any], holds: Callable[[Any], Any]) -> Any:
    """Ask again until it holds; the world's hours pass in milliseconds."""
    held = eventually(lambda: (holds(value := get()) and [value]) or None)
    return held[0]


@contextmanager
def running() -> Iterator[Place]:
    world, granted = World(seed=7), [True]
    compute = Compute(world)
    gke = Gke(world, compute, lambda project, location, name: f"127.0.0.1:9/{project}/{location}/{name}")
    fleet = Fleet(world, gke, lambda: granted[0])
    wires = [compute_wire(world, compute), gke_wire(world, gke), fleet_wire(world, fleet)]
    server = Server(world, wires, {}).start()
    try:
        yield Place(world, compute, gke, fleet, server, granted)
    finally:
        server.stop()


GKE = container_v1.ClusterManagerClient
HUB = gkehub_v1.GkeHubClient
