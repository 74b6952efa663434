"""Answers as bytes: an object, a list, a table or metadata only. The JSON of a stored object is made once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from starlette.responses import Response

from infra.local.cloud.kube import tables
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, meta

_PARTIAL = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
_LIMIT = 20_000
_CACHES: WeakKeyDictionary[Objects, dict[str, bytes]] = WeakKeyDictionary()


def dumped(value: Any) -> bytes:
    """Write JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(body: bytes, code: int = 200, warnings: Sequence[str] = ()) -> Response:
    """Answer with JSON in one write."""
    response = Response(body, code, media_type="application/json")
    for text in warnings:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{escaped}"')
    return response


def _plain(objects: Objects, kind: Kind, obj: Object) -> bytes:
    if obj.get("apiVersion") != kind.api_version:
        return dumped({**obj, "apiVersion": kind.api_version})
    # Every change has a resource version of its own, so it names the bytes.
    cache = _CACHES.setdefault(objects, {})
    version = meta(obj).get("resourceVersion")
    where = (meta(obj).get("namespace", ""), meta(obj).get("name", ""))
    if version is None or objects.find(kind.id, *where) is not obj:
        return dumped(obj)
    found = cache.get(version)
    if found is None:
        if len(cache) > _LIMIT:
            cache.clear()
        found = cache[version] = dumped(obj)
    return found


def one(objects: Objects, kind: Kind, obj: Object, shape: str) -> bytes:
    """Write one object in the shape that was asked for."""
    if shape == "Table":
        head = {"resourceVersion": meta(obj).get("resourceVersion", "")}
        return dumped(tables.table(objects, kind, [obj], head))
    if shape:
        return dumped({**_PARTIAL, "metadata": meta(obj)})
    return _plain(objects, kind, obj)


def many(objects: Objects, kind: Kind, found: Sequence[Object], head: dict[str, Any], shape: str) -> bytes:
    """Write a list in the shape that was asked for."""
    if shape == "Table":
        return dumped(tables.table(objects, kind, found, head))
    if shape:
        items = [{**_PARTIAL, "metadata": meta(obj)} for obj in found]
        partial = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": head}
        return dumped({**partial, "items": items})
    start = dumped({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": head})
    return start[:-1] + b',"items":[' + b",".join(_plain(objects, kind, obj) for obj in found) + b"]}"
