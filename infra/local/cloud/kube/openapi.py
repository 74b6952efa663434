"""OpenAPI: what kubectl reads to explain fields and to learn that the server validates them."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.kube import custom, ownership, refusals
from infra.local.cloud.kube.discovery import VERSION
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects

_INFO = {"title": "Kubernetes", "version": VERSION}
_WRITE_OPTIONS = ("dryRun", "fieldManager", "fieldValidation")
_ACTIONS = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}


def version_two() -> dict[str, Any]:
    """Answer /openapi/v2: an empty document, which old clients take as permission to send anything."""
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": {}}


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(objects: Objects) -> dict[str, Any]:
    """Answer /openapi/v3."""
    # The hash moves with the definitions, so clients know when to ask again.
    served = sorted({(kind.group, kind.version) for kind in objects.served.values()})
    newest = [int(crd["metadata"]["resourceVersion"]) for crd in objects.all(custom.ID)]
    mark = f"{len(served)}-{max(newest, default=0)}"
    paths = {_path(*each): {"serverRelativeURL": f"/openapi/v3/{_path(*each)}?hash={mark}"} for each in served}
    return {"paths": paths}


def document(objects: Objects, group: str, version: str) -> dict[str, Any]:
    """Answer /openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION."""
    kinds = [kind for kind in objects.served.values() if (kind.group, kind.version) == (group, version)]
    if not kinds:
        raise refusals.no_such_path()
    paths: dict[str, Any] = {}
    for kind in kinds:
        paths |= _paths(kind)
    schemas = {_name(kind): _schema(objects, kind) for kind in kinds}
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": schemas}}


def _name(kind: Kind) -> str:
    group = ".".join(reversed(kind.group.split("."))) if kind.group else "io.k8s.api.core"
    return f"{group}.{kind.version}.{kind.kind}"


def _schema(objects: Objects, kind: Kind) -> dict[str, Any]:
    schema = ownership.with_metadata(objects.schema(kind) or custom.OPEN)
    text = {"type": "string"}
    envelope = {"apiVersion": text, "kind": text}
    named = [{"group": kind.group, "version": kind.version, "kind": kind.kind}]
    return {
        **schema,
        "properties": {**envelope, **schema["properties"]},
        "x-kubernetes-group-version-kind": named,
    }


def _paths(kind: Kind) -> dict[str, Any]:
    base = f"/{_path(kind.group, kind.version)}"
    base += f"/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"/{kind.plural}"
    return {
        base: {"get": _operation(kind, "list"), "post": _operation(kind, "post")},
        f"{base}/{{name}}": {method: _operation(kind, action) for method, action in _ACTIONS.items()},
    }


def _operation(kind: Kind, action: str) -> dict[str, Any]:
    named = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    reference = {"$ref": f"#/components/schemas/{_name(kind)}"}
    query = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in _WRITE_OPTIONS
    ]
    return {
        "operationId": f"{action}{kind.kind}",
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": named,
        "parameters": query,
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
    }


def answer(objects: Objects, rest: list[str]) -> dict[str, Any]:
    """Answer what lies below /openapi."""
    match rest:
        case ["v2"]:
            return version_two()
        case ["v3"]:
            return index(objects)
        case ["v3", "api", version]:
            return document(objects, "", version)
        case ["v3", "apis", group, version]:
            return document(objects, group, version)
    raise refusals.no_such_path()
