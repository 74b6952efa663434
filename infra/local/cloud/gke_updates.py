"""UpdateCluster: exactly one setting per request, and what each of them changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.cloud import container_v1

from infra.local.cloud.errors import ApiError
from infra.local.cloud.gke_checks import bad, check_cluster, check_scaling, pick_version
from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_fill import enforce_bounds
from infra.local.cloud.gke_state import Cluster

_IN_NETWORK_CONFIG = {
    "desired_gateway_api_config": "gateway_api_config",
    "desired_datapath_provider": "datapath_provider",
    "desired_enable_multi_networking": "enable_multi_networking",
    "desired_default_enable_private_nodes": "default_enable_private_nodes",
    "desired_dns_config": "dns_config",
    "desired_network_performance_config": "network_performance_config",
    "desired_service_external_ips_config": "service_external_ips_config",
    "desired_in_transit_encryption_config": "in_transit_encryption_config",
}
_RENAMED = {"desired_cluster_autoscaling": "autoscaling"}
# Messages of which only the fields that were sent change; all others are replaced whole.
_MERGED = {"desired_addons_config", "desired_control_plane_endpoints_config", "desired_monitoring_config"}
Effect = Callable[[], None]


def effect_of(core: Core, cluster: Cluster, update: container_v1.ClusterUpdate) -> tuple[str, Effect]:
    """Return the type of operation and what it changes; refuse none, several, or what is not simulated."""
    given = [field.name for field, _ in container_v1.ClusterUpdate.pb(update).ListFields() if field.name != "etag"]
    settings = [name for name in given if name != "desired_node_pool_id"]
    if len(settings) != 1:
        raise bad(f"Exactly one update must be given per request; given: {', '.join(settings) or 'none'}.")
    name = settings[0]
    if name == "desired_node_pool_autoscaling":
        return "UPDATE_CLUSTER", _pool_scaling(core, cluster, update)
    if name in {"desired_master_version", "desired_node_version"}:
        return _upgrade(core, cluster, name, getattr(update, name))
    wanted = container_v1.Cluster(cluster.spec)
    _write(wanted, name, getattr(update, name))
    check_cluster(core.compute, cluster.project, cluster.location, wanted)

    def effect() -> None:
        _write(cluster.spec, name, getattr(update, name))

    return "UPDATE_CLUSTER", effect


def _write(spec: container_v1.Cluster, name: str, value: Any) -> None:
    plain = _RENAMED.get(name, name.removeprefix("desired_"))
    if name in _IN_NETWORK_CONFIG:
        setattr(spec.network_config, _IN_NETWORK_CONFIG[name], value)
    elif name in _MERGED:
        kind = type(value)
        kind.pb(getattr(spec, plain)).MergeFrom(_without_old_lists(kind, getattr(spec, plain), value))
    elif plain in container_v1.Cluster.meta.fields:
        setattr(spec, plain, value)
    else:
        raise ApiError("UNIMPLEMENTED", f"UpdateCluster with {name} is not simulated", "notImplemented")


def _without_old_lists(kind: Any, old: Any, new: Any) -> Any:
    """Return the new message; the list of monitored components is replaced, not added to."""
    if kind is container_v1.MonitoringConfig and new.component_config.enable_components:
        old.component_config.enable_components = []
    return kind.pb(new)


def _pool_scaling(core: Core, cluster: Cluster, update: container_v1.ClusterUpdate) -> Effect:
    _, pool = core.find_pool(cluster.path, update.desired_node_pool_id)
    check_scaling(update.desired_node_pool_autoscaling)

    def effect() -> None:
        pool.spec.autoscaling = update.desired_node_pool_autoscaling
        pool.changes += 1
        enforce_bounds(core, pool)

    return effect


def _upgrade(core: Core, cluster: Cluster, name: str, asked: str) -> tuple[str, Effect]:
    version = pick_version(asked, cluster.spec.release_channel.channel.name)
    if name == "desired_master_version":

        def master() -> None:
            cluster.spec.current_master_version = version

        return "UPGRADE_MASTER", master

    def nodes() -> None:
        cluster.spec.current_node_version = version
        for pool in cluster.pools.values():
            pool.spec.version = version
        core.changed()

    return "UPGRADE_NODES", nodes
