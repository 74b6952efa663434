"""The subresources with a shape of their own: ``scale`` of workloads and ``eviction`` of pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from infra.local.cloud.kube import custom, patches, refusals, render, selectors, writes
from infra.local.cloud.kube.asking import Asked, Place
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, at, meta

_API = "autoscaling/v1"
_KIND = Kind("autoscaling", "v1", "Scale", "scales", namespaced=True)


@dataclass(frozen=True)
class _Paths:
    """Where a kind keeps what its scale shows."""

    wanted: tuple[str, ...] = ("spec", "replicas")
    current: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ()
    """Empty: in the label selector of the spec."""


def _paths(objects: Objects, kind: Kind) -> _Paths:
    crd = objects.find(custom.ID, "", f"{kind.plural}.{kind.group}") if kind.custom else None
    for version in at(crd, "spec", "versions") or ():
        if version["name"] == kind.version:
            said = at(version, "subresources", "scale") or {}
            names = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
            return _Paths(*(tuple(filter(None, said.get(name, "").split("."))) for name in names))
    return _Paths()


def _scale(obj: Object, paths: _Paths) -> Object:
    head = {name: meta(obj)[name] for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    labels = at(obj, "spec", "selector", "matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    status = {
        "replicas": at(obj, *paths.current) or 0,
        "selector": at(obj, *paths.selector) or "" if paths.selector else selector,
    }
    spec = {"replicas": at(obj, *paths.wanted) or 0}
    return {"kind": "Scale", "apiVersion": _API, "metadata": head, "spec": spec, "status": status}


def serve(objects: Objects, asked: Asked, where: Place) -> Response:
    """Read or change the number of replicas."""
    target = where.target(objects)
    old, paths = target.existing(), _paths(objects, where.kind)
    if asked.method == "GET":
        return render.answer(render.dumped(_scale(old, paths)))
    wanted = _wanted(asked, _scale(old, paths))
    replicas = at(wanted, "spec", "replicas") or 0
    if not isinstance(replicas, int) or replicas < 0:
        cause = refusals.bad_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise refusals.invalid(_KIND, where.name, [cause])
    if meta(wanted).get("resourceVersion", meta(old)["resourceVersion"]) != meta(old)["resourceVersion"]:
        raise refusals.modified(where.kind, where.name)
    new = _with({**old, "metadata": dict(meta(old))}, paths.wanted, replicas)
    made = writes.update(Place(where.kind, where.namespace, where.name, "").target(objects), new, asked.options())
    return render.answer(render.dumped(_scale(made, paths)))


def _with(value: Any, path: Sequence[str], item: Any) -> Any:
    held = value if isinstance(value, dict) else {}
    return {**held, path[0]: _with(held.get(path[0]), path[1:], item)} if path else item


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
