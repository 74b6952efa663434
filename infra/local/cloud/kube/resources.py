"""The verbs on resources: list, get, watch, create, update, patch, apply, delete, and the subresources."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from infra.local.cloud.kube import (
    apply,
    asking,
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
_STRATEGIC, _APPLY = "application/strategic-merge-patch+json", asking.APPLY
_NEEDS_A_PROGRAM = ("log", "exec", "attach", "portforward", "proxy")
_ON_ONE = {"update", "patch", "apply"}
_POLICIES = ("Foreground", "Background", "Orphan")
_RBAC = "rbac.authorization.k8s.io"
_UPSERTS = {
    *("Lease.coordination.k8s.io", "Endpoints", "Event", "Service"),
    *(f"{kind}.{_RBAC}" for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")),
}
"""Kinds that a PUT creates where they are absent."""


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
        raise refusals.not_found(where.kind, where.name) if where.kind.custom else refusals.no_such_path()
    if where.subresource in _SPECIAL:
        return _SPECIAL[where.subresource](objects, asked, where)
    wanted = verb(asked, where)
    handler = _VERBS.get(wanted)
    if handler is None or not _fits(wanted, where):
        raise refusals.wrong_method()
    if not where.name and wanted in _ON_ONE:
        raise refusals.bad_request("name must be provided")
    return handler(objects, asked, where)


def _fits(wanted: str, where: Place) -> bool:
    """Say whether a verb belongs to what the path points to: one object, or all of them."""
    if wanted == "deletecollection":
        return where.kind.collections
    if wanted == "create" and where.kind.namespaced and not where.namespace:
        return False
    # The custom kinds have one door for all verbs, which looks at the name only later.
    return where.kind.custom or (bool(where.name) if wanted in _ON_ONE else wanted != "create" or not where.name)


def _has(where: Place) -> bool:
    pods_own = where.kind.id == "Pod" and (where.subresource == "eviction" or where.subresource in _NEEDS_A_PROGRAM)
    scales = where.kind.scale and where.subresource == "scale"
    return pods_own or scales or (where.kind.status and where.subresource == "status")


def _test(asked: Asked, where: Place) -> selectors.Test:
    labels = selectors.by_labels(asked.query.get("labelSelector") or "")
    fields = selectors.by_fields(asked.query.get("fieldSelector") or "", where.kind)
    return lambda obj: labels(obj) and fields(obj)


# Reading -------------------------------------------------------------------------------------------------


def _get(objects: Objects, asked: Asked, where: Place) -> Response:
    found = where.target(objects).existing()
    include = asked.query.get("includeObject", "")
    return render.answer(render.one(objects, where.kind, found, asked.shape, include))


def _list(objects: Objects, asked: Asked, where: Place) -> Response:
    test = _test(asked, where)
    limit, (start, version) = max(asked.number("limit"), 0), _start(objects, asked)
    stored = (
        objects.as_of(where.kind.id, where.namespace, version) if start else objects.all(where.kind.id, where.namespace)
    )
    found = [obj for obj in stored if test(obj) and _key(obj) > start]
    head: dict[str, Any] = {"resourceVersion": str(version)}
    if limit and len(found) > limit:
        token = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": _key(found[limit - 1])})
        head["continue"] = base64.urlsafe_b64encode(token.encode()).decode()
        if not (asked.query.get("labelSelector") or asked.query.get("fieldSelector")):
            head["remainingItemCount"] = len(found) - limit
        found = found[:limit]
    return render.answer(
        render.many(objects, where.kind, found, head, asked.shape, asked.query.get("includeObject", ""))
    )


def _key(obj: Object) -> list[str]:
    return [meta(obj).get("namespace", ""), meta(obj)["name"]]


def _start(objects: Objects, asked: Asked) -> tuple[list[str], int]:
    """Return after which object a page begins, and the version of the moment that all its pages show."""
    token, wanted = asked.query.get("continue"), asked.query.get("resourceVersion") or "0"
    if not wanted.isdigit():
        raise refusals.internal(f"resourceVersion: Invalid value: {wanted!r}: invalid resource version")
    if not token:
        return [], objects.version
    try:
        read = json.loads(base64.urlsafe_b64decode(token))
        start, version = list(read["start"]), int(read["rv"])
    except (ValueError, KeyError, TypeError) as error:
        raise refusals.bad_request("continue key is not valid") from error
    if version < objects.oldest:
        raise refusals.expired(version, objects.oldest)
    return start, version


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
    if where.kind.id in _UPSERTS and not where.subresource and target.find() is None:
        made = writes.create(target, body, options)
        return render.answer(render.one(objects, where.kind, made, asked.shape), 201, options.warnings)
    target.existing()
    writes.needs_version(target, body)
    writes.guard_uid(target, body)
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
    try:
        body = asked.payload() if asked.body else {}
    except refusals.Refused as refused:
        raise refusals.internal(refused.message) from refused
    if not isinstance(body, dict):
        raise refusals.bad_request("the body of a delete is a DeleteOptions object")
    before = body.get("preconditions") or {}
    default = "Orphan" if body.get("orphanDependents") else "Background"
    _check_farewell(asked, body)
    grace = body.get("gracePeriodSeconds", asked.query.get("gracePeriodSeconds"))
    return writes.Farewell(
        now=str(grace) == "0",
        propagation=body.get("propagationPolicy") or asked.query.get("propagationPolicy") or default,
        uid=before.get("uid") or "",
        version=before.get("resourceVersion") or "",
        dry_run=bool(asked.query.get("dryRun") or body.get("dryRun")),
    )


def _check_farewell(asked: Asked, body: Mapping[str, Any]) -> None:
    asked.options()
    policy = body.get("propagationPolicy") or asked.query.get("propagationPolicy")
    if policy and body.get("orphanDependents") is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        raise refusals.wrong_options("DeleteOptions", [refusals.bad_value("propagationPolicy", policy, why)])
    if policy and policy not in _POLICIES:
        raise refusals.wrong_options(
            "DeleteOptions", [refusals.unsupported("propagationPolicy", policy, [*_POLICIES, "nil"])]
        )


def _delete_many(objects: Objects, asked: Asked, where: Place) -> Response:
    test, wish = _test(asked, where), _farewell(asked)
    found = [obj for obj in objects.all(where.kind.id, where.namespace) if test(obj)]
    for obj in found:
        each = Place(where.kind, meta(obj).get("namespace", ""), meta(obj)["name"], "")
        writes.delete(each.target(objects), wish)
    head = {"resourceVersion": str(objects.version)}
    return render.answer(render.many(objects, where.kind, found, head, asked.shape))


def _no_program(objects: Objects, _: Asked, where: Place) -> Response:
    where.target(objects).existing()
    raise refusals.bad_request(f"no program runs in the pods of the embedded cloud, so there is no {where.subresource}")


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
_SPECIAL: dict[str, Handler] = {
    "scale": scaling.serve,
    "eviction": scaling.evict,
    **dict.fromkeys(_NEEDS_A_PROGRAM, _no_program),
}
