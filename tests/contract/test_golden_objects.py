"""What is compiled for the two-region example, against a checklist that was written without looking at it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement, PlatformSpec, Spec
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import GLOBAL, Kind
from shared.domain.observations import differences
from shared.domain.site import Site

FILES = ("golden.yaml", "golden_platform.yaml")
GOLDEN: dict[str, Any] = {
    part: rows for name in FILES for part, rows in yaml.safe_load(Path(__file__).with_name(name).read_text()).items()
}
SITE = Site("demo", "123456789012")
FLEET = FleetSpec("europe-west3", frozenset({"llama3-8b"}))
REGIONS = ("europe-west3", "us-east4")
SPEC = DeploymentSpec(
    model="llama-3.1-8b",
    served_name="llama3-8b",
    machine="a3-highgpu-2g",
    consumption="spot",
    regions={"us-east4": Placement(3, "us-east4-a"), "europe-west3": Placement(3, "europe-west3-c")},
    image="registry.example/vllm-openai@sha256:0",
    picker_image="registry.example/epp@sha256:0",
    probe_image="registry.example/curl@sha256:0",
    token="projects/demo/secrets/hf/versions/3",
)
PARTS = [
    *(("each_region", region) for region in REGIONS),
    *(("each_target", region) for region in REGIONS),
    ("config_cluster", GLOBAL),
    ("fleet", GLOBAL),
]


def _compile(path: str, spec: Spec) -> ResourceGraph:
    return compile_desired(path, spec, FLEET, SITE, load())


@cache
def _deployment() -> ResourceGraph:
    return _compile("deployments/llama3-8b", SPEC)


def _part(name: str, location: str) -> ResourceGraph:
    """Return the graph that a part of the checklist speaks about."""
    if name == "each_region":
        return _compile(f"platform/{location}", PlatformSpec(frozenset({"llama3-8b"})))
    if name == "fleet":
        return _compile("platform/global", FLEET)
    return _deployment().at(location)


def _expected(name: str, location: str) -> list[dict[str, Any]]:
    """Return the rows with our names put in. Names that end in a hash are the only ones read from the graph."""
    graph = _part(name, location)
    names = {**GOLDEN["names"], "region": location}
    for word, kind in (("pool", Kind.NODE_POOL), ("smoke", Kind.SMOKE_TEST)):
        names[word] = next((key.short_name for key in graph.resources if key.kind is kind), "")
    beside = name == "each_target" and location != FLEET.config_region
    text = json.dumps([*GOLDEN[name], *(GOLDEN["target_beside_config"] if beside else ())])
    for word, value in names.items():
        text = text.replace("{" + word + "}", value)
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _rows() -> Iterator[Any]:
    for name, location in PARTS:
        for row in _expected(name, location):
            yield pytest.param(name, location, row, id=f"{location} {row['role']} {row['key']}")


@pytest.mark.parametrize(("name", "location"), [pytest.param(*part, id=" ".join(part)) for part in PARTS])
def test_nothing_is_missing_and_nothing_is_there_besides(name: str, location: str) -> None:
    compiled = sorted(f"{key.kind} {key.name}" for key in _part(name, location).resources)
    assert compiled == sorted(row["key"] for row in _expected(name, location))


@pytest.mark.parametrize(("name", "location", "row"), list(_rows()))
def test_an_object_holds_what_the_checklist_says(name: str, location: str, row: Mapping[str, Any]) -> None:
    found = _found(_part(name, location), row["key"])
    assert differences(row.get("spec", {}), found.spec) == ()


def _found(graph: ResourceGraph, key: str) -> Resource:
    return next(r for k, r in graph.resources.items() if f"{k.kind} {k.name}" == key)


def _specs(kind: Kind) -> list[Any]:
    return [r.spec for key, r in _deployment().resources.items() if key.kind is kind]


def test_routes_carry_no_timeouts() -> None:
    assert all("timeouts" not in rule for route in _specs(Kind.HTTP_ROUTE) for rule in route["spec"]["rules"])


@pytest.mark.parametrize("kind", [Kind.HEALTH_CHECK_POLICY, Kind.BACKEND_POLICY])
def test_a_target_has_one_policy_of_a_kind(kind: Kind) -> None:
    within = "europe-west3/inferops-europe-west3"
    found = [r.spec for key, r in _deployment().resources.items() if key.kind is kind and key.within == within]
    targets = [tuple(sorted(spec["spec"]["targetRef"].items())) for spec in found]
    assert len(targets) == len(set(targets)) == 2


def test_gateway_route_and_import_policies_stand_on_the_config_cluster_alone() -> None:
    kinds = {Kind.GATEWAY, Kind.HTTP_ROUTE}
    found = {key.within for key in _deployment().resources if key.kind in kinds or key.location == GLOBAL}
    assert found == {"europe-west3/inferops-europe-west3"}


def test_every_objective_names_a_pool_of_its_namespace() -> None:
    pools = {(key.location, key.name) for key in _deployment().resources if key.kind is Kind.INFERENCE_POOL}
    for key, resource in _deployment().resources.items():
        if key.kind is Kind.INFERENCE_OBJECTIVE:
            assert (key.location, f"{key.namespace}/{resource.spec['spec']['poolRef']['name']}") in pools


def test_balancing_is_by_custom_metrics_alone() -> None:
    default = _found(_deployment().at(GLOBAL), "GCPBackendPolicy infer-llama3-8b/llama3-8b-import").spec["spec"][
        "default"
    ]
    assert "maxInFlightRequestsPerEndpoint" not in default
    assert "maxUtilization" not in default["customMetrics"][0]


def test_the_picker_is_configured_as_the_chart_does_it() -> None:
    config = yaml.safe_load(_specs(Kind.CONFIG_MAP)[0]["data"]["default-plugins.yaml"])
    source = {"scheme": "http", "path": "/metrics", "insecureSkipVerify": True}
    assert config == {
        "apiVersion": "inference.networking.x-k8s.io/v1alpha1",
        "kind": "EndpointPickerConfig",
        "plugins": [
            {"type": "queue-scorer"},
            {"type": "kv-cache-utilization-scorer"},
            {"type": "prefix-cache-scorer"},
            {"type": "metrics-data-source", "parameters": source},
            {"type": "core-metrics-extractor"},
        ],
        "schedulingProfiles": [
            {
                "name": "default",
                "plugins": [
                    {"pluginRef": "queue-scorer", "weight": 2},
                    {"pluginRef": "kv-cache-utilization-scorer", "weight": 2},
                    {"pluginRef": "prefix-cache-scorer", "weight": 3},
                ],
            }
        ],
    }


def test_the_pool_leaves_out_what_older_clusters_refuse() -> None:
    assert all("appProtocol" not in spec["spec"] for spec in _specs(Kind.INFERENCE_POOL))


def test_every_port_of_the_model_server_is_one_and_the_same() -> None:
    pools = [port["number"] for spec in _specs(Kind.INFERENCE_POOL) for port in spec["spec"]["targetPorts"]]
    checks = [spec["spec"]["default"]["config"]["httpHealthCheck"]["port"] for spec in _specs(Kind.HEALTH_CHECK_POLICY)]
    gauges = [each["port"] for spec in _specs(Kind.AUTOSCALING_METRIC) for each in spec["spec"]["endpoints"]]
    servers = [spec["spec"]["template"]["spec"]["containers"][0] for spec in _specs(Kind.WORKLOAD)]
    ports = [server["ports"][0]["containerPort"] for server in servers if server["name"] == "vllm"]
    assert [len(each) for each in (pools, checks, gauges, ports)] == [2, 3, 2, 2]
    assert {*pools, *checks, *gauges, *ports} == {8000}
