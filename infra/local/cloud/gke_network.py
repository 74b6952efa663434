"""What GKE computes about the network of a shown cluster: its ranges, its endpoints, and the older copies of both."""

from __future__ import annotations

import ipaddress

from google.cloud import container_v1

from infra.local.cloud.gke_core import Core
from infra.local.cloud.gke_state import Cluster

_PER_NODE = 256
"""Addresses of the pod range that every node takes, whatever runs on it."""


def show_pool_network(cluster: Cluster, shown: container_v1.NodePool) -> None:
    """Write where the machines and pods of a pool have their addresses from."""
    config = shown.network_config
    config.subnetwork = cluster.subnetwork
    if cluster.spec.network_config.default_enable_private_nodes and "enable_private_nodes" not in config:
        config.enable_private_nodes = True
    if cluster.pod_range:
        config.pod_range, config.pod_ipv4_cidr_block = cluster.pod_range_name, cluster.pod_range
        nodes = sum(len(pool.nodes) for pool in cluster.pools.values())
        size = ipaddress.IPv4Network(cluster.pod_range).num_addresses
        config.pod_ipv4_range_utilization = round(nodes * _PER_NODE / size, 4)


def show_network(cluster: Cluster, shown: container_v1.Cluster) -> None:
    """Write the names of network and subnetwork, and the ranges of pods and services."""
    shown.network_config.network, shown.network_config.subnetwork = cluster.network, cluster.subnetwork
    policy = shown.ip_allocation_policy
    if cluster.pod_range:
        shown.cluster_ipv4_cidr = policy.cluster_ipv4_cidr_block = policy.cluster_ipv4_cidr = cluster.pod_range
        policy.services_ipv4_cidr_block = policy.services_ipv4_cidr = shown.services_ipv4_cidr


def show_endpoints(core: Core, cluster: Cluster, shown: container_v1.Cluster) -> None:
    """Write where the Kubernetes API is. Only the DNS endpoint leads anywhere here; the addresses are made up."""
    dns, ip = (
        shown.control_plane_endpoints_config.dns_endpoint_config,
        shown.control_plane_endpoints_config.ip_endpoints_config,
    )
    shown.endpoint = dns.endpoint = core.endpoint_of(cluster.project, cluster.location, cluster.name)
    if shown.network_config.default_enable_private_nodes:
        shown.private_cluster_config.enable_private_nodes = True
    allowed = ip.authorized_networks_config
    if ip.enabled:
        _show_addresses(core, cluster, shown)
        if "gcp_public_cidrs_access_enabled" not in allowed:
            allowed.gcp_public_cidrs_access_enabled = True
    shown.master_authorized_networks_config = container_v1.MasterAuthorizedNetworksConfig(allowed)


def _show_addresses(core: Core, cluster: Cluster, shown: container_v1.Cluster) -> None:
    ip, older = shown.control_plane_endpoints_config.ip_endpoints_config, shown.private_cluster_config
    dice = core.world.dice(f"endpoints/{cluster.path}")
    shown.endpoint = ip.private_endpoint = older.private_endpoint = (
        f"10.128.{dice.randrange(16)}.{dice.randrange(2, 250)}"
    )
    if ip.enable_public_endpoint:
        public = f"34.{dice.randrange(100, 200)}.{dice.randrange(250)}.{dice.randrange(2, 250)}"
        shown.endpoint = ip.public_endpoint = older.public_endpoint = public
