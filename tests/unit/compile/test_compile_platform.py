"""What the platforms hold: ranges that never move, clusters with all they may need, checks with remedies."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest

from shared.catalog.load import load
from shared.domain.compile_addresses import FABRIC, fabric_range, proxy_range
from shared.domain.desired import FleetSpec, PlatformSpec
from shared.domain.names import Kind

REGION = PlatformSpec(frozenset())
FLEET = FleetSpec("europe-west3", frozenset())


def test_every_region_of_the_catalogue_has_its_own_proxy_range() -> None:
    ranges = [IPv4Network(proxy_range(region)) for region in load().regions]
    assert not any(a.overlaps(b) for a, b in combinations(ranges, 2))


def test_proxy_ranges_stay_clear_of_what_google_and_rdma_networks_take() -> None:
    taken = [IPv4Network(text) for text in ("10.0.0.0/8", "172.17.0.0/16", FABRIC)]
    ranges = [IPv4Network(proxy_range(region)) for region in load().regions]
    assert not any(ours.overlaps(other) for ours in ranges for other in taken)


@pytest.mark.parametrize(("region", "cidr"), [("us-central1", "172.20.0.0/23"), ("europe-west3", "172.20.40.0/23")])
def test_a_range_in_use_never_moves(region: str, cidr: str) -> None:
    assert proxy_range(region) == cidr


def test_a_region_without_a_place_in_the_plan_is_refused() -> None:
    with pytest.raises(LookupError, match="moon-west1"):
        proxy_range("moon-west1")


def test_the_cards_of_one_node_have_ranges_that_do_not_overlap() -> None:
    ranges = [IPv4Network(fabric_range(index)) for index in range(9)]
    assert not any(a.overlaps(b) for a, b in combinations(ranges, 2))
    assert all(each.subnet_of(IPv4Network(FABRIC)) for each in ranges)


def test_a_region_is_a_subnet_a_cluster_a_membership_and_a_crd(platform: Any) -> None:
    graph = platform("platform/us-east4", REGION)
    kinds = {Kind.SUBNETWORK, Kind.CLUSTER, Kind.MEMBERSHIP, Kind.CRD}
    assert {key.kind for key in graph.resources} == kinds
    assert {key.location for key in graph.resources} == {"us-east4"}


def test_the_subnet_and_the_cluster_are_built_side_by_side(platform: Any) -> None:
    graph = platform("platform/us-east4", REGION).resources
    assert not any(r.needs for key, r in graph.items() if key.kind in (Kind.SUBNETWORK, Kind.CLUSTER))


def test_what_autoscaling_and_other_deployments_change_is_create_only(platform: Any) -> None:
    graph = platform("platform/us-east4", REGION).resources
    cluster = next(r.spec for key, r in graph.items() if key.kind is Kind.CLUSTER)
    assert "node_pools" not in cluster
    assert cluster["_create_only"]["node_pools"][0]["config"]["machine_type"] == "e2-standard-8"


def test_the_feature_waits_for_apis_grant_and_membership(platform: Any) -> None:
    graph = platform("platform/global", FLEET).resources
    feature = next(r for key, r in graph.items() if key.kind is Kind.FEATURE)
    assert {key.name for key in feature.needs if key.kind is Kind.API} == {api.name for api in load().apis}
    assert {key.name for key in feature.needs if key.kind is Kind.GRANT} == {"gateway-controller"}
    assert {key.location for key in feature.needs if key.kind is Kind.MEMBERSHIP} == {"europe-west3"}


def test_every_check_comes_with_a_remedy(platform: Any, compiled: Any) -> None:
    graph = platform("platform/global", FLEET) | compiled(weights="gs://bucket/prefix")
    checks = [resource for resource in graph if resource.is_check]
    assert checks
    assert all(resource.remedy for resource in checks)


def test_the_controllers_grant_is_given_by_one_command(platform: Any) -> None:
    graph = platform("platform/global", FLEET).resources
    grant = next(r for key, r in graph.items() if key.name == "gateway-controller")
    assert grant.remedy == (
        "gcloud projects add-iam-policy-binding demo --member=serviceAccount:service-123456789012"
        "@gcp-sa-multiclusteringress.iam.gserviceaccount.com --role=roles/container.admin --condition=None"
    )
