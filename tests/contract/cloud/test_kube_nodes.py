"""Which node a pod goes to, why it goes to none, and when a cluster gets more nodes or fewer."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud.kube.controllers import Pool
from infra.local.cloud.kube.objects import Objects
from tests.contract.cloud.clusters_place import (
    EAST,
    Place,
    condition,
    deployment,
    h100,
    put,
    secret,
    server,
)

DEPLOYMENT = "Deployment.apps"
SMALL: dict[str, Any] = {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": "1"}}}


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def east(place: Place) -> Objects:
    return place.born(EAST)


def serve(objects: Objects, container: dict[str, Any] | None = None, **spec: Any) -> None:
    put(objects, DEPLOYMENT, "llm", deployment("llm", container or server(), **spec))


def available(objects: Objects, name: str = "llm") -> int:
    return int((objects.get(DEPLOYMENT, "default", name) or {})["status"].get("availableReplicas", 0))


def events(objects: Objects, reason: str) -> list[str]:
    return [e["message"] for e in objects.list("Event") if e["reason"] == reason]


def test_two_gpus_of_a_node_take_two_pods_and_the_third_is_told_why_not(place: Place, east: Objects) -> None:
    secret(east)
    serve(east, replicas=3)
    place.pass_time(minutes=20)
    assert available(east) == 2
    lost = next(p for p in place.pods(EAST) if "nodeName" not in p["spec"])
    said = condition(lost, "PodScheduled")
    assert (said["status"], said["reason"]) == ("False", "Unschedulable")
    assert said["message"].startswith("0/2 nodes are available: 2 Insufficient nvidia.com/gpu")


def test_pods_without_gpus_stay_off_gpu_nodes(place: Place, east: Objects) -> None:
    put(east, DEPLOYMENT, "web", deployment("web", SMALL, replicas=7))
    place.pass_time(minutes=5)
    assert {p["spec"]["nodeName"] for p in place.pods(EAST, "web")} == {f"{EAST}-system"}


def test_a_node_selector_nobody_meets_leaves_the_pod_pending(place: Place, east: Objects) -> None:
    secret(east)
    serve(east, pod={"nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-b200"}})
    place.pass_time(minutes=5)
    said = condition(place.pods(EAST)[0], "PodScheduled")["message"]
    assert "2 node(s) didn't match Pod's node affinity/selector" in said


@pytest.mark.parametrize(
    ("machine_cpu", "fits"), [pytest.param(4, False, id="e2-standard-4"), pytest.param(8, True, id="e2-standard-8")]
)
def test_what_gke_reserves_is_not_there_for_pods(place: Place, *, machine_cpu: int, fits: bool) -> None:
    place.machines[EAST] = []
    east = place.born(EAST)
    node = h100("n", "us-east4-a")
    node.gpus, node.taints, node.cpu, node.memory_gb = 0, [], machine_cpu, machine_cpu * 4
    place.machines[EAST] = [node]
    place.controllers.sync_nodes(EAST)
    put(east, DEPLOYMENT, "web", deployment("web", {**SMALL, "resources": {"requests": {"cpu": "4"}}}))
    place.pass_time(minutes=5)
    assert (available(east, "web") == 1) is fits


def test_pods_of_a_lost_node_go_and_come_again_on_another(place: Place, east: Objects) -> None:
    secret(east)
    serve(east)
    place.pass_time(minutes=20)
    before = place.pods(EAST)[0]["metadata"]["name"]
    place.machines[EAST][1] = h100("another", "us-east4-a")
    place.controllers.sync_nodes(EAST)
    place.pass_time(minutes=20)
    now = place.pods(EAST)
    assert [p["spec"]["nodeName"] for p in now] == ["another"]
    assert now[0]["metadata"]["name"] != before
    assert available(east) == 1


def test_pending_pods_make_an_autoscaled_pool_grow_as_far_as_it_may(place: Place, east: Objects) -> None:
    secret(east)
    place.pools[EAST] = [Pool("h100", h100("next", "us-east4-a"), size=1, minimum=0, maximum=2)]
    serve(east, replicas=7)
    place.pass_time(minutes=2)
    assert (EAST, "h100", 2) in place.wanted
    assert max(count for _, _, count in place.wanted) == 2
    assert events(east, "NotTriggerScaleUp") == ["pod didn't trigger scale-up: 1 max node group size reached"] * 3


def test_pods_hear_that_their_pool_could_not_grow(place: Place, east: Objects) -> None:
    secret(east)
    place.pools[EAST] = [Pool("h100", h100("next", "us-east4-a"), size=1, minimum=0, maximum=2)]
    serve(east, replicas=3)
    place.pass_time(minutes=10)
    place.controllers.scale_up_failed(EAST, "h100", "GCE out of resources")
    (message,) = events(east, "FailedScaleUp")
    assert message.startswith(
        "Node scale up in zones us-east4-a associated with this pod failed: GCE out of resources."
    )


def test_a_sold_out_pool_is_asked_again_and_again_but_not_for_ever(place: Place, east: Objects) -> None:
    secret(east)
    place.sold_out = True
    place.pools[EAST] = [Pool("h100", h100("next", "us-east4-a"), size=1, minimum=1, maximum=2)]
    serve(east, replicas=3)
    place.pass_time(hours=6)
    assert 8 <= len(place.wanted) <= 20
    assert place.quiet()


def test_an_empty_node_is_given_back_after_ten_minutes(place: Place) -> None:
    place.born(EAST)
    place.pools[EAST] = [Pool("h100", h100("next", "us-east4-a"), size=1, minimum=0, maximum=2)]
    place.controllers.sync_nodes(EAST)
    place.controllers.outside_changed()
    place.pass_time(minutes=9)
    assert place.dropped == []
    place.pass_time(minutes=2)
    assert place.dropped == [f"{EAST}-gpu"]
    assert place.quiet()
