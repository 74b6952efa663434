"""What is read off single objects, where a living cluster would take long to show it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.conditions import Reason
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Broken, Present
from shared.domain.site import Site
from shared.providers import alerting, checks, clusters, fleets, gateway_looks, kube_looks, networks
from shared.providers.kube_ready import Context, judge
from shared.providers.metric_shapes import shape_of
from shared.providers.pod_looks import why_pods

HOME = "us-east4/inferops-us-east4"
META = {"name": "llm", "namespace": "ns", "generation": 2}
SITE = Site("demo", "1")


def key(kind: Kind) -> ResourceKey:
    return ResourceKey("us-east4", kind, "ns/llm", HOME)


def says(kind: str, status: str = "True", generation: int = 2, **more: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "observedGeneration": generation, **more}


def pod(name: str = "llm-1", **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"app": "llm"}}, "status": status}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return pod(containerStatuses=[{"name": "engine", "image": "engine@sha256:0", "state": state, **more}])


WORKLOAD = {"metadata": META, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "llm"}}}}
UNSCHEDULABLE = pod(
    conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit."}]
)


def scale_up_failed(why: str, pod_name: str = "llm-1") -> dict[str, Any]:
    said = f"Node scale up in zones us-east4-a associated with this pod failed: {why}. Pod is at risk."
    return {"involvedObject": {"kind": "Pod", "name": pod_name}, "reason": "FailedScaleUp", "message": said}


@pytest.mark.parametrize(
    ("why", "words", "reason"),
    [
        ("GCE out of resources", "choose another zone, region, machine or way of buying", Reason.STOCK_OUT),
        ("GCE quota exceeded", "ask for more, or for fewer GPUs", Reason.QUOTA_EXCEEDED),
    ],
)
def test_a_scale_up_that_failed_says_where_and_what_to_do(why: str, words: str, reason: Reason) -> None:
    because, found = why_pods(WORKLOAD, [UNSCHEDULABLE], [scale_up_failed(why)])
    assert found is reason
    assert "us-east4-a" in because and words in because


def test_a_scale_up_that_failed_for_another_pod_or_before_it_got_its_node_says_nothing() -> None:
    assert why_pods(WORKLOAD, [UNSCHEDULABLE], [scale_up_failed("GCE", "other")])[1] is Reason.WAITING
    assert why_pods(WORKLOAD, [pod()], [scale_up_failed("GCE out of resources")]) == ("", Reason.IN_PROGRESS)


@pytest.mark.parametrize(
    ("pods", "because", "reason"),
    [
        pytest.param([], "", Reason.IN_PROGRESS, id="none yet"),
        pytest.param([UNSCHEDULABLE], ": waiting for nodes: 0/3 nodes fit", Reason.WAITING, id="no node"),
        pytest.param(
            [UNSCHEDULABLE, waiting("ImagePullBackOff", "Back-off")],
            ": container engine: ImagePullBackOff for engine@sha256:0",
            Reason.IMAGE_NOT_FOUND,
            id="the worst first",
        ),
        pytest.param(
            [waiting("CreateContainerConfigError", 'secret "hf-token" not found')],
            ': container engine: CreateContainerConfigError: secret "hf-token" not found',
            Reason.SECRET_MISSING,
            id="no secret",
        ),
        pytest.param(
            [waiting("CrashLoopBackOff", "wait", lastState={"terminated": {"exitCode": 1, "message": "CUDA gone"}})],
            ": container engine: CrashLoopBackOff, exit code 1: CUDA gone",
            Reason.WORKLOAD_FAILING,
            id="last words",
        ),
        pytest.param([waiting("ContainerCreating")], "", Reason.IN_PROGRESS, id="just starting"),
    ],
)
def test_why_pods_are_not_ready(pods: list[dict[str, Any]], because: str, reason: Reason) -> None:
    assert why_pods(WORKLOAD, pods) == (because, reason)


@pytest.mark.parametrize(
    ("status", "because"),
    [
        pytest.param({"availableReplicas": 2, "updatedReplicas": 2, "observedGeneration": 2}, "", id="all there"),
        pytest.param(
            {"availableReplicas": 2, "updatedReplicas": 1, "observedGeneration": 2}, "2 of 2 ready", id="old ones yet"
        ),
        pytest.param(
            {"availableReplicas": 2, "updatedReplicas": 2, "observedGeneration": 1}, "2 of 2 ready", id="stale"
        ),
        pytest.param({"observedGeneration": 2}, "0 of 2 ready", id="none yet"),
    ],
)
def test_a_workload_is_ready(status: dict[str, int], because: str) -> None:
    assert judge(key(Kind.WORKLOAD), {**WORKLOAD, "status": status}, Context()).because == because


def route(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": META, "status": {"parents": [{"conditions": list(conditions)}]}}


@pytest.mark.parametrize(
    ("obj", "because"),
    [
        pytest.param({"metadata": META}, "no Gateway has taken it up yet", id="nobody"),
        pytest.param(route(says("Accepted"), says("ResolvedRefs"), says("Reconciled")), "", id="all three"),
        pytest.param(route(says("Accepted"), says("ResolvedRefs")), "Reconciled is not known yet", id="two"),
        pytest.param(
            route(says("Accepted"), says("ResolvedRefs", generation=1), says("Reconciled")),
            "ResolvedRefs is of an older state",
            id="stale",
        ),
        pytest.param(
            route(says("Accepted"), says("ResolvedRefs"), says("Reconciled", "False", message="GWCER104: no")),
            "Reconciled is False: GWCER104: no",
            id="refused",
        ),
    ],
)
def test_a_route_is_in_force(obj: dict[str, Any], because: str) -> None:
    assert gateway_looks.route(obj) == because


def gateway(*addresses: str) -> dict[str, Any]:
    said = [says("Accepted"), says("Programmed"), says("networking.gke.io/GatewayHealthy")]
    given = [{"type": "IPAddress", "value": value} for value in addresses]
    asked = [{"value": "us-east4"}, {"value": "europe-west3"}]
    return {"metadata": META, "spec": {"addresses": asked}, "status": {"conditions": said, "addresses": given}}


SUBNETS = {
    ("subnets", "us-east4"): [{"ip_cidr_range": "10.150.0.0/20", "network": "projects/demo/global/networks/default"}],
    ("subnets", "europe-west3"): [
        {"ip_cidr_range": "10.156.0.0/20", "network": "projects/demo/global/networks/default"},
        {"ip_cidr_range": "10.150.0.0/20", "network": "projects/demo/global/networks/other"},
    ],
}


def test_a_gateway_needs_as_many_addresses_as_it_asked_for() -> None:
    because, reason, report = gateway_looks.gateway(gateway("10.156.0.9"), SUBNETS, SITE)
    assert (because, reason) == ("1 of 2 addresses are there", Reason.IN_PROGRESS)
    assert report == {"address/europe-west3": "10.156.0.9"}


def test_addresses_are_told_apart_by_the_subnets_of_our_network() -> None:
    found = gateway_looks.addresses(gateway("10.156.0.9", "10.150.0.9"), SUBNETS, SITE)
    assert found == {"europe-west3": "10.156.0.9", "us-east4": "10.150.0.9"}


def test_an_address_that_no_subnet_holds_belongs_nowhere() -> None:
    assert gateway_looks.addresses(gateway("172.16.0.1"), SUBNETS, SITE) == {}


@pytest.mark.parametrize(
    ("target", "conditions", "expected"),
    [
        pytest.param("GCPInferencePoolImport", [says("Attached")], "", id="attached"),
        pytest.param("GCPInferencePoolImport", [], "Attached is not known yet", id="not yet"),
        pytest.param(
            "GCPInferencePoolImport",
            [says("Attached", "False", reason="Conflicted")],
            "Attached is False: Conflicted",
            id="another won",
        ),
        pytest.param("InferencePool", [], "", id="on the pool itself nobody says anything"),
    ],
)
def test_a_policy_is_in_force(target: str, conditions: list[dict[str, Any]], expected: str) -> None:
    obj = {"metadata": META, "spec": {"targetRef": {"kind": target}}, "status": {"conditions": conditions}}
    assert gateway_looks.policy(obj)[0] == expected


def test_a_smoke_test_that_failed_repeats_the_last_words() -> None:
    ended = {"terminated": {"exitCode": 22, "message": "curl: (22) 503"}}
    failed = {"type": "Failed", "status": "True", "message": "backoff limit"}
    job = {
        "metadata": {"name": "llm", "namespace": "ns"},
        "spec": {"selector": {"matchLabels": {"app": "llm"}}},
        "status": {"conditions": [failed]},
    }
    pods = [pod(containerStatuses=[{"name": "base", "state": ended}])]
    seen = judge(key(Kind.SMOKE_TEST), job, Context({("pods", HOME, "ns"): pods}, SITE)).observed()
    assert isinstance(seen, Broken)
    assert str(seen.error) == "the smoke test in us-east4 failed: base: exit code 22, curl: (22) 503"


def crd(**fields: Any) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"properties": {"spec": {"properties": fields}}}}
    return {"spec": {"versions": [{"name": "v1beta1", "schema": schema}]}}


@pytest.mark.parametrize(
    ("definition", "version", "expected"),
    [
        pytest.param(crd(endpoints={}), "1.40.0-gke.1", (True, "A"), id="flat"),
        pytest.param(crd(metrics={}), "1.30.0-gke.1", (True, "B"), id="nested"),
        pytest.param(crd(), "1.35.0-gke.999", (False, "A"), id="open, older"),
        pytest.param(crd(), "1.35.1-gke.1396000", (False, "B"), id="open, newer"),
    ],
)
def test_the_shape_of_a_metric_is_read_off_its_definition(
    definition: dict[str, Any], version: str, expected: tuple[bool, str]
) -> None:
    assert shape_of(definition, version) == expected


def test_a_pool_whose_references_do_not_resolve_is_not_ready() -> None:
    parents = [{"conditions": [says("ResolvedRefs", "False", message="no such picker")]}]
    verdict = judge(key(Kind.INFERENCE_POOL), {"metadata": META, "status": {"parents": parents}}, Context())
    assert verdict.because == "ResolvedRefs is False: no such picker"


def test_an_object_of_a_kind_without_state_is_ready() -> None:
    obj = {"metadata": META}
    assert judge(key(Kind.ROLE), obj, Context()).observed() == Present(obj, ready=True)


def test_every_kind_has_exactly_one_family_that_looks_at_it() -> None:
    families = (alerting, networks, clusters, fleets, checks, kube_looks)
    assert sorted(kind for family in families for kind in family.KINDS) == sorted(Kind)
