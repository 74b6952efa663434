"""Endpoints, tokens, monitoring, additional networks, daemons, and what clusters forget."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud.kube.objects import Objects
from tests.contract.cloud.clusters_place import EAST, Place, condition, deployment, put, secret, server

PARAMS, NETWORK = "GKENetworkParamSet.networking.gke.io", "Network.networking.gke.io"
MONITORING = "PodMonitoring.monitoring.googleapis.com"
DEVICE = {"vpc": "rdma", "vpcSubnet": "rdma-0", "deviceMode": "RDMA"}


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def east(place: Place) -> Objects:
    return place.born(EAST)


def test_endpoints_move_from_not_ready_to_ready(place: Place, east: Objects) -> None:
    secret(east)
    put(east, "Service", "llm", {"selector": {"app": "llm"}, "ports": [{"port": 80, "targetPort": 8000}]})
    put(east, "Deployment.apps", "llm", deployment("llm", server()))
    place.wait_for(lambda: bool((east.get("Endpoints", "default", "llm") or {}).get("subsets")))
    assert "addresses" not in (east.get("Endpoints", "default", "llm") or {})["subsets"][0]
    place.pass_time(minutes=15)
    subset = (east.get("Endpoints", "default", "llm") or {})["subsets"][0]
    assert [a["ip"] for a in subset["addresses"]] == [place.pods(EAST)[0]["status"]["podIP"]]


def token(objects: Objects) -> dict[str, Any] | None:
    marks = {"annotations": {"kubernetes.io/service-account.name": "reader"}}
    put(objects, "Secret", "reader", {}, type="kubernetes.io/service-account-token", metadata=marks)
    return objects.get("Secret", "default", "reader")


def test_a_service_account_token_is_filled_in(place: Place, east: Objects) -> None:
    put(east, "ServiceAccount", "reader", {})
    token(east)
    place.pass_time(minutes=1)
    data = (east.get("Secret", "default", "reader") or {})["data"]
    assert {"token", "ca.crt", "namespace"} <= data.keys()


def test_a_token_of_no_account_is_taken_away(place: Place, east: Objects) -> None:
    assert token(east)
    place.pass_time(minutes=1)
    assert east.get("Secret", "default", "reader") is None


def test_a_namespace_gets_its_default_account(place: Place, east: Objects) -> None:
    put(east, "Namespace", "models", {})
    place.pass_time(minutes=1)
    assert east.get("ServiceAccount", "models", "default")


def test_a_pod_monitoring_is_taken_up(place: Place, east: Objects) -> None:
    put(east, MONITORING, "llm", {"selector": {"matchLabels": {"app": "llm"}}})
    place.pass_time(minutes=1)
    assert condition(east.get(MONITORING, "default", "llm"), "ConfigurationCreateSuccess")["status"] == "True"
    place.pass_time(minutes=5)
    assert place.quiet()


def test_a_network_is_ready_once_its_subnet_exists(place: Place, east: Objects) -> None:
    place.subnets.clear()
    put(east, PARAMS, "rdma-0", DEVICE)
    put(east, NETWORK, "rdma-0", {"type": "Device", "parametersRef": {"name": "rdma-0"}})
    place.pass_time(minutes=1)
    assert condition(east.get(PARAMS, "", "rdma-0"), "Ready")["reason"] == "SubnetNotFound"
    assert condition(east.get(NETWORK, "", "rdma-0"), "Ready")["reason"] == "ParamsNotReady"
    place.subnets.add("rdma-0")
    place.controllers.outside_changed()
    place.pass_time(minutes=1)
    assert condition(east.get(NETWORK, "", "rdma-0"), "Ready")["reason"] == "NetworkReady"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param({**DEVICE, "vpc": "nowhere"}, "VPCNotFound", id="no VPC"),
        pytest.param({**DEVICE, "vpcSubnet": "nowhere"}, "SubnetNotFound", id="no subnet"),
        pytest.param(DEVICE, "DeviceModeSubnetAlreadyInUse", id="taken"),
    ],
)
def test_parameters_that_cannot_be_met(place: Place, east: Objects, spec: dict[str, str], reason: str) -> None:
    put(east, PARAMS, "a-first", DEVICE)
    place.pass_time(minutes=1)
    put(east, PARAMS, "second", spec)
    place.pass_time(minutes=1)
    assert condition(east.get(PARAMS, "", "second"), "Ready")["reason"] == reason
    assert condition(east.get(PARAMS, "", "a-first"), "Ready")["status"] == "True"


def test_gpus_are_allocatable_only_after_their_driver(place: Place, east: Objects) -> None:
    def gpus() -> str:
        status = (east.get("Node", "", f"{EAST}-gpu") or {})["status"]
        return str(status["allocatable"].get("nvidia.com/gpu", ""))

    assert gpus() == ""
    took = place.wait_for(lambda: gpus() == "2")
    assert 60 <= took.total_seconds() <= 180


def test_a_daemon_runs_where_it_is_let_in(place: Place, east: Objects) -> None:
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    selector = {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}
    pod = {"tolerations": tolerations, "nodeSelector": selector}
    spec = deployment("installer", {"name": "nccl", "image": "nccl:1"}, pod=pod)
    del spec["replicas"]
    put(east, "DaemonSet.apps", "installer", spec)
    place.pass_time(minutes=2)
    status = (east.get("DaemonSet.apps", "default", "installer") or {})["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"]) == (1, 1)
    assert [p["spec"]["nodeName"] for p in place.pods(EAST, "installer")] == [f"{EAST}-gpu"]


def test_nothing_happens_any_more_in_a_cluster_that_is_gone(place: Place, east: Objects) -> None:
    put(east, "Deployment.apps", "llm", deployment("llm", server()))
    place.controllers.detach(EAST)
    place.pass_time(hours=1)
    assert east.list("Pod") == []


def test_two_worlds_with_one_seed_do_the_same() -> None:
    def history() -> list[tuple[str, str]]:
        place = Place()
        objects = place.born(EAST)
        secret(objects)
        put(objects, "Deployment.apps", "llm", deployment("llm", server(), replicas=2))
        seen: list[tuple[str, str]] = []
        objects.listeners.append(
            lambda event, obj: seen.append((f"{place.world.now} {event}", obj["metadata"]["name"]))
        )
        place.pass_time(hours=1)
        return seen

    assert history() == history()
