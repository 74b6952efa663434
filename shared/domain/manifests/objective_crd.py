"""The InferenceObjective CRD, which GKE does not install. Same schema as upstream's last release that has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.picker import ALPHA_GROUP, POOL_GROUP

PLURAL = "inferenceobjectives"
NAME = f"{PLURAL}.{ALPHA_GROUP}"
BUNDLE = {"inference.networking.k8s.io/bundle-version": "v1.5.0"}
_TEXT = {"type": "string"}


def objective_crd(labels: Mapping[str, str]) -> Manifest:
    """Return the CRD."""
    kind = "InferenceObjective"
    spec = {
        "group": ALPHA_GROUP,
        "scope": "Namespaced",
        "names": {"kind": kind, "listKind": f"{kind}List", "plural": PLURAL, "singular": kind.lower()},
        "versions": [_version()],
    }
    return manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", NAME, labels, annotations=BUNDLE, spec=spec)


def _version() -> dict[str, Any]:
    columns = (
        (".spec.poolRef.name", "Inference Pool", "string"),
        (".spec.priority", "Priority", "string"),
        (".metadata.creationTimestamp", "Age", "date"),
    )
    schema = {
        "type": "object",
        "properties": {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": {"type": "object"},
            "spec": _spec(),
            "status": _status(),
        },
    }
    return {
        "name": "v1alpha2",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"jsonPath": path, "name": name, "type": kind} for path, name, kind in columns],
        "schema": {"openAPIV3Schema": schema},
    }


def _spec() -> dict[str, Any]:
    label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    group = {
        "type": "string",
        "default": POOL_GROUP,
        "maxLength": 253,
        "pattern": rf"^$|^{label}(\.{label})*$",
    }
    kind = {
        "type": "string",
        "default": "InferencePool",
        "maxLength": 63,
        "minLength": 1,
        "pattern": "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
    }
    name = {"type": "string", "maxLength": 253, "minLength": 1}
    pool = {"type": "object", "required": ["name"], "properties": {"group": group, "kind": kind, "name": name}}
    properties = {"poolRef": pool, "priority": {"type": "integer"}}
    return {"type": "object", "required": ["poolRef"], "properties": properties}


def _status() -> dict[str, Any]:
    pending = {
        "type": "Ready",
        "status": "Unknown",
        "reason": "Pending",
        "message": "Waiting for controller",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }
    conditions = {
        "type": "array",
        "maxItems": 8,
        "default": [pending],
        "items": _condition(),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    }
    return {"type": "object", "properties": {"conditions": conditions}}


def _condition() -> dict[str, Any]:
    prefix = r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    return {
        "type": "object",
        "required": ["lastTransitionTime", "message", "reason", "status", "type"],
        "properties": {
            "lastTransitionTime": {"type": "string", "format": "date-time"},
            "message": {"type": "string", "maxLength": 32768},
            "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
            "reason": {
                "type": "string",
                "maxLength": 1024,
                "minLength": 1,
                "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
            },
            "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
            "type": {
                "type": "string",
                "maxLength": 316,
                "pattern": f"^{prefix}(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
            },
        },
    }
