"""The project's APIs, IAM policy and quotas, asked as plain REST: no client for them is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from project_place import Place, running

from infra.local.cloud.project import NUMBER, agent
from infra.local.cloud.quotas import GPU_ID
from tests.waiting import eventually

GPU = f"/v1/projects/demo/locations/global/services/compute.googleapis.com/quotaInfos/{GPU_ID}"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


# Service Usage -------------------------------------------------------------------------------------------


def test_the_apis_of_the_gateway_are_enabled_at_first(place: Place) -> None:
    answer = place.rest("GET", "serviceusage", "/v1/projects/demo/services/multiclusteringress.googleapis.com")
    assert answer.json()["state"] == "ENABLED"
    assert answer.json()["name"] == f"projects/{NUMBER}/services/multiclusteringress.googleapis.com"


def test_a_disabled_api_is_enabled_after_a_while(place: Place) -> None:
    place.project.disable("gkehub")
    path = "/v1/projects/demo/services/gkehub.googleapis.com"
    begun = place.world.now
    operation = place.rest("POST", "serviceusage", f"{path}:enable", {}).json()
    eventually(lambda: "done" in place.rest("GET", "serviceusage", f"/v1/{operation['name']}").json())
    assert place.rest("GET", "serviceusage", path).json()["state"] == "ENABLED"
    assert place.world.now > begun


def test_services_are_listed_by_state(place: Place) -> None:
    place.project.disable("gkehub")
    answer = place.rest("GET", "serviceusage", "/v1/projects/demo/services?filter=state:DISABLED").json()
    assert [one["config"]["name"] for one in answer["services"]] == ["gkehub.googleapis.com"]


def test_a_list_with_nothing_in_it_is_an_empty_answer(place: Place) -> None:
    assert place.rest("GET", "serviceusage", "/v1/projects/demo/services?filter=state:DISABLED").json() == {}


def test_an_unknown_service_is_not_told_from_a_forbidden_one(place: Place) -> None:
    answer = place.rest("GET", "serviceusage", "/v1/projects/demo/services/magic.googleapis.com")
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert answer.json()["error"]["details"][0]["reason"] == "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED"


def test_service_usage_can_be_down(place: Place) -> None:
    place.world.faults.unavailable.add("serviceusage")
    assert place.rest("GET", "serviceusage", "/v1/projects/demo/services").status_code == 503


# Resource Manager ----------------------------------------------------------------------------------------


def test_the_ingress_agent_may_administer_clusters_at_first(place: Place) -> None:
    policy = place.rest("POST", "cloudresourcemanager", "/v1/projects/demo:getIamPolicy", {}).json()
    expected = {"role": "roles/container.admin", "members": [agent(NUMBER, "multiclusteringress")]}
    assert expected in policy["bindings"]


def test_a_revoked_role_is_gone_from_the_policy(place: Place) -> None:
    place.project.revoke("roles/container.admin", agent(NUMBER, "multiclusteringress"))
    policy = place.rest("POST", "cloudresourcemanager", "/v3/projects/demo:getIamPolicy", {}).json()
    assert policy["bindings"] == []


def test_a_policy_written_on_an_old_one_is_refused(place: Place) -> None:
    policy = place.rest("POST", "cloudresourcemanager", "/v1/projects/demo:getIamPolicy", {}).json()
    place.project.grant("roles/viewer", "user:ana@example.com")
    body = {"policy": policy}
    answer = place.rest("POST", "cloudresourcemanager", "/v1/projects/demo:setIamPolicy", body)
    assert answer.json()["error"]["status"] == "ABORTED"


def test_the_project_knows_its_number(place: Place) -> None:
    first = place.rest("GET", "cloudresourcemanager", "/v1/projects/demo").json()
    third = place.rest("GET", "cloudresourcemanager", "/v3/projects/demo").json()
    assert (first["projectNumber"], third["name"]) == (NUMBER, f"projects/{NUMBER}")


def test_permissions_that_are_denied_are_not_named(place: Place) -> None:
    place.project.denied.add("container.clusters.create")
    body = {"permissions": ["container.clusters.create", "container.clusters.get"]}
    answer = place.rest("POST", "cloudresourcemanager", "/v1/projects/demo:testIamPermissions", body)
    assert answer.json() == {"permissions": ["container.clusters.get"]}


def test_another_project_is_forbidden(place: Place) -> None:
    assert place.rest("GET", "cloudresourcemanager", "/v1/projects/other").status_code == 403


# Quotas --------------------------------------------------------------------------------------------------


def h100(place: Place, region: str) -> str:
    infos = place.rest("GET", "cloudquotas", GPU).json()["dimensionsInfos"]
    wanted = {"gpu_family": "NVIDIA_H100", "region": region}
    return str(next(one["details"]["value"] for one in infos if one["dimensions"] == wanted))


def test_a_gpu_family_has_a_limit_in_each_region(place: Place) -> None:
    assert h100(place, "us-east4") == "64"


@pytest.mark.parametrize("key", ["GPUS-PER-GPU-FAMILY/NVIDIA_H100", "NVIDIA_H100_GPUS"])
def test_a_fault_changes_the_limit_of_one_region(place: Place, key: str) -> None:
    place.world.faults.quota["us-east4", key] = 0
    assert (h100(place, "us-east4"), h100(place, "europe-west3")) == ("0", "64")


def test_all_quota_infos_are_listed(place: Place) -> None:
    answer = place.rest("GET", "cloudquotas", GPU.rsplit("/", 1)[0]).json()
    assert GPU_ID in [one["quotaId"] for one in answer["quotaInfos"]]
