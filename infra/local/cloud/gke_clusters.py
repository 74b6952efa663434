"""Clusters over the API: create with pools inside, read, update one setting at a time, delete; and GKE's operations."""

from __future__ import annotations

from typing import Any

from google.cloud import container_v1

from infra.local.cloud.compute_store import last
from infra.local.cloud.errors import already_exists, not_found
from infra.local.cloud.gke_busy import check_free
from infra.local.cloud.gke_checks import bad, check_cluster, pick_version
from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_defaults import CLUSTER, with_defaults
from infra.local.cloud.gke_fill import Attempt, begin, broken
from infra.local.cloud.gke_pools import new_pool, up
from infra.local.cloud.gke_show import condition, show_cluster, show_operation, stamp
from infra.local.cloud.gke_state import Cluster, check_etag, cluster_path, operation_path, place_of, shown_path
from infra.local.cloud.gke_updates import effect_of
from infra.local.cloud.operations import Failure, Work
from infra.local.cloud.regions import VERSIONS, is_zone, region_of, zones_of
from infra.local.cloud.wire import Handler

_DEFAULT_ZONES = 3


class Clusters:
    """Handlers of the RPCs about clusters and operations."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "ListClusters": self._list,
            "GetCluster": self._get,
            "CreateCluster": self._create,
            "UpdateCluster": self._update,
            "DeleteCluster": self._delete,
            "GetOperation": self._get_operation,
            "ListOperations": self._list_operations,
            "CancelOperation": self._cancel,
            "GetServerConfig": self._server_config,
        }

    def _down(self) -> list[str]:
        faults = self._core.world.faults
        keys = sorted(key for key in faults.unavailable if key.startswith("gke/"))
        return [key.removeprefix("gke/") for key in keys if faults.is_down(key)]

    def _list(self, request: Any) -> container_v1.ListClustersResponse:
        project, location = place_of(request)
        down = self._down() if location == "-" else []
        mine = [c for c in self._core.clusters.values() if c.project == project]
        seen = [c for c in mine if location in {"-", c.location} and c.location not in down]
        shown = [show_cluster(self._core, cluster) for cluster in sorted(seen, key=lambda c: c.path)]
        return container_v1.ListClustersResponse(clusters=shown, missing_zones=down)

    def _get(self, request: Any) -> container_v1.Cluster:
        return show_cluster(self._core, self._core.find(cluster_path(request)))

    def _create(self, request: Any) -> container_v1.Operation:
        project, location = place_of(request)
        path = f"projects/{project}/locations/{location}/clusters/{request.cluster.name}"
        if path in self._core.clusters:
            raise already_exists(shown_path(path))
        cluster = self._new(project, location, request.cluster)
        check_cluster(self._core.compute, project, location, cluster.spec)
        for asked in _pools_of(request.cluster):
            pool = new_pool(self._core, cluster, asked)
            if pool.name in cluster.pools:
                raise bad(f'Node pool "{pool.name}" is named twice.')
            cluster.pools[pool.name] = pool
        self._core.attach(cluster)
        self._core.clusters[path] = cluster
        return self._begin(cluster)

    def _begin(self, cluster: Cluster) -> container_v1.Operation:
        core = self._core
        attempts = [begin(core, pool, pool.spec.initial_node_count) for pool in cluster.pools.values()]
        takes = "stockout" if any(attempt.blocked for attempt in attempts) else ""

        def finish() -> Failure | None:
            failures = [failure for attempt in attempts if (failure := attempt.finish())]
            if failures:
                return failures[0]
            self._up(cluster)
            return None

        def undo(failure: Failure) -> None:
            self._broken(cluster, attempts, failure)

        return self._start("CREATE_CLUSTER", cluster, finish, undo, takes)

    def _new(self, project: str, location: str, asked: container_v1.Cluster) -> Cluster:
        given = container_v1.Cluster(asked)
        given.node_pools = []
        spec = with_defaults(given, CLUSTER)
        if not container_v1.NetworkPolicy.pb(spec.network_policy).ListFields():
            spec.network_policy = None
        spec.ip_allocation_policy.use_ip_aliases = not spec.ip_allocation_policy.use_routes
        spec.network = last(spec.network)
        spec.subnetwork = last(spec.subnetwork) or (spec.network if spec.network == "default" else "")
        zones = [location] if is_zone(location) else zones_of(location)[:_DEFAULT_ZONES]
        spec.locations = list(asked.locations) or zones
        version = pick_version(asked.initial_cluster_version, spec.release_channel.channel.name)
        spec.initial_cluster_version = spec.current_master_version = spec.current_node_version = version
        spec.create_time = stamp(self._core.world.now)
        spec.status = "PROVISIONING"
        return Cluster(project, location, spec)

    def _start(self, kind: str, cluster: Cluster, finish: Any, undo: Any, takes: str = "") -> container_v1.Operation:
        parent = cluster.path.split("/clusters/")[0]
        work = self._core.ledger.start(kind, parent, cluster.path, finish, undo, takes)
        self._core.changed()
        return show_operation(self._core, work)

    def _up(self, cluster: Cluster) -> None:
        cluster.spec.status = "RUNNING"
        self._join(cluster)
        for pool in cluster.pools.values():
            up(self._core, pool)
        self._core.changed()

    def _join(self, cluster: Cluster) -> None:
        fleet = cluster.spec.fleet.project
        if fleet and not cluster.membership and self._core.join_fleet:
            cluster.membership = self._core.join_fleet(cluster, fleet)

    def _broken(self, cluster: Cluster, attempts: list[Attempt], failure: Failure) -> None:
        cluster.spec.status = "ERROR"
        cluster.spec.status_message = failure.message
        cluster.spec.conditions = [condition(failure)]
        for attempt in attempts:
            broken(self._core, attempt.pool, failure)
        self._core.changed()

    def _update(self, request: Any) -> container_v1.Operation:
        cluster = self._core.find(cluster_path(request))
        update = container_v1.ClusterUpdate(request.update)
        check_etag(update.etag, cluster.path, cluster.all_changes)
        check_free(self._core.ledger, cluster, cluster.path)
        kind, effect = effect_of(self._core, cluster, update)

        def finish() -> Failure | None:
            effect()
            self._join(cluster)
            cluster.changes += 1
            self._core.changed()
            return None

        return self._start(kind, cluster, finish, lambda _failure: None)

    def _delete(self, request: Any) -> container_v1.Operation:
        core, cluster = self._core, self._core.find(cluster_path(request))
        check_free(core.ledger, cluster, cluster.path)
        cluster.spec.status = "STOPPING"

        def finish() -> Failure | None:
            core.forget(cluster)
            return None

        return self._start("DELETE_CLUSTER", cluster, finish, lambda failure: self._broken(cluster, [], failure))

    def _found(self, request: Any) -> Work:
        path = operation_path(request)
        if path not in self._core.ledger.works:
            raise not_found(shown_path(path))
        return self._core.ledger.works[path]

    def _get_operation(self, request: Any) -> container_v1.Operation:
        return show_operation(self._core, self._found(request))

    def _list_operations(self, request: Any) -> container_v1.ListOperationsResponse:
        project, location = place_of(request)
        down = self._down() if location == "-" else []
        prefix = f"projects/{project}/locations/" + ("" if location == "-" else f"{location}/operations/")
        works = [w for w in self._core.ledger.works.values() if w.path.startswith(prefix)]
        seen = [show_operation(self._core, w) for w in works if w.parent.split("/")[3] not in down]
        return container_v1.ListOperationsResponse(operations=seen, missing_zones=down)

    def _cancel(self, request: Any) -> None:
        self._core.ledger.cancel(self._found(request))

    def _server_config(self, request: Any) -> container_v1.ServerConfig:
        _, location = place_of(request)
        if not region_of(location):
            raise bad(f'Location "{location}" does not exist.')
        every = list(dict.fromkeys(version for versions in VERSIONS.values() for version in versions))
        every.sort(reverse=True)
        channels = [
            {"channel": channel, "default_version": versions[0], "valid_versions": list(versions)}
            for channel, versions in VERSIONS.items()
        ]
        return container_v1.ServerConfig(
            default_cluster_version=VERSIONS["REGULAR"][0],
            valid_master_versions=every,
            valid_node_versions=every,
            default_image_type="COS_CONTAINERD",
            valid_image_types=["COS_CONTAINERD", "UBUNTU_CONTAINERD"],
            channels=channels,
        )


def _pools_of(asked: container_v1.Cluster) -> list[container_v1.NodePool]:
    """Return the pools of a new cluster: as listed, or the default pool of the older fields."""
    if asked.autopilot.enabled:
        return []
    if asked.node_pools:
        return list(asked.node_pools)
    if asked.initial_node_count < 1:
        raise bad("Cluster.initial_node_count must be greater than zero.")
    count = asked.initial_node_count
    return [container_v1.NodePool(name="default-pool", initial_node_count=count, config=asked.node_config)]
