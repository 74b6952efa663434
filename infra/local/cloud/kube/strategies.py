"""What the server itself writes into objects of built-in kinds, on creation and on every update."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.values import Object, at, meta

Prepare = Callable[[Object, Object | None], None]


def prepare(kind: Kind, new: Object, old: Object | None) -> None:
    """Fill in, in place, what the server decides; ``old`` is what is replaced."""
    step = _STEPS.get(kind.id)
    if step:
        step(new, old)


def admit(kind: Kind, new: Object) -> None:
    """Add, in place, what admission adds to a new object and what nobody owns."""
    if kind.id != "Pod":
        return
    spec = new["spec"]
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    known = {toleration.get("key") for toleration in spec.get("tolerations") or ()}
    added = [
        {"key": f"node.kubernetes.io/{trouble}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for trouble in ("not-ready", "unreachable")
        if f"node.kubernetes.io/{trouble}" not in known and None not in known
    ]
    if added:
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *added]


def _namespace(new: Object, _: Object | None) -> None:
    head = meta(new)
    head["labels"] = {**(head.get("labels") or {}), "kubernetes.io/metadata.name": head["name"]}
    new.setdefault("spec", {})["finalizers"] = ["kubernetes"]
    new.setdefault("status", {"phase": "Active"})


def _pod(new: Object, old: Object | None) -> None:
    if old is None:
        new.setdefault("status", {"phase": "Pending", "qosClass": _quality(new.get("spec") or {})})
        new["spec"].setdefault("enableServiceLinks", True)
    for container in _containers(new.get("spec") or {}):
        _container(container)
        resources = container["resources"]
        # Only pods get this from the server; templates keep what they were sent.
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def _workload(new: Object, old: Object | None) -> None:
    spec = new.get("spec") or {}
    for container in _containers(at(spec, "template", "spec") or {}):
        _container(container)
    strategy = spec.get("strategy")
    if isinstance(strategy, dict) and strategy.get("type", "RollingUpdate") == "RollingUpdate":
        strategy["type"] = "RollingUpdate"
        strategy["rollingUpdate"] = {
            "maxSurge": "25%",
            "maxUnavailable": "25%",
            **(strategy.get("rollingUpdate") or {}),
        }
    if old is None:
        new.setdefault("status", {})


def _job(new: Object, old: Object | None) -> None:
    _workload(new, old)
    if old is not None:
        return
    uid, spec = meta(new)["uid"], new.get("spec") or {}
    own = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": meta(new)["name"]}
    if "template" in spec and not spec.get("manualSelector"):
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        head = spec["template"].setdefault("metadata", {})
        head["labels"] = {**(head.get("labels") or {}), **own}


def _service(new: Object, old: Object | None) -> None:
    spec = new.setdefault("spec", {})
    if spec.get("type") != "ExternalName" and not spec.get("clusterIP"):
        spec["clusterIP"] = at(old, "spec", "clusterIP") or _address(meta(new))
    if spec.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    for port in spec.get("ports") or ():
        port.setdefault("targetPort", port.get("port"))
    new.setdefault("status", {"loadBalancer": {}})


def _address(head: Mapping[str, Any]) -> str:
    # From the name, so that the same objects get the same addresses in every world.
    drawn = zlib.crc32(f"{head.get('namespace')}/{head['name']}".encode()) % (16 * 254)
    return f"34.118.{224 + drawn // 254}.{drawn % 254 + 1}"


def _secret(new: Object, _: Object | None) -> None:
    plain = new.pop("stringData", None) or {}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in plain.items()}
    if data:
        new["data"] = {**(new.get("data") or {}), **data}
    account = "kubernetes.io/service-account-token"
    if new.get("type") == account and "token" not in (new.get("data") or {}):
        new["data"] = {**(new.get("data") or {}), "token": base64.b64encode(meta(new)["uid"].encode()).decode()}


def _containers(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for group in ("initContainers", "containers"):
        yield from spec.get(group) or ()


def _container(container: dict[str, Any]) -> None:
    image = str(container.get("image") or "")
    tag = image.rsplit("/", 1)[-1]
    loose = "@" not in image and (":" not in tag or tag.endswith(":latest"))
    container.setdefault("imagePullPolicy", "Always" if loose else "IfNotPresent")
    container.setdefault("resources", {})


def _quality(spec: Mapping[str, Any]) -> str:
    found = [c.get("resources") or {} for c in _containers(spec)]
    if not any(r.get("requests") or r.get("limits") for r in found):
        return "BestEffort"
    exact = all({"cpu", "memory"} <= (r.get("limits") or {}).keys() for r in found)
    same = all((r.get("requests") or r.get("limits")) == r.get("limits") for r in found)
    return "Guaranteed" if exact and same else "Burstable"


_STEPS: dict[str, Prepare] = {
    "Namespace": _namespace,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Deployment.apps": _workload,
    "ReplicaSet.apps": _workload,
    "DaemonSet.apps": _workload,
    "StatefulSet.apps": _workload,
    "Job.batch": _job,
}
