"""The node pool of one deployment in one region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.compile_frame import Frame
from shared.domain.compile_place import DEPLOYMENT, cloud_labels, cluster_key
from shared.domain.compile_platform import SCOPES
from shared.domain.graph import Resource
from shared.domain.machines import Consumption
from shared.domain.manifests.server import ephemeral_gib
from shared.domain.names import Kind, ResourceKey, cut, short_hash

POOL_LABEL = "inferops.dev/pool"
"""Label of a pool's nodes; pods select it, so that a changed pool moves the pods of its deployment."""
_ROOM_GB = 50
"""Of the boot disk, beside what pods ask for: images and the system."""
_RESERVATIONS = {
    Consumption.FLEX_START: "NO_RESERVATION",
    Consumption.SPOT: "NO_RESERVATION",
    # Fail rather than pay the list price for what was booked elsewhere.
    Consumption.RESERVATION: "ANY_RESERVATION_THEN_FAIL",
    Consumption.CALENDAR: "ANY_RESERVATION_THEN_FAIL",
}


def node_pool(frame: Frame, cards: Iterable[Mapping[str, str]] = (), needs: Iterable[ResourceKey] = ()) -> Resource:
    """Return the pool; ``cards`` are the networks of additional network cards, in their order.

    What cannot be changed in place is part of the name: a change is a new pool beside the old one. The autoscaler
    owns the count, so the first count is create-only. A flexible start begins empty and waits for pods.
    """
    fixed = _fixed(frame, list(cards))
    name = cut(f"{frame.name}-{short_hash(fixed)}")
    place = frame.here
    nodes = frame.fit.nodes(frame.spec.regions[frame.region].replicas)
    flexible = frame.spec.consumption == Consumption.FLEX_START
    labels = {
        "labels": {DEPLOYMENT: frame.name, POOL_LABEL: name},
        "resource_labels": cloud_labels(frame.site, frame.name),
    }
    spec = {
        **fixed,
        "name": name,
        "config": {**fixed["config"], **labels},
        "autoscaling": {
            "enabled": True,
            "total_min_node_count": 0,
            "total_max_node_count": nodes,
            "location_policy": "ANY",
        },
        "management": {"auto_repair": not flexible, "auto_upgrade": True},
        "_create_only": {"initial_node_count": 0 if flexible else nodes},
    }
    return Resource(place.key(Kind.NODE_POOL, name), spec, frozenset({cluster_key(frame.region), *needs}))


def _fixed(frame: Frame, cards: list[Mapping[str, str]]) -> dict[str, Any]:
    machine, way = frame.fit.machine, Consumption(frame.spec.consumption)
    accelerator = {
        "accelerator_type": machine.accelerator.type,
        "accelerator_count": machine.accelerator.count,
        "gpu_driver_installation_config": {"gpu_driver_version": "LATEST"},
    }
    config: dict[str, Any] = {
        "machine_type": machine.machine_type,
        "accelerators": [accelerator],
        "oauth_scopes": list(SCOPES),
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "gvnic": {"enabled": True},
        **_disks(frame),
    }
    if way in (Consumption.SPOT, Consumption.FLEX_START):
        config[str(way)] = True
    if way in _RESERVATIONS:
        config["reservation_affinity"] = {"consume_reservation_type": _RESERVATIONS[way]}
    fixed: dict[str, Any] = {"locations": [frame.spec.regions[frame.region].zone], "config": config}
    if cards:
        fixed["network_config"] = {"additional_node_network_configs": [dict(card) for card in cards]}
    return fixed


def _disks(frame: Frame) -> dict[str, Any]:
    """Return where pods' scratch space lies: on bundled local SSDs, else on a boot disk large enough for it.

    GKE keeps up to half of a boot disk for itself.
    """
    machine = frame.fit.machine
    boot = {"disk_type": machine.boot_disk} if machine.boot_disk else {}
    if machine.local_ssds:
        return {**boot, "ephemeral_storage_local_ssd_config": {"local_ssd_count": machine.local_ssds}}
    asked = ephemeral_gib(frame.engine, frame.fit) * frame.fit.replicas_per_node
    return {**boot, "disk_size_gb": 2 * asked + _ROOM_GB}
