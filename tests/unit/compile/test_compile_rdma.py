"""RDMA machines: one ordinary VPC, one RoCE VPC, nine cards in one order everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.desired import Placement
from shared.domain.graph import ResourceGraph
from shared.domain.names import Kind

HERE = "us-east4"


def _specs(graph: ResourceGraph, kind: Kind) -> list[Any]:
    return [r.spec for key, r in graph.at(HERE).resources.items() if key.kind is kind]


@pytest.fixture
def graph(compiled: Any, rdma: dict[str, Any]) -> ResourceGraph:
    found: ResourceGraph = compiled("big", **rdma)
    return found


def test_one_roce_network_of_the_zone_and_one_ordinary_one(graph: ResourceGraph) -> None:
    networks = _specs(graph, Kind.NETWORK)
    assert [each.get("network_profile") for each in networks] == [
        None,
        "projects/demo/global/networkProfiles/us-east4-b-vpc-roce",
    ]
    assert {(each["mtu"], each["auto_create_subnetworks"]) for each in networks} == {(8896, False)}


def test_the_pool_has_the_ordinary_card_first_and_then_the_rdma_cards(graph: ResourceGraph) -> None:
    cards = _specs(graph, Kind.NODE_POOL)[0]["network_config"]["additional_node_network_configs"]
    labels = ["gvnic-1", *(f"rdma-{index}" for index in range(8))]
    assert [card["subnetwork"].endswith(label) for card, label in zip(cards, labels, strict=True)] == [True] * 9
    assert len({card["network"] for card in cards}) == 2


def test_every_card_has_a_subnetwork_of_its_own_range(graph: ResourceGraph) -> None:
    ranges = [each["ip_cidr_range"] for each in _specs(graph, Kind.SUBNETWORK)]
    assert ranges == [f"192.168.{index}.0/24" for index in range(9)]


def test_only_the_ordinary_network_takes_a_firewall(graph: ResourceGraph) -> None:
    rules = _specs(graph, Kind.FIREWALL)
    assert [rule["network"].endswith("gvnic-1") for rule in rules] == [True]
    assert {each["I_p_protocol"] for each in rules[0]["allowed"]} == {"tcp", "udp", "icmp"}


def test_the_boot_disk_and_the_driver_suit_the_machine(graph: ResourceGraph) -> None:
    config = _specs(graph, Kind.NODE_POOL)[0]["config"]
    driver = config["accelerators"][0]["gpu_driver_installation_config"]
    assert (config["disk_type"], driver) == ("hyperdisk-balanced", {"gpu_driver_version": "LATEST"})


def test_every_card_has_its_kubernetes_objects_in_its_subnetwork(graph: ResourceGraph) -> None:
    settings = _specs(graph, Kind.NETWORK_PARAMETERS)
    networks = _specs(graph, Kind.DEVICE_NETWORK)
    assert [each["spec"]["deviceMode"] for each in settings] == ["NetDevice", *["RDMA"] * 8]
    assert {each["spec"]["parametersRef"]["name"] for each in networks} == {
        each["metadata"]["name"] for each in settings
    }
    assert {each["spec"]["vpcSubnet"] for each in settings} == {each["name"] for each in _specs(graph, Kind.SUBNETWORK)}


def test_a_replica_of_the_whole_machine_gets_the_rdma_cards_as_eth2_and_up(graph: ResourceGraph) -> None:
    server = next(each for each in _specs(graph, Kind.WORKLOAD) if each["metadata"]["name"] == "big")
    annotations = server["spec"]["template"]["metadata"]["annotations"]
    interfaces = json.loads(annotations["networking.gke.io/interfaces"])
    assert [each["interfaceName"] for each in interfaces] == ["eth0", *(f"eth{n}" for n in range(2, 10))]
    known = {each["metadata"]["name"] for each in _specs(graph, Kind.DEVICE_NETWORK)}
    assert {each["network"] for each in interfaces} - {"default"} <= known


def test_a_replica_of_a_part_of_the_machine_gets_none(compiled: Any, rdma: dict[str, Any]) -> None:
    graph = compiled("big", **{**rdma, "model": "llama-3.1-70b"})
    server = next(each for each in _specs(graph, Kind.WORKLOAD) if each["metadata"]["name"] == "big")
    assert "networking.gke.io/interfaces" not in server["spec"]["template"]["metadata"].get("annotations", {})


def test_the_pool_waits_for_its_networks_and_the_servers_for_their_cards(graph: ResourceGraph) -> None:
    resources = graph.at(HERE).resources
    pool = next(r for key, r in resources.items() if key.kind is Kind.NODE_POOL)
    server = next(r for key, r in resources.items() if key.kind is Kind.WORKLOAD and key.short_name == "big")
    assert {Kind.NETWORK, Kind.SUBNETWORK, Kind.FIREWALL} <= {key.kind for key in pool.needs}
    assert Kind.DEVICE_NETWORK in {key.kind for key in server.needs}


def test_another_zone_or_another_deployment_shares_no_network(compiled: Any, rdma: dict[str, Any]) -> None:
    elsewhere = {"regions": {HERE: Placement(2, "us-east4-c")}}
    graphs = [compiled("big", **rdma), compiled("two", **rdma), compiled("big", **{**rdma, **elsewhere})]
    names = [{each["name"] for each in _specs(graph, Kind.NETWORK)} for graph in graphs]
    assert not names[0] & names[1]
    assert not names[0] & names[2]


def test_other_machines_get_no_networks_of_their_own(compiled: Any) -> None:
    assert not _specs(compiled(), Kind.NETWORK)
