"""Node pools over the API: create, read, resize, set, update, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.cloud import container_v1

from infra.local.cloud.errors import already_exists
from infra.local.cloud.gke_busy import check_free, check_up
from infra.local.cloud.gke_checks import bad, check_pool, check_scaling
from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_defaults import POOL, with_defaults
from infra.local.cloud.gke_fill import Attempt, begin, broken, enforce_bounds
from infra.local.cloud.gke_pool_updates import apply_update, recreates
from infra.local.cloud.gke_show import show_operation, show_pool
from infra.local.cloud.gke_state import Cluster, check_etag, cluster_path, pool_name, shown_path
from infra.local.cloud.nodes import Pool
from infra.local.cloud.operations import Failure, Finish, nothing
from infra.local.cloud.regions import SHAPES
from infra.local.cloud.wire import Handler


def new_pool(core: Core, cluster: Cluster, asked: container_v1.NodePool) -> Pool:
    """Return a pool as asked, with defaults, checked but without machines."""
    only = SHAPES[asked.config.machine_type].boot_disk if asked.config.machine_type in SHAPES else ""
    given = container_v1.NodePool(asked)
    if only and not (given.config.disk_type or given.config.boot_disk.disk_type):
        given.config.disk_type = only
    spec = with_defaults(given, POOL)
    _fill_config(spec.config)
    spec.locations = list(spec.locations) or list(cluster.spec.locations)
    scaling = spec.autoscaling
    if not spec.initial_node_count and scaling.enabled:
        spec.initial_node_count = scaling.min_node_count
    check_pool(core.compute, cluster, spec)
    spec.version = spec.version or cluster.spec.current_node_version
    spec.status = "PROVISIONING"
    return Pool(cluster.project, f"{cluster.path}/nodePools/{spec.name}", spec)


def _fill_config(config: container_v1.NodeConfig) -> None:
    """Write what GKE computes into a pool's config: the boot disk in both its forms, and how machines are bought."""
    config.disk_type = config.boot_disk.disk_type or config.disk_type
    config.disk_size_gb = config.boot_disk.size_gb or config.disk_size_gb
    config.boot_disk.disk_type, config.boot_disk.size_gb = config.disk_type, config.disk_size_gb
    config.effective_cgroup_mode = "EFFECTIVE_CGROUP_MODE_V2"
    model = "spot" if config.spot else "flex-start" if config.flex_start else "on-demand"
    config.resource_labels["goog-gke-node-pool-provisioning-model"] = model


class Pools:
    """Handlers of the RPCs about node pools."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "CreateNodePool": self._create,
            "GetNodePool": self._get,
            "ListNodePools": self._list,
            "UpdateNodePool": self._update,
            "SetNodePoolSize": self._resize,
            "SetNodePoolAutoscaling": self._autoscale,
            "SetNodePoolManagement": self._manage,
            "DeleteNodePool": self._delete,
        }

    def _found(self, request: Any) -> tuple[Cluster, Pool]:
        return self._core.find_pool(cluster_path(request), pool_name(request))

    def _get(self, request: Any) -> container_v1.NodePool:
        return show_pool(self._core, self._found(request)[1])

    def _list(self, request: Any) -> container_v1.ListNodePoolsResponse:
        pools = self._core.find(cluster_path(request)).pools.values()
        return container_v1.ListNodePoolsResponse(node_pools=[show_pool(self._core, pool) for pool in pools])

    def _create(self, request: Any) -> container_v1.Operation:
        core, cluster = self._core, self._core.find(cluster_path(request))
        path = f"{cluster.path}/nodePools/{request.node_pool.name}"
        if request.node_pool.name in cluster.pools:
            raise already_exists(shown_path(path))
        check_free(core.ledger, cluster, path)
        check_up(cluster)
        pool = new_pool(core, cluster, request.node_pool)
        cluster.pools[pool.name] = pool
        attempt = begin(core, pool, pool.spec.initial_node_count)
        takes = attempt.takes or ("" if pool.spec.initial_node_count else "CREATE_NODE_POOL.empty")

        def finish() -> Failure | None:
            failure = attempt.finish()
            if failure is None:
                up(core, pool)
            return failure

        return self._start("CREATE_NODE_POOL", pool, finish, lambda failure: broken(core, pool, failure), takes)

    def _start(
        self,
        kind: str,
        pool: Pool,
        finish: Finish,
        undo: Callable[[Failure], None] = nothing,
        takes: str = "",
    ) -> container_v1.Operation:
        parent = pool.path.split("/clusters/")[0]
        work = self._core.ledger.start(kind, parent, pool.path, finish, undo, takes)
        self._core.changed()
        return show_operation(self._core, work)

    def _change(self, kind: str, pool: Pool, effect: Callable[[], None]) -> container_v1.Operation:
        def finish() -> Failure | None:
            effect()
            pool.changes += 1
            self._core.changed()
            return None

        return self._start(kind, pool, finish)

    def _free(self, request: Any) -> Pool:
        cluster, pool = self._found(request)
        check_free(self._core.ledger, cluster, pool.path)
        check_up(cluster)
        return pool

    def _resize(self, request: Any) -> container_v1.Operation:
        core, pool = self._core, self._free(request)
        attempt: Attempt = begin(core, pool, request.node_count)
        takes = attempt.takes

        def finish() -> Failure | None:
            failure = attempt.finish()
            if failure is None:
                core.machines.shrink(pool, request.node_count * len(pool.spec.locations))
                up(core, pool, enforce=False)
            return failure

        def undo(failure: Failure) -> None:
            broken(core, pool, failure, "RUNNING_WITH_ERROR" if pool.nodes else "ERROR")

        return self._start("SET_NODE_POOL_SIZE", pool, finish, undo, takes)

    def _autoscale(self, request: Any) -> container_v1.Operation:
        pool, asked = self._free(request), container_v1.NodePoolAutoscaling(request.autoscaling)
        check_scaling(asked)

        def effect() -> None:
            pool.spec.autoscaling = asked
            enforce_bounds(self._core, pool)

        return self._change("SET_NODE_POOL_AUTOSCALING", pool, effect)

    def _manage(self, request: Any) -> container_v1.Operation:
        pool, asked = self._free(request), container_v1.NodeManagement(request.management)

        def effect() -> None:
            pool.spec.management = asked

        return self._change("SET_NODE_POOL_MANAGEMENT", pool, effect)

    def _update(self, request: Any) -> container_v1.Operation:
        cluster, pool = self._found(request)
        check_etag(request.etag, pool.path, pool.changes)
        self._free(request)
        wanted = container_v1.NodePool(pool.spec)
        if not apply_update(wanted, request):
            raise bad("UpdateNodePool: nothing to update was given.")
        check_pool(self._core.compute, cluster, _without_start(wanted))
        kind = "UPGRADE_NODES" if recreates(request) else "UPDATE_NODE_POOL"

        def effect() -> None:
            apply_update(pool.spec, request)
            self._core.machines.refresh(pool)

        return self._change(kind, pool, effect)

    def _delete(self, request: Any) -> container_v1.Operation:
        core, (cluster, pool) = self._core, self._found(request)
        check_free(core.ledger, cluster, pool.path)
        pool.spec.status = "STOPPING"

        def finish() -> Failure | None:
            core.machines.clear(pool)
            cluster.pools.pop(pool.name, None)
            core.changed()
            return None

        return self._start("DELETE_NODE_POOL", pool, finish, lambda failure: broken(core, pool, failure))


def _without_start(spec: container_v1.NodePool) -> container_v1.NodePool:
    """Return the pool without its first size, which binds only while it is created."""
    checked = container_v1.NodePool(spec)
    checked.initial_node_count = 0
    return checked


def up(core: Core, pool: Pool, *, enforce: bool = True) -> None:
    """Let a pool be up and well."""
    pool.spec.status = "RUNNING"
    pool.spec.status_message = ""
    pool.spec.conditions = []
    pool.changes += 1
    if enforce:
        enforce_bounds(core, pool)
    core.changed()
