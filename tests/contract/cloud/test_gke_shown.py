"""What GKE shows of a cluster beyond what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import compute_v1, container_v1
from google_place import EAST, GKE, Place, running


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def shown(place: Place, **fields: Any) -> Any:
    return place.grpc(GKE).get_cluster(name=place.cluster(**fields))


def test_pods_and_services_have_their_ranges(place: Place) -> None:
    found = shown(place)
    policy = found.ip_allocation_policy
    assert policy.cluster_ipv4_cidr == policy.cluster_ipv4_cidr_block == found.cluster_ipv4_cidr
    assert policy.services_ipv4_cidr == policy.services_ipv4_cidr_block == found.services_ipv4_cidr
    pool = found.node_pools[0].network_config
    assert (pool.pod_range, pool.pod_ipv4_cidr_block) == ("gke-east-pods", found.cluster_ipv4_cidr)


def test_the_use_of_the_pod_range_follows_the_nodes(place: Place) -> None:
    assert shown(place).node_pools[0].network_config.pod_ipv4_range_utilization == round(3 * 256 / 2**18, 4)


def test_a_named_range_is_shown_as_the_pods_own(place: Place) -> None:
    body = compute_v1.Subnetwork(
        name="own",
        network="projects/demo/global/networks/default",
        ip_cidr_range="10.0.0.0/20",
        secondary_ip_ranges=[{"range_name": "pods", "ip_cidr_range": "10.4.0.0/16"}],
    )
    subnets = place.rest(compute_v1.SubnetworksClient)
    place.done(subnets.insert_unary(project="demo", region="us-east4", subnetwork_resource=body))
    found = shown(place, subnetwork="own", ip_allocation_policy={"cluster_secondary_range_name": "pods"})
    assert found.cluster_ipv4_cidr == "10.4.0.0/16"


def test_the_older_fields_repeat_the_endpoints(place: Place) -> None:
    found = shown(place)
    endpoints, older = found.control_plane_endpoints_config.ip_endpoints_config, found.private_cluster_config
    assert found.endpoint == endpoints.public_endpoint == older.public_endpoint
    assert endpoints.private_endpoint == older.private_endpoint
    assert found.master_authorized_networks_config.gcp_public_cidrs_access_enabled


def test_without_addresses_the_dns_name_is_the_endpoint(place: Place) -> None:
    config = {"ip_endpoints_config": {"enabled": False}, "dns_endpoint_config": {"allow_external_traffic": True}}
    private = {"default_enable_private_nodes": True}
    found = shown(place, control_plane_endpoints_config=config, network_config=private)
    assert found.endpoint == "127.0.0.1:9/demo/us-east4/east"
    assert not found.control_plane_endpoints_config.ip_endpoints_config.private_endpoint
    assert found.private_cluster_config.enable_private_nodes
    assert found.node_pools[0].network_config.enable_private_nodes


def test_the_nodes_of_a_cluster_are_shown_as_those_of_its_first_pool(place: Place) -> None:
    found = shown(place, node_config={"machine_type": "e2-standard-4"})
    assert found.node_config == found.node_pools[0].config
    assert found.node_config.machine_type == "e2-standard-4"


def test_progress_is_told_once_there_is_any(place: Place) -> None:
    client = place.grpc(GKE)
    place.hold()
    begun = client.create_cluster(parent=EAST, cluster=container_v1.Cluster(name="east", initial_node_count=1))
    assert not begun.progress.metrics
    place.go_on()
    assert {one.name for one in place.ended(begun).progress.metrics} >= {"CLUSTER_DEPLOYING", "CLUSTER_DEPLOYING_TOTAL"}
