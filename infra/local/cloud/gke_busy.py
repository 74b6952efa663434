"""What may run beside what: one operation per cluster, or one per pool and a handful of pools at a time."""

from __future__ import annotations

from infra.local.cloud.errors import ApiError
from infra.local.cloud.gke_state import Cluster
from infra.local.cloud.operations import Ledger, Work

_AT_ONCE = 5
_DOING = {
    "CREATE_CLUSTER": "creating",
    "DELETE_CLUSTER": "deleting",
    "UPGRADE_MASTER": "upgrading",
    "CREATE_NODE_POOL": "creating a node pool for",
    "DELETE_NODE_POOL": "deleting a node pool for",
    "SET_NODE_POOL_SIZE": "resizing a node pool for",
    "UPGRADE_NODES": "upgrading nodes of",
}


def _blocked(work: Work, cluster: Cluster) -> ApiError:
    doing = _DOING.get(work.kind)
    text = f"Cluster is running incompatible operation {work.name}."
    if doing:
        wait = "Please wait and try again once it is done."
        text = f"Operation {work.name} is currently {doing} cluster {cluster.name}. {wait}"
    return ApiError("FAILED_PRECONDITION", text, "failedPrecondition")


def check_free(ledger: Ledger, cluster: Cluster, target: str) -> None:
    """Refuse an operation on a cluster or on one of its pools while an incompatible one runs."""
    running = ledger.running(cluster.path)
    for work in running:
        if work.target in {cluster.path, target} or target == cluster.path:
            raise _blocked(work, cluster)
    if len(running) >= _AT_ONCE:
        quota = f"hits the concurrent operations quota {_AT_ONCE}, please try again later."
        raise ApiError(
            "RESOURCE_EXHAUSTED", f'Too many operations: cluster "{cluster.name}" {quota}', "rateLimitExceeded"
        )


def check_up(cluster: Cluster) -> None:
    """Refuse work on the pools of a cluster that never came up or is broken."""
    if cluster.spec.status.name in {"ERROR", "STOPPING", "PROVISIONING"}:
        text = f'Cluster "{cluster.name}" is in state {cluster.spec.status.name}.'
        raise ApiError("FAILED_PRECONDITION", text, "failedPrecondition")
