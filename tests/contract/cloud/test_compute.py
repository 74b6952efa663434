"""Compute, asked by the real REST clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1
from google_place import H100, Place, h100, running

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
PROXY = {"purpose": "GLOBAL_MANAGED_PROXY", "role": "ACTIVE"}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def networks(place: Place) -> Any:
    return place.rest(compute_v1.NetworksClient)


def subnets(place: Place) -> Any:
    return place.rest(compute_v1.SubnetworksClient)


def add_network(place: Place, name: str = "vpc", **fields: Any) -> Any:
    body = compute_v1.Network(name=name, **{"auto_create_subnetworks": False, **fields})
    return place.done(networks(place).insert_unary(project="demo", network_resource=body))


def insert_subnet(place: Place, name: str, cidr: str, network: str = "vpc", **fields: Any) -> Any:
    link = f"projects/demo/global/networks/{network}"
    body = compute_v1.Subnetwork(name=name, network=link, ip_cidr_range=cidr, **fields)
    return subnets(place).insert_unary(project="demo", region="us-east4", subnetwork_resource=body)


def delete_network(place: Place, name: str = "vpc") -> Any:
    return place.done(networks(place).delete_unary(project="demo", network=name))


def refusal(caught: pytest.ExceptionInfo[Any]) -> tuple[int, str]:
    return caught.value.code, caught.value.errors[0]["reason"]


# Networks ------------------------------------------------------------------------------------------------


def test_a_project_begins_with_an_auto_mode_network_in_every_region(place: Place) -> None:
    found = networks(place).get(project="demo", network="default")
    assert found.auto_create_subnetworks
    assert len(found.subnetworks) == 9


def test_a_network_is_there_when_its_operation_is_done(place: Place) -> None:
    assert add_network(place, mtu=8896).progress == 100
    assert networks(place).get(project="demo", network="vpc").mtu == 8896


def test_a_network_is_not_to_be_seen_before(place: Place) -> None:
    place.hold()
    body = compute_v1.Network(name="vpc", auto_create_subnetworks=False)
    operation = networks(place).insert_unary(project="demo", network_resource=body)
    assert operation.status != compute_v1.Operation.Status.DONE
    with pytest.raises(exceptions.NotFound) as caught:
        networks(place).get(project="demo", network="vpc")
    assert refusal(caught) == (404, "notFound")


def test_the_same_request_id_is_the_same_operation(place: Place) -> None:
    place.hold()
    asked = compute_v1.InsertNetworkRequest(
        project="demo", request_id=ONE, network_resource={"name": "vpc", "auto_create_subnetworks": False}
    )
    first, second = (networks(place).insert_unary(asked) for _ in range(2))
    assert first.name == second.name


def test_another_request_id_meets_a_name_that_is_taken(place: Place) -> None:
    place.hold()
    body = {"name": "vpc", "auto_create_subnetworks": False}
    networks(place).insert_unary({"project": "demo", "request_id": ONE, "network_resource": body})
    with pytest.raises(exceptions.Conflict) as caught:
        networks(place).insert_unary({"project": "demo", "request_id": TWO, "network_resource": body})
    assert refusal(caught) == (409, "alreadyExists")


def test_a_network_must_say_whether_it_is_in_auto_mode(place: Place) -> None:
    with pytest.raises(exceptions.BadRequest) as caught:
        networks(place).insert_unary(project="demo", network_resource=compute_v1.Network(name="vpc"))
    assert refusal(caught) == (400, "invalid")


def test_networks_above_the_quota_are_refused(place: Place) -> None:
    place.world.faults.quota["global", "NETWORKS"] = 1
    with pytest.raises(exceptions.Forbidden, match=r"Quota 'NETWORKS' exceeded\.  Limit: 1\.0 globally\.") as caught:
        add_network(place)
    assert refusal(caught) == (403, "quotaExceeded")


def test_a_network_with_a_subnetwork_stays(place: Place) -> None:
    add_network(place)
    place.done(insert_subnet(place, "sub", "10.0.0.0/24"))
    failed = delete_network(place)
    assert [error.code for error in failed.error.errors] == ["RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"]
    assert failed.http_error_status_code == 400
    assert networks(place).get(project="demo", network="vpc").name == "vpc"


def test_an_empty_network_goes(place: Place) -> None:
    add_network(place)
    assert not delete_network(place).error.errors
    assert [one.name for one in networks(place).list(project="demo")] == ["default"]


def test_an_operation_may_be_made_to_fail(place: Place) -> None:
    place.world.faults.failing["networks.insert"] = 1
    assert add_network(place).http_error_status_code == 500
    with pytest.raises(exceptions.NotFound):
        networks(place).get(project="demo", network="vpc")


# RDMA networks -------------------------------------------------------------------------------------------


def test_profiles_exist_where_the_machines_are(place: Place) -> None:
    found = {one.location.name for one in place.rest(compute_v1.NetworkProfilesClient).list(project="demo")}
    assert "us-central1-b" in found
    assert "us-central1-a" not in found


def test_a_roce_network_has_jumbo_frames_by_itself(place: Place) -> None:
    add_network(place, network_profile="global/networkProfiles/us-central1-b-vpc-roce")
    assert networks(place).get(project="demo", network="vpc").mtu == 8896


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"network_profile": "europe-west3-c-vpc-roce"}, id="no profile in this zone"),
        pytest.param(
            {"network_profile": "us-central1-b-vpc-roce", "auto_create_subnetworks": True}, id="custom mode only"
        ),
    ],
)
def test_a_wrong_roce_network_is_refused(place: Place, fields: dict[str, Any]) -> None:
    with pytest.raises(exceptions.BadRequest):
        add_network(place, **fields)


def test_a_roce_network_takes_no_firewall_rules(place: Place) -> None:
    add_network(place, network_profile="us-central1-b-vpc-roce")
    rule = {"name": "all", "network": "global/networks/vpc", "allowed": [{"I_p_protocol": "tcp"}]}
    with pytest.raises(exceptions.BadRequest, match="does not allow VPC firewall rules"):
        place.rest(compute_v1.FirewallsClient).insert_unary(project="demo", firewall_resource=rule)


# Subnetworks ---------------------------------------------------------------------------------------------


def test_a_proxy_only_subnetwork_reads_back_as_asked(place: Place) -> None:
    add_network(place)
    place.done(insert_subnet(place, "proxy", "10.0.0.0/23", **PROXY))
    found = subnets(place).get(project="demo", region="us-east4", subnetwork="proxy")
    assert (found.purpose, found.role, found.state) == ("GLOBAL_MANAGED_PROXY", "ACTIVE", "READY")


@pytest.mark.parametrize("purpose", ["GLOBAL_MANAGED_PROXY", "REGIONAL_MANAGED_PROXY"])
def test_a_region_of_a_network_has_one_proxy_only_subnetwork(place: Place, purpose: str) -> None:
    add_network(place)
    place.done(insert_subnet(place, "proxy", "10.0.0.0/23", **PROXY))
    with pytest.raises(exceptions.BadRequest, match="already a proxy-only subnetwork"):
        insert_subnet(place, "other", "10.1.0.0/23", purpose=purpose, role="ACTIVE")


def test_ranges_may_not_overlap(place: Place) -> None:
    add_network(place)
    place.done(insert_subnet(place, "one", "10.0.0.0/23"))
    with pytest.raises(exceptions.BadRequest, match="conflicts with existing subnetwork 'one' in region 'us-east4'"):
        insert_subnet(place, "two", "10.0.1.0/24")


def test_ranges_on_their_way_count(place: Place) -> None:
    add_network(place)
    place.hold()
    insert_subnet(place, "one", "10.0.0.0/23")
    with pytest.raises(exceptions.BadRequest, match="conflicts with existing subnetwork 'one'"):
        insert_subnet(place, "two", "10.0.1.0/24")


def test_an_auto_mode_network_keeps_its_half_of_the_addresses(place: Place) -> None:
    with pytest.raises(exceptions.BadRequest, match=r"cannot overlap with 10\.128\.0\.0/9"):
        insert_subnet(place, "sub", "10.200.0.0/24", network="default")


def test_a_network_on_its_way_is_not_ready_for_subnetworks(place: Place) -> None:
    place.hold()
    networks(place).insert_unary(project="demo", network_resource={"name": "vpc", "auto_create_subnetworks": False})
    with pytest.raises(exceptions.BadRequest) as caught:
        insert_subnet(place, "sub", "10.0.0.0/24")
    assert refusal(caught) == (400, "resourceNotReady")


def test_a_region_that_is_down_is_named_in_the_aggregated_list(place: Place) -> None:
    place.world.faults.unavailable.add("compute/us-east4")
    pages = list(subnets(place).aggregated_list(project="demo").pages)
    assert pages[0].unreachables == ["projects/demo/regions/us-east4"]
    assert "regions/us-east4" not in pages[0].items


def test_a_proxy_only_subnetwork_in_use_stays(place: Place) -> None:
    add_network(place)
    place.done(insert_subnet(place, "proxy", "10.0.0.0/23", **PROXY))
    rule = {"network": "global/networks/vpc", "region": "us-east4"}
    place.run(lambda: place.compute.add_child("projects/demo/gateways/g", "forwardingRules", "front", rule))
    with pytest.raises(exceptions.BadRequest) as caught:
        subnets(place).delete_unary(project="demo", region="us-east4", subnetwork="proxy")
    assert refusal(caught) == (400, "resourceInUseByAnotherResource")


def test_an_address_says_which_subnetwork_a_forwarding_rule_is_in(place: Place) -> None:
    place.done(insert_subnet(place, "proxy", "10.0.0.0/23", network="default", **PROXY))
    rule = {"IPAddress": "10.150.0.7"}
    place.run(lambda: place.compute.add_child("projects/demo/gateways/g", "forwardingRules", "front", rule))
    with pytest.raises(
        exceptions.BadRequest, match="already being used by 'projects/demo/global/forwardingRules/front'"
    ):
        subnets(place).delete_unary(project="demo", region="us-east4", subnetwork="proxy")


# Firewalls and children ----------------------------------------------------------------------------------


def test_a_firewall_rule_keeps_its_network_alive(place: Place) -> None:
    add_network(place)
    rule = {"name": "all", "network": "global/networks/vpc", "allowed": [{"I_p_protocol": "tcp", "ports": ["80"]}]}
    place.done(place.rest(compute_v1.FirewallsClient).insert_unary(project="demo", firewall_resource=rule))
    assert "global/firewalls/all" in delete_network(place).error.errors[0].message


def test_children_show_in_lists_and_go_with_their_owner(place: Place) -> None:
    body = {"network": "vpc", "zone": "us-east4-a", "networkEndpointType": "GCE_VM_IP_PORT"}
    owner, client = "projects/demo/gateways/g", place.rest(compute_v1.NetworkEndpointGroupsClient)
    place.run(lambda: place.compute.add_child(owner, "networkEndpointGroups", "neg", body))
    assert [one.name for one in client.list(project="demo", zone="us-east4-a")] == ["neg"]
    assert place.run(place.compute.snapshot)["children"] == {f"{owner}/networkEndpointGroups/neg": body}
    place.run(lambda: place.compute.remove_children(owner))
    assert not list(client.list(project="demo", zone="us-east4-a"))


def test_an_unknown_filter_is_refused_rather_than_ignored(place: Place) -> None:
    with pytest.raises(exceptions.BadRequest):
        list(networks(place).list({"project": "demo", "filter": "name in (a, b)"}))


def test_a_filter_is_kept_to(place: Place) -> None:
    add_network(place)
    found = networks(place).list({"project": "demo", "filter": 'name = "vpc"'})
    assert [one.name for one in found] == ["vpc"]


# Places and limits ---------------------------------------------------------------------------------------


def quotas(place: Place) -> dict[str, tuple[float, float]]:
    region = place.rest(compute_v1.RegionsClient).get(project="demo", region="us-east4")
    return {quota.metric: (quota.limit, quota.usage) for quota in region.quotas}


def test_nodes_count_towards_the_region_s_quotas(place: Place) -> None:
    place.world.faults.quota["us-east4", "PREEMPTIBLE_NVIDIA_H100_GPUS"] = 6
    place.pool(place.cluster(), **h100(initial_node_count=2))
    assert quotas(place)["PREEMPTIBLE_NVIDIA_H100_GPUS"] == (6, 4)


def test_a_limit_without_a_metric_in_the_api_is_not_shown(place: Place) -> None:
    assert "PREEMPTIBLE_NVIDIA_H200_GPUS" not in quotas(place)


def test_a_zone_lists_only_what_it_offers(place: Place) -> None:
    client = place.rest(compute_v1.MachineTypesClient)
    found = {one.name: one for one in client.list(project="demo", zone="europe-west3-c")}
    assert found["a3-highgpu-2g"].accelerators[0].guest_accelerator_type == H100["accelerator_type"]
    assert "g2-standard-8" not in found


def test_a_zone_names_its_region(place: Place) -> None:
    zone = place.rest(compute_v1.ZonesClient).get(project="demo", zone="us-east4-c")
    assert zone.region.endswith("projects/demo/regions/us-east4")


def test_the_project_shows_what_it_uses_of_its_networks(place: Place) -> None:
    found = place.rest(compute_v1.ProjectsClient).get(project="demo").quotas
    assert {quota.metric: quota.usage for quota in found}["NETWORKS"] == 1
