"""Every custom object we send, against the real CRDs: structure, unknown fields, and their CEL rules.

The CRD files are third-party and not part of this repository; where they are not at hand the tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import celpy
import jsonschema
import pytest
import yaml

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement
from shared.domain.graph import ResourceGraph
from shared.domain.manifests.objective_crd import objective_crd
from shared.domain.names import Kind
from shared.domain.site import Site

CRDS = Path(__file__).parents[2].parent / "shared" / "crds"
pytestmark = pytest.mark.skipif(not CRDS.is_dir(), reason="the CRDs of upstream projects are not at hand")
SITE = Site("demo", "123456789012")
FILES = {
    Kind.INFERENCE_POOL: ["gaie-v1.5.0_inference.networking.k8s.io_inferencepools"],
    Kind.INFERENCE_OBJECTIVE: ["gaie-v1.5.0_inference.networking.x-k8s.io_inferenceobjectives"],
    Kind.GATEWAY: ["gateway-api-v1.3.0-standard_gateway.networking.k8s.io_gateways"],
    Kind.HTTP_ROUTE: ["gateway-api-v1.3.0-standard_gateway.networking.k8s.io_httproutes"],
    Kind.HEALTH_CHECK_POLICY: [
        "gke-gateway-api-v1.4.0_networking.gke.io_healthcheckpolicies",
        "gke-gateway-api-fc40d60_networking.gke.io_healthcheckpolicies",
    ],
    Kind.BACKEND_POLICY: [
        "gke-gateway-api-v1.4.0_networking.gke.io_gcpbackendpolicies",
        "gke-gateway-api-fc40d60_networking.gke.io_gcpbackendpolicies",
    ],
    Kind.POD_MONITORING: ["prometheus-engine-2ffde4e_monitoring.googleapis.com_podmonitorings"],
}
# GKE's own CRD has these; the public ones do not. Source: a typed dump of a live cluster's CRDs of August 2025
# (cdktf-typescript-crd, networking/gcp-backend-policy/v1), and Google's guide for trafficDuration.
NOT_PUBLIC = {"spec.default.balancingMode", "spec.default.customMetrics", "spec.default.trafficDuration"}
# Compares an int-or-string with a number, which the CEL library refuses to do for text: PodMonitoring's port name.
NOT_EVALUATED = {"self != 0"}
# Not custom objects, or without any public schema: Kubernetes' own, GKE's AutoscalingMetric and multi-networking.
WITHOUT_SCHEMA = {Kind.AUTOSCALING_METRIC, Kind.DEVICE_NETWORK, Kind.NETWORK_PARAMETERS}


@cache
def _graph() -> ResourceGraph:
    machines = (
        ("a3-highgpu-2g", "llama-3.1-8b", "us-east4-a", ""),
        ("a3-ultragpu-8g", "deepseek-v3", "us-east4-b", "gs://weights/prefix"),
    )
    graph = ResourceGraph()
    for index, (machine, model, zone, weights) in enumerate(machines):
        spec = DeploymentSpec(
            model=model,
            served_name="m",
            machine=machine,
            consumption="spot",
            regions={"us-east4": Placement(1, zone)},
            image="registry.example/vllm-openai@sha256:0",
            picker_image="registry.example/epp@sha256:0",
            probe_image="registry.example/curl@sha256:0",
            weights=weights,
        )
        fleet = FleetSpec("us-east4", frozenset())
        graph |= compile_desired(f"deployments/m{index}", spec, fleet, SITE, load())
    return graph


def _manifests(kind: Kind) -> list[Mapping[str, Any]]:
    return [r.spec for key, r in _graph().resources.items() if key.kind is kind]


@cache
def _crd(name: str) -> dict[str, Any]:
    crd: dict[str, Any] = yaml.safe_load((CRDS / f"{name}.yaml").read_text())
    return crd


def _schema(name: str, api_version: str) -> dict[str, Any]:
    """Return the schema of the version that a manifest names."""
    versions = _crd(name)["spec"]["versions"]
    found: dict[str, Any] = next(v for v in versions if v["name"] == api_version.partition("/")[2])
    schema: dict[str, Any] = found["schema"]["openAPIV3Schema"]
    return schema


def _closed(schema: Any) -> Any:
    """Return the schema with unknown fields refused, as a strict apply does."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_ended:
        closed["additionalProperties"] = False
    return closed


def _problems(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield structural problems; an unknown field by its path."""
    validator = jsonschema.Draft202012Validator(_closed(schema))
    for error in validator.iter_errors({key: value for key, value in manifest.items() if not key.startswith("_")}):
        path = ".".join(map(str, error.absolute_path))
        if error.validator == "additionalProperties":
            yield from (f"{path}.{name}" for name in error.instance.keys() - error.schema["properties"].keys())
        else:
            yield f"{path}: {error.message}"


def _defaulted(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return the value with the schema's defaults, which an API server puts in before it asks the rules."""
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        missing = {k: s["default"] for k, s in known.items() if "default" in s and k not in value}
        return {k: _defaulted(v, known.get(k, {})) for k, v in {**value, **missing}.items()}
    if isinstance(value, list):
        return [_defaulted(each, schema.get("items", {})) for each in value]
    return value


def _rules(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield every CEL rule that applies, with its place and the value it speaks of."""
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path, rule["rule"], value
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _rules(part, schema.get("properties", {}).get(key, {}), f"{path}.{key}")
    if isinstance(value, list):
        for part in value:
            yield from _rules(part, schema.get("items", {}), f"{path}[]")


def _holds(rule: str, value: Any) -> bool:
    """Say whether the rule holds; one that ends in an error refuses the object, as an API server does."""
    environment = celpy.Environment()
    program = environment.program(environment.compile(rule))
    try:
        return bool(program.evaluate({"self": celpy.json_to_cel(value)}))
    except celpy.CELEvalError:
        return False


def _refusing(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return the rules that refuse the object, by place."""
    rules = [rule for rule in _rules(_defaulted(manifest, schema), schema) if rule[1] not in NOT_EVALUATED]
    return [f"{path}: {rule}" for path, rule, value in rules if not _holds(rule, value)]


CASES = [pytest.param(kind, name, id=f"{kind} {name.split('_')[0]}") for kind, names in FILES.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_structure_and_fields_are_those_of_the_crd(kind: Kind, name: str) -> None:
    manifests = _manifests(kind)
    assert manifests
    found = {p for m in manifests for p in _problems(m, _schema(name, m["apiVersion"]))}
    assert found <= (NOT_PUBLIC if kind is Kind.BACKEND_POLICY else set())


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_rules_of_the_crd_hold(kind: Kind, name: str) -> None:
    for manifest in _manifests(kind):
        assert _refusing(manifest, _schema(name, manifest["apiVersion"])) == []


def test_everything_else_we_send_is_kubernetes_own_or_has_no_public_schema() -> None:
    groups = {"v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"}
    left = {
        key.kind
        for key, r in _graph().resources.items()
        if key.kind not in FILES and r.spec.get("apiVersion", "v1") not in groups
    }
    assert left == WITHOUT_SCHEMA


@pytest.mark.parametrize(
    ("kind", "broken", "problem"),
    [
        pytest.param(Kind.HTTP_ROUTE, {"rules": [{"timeout": "1s"}]}, "spec.rules.0.timeout", id="unknown field"),
        pytest.param(Kind.GATEWAY, {"gatewayClassName": 1}, "spec.gatewayClassName", id="wrong type"),
        pytest.param(Kind.INFERENCE_POOL, {"selector": {}}, "spec.selector", id="missing field"),
    ],
)
def test_the_check_itself_finds_what_is_wrong(kind: Kind, broken: dict[str, Any], problem: str) -> None:
    manifest = _manifests(kind)[0]
    wrong = {**manifest, "spec": {**manifest["spec"], **broken}}
    schema = _schema(FILES[kind][0], manifest["apiVersion"])
    assert any(each.startswith(problem) for each in _problems(wrong, schema))


@pytest.mark.parametrize(
    "default",
    [
        pytest.param({"config": {"type": "HTTP", "httpHealthCheck": {"port": 8000}}}, id="port not specified"),
        pytest.param({"checkIntervalSec": 2, "timeoutSec": 9}, id="timeout above interval"),
    ],
)
def test_the_rules_find_what_is_wrong(default: dict[str, Any]) -> None:
    manifest = _manifests(Kind.HEALTH_CHECK_POLICY)[0]
    wrong = {**manifest, "spec": {**manifest["spec"], "default": default}}
    schema = _schema("gke-gateway-api-fc40d60_networking.gke.io_healthcheckpolicies", manifest["apiVersion"])
    assert _refusing(wrong, schema)


def _plain(value: Any) -> Any:
    """Return a CRD without its texts for people."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        texts = [key for key, each in value.items() if key == "description" and isinstance(each, str)]
        return {key: _plain(each) for key, each in value.items() if key not in texts}
    return value


def test_our_own_crd_is_upstreams() -> None:
    real = _plain(_crd("gaie-v1.5.0_inference.networking.x-k8s.io_inferenceobjectives"))
    ours = objective_crd({})
    assert ours["spec"] == real["spec"]
    assert ours["metadata"]["name"] == real["metadata"]["name"]
    assert ours["metadata"]["annotations"] == real["metadata"]["annotations"]
