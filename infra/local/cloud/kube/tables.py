"""The columns that ``kubectl get`` shows: printer columns of definitions, and a few of our own for built-in kinds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.local.cloud.kube import custom
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.refusals import bad_request
from infra.local.cloud.kube.values import Object, at, meta

if TYPE_CHECKING:
    from infra.local.cloud.kube.objects import Objects

Cell = Callable[[Object], Any]
_STEP = re.compile(r"\.([\w\-/]+)|\[\?\(@\.(\w+)\s*==\s*['\"](.*?)['\"]\)\]|\[(\d+|\*)\]|\['([^']+)'\]")
_MINUTES, _HOURS, _DAYS = 120, 7200, 172800


def json_path(value: Any, path: str) -> Any:
    """Return the first value at a JSONPath of the simple kind that printer columns use."""
    found = [value]
    for name, key, wanted, index, quoted in _STEP.findall(path):
        found = [item for old in found for item in _step(old, name or quoted, key, wanted, index)]
    return found[0] if found else None


def _step(value: Any, name: str, key: str, wanted: str, index: str) -> Sequence[Any]:
    if name:
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if key:
        return [item for item in value if isinstance(item, dict) and str(item.get(key)) == wanted]
    return value if index == "*" else value[int(index) : int(index) + 1]


def age(now: datetime, then: Any) -> str:
    """Write how long ago a time was, as kubectl does."""
    try:
        seconds = int((now - datetime.fromisoformat(str(then)).astimezone(UTC)).total_seconds())
    except ValueError:
        return "<unknown>"
    if seconds < _MINUTES:
        return f"{seconds}s"
    if seconds < _HOURS:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < _DAYS else f"{seconds // 86400}d"


def _count(*path: str) -> Cell:
    return lambda obj: at(obj, *path) or 0


def _text(*path: str) -> Cell:
    return lambda obj: str(at(obj, *path) or "<none>")


def _pod_ready(obj: Object) -> str:
    states = at(obj, "status", "containerStatuses") or []
    return f"{sum(bool(s.get('ready')) for s in states)}/{len(at(obj, 'spec', 'containers') or [])}"


def _pod_status(obj: Object) -> str:
    if "deletionTimestamp" in meta(obj):
        return "Terminating"
    for state in at(obj, "status", "containerStatuses") or []:
        reason = at(state, "state", "waiting", "reason") or at(state, "state", "terminated", "reason")
        if reason:
            return str(reason)
    return str(at(obj, "status", "reason") or at(obj, "status", "phase") or "Unknown")


def _restarts(obj: Object) -> int:
    return sum(state.get("restartCount", 0) for state in at(obj, "status", "containerStatuses") or [])


def _node_status(obj: Object) -> str:
    ready = json_path(obj, ".status.conditions[?(@.type=='Ready')].status") == "True"
    return ("Ready" if ready else "NotReady") + (",SchedulingDisabled" if at(obj, "spec", "unschedulable") else "")


def _replicas(obj: Object) -> str:
    return f"{at(obj, 'status', 'readyReplicas') or 0}/{at(obj, 'spec', 'replicas') or 0}"


def _ports(obj: Object) -> str:
    return ",".join(f"{p['port']}/{p.get('protocol', 'TCP')}" for p in at(obj, "spec", "ports") or []) or "<none>"


def _completions(obj: Object) -> str:
    return f"{at(obj, 'status', 'succeeded') or 0}/{at(obj, 'spec', 'completions') or 1}"


def _external(obj: Object) -> str:
    found = at(obj, "status", "loadBalancer", "ingress") or []
    return ",".join(str(each.get("ip") or each.get("hostname")) for each in found) or "<none>"


def _selector(*path: str) -> Cell:
    return lambda obj: ",".join(f"{k}={v}" for k, v in sorted((at(obj, *path) or {}).items())) or "<none>"


def _containers(part: str) -> Cell:
    return lambda obj: ",".join(str(c.get(part)) for c in at(obj, "spec", "template", "spec", "containers") or ())


_SPEC_STATUS = [("Desired", _count("spec", "replicas")), ("Current", _count("status", "replicas"))]
_COLUMNS: dict[str, Sequence[tuple[str, Cell]]] = {
    "Pod": [
        ("Ready", _pod_ready),
        ("Status", _pod_status),
        ("Restarts", _restarts),
    ],
    "Node": [("Status", _node_status), ("Version", _text("status", "nodeInfo", "kubeletVersion"))],
    "Namespace": [("Status", _text("status", "phase"))],
    "Service": [
        ("Type", _text("spec", "type")),
        ("Cluster-IP", _text("spec", "clusterIP")),
        ("External-IP", _external),
        ("Port(s)", _ports),
    ],
    "Deployment.apps": [
        ("Ready", _replicas),
        ("Up-to-date", _count("status", "updatedReplicas")),
        ("Available", _count("status", "availableReplicas")),
    ],
    "ReplicaSet.apps": [*_SPEC_STATUS, ("Ready", _count("status", "readyReplicas"))],
    "StatefulSet.apps": [("Ready", _replicas)],
    "Job.batch": [("Completions", _completions)],
    "ConfigMap": [("Data", lambda obj: len(obj.get("data") or ()))],
    "Secret": [("Type", _text("type")), ("Data", lambda obj: len(obj.get("data") or ()))],
    "Event": [
        ("Type", _text("type")),
        ("Reason", _text("reason")),
        ("Object", lambda obj: f"{at(obj, 'involvedObject', 'kind')}/{at(obj, 'involvedObject', 'name')}".lower()),
        ("Message", _text("message")),
    ],
    custom.ID: [("Created At", _text("metadata", "creationTimestamp"))],
}


_WIDE: dict[str, Sequence[tuple[str, Cell]]] = {
    "Pod": [("IP", _text("status", "podIP")), ("Node", _text("spec", "nodeName"))],
    "Service": [("Selector", _selector("spec", "selector"))],
    "Deployment.apps": [
        ("Containers", _containers("name")),
        ("Images", _containers("image")),
        ("Selector", _selector("spec", "selector", "matchLabels")),
    ],
}
"""Columns that only ``-o wide`` shows."""


def _printed(column: dict[str, Any], now: datetime) -> Cell:
    def cell(obj: Object) -> Any:
        value = json_path(obj, column["jsonPath"])
        if column["type"] == "date":
            return age(now, value) if value else "<unknown>"
        return json.dumps(value) if isinstance(value, (dict, list)) else value

    return cell


def _columns(objects: Objects, kind: Kind) -> list[tuple[dict[str, Any], Cell]]:
    now = objects.world.now
    out: list[tuple[dict[str, Any], Cell]] = [(_column("Name", form="name"), lambda obj: meta(obj).get("name"))]
    out += [(_column(name), cell) for name, cell in _COLUMNS.get(kind.id, ())]
    wide = [(_column(name, priority=1), cell) for name, cell in _WIDE.get(kind.id, ())]
    crd = objects.find(custom.ID, "", f"{kind.plural}.{kind.group}") if kind.custom else None
    for version in at(crd, "spec", "versions") or ():
        if version["name"] == kind.version:
            for column in version.get("additionalPrinterColumns") or ():
                said = _column(column["name"], column["type"], column.get("description", ""), column.get("priority", 0))
                out.append((said, _printed(column, now)))
    if not any(column["name"] == "Age" for column, _ in out):
        form = "date" if kind.custom else "string"
        out.append((_column("Age", form), lambda obj: age(now, meta(obj).get("creationTimestamp"))))
    return out + wide


def _column(
    name: str, kind: str = "string", description: str = "", priority: int = 0, form: str = ""
) -> dict[str, Any]:
    return {"name": name, "type": kind, "format": form, "description": description, "priority": priority}


def _carried(obj: Object, include: str) -> dict[str, Any]:
    match include:
        case "None":
            return {}
        case "Object":
            return {"object": obj}
        case "" | "Metadata":
            partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
            return {"object": {**partial, "metadata": meta(obj)}}
    raise bad_request(f"invalid includeObject value: {include!r}")


def table(objects: Objects, kind: Kind, found: Sequence[Object], head: dict[str, Any], include: str) -> dict[str, Any]:
    """Return objects as a ``Table``; its rows carry ``Metadata`` (the default), the whole ``Object`` or ``None``."""
    columns = _columns(objects, kind)
    rows = [{"cells": [cell(obj) for _, cell in columns], **_carried(obj, include)} for obj in found]
    definitions = [column for column, _ in columns]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": head,
        "columnDefinitions": definitions,
        "rows": rows,
    }
