"""The subresources with a shape of their own: ``scale`` of workloads and ``eviction`` of pods."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from infra.local.cloud.kube import patches, refusals, render, selectors, writes
from infra.local.cloud.kube.asking import Asked, Place
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, at, meta

_API = "autoscaling/v1"


def _scale(obj: Object) -> Object:
    head = {name: meta(obj)[name] for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    labels = at(obj, "spec", "selector", "matchLabels") or {}
    status = {
        "replicas": at(obj, "status", "replicas") or 0,
        "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    }
    spec = {"replicas": at(obj, "spec", "replicas") or 0}
    return {"kind": "Scale", "apiVersion": _API, "metadata": head, "spec": spec, "status": status}


def serve(objects: Objects, asked: Asked, where: Place) -> Response:
    """Read or change the number of replicas."""
    target = where.target(objects)
    old = target.existing()
    if asked.method == "GET":
        return render.answer(render.dumped(_scale(old)))
    wanted = _wanted(asked, _scale(old))
    replicas = at(wanted, "spec", "replicas") or 0
    if not isinstance(replicas, int) or replicas < 0:
        cause = refusals.bad_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise refusals.invalid(where.kind, where.name, [cause])
    if meta(wanted).get("resourceVersion", meta(old)["resourceVersion"]) != meta(old)["resourceVersion"]:
        raise refusals.modified(where.kind, where.name)
    new = {**old, "metadata": dict(meta(old)), "spec": {**old["spec"], "replicas": replicas}}
    made = writes.update(Place(where.kind, where.namespace, where.name, "").target(objects), new, asked.options())
    return render.answer(render.dumped(_scale(made)))


def _wanted(asked: Asked, old: Object) -> Any:
    body = asked.payload()
    if asked.method == "PUT":
        return body
    if asked.method != "PATCH":
        raise refusals.no_such_path()
    if asked.content_type.startswith("application/json-patch+json"):
        return patches.json_patch(old, body)
    return patches.merge(old, body)


def evict(objects: Objects, asked: Asked, where: Place) -> Response:
    """Delete a pod if every disruption budget that covers it allows one more disruption."""
    if asked.method != "POST":
        raise refusals.no_such_path()
    target = Place(where.kind, where.namespace, where.name, "").target(objects)
    labels = meta(target.existing()).get("labels") or {}
    for budget in objects.all("PodDisruptionBudget.policy", where.namespace):
        covers = selectors.matches(at(budget, "spec", "selector"), labels)
        if covers and not at(budget, "status", "disruptionsAllowed"):
            name = meta(budget)["name"]
            cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {name} does not allow it now."}
            text = "Cannot evict pod as it would violate the pod's disruption budget."
            raise refusals.Refused(429, "TooManyRequests", text, {"causes": [cause]})
    writes.delete(target, writes.Farewell())
    return render.answer(
        render.dumped({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}), 201
    )
