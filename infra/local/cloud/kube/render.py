"""Answers as bytes: an object, a list, a table or metadata only. The JSON of a stored object is made once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import yaml
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from infra.local.cloud.kube import tables
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.refusals import Refused
from infra.local.cloud.kube.values import Object, meta, without

_PARTIAL = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
_LIMIT = 20_000
_CACHES: WeakKeyDictionary[Objects, dict[tuple[str, bool], bytes]] = WeakKeyDictionary()


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


def refused(what: Refused) -> Response:
    """Answer with a refusal."""
    if what.plain:
        return PlainTextResponse(f"{what.message}\n", what.code)
    return answer(dumped(what.body()), what.code)


def as_yaml(response: Response) -> Response:
    """Return an answer in JSON as one in YAML; a stream stays what it is."""
    if isinstance(response, StreamingResponse):
        return response
    text = yaml.safe_dump(json.loads(bytes(response.body)), sort_keys=False)
    return Response(text, response.status_code, media_type="application/yaml")


def _plain(objects: Objects, kind: Kind, obj: Object, *, bare: bool = False) -> bytes:
    if obj.get("apiVersion") != kind.api_version:
        return dumped({**obj, "apiVersion": kind.api_version})
    # Every change has a resource version of its own, so it names the bytes.
    cache = _CACHES.setdefault(objects, {})
    version = meta(obj).get("resourceVersion")
    where = (meta(obj).get("namespace", ""), meta(obj).get("name", ""))
    if version is None or objects.find(kind.id, *where) is not obj:
        return _written(obj, bare=bare)
    found = cache.get((version, bare))
    if found is None:
        if len(cache) > _LIMIT:
            cache.clear()
        found = cache[version, bare] = _written(obj, bare=bare)
    return found


def _written(obj: Object, *, bare: bool) -> bytes:
    return dumped(without(obj, "apiVersion", "kind") if bare else obj)


def one(objects: Objects, kind: Kind, obj: Object, shape: str, include: str = "") -> bytes:
    """Write one object in the shape that was asked for; ``include`` says what the rows of a table carry."""
    if shape == "Table":
        head = {"resourceVersion": meta(obj).get("resourceVersion", "")}
        return dumped(tables.table(objects, kind, [obj], head, include))
    if shape:
        return dumped({**_PARTIAL, "metadata": meta(obj)})
    return _plain(objects, kind, obj)


def many(
    objects: Objects, kind: Kind, found: Sequence[Object], head: dict[str, Any], shape: str, include: str = ""
) -> bytes:
    """Write a list in the shape that was asked for; ``include`` as above."""
    if shape == "Table":
        return dumped(tables.table(objects, kind, found, head, include))
    if shape:
        items = [{**_PARTIAL, "metadata": meta(obj)} for obj in found]
        partial = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": head}
        return dumped({**partial, "items": items})
    # The items of a built-in list do not say their kind; a list of custom resources always names its next page.
    head = {"continue": "", **head} if kind.custom else head
    start = dumped({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": head})
    return (
        start[:-1]
        + b',"items":['
        + b",".join(_plain(objects, kind, obj, bare=not kind.custom) for obj in found)
        + b"]}"
    )
