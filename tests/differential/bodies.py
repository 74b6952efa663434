"""The small objects that the checks send, and the paths that they send them to. All are our own."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
CORE = "/api/v1/namespaces/{ns}"
MAPS, SECRETS, PODS, SERVICES = (f"{CORE}/{kind}" for kind in ("configmaps", "secrets", "pods", "services"))
APPS = "/apis/apps/v1/namespaces/{ns}"
DEPLOYMENTS = f"{APPS}/deployments"
WIDGETS = "/apis/{group}/v1/namespaces/{ns}/widgets"
PLAINS = "/apis/{group}/v1/namespaces/{ns}/plains"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NUMBER = {"type": "integer", "format": "int64"}
TEXT = {"type": "string"}


def config_map(name: str = "a", data: dict[str, str] | None = None, **head: Any) -> Object:
    """A ConfigMap with two entries."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **head}, "data": data or {"a": "1"}}


def secret(**parts: Any) -> Object:
    """A Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, **parts}


def pod(name: str = "a", **spec: Any) -> Object:
    """A pod of one container."""
    containers = [{"name": "main", "image": "main:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def service(**spec: Any) -> Object:
    """A Service with one port."""
    wanted = {"selector": {"app": "a"}, "ports": [{"name": "http", "port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": wanted}


def deployment(name: str = "a", replicas: int = 1, **pod_spec: Any) -> Object:
    """A Deployment of one container with one port."""
    containers = [{"name": "main", "image": "main:1", "ports": [{"containerPort": 8000}]}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers, **pod_spec}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def widget(name: str = "a", **spec: Any) -> Object:
    """A custom resource of our own definition."""
    head = {"name": name, "namespace": "{ns}"}
    return {"apiVersion": "{group}/v1", "kind": "Widget", "metadata": head, "spec": {"size": 1, **spec}}


def plain(**spec: Any) -> Object:
    """A custom resource whose kind has no status subresource."""
    return {"apiVersion": "{group}/v1", "kind": "Plain", "metadata": {"name": "a"}, "spec": {"size": 1, **spec}}


def definition(plural: str, kind: str, spec: Object, **version: Any) -> Object:
    """A CustomResourceDefinition; ``spec`` is the schema of the objects' spec."""
    root = {"type": "object", "properties": {"spec": spec, "status": {"type": "object", "properties": STATUS}}}
    first = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}, **version}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": plural + ".{group}"},
        "spec": {
            "group": "{group}",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [first],
        },
    }


STATUS = {"phase": TEXT, "replicas": NUMBER, "selector": TEXT}
PORT = {
    "type": "object",
    "required": ["number"],
    "properties": {"number": {**NUMBER, "maximum": 65535, "minimum": 1}, "protocol": {**TEXT, "default": "TCP"}},
}
WIDGET_SPEC: Object = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {**NUMBER, "minimum": 0, "maximum": 100},
        "replicas": NUMBER,
        "color": {**TEXT, "enum": ["red", "green"], "default": "red"},
        "code": {**TEXT, "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 5},
        "note": {**TEXT, "nullable": True},
        "ratio": {"type": "number"},
        "on": {"type": "boolean"},
        "when": {**TEXT, "format": "date-time"},
        "tags": {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"},
        "order": {"type": "array", "items": TEXT, "maxItems": 3, "minItems": 1},
        "whole": {"type": "array", "items": TEXT, "x-kubernetes-list-type": "atomic"},
        "ports": {
            "type": "array",
            "items": PORT,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["number", "protocol"],
        },
        "limits": {"type": "object", "additionalProperties": TEXT, "maxProperties": 2},
        "piece": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": TEXT},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "inner": {"type": "object", "properties": {"a": TEXT, "depth": {**NUMBER, "default": 3}}},
    },
}
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "How big it is."},
    {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]
SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}
WIDGET = definition(
    "widgets", "Widget", WIDGET_SPEC, subresources={"status": {}, "scale": SCALE}, additionalPrinterColumns=COLUMNS
)
MIXED: Object = {"type": "object", "properties": {"size": NUMBER, "port": {"x-kubernetes-int-or-string": True}}}
PLAIN = definition("plains", "Plain", MIXED)
"""Without a status subresource. The old real server cannot apply keyed lists where a field is integer or text."""
