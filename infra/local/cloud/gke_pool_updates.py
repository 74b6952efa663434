"""UpdateNodePool: which fields can change, and which of them replace every machine."""

from __future__ import annotations

from typing import Any

from google.cloud import container_v1

from infra.local.cloud.gke_checks import bad

_INNER = {"labels": "labels", "taints": "taints", "tags": "tags", "resource_labels": "labels"}
"""Field of the request -> the field inside it that becomes the field of the same name in NodeConfig."""
_ON_POOL = ("upgrade_settings", "queued_provisioning", "node_drain_config", "maintenance_policy")
_ADDRESS = {"project_id", "zone", "cluster_id", "node_pool_id", "name", "etag"}
_RECREATES = {"machine_type", "disk_type", "disk_size_gb", "boot_disk", "accelerators", "image_type", "node_version"}


def _given(request: container_v1.UpdateNodePoolRequest) -> list[str]:
    fields = container_v1.UpdateNodePoolRequest.pb(request).ListFields()
    return [field.name for field, _ in fields if field.name not in _ADDRESS]


def recreates(request: container_v1.UpdateNodePoolRequest) -> bool:
    """Say whether every machine of the pool is made anew."""
    return bool(_RECREATES & set(_given(request)))


def apply_update(spec: container_v1.NodePool, request: container_v1.UpdateNodePoolRequest) -> bool:
    """Write the request's fields into a pool; say whether there was any. Refuses what is fixed at creation."""
    given = _given(request)
    for name in given:
        _apply(spec, name, getattr(request, name))
    return bool(given)


def _apply(spec: container_v1.NodePool, name: str, value: Any) -> None:
    if name == "node_version":
        spec.version = value
    elif name == "locations":
        spec.locations = list(value)
    elif name == "node_network_config":
        if value.additional_node_network_configs or value.accelerator_network_profile:
            raise bad("The additional networks of a node pool cannot be changed: create another pool.")
        spec.network_config = value
    elif name in _ON_POOL:
        setattr(spec, name, value)
    elif name in _INNER:
        setattr(spec.config, name, getattr(value, _INNER[name]))
    elif name in container_v1.NodeConfig.meta.fields:
        setattr(spec.config, name, value)
        _same_disk(spec.config, name)
    else:
        raise bad(f"UpdateNodePool: {name} cannot be changed in this simulation.")


def _same_disk(config: container_v1.NodeConfig, changed: str) -> None:
    """Keep the two forms in which a boot disk is described alike."""
    disk = config.boot_disk
    if changed == "boot_disk":
        config.disk_type = disk.disk_type or config.disk_type
        config.disk_size_gb = disk.size_gb or config.disk_size_gb
    disk.disk_type, disk.size_gb = config.disk_type, config.disk_size_gb
