"""Google Kubernetes Engine: clusters, node pools, operations; what the Kubernetes controllers ask; fault scripts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from google.protobuf import json_format

from infra.local.cloud import rpcs
from infra.local.cloud.compute import Compute
from infra.local.cloud.errors import ApiError
from infra.local.cloud.gke_clusters import Clusters
from infra.local.cloud.gke_core import Core, Listener
from infra.local.cloud.gke_fill import broken
from infra.local.cloud.gke_pools import Pools
from infra.local.cloud.gke_state import Cluster, place_of
from infra.local.cloud.nodes import Node, Pool
from infra.local.cloud.operations import Failure, Ledger
from infra.local.cloud.wire import Handler, Wire, as_pb
from infra.local.cloud.world import World

_UP = {"RUNNING", "RECONCILING", "DEGRADED"}
_SCALED = {"RUNNING", "RECONCILING", "RUNNING_WITH_ERROR"}
_WRECKED = Failure("INTERNAL", "Instances of the node pool are unhealthy and could not be recreated.", "INTERNAL_ERROR")


def _nowhere(project: str, location: str, name: str) -> str:
    return f"gke-{name}.{location}.{project}.invalid"


class Gke:
    """The service. ``endpoint_of(project, location, name)`` says where a cluster's Kubernetes API is."""

    def __init__(self, world: World, compute: Compute, endpoint_of: Callable[[str, str, str], str] = _nowhere) -> None:
        self.world = world
        self.core = Core(world, compute, endpoint_of)

    @property
    def on_change(self) -> list[Listener]:
        """Return who is called whenever clusters or nodes have changed; append to it."""
        return self.core.on_change

    @property
    def ledger(self) -> Ledger:
        """Return the operations."""
        return self.core.ledger

    def set_in_use(self, in_use: Callable[[str, str, str], Collection[str]]) -> None:
        """Say who knows which nodes of (project, location, cluster) carry pods: those are never scaled away."""
        self.core.in_use = in_use

    # What the Kubernetes controllers ask ---------------------------------------------------------------------

    def clusters(self) -> list[Cluster]:
        """Return every cluster, in whatever state."""
        return list(self.core.clusters.values())

    def cluster(self, project: str, location: str, name: str) -> Cluster | None:
        """Return a cluster, or None."""
        return self.core.clusters.get(f"projects/{project}/locations/{location}/clusters/{name}")

    def running(self, project: str, location: str, name: str) -> bool:
        """Say whether a cluster's Kubernetes API answers."""
        found = self.cluster(project, location, name)
        return found is not None and found.spec.status.name in _UP

    def nodes(self, project: str, location: str, cluster: str) -> list[Node]:
        """Return the nodes that have joined a cluster whose Kubernetes API answers."""
        if not self.running(project, location, cluster):
            return []
        return [node for pool in self.pools(project, location, cluster) for node in pool.nodes.values()]

    def pools(self, project: str, location: str, cluster: str) -> list[Pool]:
        """Return the pools of a cluster; none if there is no such cluster."""
        found = self.cluster(project, location, cluster)
        return list(found.pools.values()) if found else []

    def want_nodes(self, project: str, location: str, cluster: str, pool: str, count: int) -> int:
        """Let an autoscaled pool that is up have so many nodes, within its limits; return what it has or is getting.

        New ones take two to three minutes. What stock or quota refuse is in ``Pool.events``; ask again later.
        """
        found = self._pool(project, location, cluster, pool)
        if not found.spec.autoscaling.enabled or found.spec.status.name not in _SCALED:
            return found.size
        low, high = found.bounds()
        wanted = min(max(count, low), high)
        if wanted > found.size:
            self.core.machines.grow(found, wanted)
        elif wanted < found.size:
            self.core.machines.shrink(found, wanted, self.core.busy(found))
        return found.size

    def drop_node(self, project: str, location: str, cluster: str, pool: str, node: str) -> None:
        """Give one idle node of an autoscaled pool back, unless the pool is at its minimum."""
        found = self._pool(project, location, cluster, pool)
        if node in found.nodes and found.spec.autoscaling.enabled and found.size > found.bounds()[0]:
            self.core.machines.remove(found, node)
            self.core.changed()

    def _pool(self, project: str, location: str, cluster: str, pool: str) -> Pool:
        path = f"projects/{project}/locations/{location}/clusters/{cluster}"
        return self.core.find_pool(path, pool)[1]

    # Fault scripts -------------------------------------------------------------------------------------------

    def wreck_pool(self, project: str, location: str, cluster: str, pool: str, left: int = 0) -> None:
        """Break a pool: it is in ERROR, and only so many of its nodes are left."""
        found = self._pool(project, location, cluster, pool)
        self.core.ledger.drop(found.path)
        self.core.machines.shrink(found, left)
        broken(self.core, found, _WRECKED)

    def preempt(self, project: str, location: str, cluster: str, pool: str, count: int = 1) -> list[str]:
        """Take nodes away as spot machines are; the pool tries at once to get others. Returns the names gone."""
        found = self._pool(project, location, cluster, pool)
        gone = list(found.nodes)[:count]
        size = found.size
        for name in gone:
            self.core.machines.remove(found, name)
        self.core.machines.grow(found, size)
        self.core.changed()
        return gone

    def delete_by_hand(self, project: str, location: str, cluster: str, pool: str = "") -> None:
        """Let a cluster, or one pool of it, be gone at once, as if someone had deleted it elsewhere."""
        found = self.core.find(f"projects/{project}/locations/{location}/clusters/{cluster}")
        if not pool:
            self.core.forget(found)
            return
        going = self._pool(project, location, cluster, pool)
        self.core.ledger.drop(going.path)
        del found.pools[pool]
        self.core.machines.clear(going)

    # The wire ------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC; a location that is down answers for itself."""
        every = Clusters(self.core).handlers() | Pools(self.core).handlers()
        return {name: self._guard(handler) for name, handler in every.items()}

    def _guard(self, handler: Handler) -> Handler:
        def guarded(request: Any) -> Any:
            project, location = place_of(request)
            if self.world.faults.is_down(f"gke/{location}"):
                raise ApiError("UNAVAILABLE", f"GKE in {location} is currently unavailable.", "backendError")
            self.core.compute.open(project)
            return handler(request)

        return guarded

    def snapshot(self) -> dict[str, object]:
        """Return which clusters and pools exist, with their settings and states; sizes only of fixed pools."""
        return {path: _cluster_snapshot(cluster) for path, cluster in sorted(self.core.clusters.items())}


def _cluster_snapshot(cluster: Cluster) -> dict[str, object]:
    spec = json_format.MessageToDict(as_pb(cluster.spec))
    _drop_passing(spec)
    pools = {name: _pool_snapshot(pool) for name, pool in sorted(cluster.pools.items())}
    return {"spec": spec, "membership": cluster.membership, "pools": pools}


def _drop_passing(spec: dict[str, Any]) -> None:
    """Take out what differs from one run to the next: times, and the sentences that contain some."""
    for name in ("createTime", "statusMessage", "conditions"):
        spec.pop(name, None)


def _pool_snapshot(pool: Pool) -> dict[str, object]:
    spec = json_format.MessageToDict(as_pb(pool.spec))
    _drop_passing(spec)
    fixed = {} if pool.spec.autoscaling.enabled else {"nodes": len(pool.nodes)}
    return {"spec": spec} | fixed


def gke_wire(world: World, gke: Gke) -> Wire:
    """Return the wire of container.googleapis.com."""
    wire = Wire(world, "gke")
    wire.serve(rpcs.load("google.cloud.container_v1", "cluster_manager", "ClusterManagerClient"), gke.handlers())
    return wire
