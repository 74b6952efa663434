"""What GKE refuses before it starts anything: machines not sold there, bad combinations, networks that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from google.cloud import container_v1

from infra.local.cloud.compute import Compute
from infra.local.cloud.compute_store import last
from infra.local.cloud.errors import ApiError
from infra.local.cloud.gke_state import Cluster
from infra.local.cloud.regions import SHAPES, VERSIONS, offered, region_of, zones_of

_NAME = re.compile(r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")


def bad(text: str) -> ApiError:
    """Return the refusal of a request."""
    return ApiError("INVALID_ARGUMENT", text, "badRequest")


def check_name(what: str, name: str) -> None:
    """Refuse a name that is too long or has other characters than GKE takes."""
    if not _NAME.match(name):
        rule = "must be at most 40 characters of a-z, 0-9 and -, begin with a letter and not end with -"
        raise bad(f'Invalid value for field "{what}.name": "{name}" {rule}.')


def pick_version(asked: str, channel: str) -> str:
    """Return the full version for what was asked, such as ``-``, ``latest``, ``1.35`` or a full one."""
    versions = VERSIONS.get(channel) or tuple(dict.fromkeys(v for every in VERSIONS.values() for v in every))
    if asked in {"", "-"}:
        return versions[0]
    if asked == "latest":
        return max(versions, key=lambda v: [int(n) for n in re.findall(r"\d+", v)])
    found = [v for v in versions if v == asked or v.startswith((f"{asked}.", f"{asked}-"))]
    if not found:
        raise bad(f'Master version "{asked}" is unsupported.')
    return found[0]


def check_cluster(compute: Compute, project: str, location: str, spec: container_v1.Cluster) -> None:
    """Refuse a cluster whose place, network or combination of settings cannot be."""
    region = region_of(location)
    if not region:
        raise bad(f'Location "{location}" does not exist.')
    check_name("cluster", spec.name)
    _check_zones(region, spec.locations)
    network = compute.network(project, spec.network)
    if network is None:
        raise bad(f'Network "{spec.network}" does not exist.')
    subnetwork = compute.subnetwork(project, region, spec.subnetwork)
    if subnetwork is None or last(subnetwork.network) != spec.network:
        path = f"projects/{project}/regions/{region}/subnetworks/{spec.subnetwork}"
        raise bad(f'Subnetwork "{path}" is not valid for Network "{spec.network}".')
    policy = spec.ip_allocation_policy
    known = {r.range_name for r in subnetwork.secondary_ip_ranges}
    for name in (policy.cluster_secondary_range_name, policy.services_secondary_range_name):
        if name and name not in known:
            raise bad(f'Secondary range "{name}" does not exist in subnetwork "{spec.subnetwork}".')
    if spec.autopilot.enabled and spec.node_pools:
        raise bad("Cluster.node_pools must not be set for Autopilot clusters.")
    config = spec.network_config
    if config.enable_multi_networking and not (_dataplane_v2(spec) and policy.use_ip_aliases):
        raise bad("Multi-networking requires Dataplane V2 (ADVANCED_DATAPATH) and VPC-native (useIpAliases).")


def _dataplane_v2(spec: container_v1.Cluster) -> bool:
    return bool(spec.network_config.datapath_provider.name == "ADVANCED_DATAPATH")


def _check_zones(region: str, zones: Iterable[str]) -> None:
    for zone in zones:
        if zone not in zones_of(region):
            raise bad(f'Zone "{zone}" is not in region "{region}".')


def check_pool(compute: Compute, cluster: Cluster, spec: container_v1.NodePool) -> None:
    """Refuse a pool that the cluster's zones, networks or the rules of its machines do not allow."""
    check_name("node_pool", spec.name)
    _check_zones(region_of(cluster.location), spec.locations)
    machine = spec.config.machine_type
    for zone in spec.locations:
        if not offered(zone, machine):
            raise bad(f'Invalid machine type "{machine}" in zone "{zone}": GCE_NOT_FOUND.')
    check_scaling(spec.autoscaling)
    _check_accelerators(spec.config)
    _check_model(spec)
    _check_disk(spec.config)
    if spec.placement_policy.type_.name == "COMPACT" and len(spec.locations) != 1:
        raise bad("Compact placement requires exactly one zone.")
    _check_networks(compute, cluster, spec)


def check_scaling(scaling: Any) -> None:
    """Refuse limits that contradict each other."""
    total = (scaling.total_min_node_count, scaling.total_max_node_count)
    zonal = (scaling.min_node_count, scaling.max_node_count)
    if any(total) and any(zonal):
        raise bad("Only one of (min_node_count, max_node_count) and (total_min_node_count, total_max_node_count).")
    low, high = total if any(total) else zonal
    if scaling.enabled and (low > high or high < 1):
        raise bad(f"Autoscaling limits are invalid: minimum {low}, maximum {high}.")


def _check_accelerators(config: Any) -> None:
    shape, given = SHAPES[config.machine_type], list(config.accelerators)
    if shape.is_tpu or not shape.gpus:
        if given:
            raise bad(f'Machine type "{config.machine_type}" does not take accelerators.')
        return
    right = len(given) == 1 and given[0].accelerator_type == shape.gpu_type and given[0].accelerator_count == shape.gpus
    if not right:
        needs = f"requires exactly {shape.gpus} accelerators of type {shape.gpu_type}"
        asked = ", ".join(f"{a.accelerator_count} x {a.accelerator_type}" for a in given) or "none"
        raise bad(f'Machine type "{config.machine_type}" {needs}; requested: {asked}.')


def _check_model(spec: container_v1.NodePool) -> None:
    config, shape = spec.config, SHAPES[spec.config.machine_type]
    reserved = config.reservation_affinity.consume_reservation_type.name == "SPECIFIC_RESERVATION"
    ways = [config.spot or config.preemptible, config.flex_start, reserved]
    if sum(map(bool, ways)) > 1:
        raise bad("Only one of spot, flexStart and a specific reservation can be used.")
    if not shape.on_demand and not any(ways):
        text = f'Machine type "{config.machine_type}" is not available on demand'
        raise bad(f"{text}: use spot, flexStart or a specific reservation.")
    if not config.flex_start:
        return
    if not shape.flex_start:
        raise bad(f'Machine type "{config.machine_type}" does not support flexStart.')
    if spec.initial_node_count or not spec.autoscaling.enabled or spec.management.auto_repair:
        raise bad("flexStart requires autoscaling, no initial nodes and no auto-repair.")


def _check_disk(config: Any) -> None:
    only = SHAPES[config.machine_type].boot_disk
    asked = config.boot_disk.disk_type or config.disk_type
    if only and asked != only:
        raise bad(f'Disk type "{asked}" is not supported for machine type "{config.machine_type}"; use {only}.')


def _check_networks(compute: Compute, cluster: Cluster, spec: container_v1.NodePool) -> None:
    config, region = spec.network_config, region_of(cluster.location)
    if config.accelerator_network_profile not in {"", "auto"}:
        raise bad(f'Invalid accelerator network profile "{config.accelerator_network_profile}".')
    if config.accelerator_network_profile and not _dataplane_v2(cluster.spec):
        raise bad("acceleratorNetworkProfile requires Dataplane V2 (ADVANCED_DATAPATH).")
    extra = config.additional_node_network_configs
    if extra and not cluster.spec.network_config.enable_multi_networking:
        raise bad("additionalNodeNetworkConfigs requires a cluster with multi-networking enabled.")
    for one in extra:
        network = compute.network(cluster.project, last(one.network))
        subnetwork = compute.subnetwork(cluster.project, region, last(one.subnetwork))
        if network is None:
            raise bad(f'Network "{one.network}" does not exist.')
        if subnetwork is None or last(subnetwork.network) != network.name:
            raise bad(f'Subnetwork "{one.subnetwork}" is not valid for Network "{one.network}".')
        zone = last(network.network_profile).removesuffix("-vpc-roce")
        if zone and list(spec.locations) != [zone]:
            raise bad(f'Network "{network.name}" belongs to zone "{zone}": the node pool must be in that zone only.')
