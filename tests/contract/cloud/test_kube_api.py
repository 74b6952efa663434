"""The API server as the real Python client meets it: objects, lists, patches, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import (
    JSON_PATCH,
    KEY,
    MEMBER,
    MERGE,
    STRATEGIC,
    Place,
    config_map,
    deployment,
    pool,
    refusal,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


@pytest.fixture
def core(place: Place) -> client.CoreV1Api:
    return place.core()


# Who is served -------------------------------------------------------------------------------------------


def test_a_request_without_a_token_is_unauthorized(place: Place) -> None:
    api = client.CoreV1Api(client.ApiClient(client.Configuration(host=place.url)))
    code, status = refusal(api.list_namespace)
    assert (code, status["reason"]) == (401, "Unauthorized")


def test_a_cluster_that_is_not_there_is_a_dead_address(place: Place) -> None:
    api = client.CoreV1Api(place.api(url=place.url + "-gone"))
    with pytest.raises(client.ApiException) as refused:
        api.list_namespace()
    assert refused.value.status == 404


def test_a_cluster_that_is_not_running_yet_answers_503(place: Place) -> None:
    place.kube.ready = lambda key: key != KEY
    code, status = refusal(place.core().list_namespace)
    place.kube.ready = lambda _key: True
    assert (code, status["reason"]) == (503, "ServiceUnavailable")


def test_a_fleet_membership_leads_to_the_same_cluster(place: Place) -> None:
    url = place.server.endpoints["kubernetes"] + "/v1/" + MEMBER.replace("memberships", "gkeMemberships")
    names = [n.metadata.name for n in client.CoreV1Api(place.api(url=url)).list_namespace().items]
    assert {"default", "kube-system", "gmp-system"} <= set(names)


def test_a_lost_answer_has_had_its_effect(place: Place, core: client.CoreV1Api) -> None:
    place.world.faults.answer_lost["kubernetes"] = 1
    code, _ = refusal(lambda: core.create_namespaced_config_map("default", config_map("lost")))
    assert (code, core.read_namespaced_config_map("lost", "default").data) == (504, {"a": "1"})


def test_a_region_can_be_made_unreachable(place: Place, core: client.CoreV1Api) -> None:
    place.world.faults.unavailable.add("kubernetes/us-east4")
    code, _ = refusal(core.list_namespace)
    place.world.faults.unavailable.clear()
    assert code == 503


# Objects -------------------------------------------------------------------------------------------------


def test_a_created_object_gets_uid_version_and_generation(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map("default", config_map("born")).metadata
    assert made.uid
    assert made.resource_version
    assert made.creation_timestamp is not None


def test_a_name_can_be_generated(core: client.CoreV1Api) -> None:
    body = config_map("", generateName="job-")
    del body["metadata"]["name"]
    assert core.create_namespaced_config_map("default", body).metadata.name.startswith("job-")


@pytest.mark.parametrize(
    ("body", "code", "reason", "field"),
    [
        pytest.param(config_map("B_A"), 422, "Invalid", "metadata.name", id="a name in capitals"),
        pytest.param(
            config_map("x", labels={"a": "no spaces"}), 422, "Invalid", "metadata.labels", id="a label's value"
        ),
        pytest.param(config_map("x", labels={"-a": "b"}), 422, "Invalid", "metadata.labels", id="a label's key"),
        pytest.param(
            config_map("kube-root", namespace="zz"), 400, "BadRequest", None, id="another namespace in the body"
        ),
        pytest.param({**config_map("x"), "data": "text"}, 400, "BadRequest", None, id="a wrong type"),
        pytest.param({**config_map("x"), "kind": "Secret"}, 400, "BadRequest", None, id="another kind"),
    ],
)
def test_a_bad_object_is_refused(place: Place, body: Any, code: int, reason: str, field: str | None) -> None:
    # The dynamic client sends what it is given; the typed one would refuse some of it itself.
    maps = place.resource("v1", "ConfigMap")
    got, status = refusal(lambda: maps.create(body=body, namespace="default"))
    causes = (status.get("details") or {}).get("causes") or [{}]
    assert (got, status["reason"], causes[0].get("field")) == (code, reason, field)


def test_a_namespace_that_is_absent_is_not_found(core: client.CoreV1Api) -> None:
    code, status = refusal(lambda: core.create_namespaced_config_map("zz", config_map("x", namespace="zz")))
    assert (code, status["message"]) == (404, 'namespaces "zz" not found')


def test_a_name_is_taken_once(core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map("taken"))
    code, status = refusal(lambda: core.create_namespaced_config_map("default", config_map("taken")))
    assert (code, status["message"]) == (409, 'configmaps "taken" already exists')


def test_a_missing_object_is_named_in_the_refusal(place: Place) -> None:
    code, status = refusal(lambda: client.AppsV1Api(place.api()).read_namespaced_deployment("nope", "default"))
    assert (code, status["message"]) == (404, 'deployments.apps "nope" not found')
    assert status["details"] == {"name": "nope", "group": "apps", "kind": "deployments"}


def test_a_dry_run_leaves_no_trace(core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map("dry"), dry_run="All")
    assert refusal(lambda: core.read_namespaced_config_map("dry", "default"))[0] == 404


def test_a_stale_replace_conflicts(core: client.CoreV1Api) -> None:
    old = core.create_namespaced_config_map("default", config_map("stale"))
    core.patch_namespaced_config_map("stale", "default", {"data": {"a": "2"}})
    code, status = refusal(lambda: core.replace_namespaced_config_map("stale", "default", old))
    assert (code, status["reason"]) == (409, "Conflict")


def test_a_write_that_changes_nothing_keeps_the_version(core: client.CoreV1Api) -> None:
    before = core.create_namespaced_config_map("default", config_map("still"))
    after = core.patch_namespaced_config_map("still", "default", {"data": {"a": "1"}})
    assert after.metadata.resource_version == before.metadata.resource_version


def test_the_generation_moves_with_the_spec_alone(place: Place) -> None:
    pools = place.resource("inference.networking.k8s.io/v1", "InferencePool")
    pools.create(body=pool("aging"))
    pools.patch(body={"metadata": {"labels": {"a": "b"}}}, name="aging", namespace="default", content_type=MERGE)
    pools.status.patch(body={"status": {"parents": []}}, name="aging", namespace="default", content_type=MERGE)
    spec = {"spec": {"targetPorts": [{"number": 8001}]}}
    assert pools.patch(body=spec, name="aging", namespace="default", content_type=MERGE).metadata.generation == 2


def test_status_and_spec_are_written_apart(place: Place) -> None:
    pools = place.resource("inference.networking.k8s.io/v1", "InferencePool")
    pools.create(body=pool("apart"))
    told = {"spec": {"targetPorts": [{"number": 1}]}, "status": {"parents": [{"parentRef": {"name": "gw"}}]}}
    seen = pools.status.patch(body=told, name="apart", namespace="default", content_type=MERGE).to_dict()
    assert seen["spec"]["targetPorts"] == [{"number": 8000}]
    assert seen["status"]["parents"][0]["parentRef"]["kind"] == "Gateway"


# Lists ---------------------------------------------------------------------------------------------------


def test_lists_are_cut_by_labels_and_fields(core: client.CoreV1Api) -> None:
    for name, tier in (("l1", "gold"), ("l2", "silver"), ("l3", "gold")):
        core.create_namespaced_config_map("default", config_map(name, labels={"tier": tier}))
    gold = core.list_namespaced_config_map("default", label_selector="tier in (gold),tier!=silver")
    one = core.list_namespaced_config_map("default", label_selector="tier", field_selector="metadata.name=l2")
    assert [i.metadata.name for i in gold.items] == ["l1", "l3"]
    assert [i.metadata.name for i in one.items] == ["l2"]


def test_a_field_that_is_not_indexed_selects_nothing(core: client.CoreV1Api) -> None:
    code, _ = refusal(lambda: core.list_namespaced_config_map("default", field_selector="data.a=1"))
    assert code == 400


def test_a_long_list_comes_in_pages(core: client.CoreV1Api) -> None:
    for i in range(5):
        core.create_namespaced_secret("default", {"metadata": {"name": f"s{i}"}, "apiVersion": "v1", "kind": "Secret"})
    names, token = [], None
    while token != "":
        page = core.list_namespaced_secret("default", limit=2, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    assert names == [f"s{i}" for i in range(5)]


# Patches -------------------------------------------------------------------------------------------------


def test_a_merge_patch_removes_what_is_null(place: Place, core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map("merged", {"a": "1", "b": "2"}))
    maps = place.resource("v1", "ConfigMap")
    body = {"data": {"a": None, "c": "3"}}
    seen = maps.patch(body=body, name="merged", namespace="default", content_type=MERGE)
    assert seen.data.to_dict() == {"b": "2", "c": "3"}


def test_a_json_patch_whose_test_fails_changes_nothing(place: Place, core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map("tested"))
    maps = place.resource("v1", "ConfigMap")
    body = [{"op": "replace", "path": "/data/a", "value": "2"}, {"op": "test", "path": "/data/a", "value": "1"}]
    code, _ = refusal(lambda: maps.patch(body=body, name="tested", namespace="default", content_type=JSON_PATCH))
    assert (code, core.read_namespaced_config_map("tested", "default").data) == (422, {"a": "1"})


def test_a_strategic_patch_meets_containers_by_name(place: Place) -> None:
    apps = client.AppsV1Api(place.api())
    apps.create_namespaced_deployment("default", deployment("strategic"))
    containers = [{"name": "engine", "image": "engine:2"}, {"name": "sidecar", "image": "sidecar:1"}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    seen = apps.patch_namespaced_deployment("strategic", "default", body).spec.template.spec.containers
    assert [(c.name, c.image) for c in seen] == [("engine", "engine:2"), ("sidecar", "sidecar:1")]
    assert seen[0].ports[0].container_port == 8000


def test_custom_resources_take_no_strategic_patch(place: Place) -> None:
    pools = place.resource("inference.networking.k8s.io/v1", "InferencePool")
    pools.create(body=pool("strict"))
    assert refusal(lambda: pools.patch(body={}, name="strict", namespace="default", content_type=STRATEGIC))[0] == 415


def test_replicas_are_set_through_the_scale_subresource(place: Place) -> None:
    apps = client.AppsV1Api(place.api())
    apps.create_namespaced_deployment("default", deployment("scaled"))
    apps.patch_namespaced_deployment_scale("scaled", "default", {"spec": {"replicas": 4}})
    assert apps.read_namespaced_deployment("scaled", "default").spec.replicas == 4
