"""Server-side apply as the real Python client meets it: who owns a field, who is refused, what goes when left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import MERGE, Object, Place, apply, config_map, deployment, pool, refusal


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


def managers(obj: Object) -> list[str]:
    return [entry["manager"] for entry in obj["metadata"]["managedFields"]]


@pytest.fixture
def pools(place: Place) -> Any:
    return place.resource("inference.networking.k8s.io/v1", "InferencePool")


@pytest.fixture
def workloads(place: Place) -> Any:
    return place.resource("apps/v1", "Deployment")


# Ownership -----------------------------------------------------------------------------------------------


def test_applying_creates_and_applying_again_changes_nothing(pools: Any) -> None:
    first, again = apply(pools, pool("twice")), apply(pools, pool("twice"))
    assert first["metadata"] == again["metadata"]


def test_another_managers_value_is_not_taken_silently(pools: Any) -> None:
    apply(pools, pool("contested"))
    code, status = refusal(lambda: apply(pools, pool("contested", 9000), "theirs"))
    assert (code, status["reason"]) == (409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "ours": .spec.targetPorts'
    assert status["details"]["causes"][0]["field"] == ".spec.targetPorts"


def test_the_same_value_is_shared(pools: Any) -> None:
    apply(pools, pool("shared"))
    assert managers(apply(pools, pool("shared"), "theirs")) == ["ours", "theirs"]


def test_force_takes_the_field_over(pools: Any) -> None:
    apply(pools, pool("forced"))
    seen = apply(pools, pool("forced", 9000), "theirs", force_conflicts=True)
    ours = next(entry for entry in seen["metadata"]["managedFields"] if entry["manager"] == "ours")
    assert "f:targetPorts" not in ours["fieldsV1"]["f:spec"]


def test_a_field_that_only_we_applied_goes_when_we_leave_it_out(place: Place) -> None:
    maps = place.resource("v1", "ConfigMap")
    apply(maps, config_map("dropped", {"a": "1", "b": "2"}))
    assert apply(maps, config_map("dropped", {"a": "1"}))["data"] == {"a": "1"}


def test_a_field_that_another_also_wants_stays(place: Place) -> None:
    maps = place.resource("v1", "ConfigMap")
    apply(maps, config_map("kept", {"a": "1", "b": "2"}))
    apply(maps, config_map("kept", {"b": "2"}), "theirs")
    assert apply(maps, config_map("kept", {"a": "1"}))["data"] == {"a": "1", "b": "2"}


def test_containers_are_owned_by_name_and_ports_by_number_and_protocol(workloads: Any) -> None:
    entry = apply(workloads, deployment("keyed"))["metadata"]["managedFields"][0]["fieldsV1"]
    containers = entry["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert list(containers['k:{"name":"engine"}']["f:ports"]) == ['k:{"containerPort":8000,"protocol":"TCP"}']


def test_a_second_manager_adds_a_container_of_its_own(workloads: Any) -> None:
    apply(workloads, deployment("joined"))
    theirs = deployment("joined")
    theirs["spec"] = {"template": {"spec": {"containers": [{"name": "proxy", "image": "proxy:1"}]}}}
    apply(workloads, theirs, "mesh")
    seen = apply(workloads, deployment("joined"))["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in seen] == ["engine", "proxy"]


def test_what_an_update_changes_belongs_to_the_updater(workloads: Any) -> None:
    apply(workloads, deployment("updated"))
    workloads.patch(
        body={"spec": {"replicas": 7}}, name="updated", namespace="default", content_type=MERGE, field_manager="hand"
    )
    code, status = refusal(lambda: apply(workloads, deployment("updated")))
    assert (code, 'conflict with "hand" using apps/v1: .spec.replicas' in status["message"]) == (409, True)


def test_status_is_applied_through_its_own_endpoint(place: Place, pools: Any) -> None:
    apply(pools, pool("told"))
    body = {**pool("told"), "status": {"parents": [{"parentRef": {"name": "gw"}}]}}
    del body["spec"]
    api = client.CustomObjectsApi(place.api())
    path = ("inference.networking.k8s.io", "v1", "default", "inferencepools", "told")
    seen: Any = api.patch_namespaced_custom_object_status(
        *path, body, field_manager="gke", _content_type="application/apply-patch+yaml"
    )
    assert seen["metadata"]["managedFields"][-1]["subresource"] == "status"
    assert seen["spec"]["targetPorts"] == [{"number": 8000}]


def test_a_dry_run_answers_as_if_and_keeps_nothing(pools: Any) -> None:
    apply(pools, pool("asif"))
    seen = apply(pools, pool("asif", 9000), dry_run="All")
    assert seen["spec"]["targetPorts"] == [{"number": 9000}]
    assert pools.get(name="asif", namespace="default").spec.targetPorts[0].number == 8000


def test_an_unknown_field_in_an_apply_is_an_internal_error_as_on_the_real_server(pools: Any) -> None:
    code, status = refusal(lambda: apply(pools, pool("typo", appProtokol="http")))
    assert (code, "reason" in status) == (500, False)
    assert status["message"].endswith("Kind=InferencePool): .spec.appProtokol: field not declared in schema")
