"""What schemas and rules let through: custom resources, GKE's own definitions, and the built-in kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.dynamic.exceptions import DynamicApiError

from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.objects import Objects
from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import MERGE, Object, Place, apply, deployment, policy, pool, refusal

CRDS = Path(__file__).parents[4] / "shared" / "crds"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


@pytest.fixture
def pools(place: Place) -> Any:
    return place.resource("inference.networking.k8s.io/v1", "InferencePool")


@pytest.fixture
def workloads(place: Place) -> Any:
    return place.resource("apps/v1", "Deployment")


# Schemas -------------------------------------------------------------------------------------------------


def test_an_unknown_field_is_pruned_warned_of_or_refused(pools: Any) -> None:
    made = pools.create(body=pool("pruned", typo=1)).to_dict()
    code, status = refusal(lambda: pools.create(body=pool("strict", typo=1), query_params=list(STRICT)))
    assert ("typo" in made["spec"], code) == (False, 400)
    assert status["message"].endswith('strict decoding error: unknown field "spec.typo"')


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        pytest.param(pool("x", 800000), "spec.targetPorts[0].number", "less than or equal to 65535", id="maximum"),
        pytest.param(pool("x", appProtocol="grpc"), "spec.appProtocol", 'supported values: "http"', id="enumeration"),
        pytest.param(pool("x", targetPorts=[]), "spec.targetPorts", "at least 1 items", id="too few items"),
        pytest.param(pool("x", selector={}), "spec.selector.matchLabels", "Required value", id="required"),
        pytest.param(
            pool("x", endpointPickerRef={"name": "e"}), "spec.endpointPickerRef", "port is required", id="rule"
        ),
        pytest.param(pool("x", targetPorts="8000"), "spec.targetPorts", "must be of type array", id="type"),
    ],
)
def test_a_custom_resource_is_held_to_its_schema(pools: Any, body: Object, field: str, said: str) -> None:
    code, status = refusal(lambda: pools.create(body=body))
    cause = status["details"]["causes"][0]
    assert (code, cause["field"], said in cause["message"]) == (422, field, True)


def test_defaults_are_filled_in(pools: Any) -> None:
    seen = pools.create(body=pool("filled")).to_dict()["spec"]
    assert (seen["appProtocol"], seen["endpointPickerRef"]["failureMode"]) == ("http", "FailClose")


def test_a_fresh_gateway_waits_for_its_controller(place: Place) -> None:
    gateways = place.resource("gateway.networking.k8s.io/v1", "Gateway")
    spec = {"gatewayClassName": "c", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]}
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "gw"}, "spec": spec}
    seen = gateways.create(body=body, namespace="default").to_dict()["status"]["conditions"]
    assert [(c["type"], c["status"], c["reason"]) for c in seen] == [
        ("Accepted", "Unknown", "Pending"),
        ("Programmed", "Unknown", "Pending"),
    ]


STRICT = [("fieldValidation", "Strict")]
METRIC = {"name": "gke.named_metrics.kv-cache", "dryRun": False, "maxUtilizationPercent": 60}


@pytest.mark.parametrize(
    ("default", "code"),
    [
        pytest.param({"balancingMode": "CUSTOM_METRICS", "customMetrics": [METRIC]}, 201, id="custom metrics"),
        pytest.param({"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerEndpoint": 1000}, 201, id="in flight"),
        pytest.param({"customMetrics": [{"name": "m", "maxUtilizationPercent": 60}]}, 422, id="dryRun is required"),
        pytest.param({"customMetrics": [{**METRIC, "maxUtilization": 60}]}, 400, id="the guide's misspelt field"),
    ],
)
def test_a_backend_policy_knows_the_balancing_fields(place: Place, default: Object, code: int) -> None:
    policies = place.resource("networking.gke.io/v1", "GCPBackendPolicy")
    try:
        policies.create(body=policy(**default), namespace="default", dry_run="All", query_params=list(STRICT))
        got = 201
    except DynamicApiError as refused:
        got = refused.status
    assert got == code


@pytest.mark.parametrize(("shape", "field"), [("A", "endpoints"), ("B", "metrics")])
def test_the_autoscaling_metric_has_the_clusters_shape(place: Place, shape: str, field: str) -> None:
    objects = Objects(place.world, f"shape-{shape}")
    install_gke_crds(objects, shape)
    crd = objects.get("CustomResourceDefinition.apiextensions.k8s.io", "", "autoscalingmetrics.autoscaling.gke.io")
    assert crd is not None
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert field in spec


# Built-in rules ------------------------------------------------------------------------------------------


def init(policy: str) -> Object:
    return deployment("x", initContainers=[{"name": "sync", "image": "sync:1", "restartPolicy": policy}])


def relabelled() -> Object:
    body = deployment("x")
    body["spec"]["template"]["metadata"]["labels"] = {"app": "y"}
    return body


def gpu(limit: str, request: str) -> Object:
    body = deployment("x")
    resources = {"limits": {"nvidia.com/gpu": limit}, "requests": {"nvidia.com/gpu": request}}
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    return body


POD = "spec.template.spec"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(init("IfNotPresent"), f"{POD}.initContainers[0].restartPolicy", id="the sample's broken sidecar"),
        pytest.param(relabelled(), "spec.template.metadata.labels", id="labels that the selector misses"),
        pytest.param(deployment("x", containers=[]), f"{POD}.containers", id="no container"),
        pytest.param(deployment("x", containers=[{"name": "a"}]), f"{POD}.containers[0].image", id="no image"),
        pytest.param(deployment("x", restartPolicy="Never"), f"{POD}.restartPolicy", id="a pod that may end"),
        pytest.param(gpu("1", "2"), f"{POD}.containers[0].resources.requests", id="GPUs cannot be overcommitted"),
    ],
)
def test_a_workload_is_held_to_the_rules_in_code(workloads: Any, body: Object, field: str) -> None:
    code, status = refusal(lambda: workloads.create(body=body))
    assert (code, status["details"]["causes"][0]["field"]) == (422, field)


def test_a_selector_never_changes(workloads: Any) -> None:
    workloads.create(body=deployment("fixed"))
    body = {"spec": {"selector": {"matchLabels": {"app": "fixed", "a": "b"}}}}
    code, status = refusal(lambda: workloads.patch(body=body, name="fixed", namespace="default", content_type=MERGE))
    assert (code, "field is immutable" in status["message"]) == (422, True)


def test_a_jobs_template_never_changes(place: Place) -> None:
    jobs = place.resource("batch/v1", "Job")
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "curl", "image": "curl:1"}]}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "smoke"}, "spec": {"template": template}}
    apply(jobs, body)
    template["spec"]["containers"] = [{"name": "curl", "image": "curl:2"}]
    code, status = refusal(lambda: apply(jobs, body))
    assert (code, status["details"]["causes"][0]["field"]) == (422, "spec.template")


# Definitions ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CRDS.is_dir(), reason="the published definitions are not on this machine")
def test_published_definitions_load_and_serve(place: Place) -> None:
    file = "gaie-v1.5.0_inference.networking.x-k8s.io_inferenceobjectives.yaml"
    crd = next(doc for doc in yaml.safe_load_all((CRDS / file).read_text()) if doc)
    definitions = place.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    definitions.server_side_apply(body=crd, name=crd["metadata"]["name"], field_manager="ours")
    objectives = place.resource("inference.networking.x-k8s.io/v1alpha2", "InferenceObjective")
    spec = {"priority": 10, "poolRef": {"name": "llm"}}
    head = {"apiVersion": "inference.networking.x-k8s.io/v1alpha2", "kind": "InferenceObjective"}
    seen = apply(objectives, {**head, "metadata": {"name": "food"}, "spec": spec})
    assert seen["spec"]["poolRef"]["kind"] == "InferencePool"


def test_a_definition_is_established_and_its_objects_go_with_it(place: Place) -> None:
    definitions = place.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    names = {"kind": "Toy", "plural": "toys"}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    definitions.create(body={**head, "metadata": {"name": "toys.example.com"}, "spec": spec})
    toys = place.resource("example.com/v1", "Toy")
    toys.create(body={"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "t"}}, namespace="default")
    conditions = definitions.get(name="toys.example.com").to_dict()["status"]["conditions"]
    definitions.delete(name="toys.example.com")
    assert {c["type"]: c["status"] for c in conditions}["Established"] == "True"
    with pytest.raises(DynamicApiError) as refused:
        toys.get(namespace="default")
    assert (refused.value.status, refused.value.body) == (404, "404 page not found\n")
