"""The model server: flags, weights from either source, what restarts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.desired import Placement
from shared.domain.graph import ResourceGraph
from shared.domain.names import Kind, ResourceKey

HERE = "us-east4"


def _server(graph: ResourceGraph) -> Mapping[str, Any]:
    name = "infer-llama3-8b/llama3-8b"
    found = [r.spec for k, r in graph.at(HERE).resources.items() if k.kind is Kind.WORKLOAD and k.name == name]
    return found[0]


def _pod(graph: ResourceGraph) -> Mapping[str, Any]:
    template: Mapping[str, Any] = _server(graph)["spec"]["template"]
    return template


def _container(graph: ResourceGraph) -> Mapping[str, Any]:
    container: Mapping[str, Any] = _pod(graph)["spec"]["containers"][0]
    return container


def _kinds(graph: ResourceGraph) -> set[Kind]:
    return {key.kind for key in graph.at(HERE).resources}


def test_flags_are_those_of_the_engines_profile(compiled: Any) -> None:
    assert _container(compiled())["args"] == [
        "--model=meta-llama/Llama-3.1-8B-Instruct",
        "--served-model-name",
        "llama3-8b",
        "llama3-8b-us-east4",
        "--port=8000",
        "--tensor-parallel-size=1",
        "--max-model-len=131072",
        "--max-num-seqs=1024",
        "--gpu-memory-utilization=0.90",
        "--shutdown-timeout=60",
    ]


def test_a_server_without_drain_gets_no_flag_it_does_not_know(compiled: Any) -> None:
    args = _container(compiled(image="registry.example/vllm-openai:v0.10.2@sha256:0"))["args"]
    assert not any(arg.startswith("--shutdown-timeout") for arg in args)


def test_a_rollout_asks_for_no_gpu_beyond_those_of_the_replicas(compiled: Any) -> None:
    assert _server(compiled())["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_larger_weights_get_more_time_and_more_scratch_space(compiled: Any) -> None:
    regions = {HERE: Placement(1, "us-east4-a")}
    large = _container(compiled(model="llama-3.1-405b", machine="a3-highgpu-8g", regions=regions))
    small = _container(compiled())
    assert small["startupProbe"]["failureThreshold"] == 600
    assert large["startupProbe"]["failureThreshold"] == 600 + 4 * 300
    assert small["resources"]["requests"]["ephemeral-storage"] == "100Gi"
    assert int(large["resources"]["requests"]["ephemeral-storage"].removesuffix("Gi")) > 410


def test_the_token_comes_from_the_secret_and_never_stands_in_a_manifest(compiled: Any) -> None:
    graph = compiled()
    env = next(each for each in _container(graph)["env"] if each["name"] == "HF_TOKEN")
    assert env["valueFrom"] == {"secretKeyRef": {"name": "hf-token", "key": "token"}}
    secret = next(r.spec for k, r in graph.resources.items() if k.short_name == "hf-token")
    assert not {"data", "stringData"} & secret.keys()
    assert secret["_from"] == {"token": "projects/demo/secrets/hf/versions/3"}


def test_a_new_version_of_the_token_restarts_the_servers(compiled: Any) -> None:
    newer = compiled(token="projects/demo/secrets/hf/versions/4")
    assert _pod(newer) != _pod(compiled())


def test_open_weights_need_no_secret(compiled: Any) -> None:
    graph = compiled(token="")
    assert not any(key.short_name == "hf-token" for key in graph.resources)
    assert not any(each["name"] == "HF_TOKEN" for each in _container(graph)["env"])


def test_weights_from_a_bucket_are_mounted_and_need_no_token(compiled: Any) -> None:
    graph = compiled(weights="gs://weights/llama/v1")
    volume = next(v for v in _pod(graph)["spec"]["volumes"] if v["name"] == "weights")["csi"]
    assert volume["driver"] == "gcsfuse.csi.storage.gke.io"
    assert volume["volumeAttributes"]["bucketName"] == "weights"
    assert "only-dir:llama/v1" in volume["volumeAttributes"]["mountOptions"].split(",")
    assert _container(graph)["args"][0] == "--model=/models"
    assert _pod(graph)["metadata"]["annotations"]["gke-gcsfuse/volumes"] == "true"
    assert not any(key.short_name == "hf-token" for key in graph.resources)


def test_the_bucket_check_names_account_place_and_command(compiled: Any) -> None:
    graph = compiled(weights="gs://weights-{region}/llama/v1").resources
    check = graph[ResourceKey(HERE, Kind.BUCKET, "gs://weights-us-east4/llama/v1")]
    member = (
        "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/"
        "demo.svc.id.goog/subject/ns/infer-llama3-8b/sa/llama3-8b"
    )
    assert check.spec == {"location": HERE, "member": member, "role": "roles/storage.objectViewer"}
    assert check.remedy == (
        "gcloud storage buckets add-iam-policy-binding gs://weights-us-east4"
        f" --member={member} --role=roles/storage.objectViewer"
    )


def test_the_server_runs_as_the_account_that_may_read_the_bucket(compiled: Any) -> None:
    graph = compiled(weights="gs://weights/llama/v1")
    account = _pod(graph)["spec"]["serviceAccountName"]
    assert ("infer-llama3-8b", account) in {(k.namespace, k.short_name) for k in graph.resources}
    assert "serviceAccountName" not in _pod(compiled())["spec"]


@pytest.mark.parametrize("region", ["us-east4", "europe-west3"])
def test_each_regions_servers_answer_to_a_name_of_their_own(compiled: Any, region: str) -> None:
    graph = compiled().at(region).resources
    test = next(r.spec for key, r in graph.items() if key.kind is Kind.SMOKE_TEST)
    asked = [c["args"][c["args"].index("-d") + 1] for c in test["job"]["spec"]["template"]["spec"]["containers"]]
    assert [f'"model":"llama3-8b-{region}"' in body for body in asked] == [False, False, True]


def test_only_the_second_question_names_the_objective(compiled: Any) -> None:
    test = next(r.spec for key, r in compiled().resources.items() if key.kind is Kind.SMOKE_TEST)
    containers = test["job"]["spec"]["template"]["spec"]["containers"]
    header = "x-gateway-inference-objective: llama3-8b"
    assert [header in each["args"] for each in containers] == [False, True, False]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        pytest.param({"image": "registry.example/vllm-openai@sha256:1"}, True, id="another image"),
        pytest.param({"probe_image": "registry.example/curl@sha256:1"}, True, id="another question"),
        pytest.param({"regions": {HERE: Placement(3, "us-east4-a")}}, True, id="another Gateway"),
        pytest.param(
            {"regions": {HERE: Placement(5, "us-east4-a"), "europe-west3": Placement(1, "europe-west3-c")}},
            False,
            id="another scale",
        ),
        pytest.param({"utilization": 70}, False, id="another balance"),
    ],
)
def test_a_smoke_test_runs_again_when_what_it_tests_has_changed(
    compiled: Any, change: dict[str, Any], again: Any
) -> None:
    names = [
        next(k.name for k in graph.at(HERE).resources if k.kind is Kind.SMOKE_TEST)
        for graph in (compiled(), compiled(**change))
    ]
    assert (names[0] != names[1]) is again


def test_the_smoke_test_waits_for_servers_and_traffic(compiled: Any) -> None:
    test = next(r for k, r in compiled().at(HERE).resources.items() if k.kind is Kind.SMOKE_TEST)
    kinds = {Kind.WORKLOAD, Kind.INFERENCE_POOL, Kind.INFERENCE_OBJECTIVE, Kind.GATEWAY, Kind.HTTP_ROUTE}
    assert kinds <= {key.kind for key in test.needs}
    assert test.spec["_gateway"] == {
        "within": "europe-west3/inferops-europe-west3",
        "namespace": "infer-llama3-8b",
        "name": "llama3-8b",
        "region": HERE,
    }
