"""Network profiles: where RDMA networks can be, read only."""

from __future__ import annotations

from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_lists import matching
from infra.local.cloud.compute_store import BASE, missing
from infra.local.cloud.regions import ROCE_SHAPES, ZONES, offered, zones_of
from infra.local.cloud.wire import Handler

_SUFFIX = "-vpc-roce"
_FEATURES = {
    "interface_types": ["MRDMA"],
    "firewall_policy_types": ["RDMA_ROCE_POLICY"],
    "subnetwork_purposes": ["PRIVATE"],
    "subnetwork_stack_types": ["IPV4_ONLY"],
    "allow_auto_mode_subnet": "AUTO_MODE_SUBNET_BLOCKED",
    "allow_cloud_nat": "CLOUD_NAT_BLOCKED",
    "allow_cloud_router": "CLOUD_ROUTER_BLOCKED",
    "allow_external_ip_access": "EXTERNAL_IP_ACCESS_BLOCKED",
    "allow_firewall_policy": "FIREWALL_POLICY_ALLOWED",
    "allow_load_balancing": "LOAD_BALANCING_BLOCKED",
    "allow_multi_nic_in_same_network": "MULTI_NIC_IN_SAME_NETWORK_ALLOWED",
    "allow_multi_nic_in_same_subnetwork": "MULTI_NIC_IN_SAME_SUBNETWORK_BLOCKED",
    "allow_subnetwork_creation": "SUBNETWORK_CREATION_ALLOWED",
    "allow_vpc_firewall_rules": "VPC_FIREWALL_RULES_BLOCKED",
    "allow_vpc_peering": "VPC_PEERING_BLOCKED",
}


def _zones() -> list[str]:
    every = [zone for region in ZONES for zone in zones_of(region)]
    return [zone for zone in every if any(offered(zone, shape) for shape in ROCE_SHAPES)]


def has_profile(name: str) -> bool:
    """Say whether there is a network profile of this name."""
    return name.endswith(_SUFFIX) and name.removesuffix(_SUFFIX) in _zones()


def _profile(project: str, zone: str) -> compute_v1.NetworkProfile:
    name = zone + _SUFFIX
    return compute_v1.NetworkProfile(
        name=name,
        description="RoCE networks for MRDMA interfaces.",
        kind="compute#networkProfile",
        location={"name": zone, "scope": "ZONE"},
        profile_type={"network_type": "RDMA", "rdma_subtype": "ROCE"},
        features=_FEATURES,
        self_link=f"{BASE}projects/{project}/global/networkProfiles/{name}",
    )


def _get(request: Any) -> compute_v1.NetworkProfile:
    if not has_profile(request.network_profile):
        raise missing(f"projects/{request.project}/global/networkProfiles/{request.network_profile}")
    return _profile(request.project, request.network_profile.removesuffix(_SUFFIX))


def _list(request: Any) -> compute_v1.NetworkProfilesListResponse:
    items = matching([_profile(request.project, zone) for zone in _zones()], request.filter)
    return compute_v1.NetworkProfilesListResponse(kind="compute#networkProfileList", items=items)


def profile_handlers() -> dict[str, Handler]:
    """Return the handlers of the network profiles client."""
    return {"Get": _get, "List": _list}
