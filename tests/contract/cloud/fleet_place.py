"""Two clusters that serve one model behind a multi-cluster Gateway, as the product's manifests describe it."""

from __future__ import annotations

import json
from typing import Any

from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.objects import Objects
from tests.contract.cloud.clusters_place import (
    CLASS,
    EAST,
    GATEWAY,
    POOL,
    REGIONS,
    ROUTE,
    WEST,
    Object,
    Place,
    deployment,
    put,
    secret,
    server,
)

HEALTH, BACKEND = "HealthCheckPolicy.networking.gke.io", "GCPBackendPolicy.networking.gke.io"
TARGET = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "llm"}
EPHEMERAL = "networking.gke.io/ephemeral-ipv4-address/"
PICKER = {"name": "epp", "image": "epp:v1.5.0", "args": ["--pool-name", "llm", "--pool-namespace", "default"]}
ASK = json.dumps({"model": "llama", "prompt": "The capital of France is"}).encode()


def export(objects: Objects, *, said: str = "True", failure_mode: str = "FailOpen") -> None:
    """An exported pool with its endpoint picker's Service."""
    picker = {"name": "llm-epp", "port": {"number": 9002}, "failureMode": failure_mode}
    selector = {"matchLabels": {"app": "llm"}}
    spec = {"selector": selector, "targetPorts": [{"number": 8000}], "endpointPickerRef": picker}
    marks = {"annotations": {"networking.gke.io/export": said}}
    put(objects, POOL, "llm", spec, metadata=marks)
    ports = [{"name": "grpc", "port": 9002, "targetPort": 9002}]
    put(objects, "Service", "llm-epp", {"selector": {"app": "llm-epp"}, "ports": ports})


def serve(objects: Objects) -> None:
    """The model server and its endpoint picker."""
    secret(objects)
    put(objects, "Deployment.apps", "llm", deployment("llm", server()))
    put(objects, "Deployment.apps", "llm-epp", deployment("llm-epp", PICKER))


def gateway(objects: Objects, *regions: str) -> None:
    addresses = [{"type": f"{EPHEMERAL}{region}", "value": region} for region in regions]
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    put(objects, GATEWAY, "front", {"gatewayClassName": CLASS, "addresses": addresses, "listeners": [listener]})


def route(objects: Objects, **more: Any) -> None:
    backend = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "llm"}
    rule = {"backendRefs": [backend], **more}
    put(objects, ROUTE, "llm", {"parentRefs": [{"name": "front"}], "rules": [rule]})


def health(objects: Objects, path: str = "/health") -> None:
    http = {"requestPath": path, "port": 8000, "portSpecification": "USE_FIXED_PORT"}
    default = {"config": {"type": "HTTP", "httpHealthCheck": http}}
    put(objects, HEALTH, "health", {"targetRef": TARGET, "default": default})


class Fleet(Place):
    """The config cluster is in the west; pools are exported from both."""

    def __init__(self) -> None:
        super().__init__()
        self.west, self.east = self.born(WEST), self.born(EAST)
        self.members, self.config = [WEST, EAST], WEST
        self.controllers.fleet_changed()

    def deploy(self) -> None:
        """Bring everything up that a request needs."""
        for objects in (self.west, self.east):
            export(objects)
            serve(objects)
        health(self.west)
        gateway(self.west, REGIONS[WEST], REGIONS[EAST])
        route(self.west)
        self.pass_time(minutes=40)

    def address(self, region: str) -> str:
        found = self.west.get(GATEWAY, "default", "front") or {}
        place = [REGIONS[WEST], REGIONS[EAST]].index(region)
        return str(found["status"]["addresses"][place]["value"])

    def ask(self, region: str, path: str = "/v1/completions", body: bytes = ASK) -> Answer:
        found = self.controllers.request(self.address(region), 80, path, "POST", {}, body)
        assert not isinstance(found, NoAnswer)
        return found

    def scale(self, objects: Objects, name: str, replicas: int) -> None:
        found = objects.get("Deployment.apps", "default", name) or {}
        objects.put({**found, "spec": {**found["spec"], "replicas": replicas}}, "test")
        self.pass_time(minutes=10)

    def route_condition(self, kind: str) -> Object:
        found = self.west.get(ROUTE, "default", "llm") or {}
        parent: Object = next(iter(found.get("status", {}).get("parents", [])), {"conditions": []})
        return next((c for c in parent["conditions"] if c["type"] == kind), {})
