"""A region's platform: the proxy-only subnet, the cluster, its fleet membership and the CRD that GKE leaves to us."""

from __future__ import annotations

from typing import Any

from shared.domain.catalog import Catalog
from shared.domain.compile_addresses import proxy_range
from shared.domain.compile_place import (
    Place,
    cloud_labels,
    cluster_key,
    description,
    membership_key,
    network_path,
    object_labels,
)
from shared.domain.desired import cluster_name
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.manifests.objective_crd import NAME as CRD_NAME
from shared.domain.manifests.objective_crd import objective_crd
from shared.domain.names import Kind, ResourceKey, cut
from shared.domain.site import Site

LONGEST_COMPUTE_NAME = 63
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""Nodes made through the API get no scopes by default and could not pull images; IAM roles do the limiting."""


def region_platform(region: str, site: Site, catalog: Catalog) -> ResourceGraph:
    """Return what every deployment in the region stands on.

    Subnet and cluster do not need each other: they are built side by side.
    """
    crd = Place(region, region).resource(objective_crd(object_labels(site)))
    cluster = Resource(cluster_key(region), _cluster(region, site, catalog))
    return ResourceGraph.of([_proxy_subnet(region, site), cluster, _membership(region, site), crd])


def proxy_subnet_key(region: str) -> ResourceKey:
    """Return the key of the subnet that cross-regional Gateways put their proxies into."""
    return ResourceKey(region, Kind.SUBNETWORK, cut(f"inferops-proxy-{region}", LONGEST_COMPUTE_NAME))


def crd_key(region: str) -> ResourceKey:
    """Return the key of the InferenceObjective CRD in the region's cluster."""
    return Place(region, region).key(Kind.CRD, CRD_NAME)


def membership_path(region: str, site: Site) -> str:
    """Return the full name of the cluster's membership."""
    return f"projects/{site.project}/locations/{region}/memberships/{cluster_name(region)}"


def _proxy_subnet(region: str, site: Site) -> Resource:
    key = proxy_subnet_key(region)
    spec = {
        "name": key.name,
        "description": description(site),
        "network": network_path(site, site.network),
        "ip_cidr_range": proxy_range(region),
        "purpose": "GLOBAL_MANAGED_PROXY",
        "role": "ACTIVE",
    }
    return Resource(key, spec)


def _cluster(region: str, site: Site, catalog: Catalog) -> dict[str, Any]:
    """Return the cluster in the field names of the container API.

    All that a deployment may need later is switched on at creation: a cluster takes one change at a time, and
    multi-networking may not come later at all. The system pool is create-only because ``node_pools`` reads back with
    the pools of all deployments in it.
    """
    return {
        "name": cluster_name(region),
        "network": site.network,
        "subnetwork": site.subnetwork,
        "release_channel": {"channel": "RAPID"},
        "ip_allocation_policy": {"use_ip_aliases": True},
        "network_config": {
            "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
            "datapath_provider": "ADVANCED_DATAPATH",
            "enable_multi_networking": True,
        },
        "pod_autoscaling": {"hpa_profile": "PERFORMANCE"},
        "monitoring_config": {
            "component_config": {"enable_components": ["SYSTEM_COMPONENTS", "DCGM"]},
            "managed_prometheus_config": {"enabled": True},
        },
        "workload_identity_config": {"workload_pool": f"{site.project}.svc.id.goog"},
        "addons_config": {
            "http_load_balancing": {"disabled": False},
            "gcs_fuse_csi_driver_config": {"enabled": True},
        },
        "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
        "resource_labels": cloud_labels(site),
        "_create_only": {"node_pools": [_system_pool(site, catalog)]},
    }


def _system_pool(site: Site, catalog: Catalog) -> dict[str, Any]:
    return {
        "name": "system",
        "initial_node_count": 1,
        "config": {
            "machine_type": catalog.default_system_machine,
            "oauth_scopes": list(SCOPES),
            "resource_labels": cloud_labels(site),
            "workload_metadata_config": {"mode": "GKE_METADATA"},
        },
        "management": {"auto_repair": True, "auto_upgrade": True},
    }


def _membership(region: str, site: Site) -> Resource:
    link = f"projects/{site.project}/locations/{region}/clusters/{cluster_name(region)}"
    spec = {
        "endpoint": {"gke_cluster": {"resource_link": f"//container.googleapis.com/{link}"}},
        "authority": {"issuer": f"https://container.googleapis.com/v1/{link}"},
        "labels": cloud_labels(site),
    }
    return Resource(membership_key(region), spec, frozenset({cluster_key(region)}))
