"""What exists and how it is set, comparable between two worlds: no times, uids, versions or history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.cloud.kube.values import Object, meta

_HISTORY = {"Event", "Event.events.k8s.io", "Lease.coordination.k8s.io"}
_DROPPED = {
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "generation",
    "observedGeneration",
    "lastTransitionTime",
    "lastUpdateTime",
    "lastProbeTime",
    "lastHeartbeatTime",
    "lastScaleTime",
    "startTime",
    "completionTime",
    "startedAt",
    "finishedAt",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "networking.gke.io/last-reconcile-time",
}


def undone(
    stored: Mapping[tuple[str, str], Object], changes: Sequence[tuple[Object, Object | None]]
) -> dict[tuple[str, str], Object]:
    """Return the objects of a kind as they were before these changes: each is what came and what was there before."""
    then = dict(stored)
    for obj, before in reversed(changes):
        key = (meta(obj).get("namespace", ""), meta(obj)["name"])
        then.pop(key, None)
        if before is not None:
            then[key] = before
    return then


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in _DROPPED}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def snapshot(stored: Mapping[str, Mapping[tuple[str, str], Object]]) -> dict[str, object]:
    """Return ``kind/namespace/name`` -> object, without what differs between two runs that did the same."""
    return {
        "/".join((kind, *key)): {**_plain(obj), "metadata": _plain(meta(obj))}
        for kind, objects in sorted(stored.items())
        if kind not in _HISTORY
        for key, obj in sorted(objects.items())
    }
