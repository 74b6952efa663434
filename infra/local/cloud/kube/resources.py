"""The verbs on resources: list, get, watch, create, update, patch, apply, delete, and the subresources."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from starlette.responses import PlainTextResponse, Response

from infra.local.cloud.kube import (
    apply,
    ownership,
    patches,
    refusals,
    render,
    scaling,
    selectors,
    watching,
    writes,
)
from infra.local.cloud.kube.asking import Asked, Place
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, meta

_MERGE, _JSON = "application/merge-patch+json", "application/json-patch+json"
_STRATEGIC, _APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


def verb(asked: Asked, where: Place) -> str:
    """Name what is asked for, as audit logs do; ``apply`` is told apart from other patches."""
    if asked.method == "GET":
        return "get" if where.name else "watch" if asked.yes("watch") else "list"
    if asked.method == "PATCH":
        return "apply" if asked.content_type.startswith(_APPLY) else "patch"
    if asked.method == "DELETE":
        return "delete" if where.name else "deletecollection"
    return {"POST": "create", "PUT": "update"}.get(asked.method, asked.method.lower())


def serve(objects: Objects, asked: Asked, where: Place) -> Response:
    """Answer a request on a resource."""
    if where.subresource and not _has(where):
        raise refusals.no_such_path()
    if where.subresource in _SPECIAL:
        return _SPECIAL[where.subresource](objects, asked, where)
    handler = _VERBS.get(verb(asked, where))
    if handler is None:
        raise refusals.Refused(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
        )
    return handler(objects, asked, where)


def _has(where: Place) -> bool:
    pods_own = where.kind.id == "Pod" and where.subresource in {"log", "eviction"}
    scales = where.kind.scale and where.subresource == "scale"
    return pods_own or scales or (where.kind.status and where.subresource == "status")


def _test(asked: Asked, where: Place) -> selectors.Test:
    labels = selectors.by_labels(asked.query.get("labelSelector") or "")
    fields = selectors.by_fields(asked.query.get("fieldSelector") or "", where.kind)
    return lambda obj: labels(obj) and fields(obj)


# Reading -------------------------------------------------------------------------------------------------


def _get(objects: Objects, asked: Asked, where: Place) -> Response:
    found = where.target(objects).existing()
    return render.answer(render.one(objects, where.kind, found, asked.shape))


def _list(objects: Objects, asked: Asked, where: Place) -> Response:
    test = _test(asked, where)
    found = [obj for obj in objects.all(where.kind.id, where.namespace) if test(obj)]
    head: dict[str, Any] = {"resourceVersion": str(objects.version)}
    limit, start = asked.number("limit"), _start(asked)
    if start:
        found = [obj for obj in found if _key(obj) > start]
    if limit and len(found) > limit:
        token = json.dumps({"v": "meta.k8s.io/v1", "start": _key(found[limit - 1])})
        head["continue"] = base64.urlsafe_b64encode(token.encode()).decode()
        if not (asked.query.get("labelSelector") or asked.query.get("fieldSelector")):
            head["remainingItemCount"] = len(found) - limit
        found = found[:limit]
    return render.answer(render.many(objects, where.kind, found, head, asked.shape))


def _key(obj: Object) -> list[str]:
    return [meta(obj).get("namespace", ""), meta(obj)["name"]]


def _start(asked: Asked) -> list[str]:
    token = asked.query.get("continue")
    if not token:
        return []
    try:
        return list(json.loads(base64.urlsafe_b64decode(token))["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise refusals.bad_request("continue key is not valid") from error


def _watch(objects: Objects, asked: Asked, where: Place) -> Response:
    wish = watching.Wish(
        kind=where.kind,
        namespace=where.namespace,
        test=_test(asked, where),
        shape=asked.shape,
        since=asked.query.get("resourceVersion") or "",
        bookmarks=asked.yes("allowWatchBookmarks"),
        initial=asked.yes("sendInitialEvents"),
        seconds=min(asked.number("timeoutSeconds") or watching.LONGEST, watching.LONGEST),
    )
    return watching.stream(objects, wish)


# Writing -------------------------------------------------------------------------------------------------


def _create(objects: Objects, asked: Asked, where: Place) -> Response:
    options = asked.options()
    made = writes.create(where.target(objects), asked.payload(), options)
    return render.answer(render.one(objects, where.kind, made, asked.shape), 201, options.warnings)


def _update(objects: Objects, asked: Asked, where: Place) -> Response:
    options, target, body = asked.options(), where.target(objects), asked.payload()
    target.existing()
    writes.needs_version(target, body)
    made = writes.update(target, body, options)
    return render.answer(render.one(objects, where.kind, made, asked.shape), 200, options.warnings)


def _patch(objects: Objects, asked: Asked, where: Place) -> Response:
    options, target = asked.options(), where.target(objects)
    made = writes.update(target, patched(objects, asked, where, target.existing()), options)
    return render.answer(render.one(objects, where.kind, made, asked.shape), 200, options.warnings)


def patched(objects: Objects, asked: Asked, where: Place, old: Object) -> Object:
    """Return what a patch makes of an object; 415 for a type that the resource does not take."""
    base = {**old, "apiVersion": where.kind.api_version, "metadata": dict(meta(old))}
    # A patch is on whatever is there now, unless it names a version itself.
    base["metadata"].pop("resourceVersion", None)
    kind = asked.content_type.partition(";")[0].strip()
    if kind == _MERGE:
        return _merged(base, asked.payload())
    if kind == _JSON:
        result = patches.json_patch({**base, "metadata": meta(old)}, asked.payload())
        return result if isinstance(result, dict) else {}
    if kind == _STRATEGIC and not where.kind.custom:
        schema = ownership.with_metadata(objects.schema(where.kind))
        result = patches.strategic(schema, base, asked.payload())
        return result if isinstance(result, dict) else {}
    accepted = [_JSON, _MERGE, _APPLY] if where.kind.custom else [_JSON, _MERGE, _STRATEGIC, _APPLY]
    raise refusals.wrong_media_type(*accepted)


def _merged(base: Object, patch: Any) -> Object:
    if not isinstance(patch, dict):
        raise refusals.bad_request("a JSON merge patch is an object")
    result: Object = patches.merge(base, patch)
    return result


def _apply(objects: Objects, asked: Asked, where: Place) -> Response:
    options = asked.options()
    if not asked.query.get("fieldManager"):
        why = "fieldManager: Required value: is required for apply patch"
        raise refusals.Refused(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {why}')
    made, new = apply.apply(where.target(objects), asked.payload(), options)
    return render.answer(render.one(objects, where.kind, made, asked.shape), 201 if new else 200, options.warnings)


def _delete(objects: Objects, asked: Asked, where: Place) -> Response:
    left, gone = writes.delete(where.target(objects), _farewell(asked))
    if not gone or where.kind.id in {"Pod", "Namespace"}:
        return render.answer(render.one(objects, where.kind, left, asked.shape))
    details = {"name": where.name, "kind": where.kind.plural, "uid": meta(left)["uid"]}
    if where.kind.group:
        details["group"] = where.kind.group
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return render.answer(render.dumped(done))


def _farewell(asked: Asked) -> writes.Farewell:
    body = asked.payload() if asked.body else {}
    if not isinstance(body, dict):
        raise refusals.bad_request("the body of a delete is a DeleteOptions object")
    before = body.get("preconditions") or {}
    default = "Orphan" if body.get("orphanDependents") else "Background"
    grace = body.get("gracePeriodSeconds", asked.query.get("gracePeriodSeconds"))
    return writes.Farewell(
        now=str(grace) == "0",
        propagation=body.get("propagationPolicy") or asked.query.get("propagationPolicy") or default,
        uid=before.get("uid") or "",
        version=before.get("resourceVersion") or "",
        dry_run=bool(asked.query.get("dryRun") or body.get("dryRun")),
    )


def _delete_many(objects: Objects, asked: Asked, where: Place) -> Response:
    test, wish = _test(asked, where), _farewell(asked)
    found = [obj for obj in objects.all(where.kind.id, where.namespace) if test(obj)]
    for obj in found:
        each = Place(where.kind, meta(obj).get("namespace", ""), meta(obj)["name"], "")
        writes.delete(each.target(objects), wish)
    head = {"resourceVersion": str(objects.version)}
    return render.answer(render.many(objects, where.kind, found, head, asked.shape))


def _log(objects: Objects, _: Asked, where: Place) -> Response:
    pod = where.target(objects).existing()
    # Nothing runs here; what stands in for a program's output is kept on the pod by whoever plays its node.
    return PlainTextResponse((meta(pod).get("annotations") or {}).get("cloud.local/log", ""))


Handler = Callable[[Objects, Asked, Place], Response]
_VERBS: dict[str, Handler] = {
    "get": _get,
    "list": _list,
    "watch": _watch,
    "create": _create,
    "update": _update,
    "patch": _patch,
    "apply": _apply,
    "delete": _delete,
    "deletecollection": _delete_many,
}
_SPECIAL: dict[str, Handler] = {"log": _log, "scale": scaling.serve, "eviction": scaling.evict}
