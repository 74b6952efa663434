"""How clusters, pools and operations look from outside: what was asked, plus all that GKE computes."""

from __future__ import annotations

from datetime import datetime

from google.cloud import container_v1
from google.rpc import code_pb2, status_pb2

from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_network import show_endpoints, show_network, show_pool_network
from infra.local.cloud.gke_state import Cluster, digest, etag, shown_path
from infra.local.cloud.nodes import Pool, group_name
from infra.local.cloud.operations import Failure, Work
from infra.local.cloud.regions import is_zone
from infra.local.cloud.wire import as_pb

API = "https://container.googleapis.com/v1/"
_TYPES = container_v1.Operation.Type.__members__
_STAGES = (("CLUSTER_CONFIGURING", 8), ("CLUSTER_DEPLOYING", 12), ("CLUSTER_HEALTHCHECKING", 2))


def stamp(when: datetime) -> str:
    """Return a time as GKE writes it."""
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")


def condition(failure: Failure) -> container_v1.StatusCondition:
    """Return a failure as a condition of a cluster or pool."""
    codes = container_v1.StatusCondition.Code.__members__
    return container_v1.StatusCondition(
        code=codes.get(failure.reason, codes["UNKNOWN"]),
        canonical_code=code_pb2.Code.Value(failure.status),
        message=failure.message,
    )


def show_pool(core: Core, pool: Pool) -> container_v1.NodePool:
    """Return a pool as the API shows it."""
    shown = container_v1.NodePool(pool.spec)
    shown.self_link = API + shown_path(pool.path)
    shown.etag = etag(pool.path, pool.changes)
    if shown.status.name == "RUNNING" and core.ledger.running(pool.path):
        shown.status = "RECONCILING"
    base = f"https://www.googleapis.com/compute/v1/projects/{pool.project}/zones"
    shown.instance_group_urls = [
        f"{base}/{zone}/instanceGroupManagers/{group_name(core.world, pool, zone)}-grp" for zone in pool.spec.locations
    ]
    show_pool_network(core.clusters[pool.cluster], shown)
    return shown


def show_cluster(core: Core, cluster: Cluster) -> container_v1.Cluster:
    """Return a cluster as the API shows it; for reading only, it is kept until something changes."""
    state = _state(core, cluster)
    kept = core.shown.get(cluster.path)
    if kept is None or kept[0] != state:
        kept = core.shown[cluster.path] = (state, _shown(core, cluster))
    return kept[1]


def _state(core: Core, cluster: Cluster) -> object:
    """Return all that the look of a cluster follows from, as a value that is quickly compared."""
    pools = [(as_pb(pool.spec).SerializeToString(), pool.changes, len(pool.nodes)) for pool in cluster.pools.values()]
    busy = [work.target for work in core.ledger.running(cluster.path)]
    spec = as_pb(cluster.spec).SerializeToString()
    return (spec, cluster.changes, cluster.membership, cluster.pod_range, pools, busy)


def _shown(core: Core, cluster: Cluster) -> container_v1.Cluster:
    shown = container_v1.Cluster(cluster.spec)
    shown.location = shown.zone = cluster.location
    shown.self_link = API + shown_path(cluster.path)
    shown.id = f"{core.world.dice(cluster.path).getrandbits(256):064x}"
    shown.etag = etag(cluster.path, cluster.all_changes)
    shown.label_fingerprint = digest(sorted(shown.resource_labels.items()))
    shown.maintenance_policy = _maintenance(cluster)
    shown.node_pools = [show_pool(core, pool) for pool in cluster.pools.values()]
    if shown.node_pools:
        shown.node_config = shown.node_pools[0].config
    shown.current_node_count = sum(len(pool.nodes) for pool in cluster.pools.values())
    shown.instance_group_urls = [url for pool in shown.node_pools for url in pool.instance_group_urls]
    show_network(cluster, shown)
    if cluster.spec.status.name != "PROVISIONING":
        show_endpoints(core, cluster, shown)
    if cluster.membership:
        shown.fleet.membership = f"//gkehub.googleapis.com/{cluster.membership}"
        shown.fleet.pre_registered = True
    if shown.status.name == "RUNNING" and core.ledger.running(cluster.path):
        shown.status = "RECONCILING"
    return shown


def _maintenance(cluster: Cluster) -> container_v1.MaintenancePolicy:
    policy = container_v1.MaintenancePolicy(cluster.spec.maintenance_policy)
    policy.resource_version = digest(as_pb(policy).SerializeToString(deterministic=True))[:8]
    if not as_pb(policy.window).ListFields():
        policy.window = None
    return policy


def _link(core: Core, path: str) -> str:
    parts = shown_path(path).split("/")
    parts[1] = core.compute.number
    return API + "/".join(parts)


def _progress(work: Work, now: datetime) -> container_v1.OperationProgress:
    share = work.progress(now) / 100
    metrics = []
    for name, total in _STAGES:
        metrics += [{"name": name, "int_value": int(total * share)}, {"name": f"{name}_TOTAL", "int_value": total}]
    return container_v1.OperationProgress(metrics=metrics)


def show_operation(core: Core, work: Work) -> container_v1.Operation:
    """Return an operation as the API shows it; for reading only. One that has ended never changes again."""
    if work.ended is None:
        return _operation(core, work)
    if work.path not in core.shown_operations:
        core.shown_operations[work.path] = _operation(core, work)
    return core.shown_operations[work.path]


def _operation(core: Core, work: Work) -> container_v1.Operation:
    """Links carry the project's number; a type unknown to v1 is left out."""
    now = core.world.now
    shown = container_v1.Operation(
        name=work.name,
        zone=work.parent.split("/")[3],
        operation_type=_TYPES.get(work.kind, 0),
        status=work.status(now),
        self_link=_link(core, work.path),
        target_link=_link(core, work.target),
        start_time=stamp(work.begun),
        detail=work.note,
    )
    if not is_zone(shown.zone):
        shown.location = shown.zone
    if work.ended:
        shown.end_time = stamp(work.ended)
    if work.kind == "CREATE_CLUSTER" and work.progress(now):
        shown.progress = _progress(work, now)
    if work.failure:
        shown.status_message = shown.detail = work.failure.message
        code = code_pb2.Code.Value(work.failure.status)
        shown.error = status_pb2.Status(code=code, message=work.failure.message)
        pooled = "/nodePools/" in work.target
        conditions = shown.nodepool_conditions if pooled else shown.cluster_conditions
        conditions.append(condition(work.failure))
    return shown
