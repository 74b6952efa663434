"""Our own definitions beside the published ones: the same verdict on the same objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.cloud.kube import custom, refusals, writes
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.kinds import id_of
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.world import World
from tests.contract.cloud.kube_place import Object, policy, pool

CRDS = Path(__file__).parents[4] / "shared" / "crds"
PUBLISHED = ("gateway-api-v1.3.0-standard_*", "gaie-v1.5.0_*", "gke-gateway-api-fc40d60_*", "prometheus-engine-*")
IMPORT = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "llm"}
HTTP = {"name": "http", "port": 80, "protocol": "HTTP"}
FIXED = {"requestPath": "/health", "port": 8000, "portSpecification": "USE_FIXED_PORT"}


def gateway(**spec: Any) -> Object:
    wanted = {"gatewayClassName": "c", "listeners": [HTTP], **spec}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "x"}, "spec": wanted}


def route(**rule: Any) -> Object:
    rules = [{"backendRefs": [IMPORT], **rule}]
    head = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "x"}}
    return {**head, "spec": {"parentRefs": [{"name": "gw"}], "rules": rules}}


def health(**default: Any) -> Object:
    head = {"apiVersion": "networking.gke.io/v1", "kind": "HealthCheckPolicy", "metadata": {"name": "x"}}
    return {**head, "spec": {"targetRef": IMPORT, "default": default}}


def monitoring(**endpoint: Any) -> Object:
    endpoints = [{"port": "metrics", "interval": "10s", "path": "/metrics", **endpoint}]
    head = {"apiVersion": "monitoring.googleapis.com/v1", "kind": "PodMonitoring", "metadata": {"name": "x"}}
    return {**head, "spec": {"selector": {"matchLabels": {"a": "b"}}, "endpoints": endpoints}}


CASES = [
    gateway(),
    gateway(addresses=[{"type": "networking.gke.io/ephemeral-ipv4-address/us-east4", "value": "us-east4"}]),
    gateway(listeners=[HTTP, {**HTTP, "name": "again"}]),
    gateway(listeners=[HTTP, {**HTTP, "port": 81}]),
    gateway(listeners=[{**HTTP, "tls": {"mode": "Terminate", "certificateRefs": [{"name": "c"}]}}]),
    gateway(listeners=[{"name": "s", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "c"}]}}]),
    gateway(listeners=[]),
    gateway(listeners=[{**HTTP, "port": 0}]),
    gateway(gatewayClassName=""),
    gateway(typo=1),
    gateway(listeners=[{**HTTP, "allowedRoutes": {"namespaces": {"from": "Everyone"}}}]),
    route(),
    route(timeouts={"request": "600s"}),
    route(timeouts={"request": "soon"}),
    route(backendRefs=[{"name": "service-without-port"}]),
    route(matches=[{"path": {"type": "PathPrefix", "value": "v1"}}]),
    route(matches=[{"headers": [{"name": "x", "value": "y"}]}]),
    route(filters=[{"type": "Nope"}]),
    health(config={"type": "HTTP", "httpHealthCheck": FIXED}),
    health(config={"type": "HTTP", "httpHealthCheck": {"requestPath": "/health", "port": 8000}}),
    health(config={"type": "HTTP", "httpHealthCheck": {**FIXED, "requestPath": "health"}}),
    health(config={"type": "TCP"}),
    health(checkIntervalSec=2, timeoutSec=2),
    health(checkIntervalSec=2),
    health(timeoutSec=6),
    health(checkIntervalSec=301, timeoutSec=1),
    policy(timeoutSec=600, logging={"enabled": True}),
    policy(timeoutSec=0),
    policy(maxRatePerEndpoint=0),
    policy(sessionAffinity={"type": "STICKY"}),
    policy(connectionDraining={"drainingTimeoutSec": 3601}),
    pool(),
    pool(appProtocol="http"),
    pool(targetPorts=[{"number": 1}, {"number": 1}]),
    pool(selector={"matchLabels": {}}),
    pool(endpointPickerRef={"name": "e"}),
    pool(endpointPickerRef={"name": "e", "kind": "Other"}),
    monitoring(),
    monitoring(port=0),
    monitoring(port=8000),
    monitoring(authorization={"type": "Basic"}),
    monitoring(scheme="ftp"),
]


def accepted(objects: Objects, body: Object) -> bool:
    kind = objects.kinds[id_of(body)]
    target = writes.Target(objects, kind, "default", body["metadata"]["name"])
    try:
        writes.create(target, body, writes.Options("judge", dry_run=True, validation="Strict"))
    except refusals.Refused:
        return False
    return True


@pytest.fixture(scope="module")
def ours() -> Objects:
    objects = Objects(World(), "ours")
    install_gke_crds(objects)
    return objects


@pytest.fixture(scope="module")
def published() -> Objects:
    objects = Objects(World(), "published")
    install_gke_crds(objects)
    for pattern in PUBLISHED:
        for file in sorted(CRDS.glob(pattern)):
            for crd in filter(None, yaml.safe_load_all(file.read_text())):
                objects.put({name: value for name, value in crd.items() if name != "status"}, "published")
    return objects


@pytest.mark.skipif(not CRDS.is_dir(), reason="the published definitions are not on this machine")
@pytest.mark.parametrize("body", CASES, ids=lambda body: f"{body['kind']} {json.dumps(body['spec'])}")
def test_our_definitions_agree_with_the_published_ones(ours: Objects, published: Objects, body: Object) -> None:
    assert accepted(ours, body) == accepted(published, body)


def test_nearly_all_cases_of_the_comparison_matter(ours: Objects) -> None:
    verdicts = [accepted(ours, body) for body in CASES]
    assert min(verdicts.count(True), verdicts.count(False)) > len(CASES) // 4


def test_the_definitions_are_all_established(ours: Objects) -> None:
    states = [crd["status"]["conditions"][1] for crd in ours.all(custom.ID)]
    assert {(state["type"], state["status"]) for state in states} == {("Established", "True")}
