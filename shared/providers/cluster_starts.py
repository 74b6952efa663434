"""Starting work on clusters and node pools, no more at once than GKE takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, assert_never

from shared.adapters.gke import Gke
from shared.adapters.protos import own_fields
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import differences
from shared.domain.planning import Do, Verb
from shared.providers.clusters import running

MOST_POOLS = 4
"""Pool operations at once in one cluster; GKE refuses the sixth."""
_CLUSTER_FIELDS = {
    "network_config.gateway_api_config": "desired_gateway_api_config",
    "network_config.datapath_provider": "desired_datapath_provider",
    "network_config.enable_multi_networking": "desired_enable_multi_networking",
    "pod_autoscaling": "desired_pod_autoscaling",
    "monitoring_config": "desired_monitoring_config",
    "addons_config": "desired_addons_config",
    "control_plane_endpoints_config": "desired_control_plane_endpoints_config",
    "workload_identity_config": "desired_workload_identity_config",
    "release_channel": "desired_release_channel",
    "fleet": "desired_fleet",
}
"""Field of a cluster -> the one field of ClusterUpdate that changes it."""
_POOL_FIELDS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "locations": lambda value: {"locations": value},
    "upgrade_settings": lambda value: {"upgrade_settings": value},
    "config.labels": lambda value: {"labels": {"labels": value}},
    "config.resource_labels": lambda value: {"resource_labels": {"labels": value}},
    "config.taints": lambda value: {"taints": {"taints": value}},
    "config.workload_metadata_config": lambda value: {"workload_metadata_config": value},
    "config.gcfs_config": lambda value: {"gcfs_config": value},
    "config.gvnic": lambda value: {"gvnic": value},
}
"""Field of a pool -> what UpdateNodePool is sent. Whatever else a pool has is part of its name."""


def gate(actions: Iterable[Do], operations: Sequence[Mapping[str, Any]]) -> dict[ResourceKey, InferError]:
    """Return which of these must wait: a cluster takes one operation of its own, or a few on its pools."""
    busy = {(location, name) for location, name, pool in running(operations) if not pool}
    pools = Counter((location, name) for location, name, pool in running(operations) if pool)
    held: dict[ResourceKey, InferError] = {}
    for action in sorted(actions, key=lambda action: action.key):
        home = action.key.container or action.key
        place = (home.location, home.name)
        whole = action.key.kind is Kind.CLUSTER
        if place in busy or (whole and pools[place]) or pools[place] >= MOST_POOLS:
            text = f"{action.verb} {action.key}: {home} has other operations under way"
            held[action.key] = PreconditionError(text, reason=Reason.BUSY)
        elif whole:
            busy.add(place)
        else:
            pools[place] += 1
    return held


def start(action: Do, gke: Gke, listed: Callable[[], Mapping[tuple[str, str], Mapping[str, Any]]]) -> str:
    """Start one action; return the operation. ``listed`` gives the clusters as they are now, for updates."""
    key = action.key
    match action.verb:
        case Verb.CREATE:
            spec = action.resource.spec if action.resource else {}
            return _create(key, {**own_fields(spec), **spec.get("_create_only", {})}, gke)
        case Verb.DELETE:
            return _delete(key, gke)
        case Verb.UPDATE:
            spec = action.resource.spec if action.resource else {}
            return _update(key, spec, gke, listed())
        case other:
            assert_never(other)


def _create(key: ResourceKey, spec: Mapping[str, Any], gke: Gke) -> str:
    if home := key.container:
        return gke.create_pool(home.location, home.name, spec)
    return gke.create_cluster(key.location, spec)


def _delete(key: ResourceKey, gke: Gke) -> str:
    if home := key.container:
        return gke.delete_pool(home.location, home.name, key.name)
    return gke.delete_cluster(key.location, key.name)


def _update(
    key: ResourceKey, spec: Mapping[str, Any], gke: Gke, clusters: Mapping[tuple[str, str], Mapping[str, Any]]
) -> str:
    """Change the first field that differs; the next round sees to the next one, as GKE takes them one by one."""
    home = key.container or key
    found = clusters.get((home.location, home.name), {})
    if key.container:
        found = next((pool for pool in found.get("node_pools", ()) if pool["name"] == key.name), {})
    paths = differences(spec, found)
    if not paths:
        return ""
    if key.container:
        return _update_pool(key, home, paths[0], spec, gke)
    return _update_cluster(key, paths[0], spec, found, gke)


def _update_pool(key: ResourceKey, home: ResourceKey, path: str, spec: Mapping[str, Any], gke: Gke) -> str:
    top = path.partition(".")[0]
    if top == "autoscaling":
        return gke.set_autoscaling(home.location, home.name, key.name, spec["autoscaling"])
    if top == "management":
        return gke.set_management(home.location, home.name, key.name, spec["management"])
    field = _covering(path, _POOL_FIELDS)
    if not field:
        raise _fixed(key, path)
    return gke.update_pool(home.location, home.name, key.name, _POOL_FIELDS[field](_at(spec, field)))


def _update_cluster(key: ResourceKey, path: str, spec: Mapping[str, Any], found: Mapping[str, Any], gke: Gke) -> str:
    if path.partition(".")[0] == "resource_labels":
        labels = {**found["resource_labels"], **spec["resource_labels"]}
        return gke.set_labels(key.location, key.name, labels, found["label_fingerprint"])
    field = _covering(path, _CLUSTER_FIELDS)
    if not field:
        raise _fixed(key, path)
    return gke.update_cluster(key.location, key.name, {_CLUSTER_FIELDS[field]: _at(spec, field)})


def _covering(path: str, fields: Iterable[str]) -> str:
    return next((field for field in fields if _parts(path).startswith(f"{field}.")), "")


def _parts(path: str) -> str:
    """Return a path of ``differences`` with places in lists as parts of their own: ``taints.0.key.``."""
    return path.replace("[", ".").replace("]", "") + "."


def _at(spec: Mapping[str, Any], path: str) -> Any:
    value: Any = spec
    for part in path.split("."):
        value = value[part]
    return value


def _fixed(key: ResourceKey, path: str) -> InferError:
    return NeedsHumanError(
        f"update {key}: {path} cannot be changed in place",
        reason=Reason.FIELD_NOT_KEPT,
        remedy=f"set {path} of {key} back by hand, or delete it: inferops builds it anew",
    )
