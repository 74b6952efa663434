"""The arithmetic of a Deployment: next sizes, status and conditions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, floor

from infra.local.cloud.kube.controllers.values import condition, made_condition, when
from infra.local.cloud.kube.values import Object, at, meta, stamp

_PROGRESS = timedelta(seconds=600)


def wanted(deployment: Object) -> int:
    """Return the number of replicas asked for."""
    replicas = at(deployment, "spec", "replicas")
    return 1 if replicas is None else int(replicas)


def next_sizes(deployment: Object, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """Return the size that each ReplicaSet should have now, by name."""
    if at(deployment, "spec", "strategy", "type") == "Recreate":
        return _recreate(deployment, new, old)
    goal = wanted(deployment)
    surge, unavailable = _bounds(deployment, goal)
    sizes = {meta(rs)["name"]: _size(rs) for rs in (new, *old)}
    others = sum(_size(rs) for rs in old)
    name = meta(new)["name"]
    sizes[name] = min(goal, max(_size(new), goal + surge - others)) if others else goal
    _shrink(sizes, new, old, goal - unavailable)
    return sizes


def _shrink(sizes: dict[str, int], new: Object, old: Sequence[Object], floor_: int) -> None:
    """Take away from the old sets: first what is not available anyway, then as much as the floor allows."""
    available = _count(new, "availableReplicas") + sum(_count(rs, "availableReplicas") for rs in old)
    # Sizes count, too: what was taken away a moment ago still shows as available.
    most = _size(new) + sum(_size(rs) for rs in old) - floor_ - (_size(new) - _count(new, "availableReplicas"))
    for rs in old:
        name = meta(rs)["name"]
        broken = max(0, min(most, sizes[name] - _count(rs, "availableReplicas")))
        taken = max(0, min(most - broken, sizes[name] - broken, available - floor_))
        sizes[name] -= broken + taken
        most, available = most - broken - taken, available - taken


def _recreate(deployment: Object, new: Object, old: Sequence[Object]) -> dict[str, int]:
    sizes = {meta(rs)["name"]: 0 for rs in old}
    # Terminating pods count: the new ones come only when the last old one is really gone.
    empty = all(_size(rs) == 0 and not _count(rs, "replicas") + _count(rs, "terminatingReplicas") for rs in old)
    return {**sizes, meta(new)["name"]: wanted(deployment) if empty else _size(new)}


def _bounds(deployment: Object, goal: int) -> tuple[int, int]:
    rolling = at(deployment, "spec", "strategy", "rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), goal, up=True)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), goal, up=False)
    return surge, unavailable if surge or unavailable else 1


def _share(value: int | str, goal: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        exact = int(value[:-1]) * goal / 100
        return ceil(exact) if up else floor(exact)
    return int(value)


def complete(deployment: Object, new: Object, old: Sequence[Object]) -> bool:
    """Say whether all that was asked for is there, new and available, and nothing old is left."""
    goal = wanted(deployment)
    return _count(new, "replicas") == _count(new, "availableReplicas") == goal and not any(
        _count(rs, "replicas") for rs in old
    )


def status(deployment: Object, new: Object, old: Sequence[Object], now: datetime) -> Object:
    """Return the Deployment's status."""
    total = {
        name: sum(_count(rs, name) for rs in (new, *old))
        for name in ("replicas", "readyReplicas", "availableReplicas", "terminatingReplicas")
    }
    counts = {**total, "updatedReplicas": _count(new, "replicas")}
    counts["unavailableReplicas"] = max(0, max(wanted(deployment), counts["replicas"]) - counts["availableReplicas"])
    conditions = [
        _available(deployment, counts["availableReplicas"]),
        _progressing(deployment, new, old, counts, now),
    ]
    failure = condition(new, "ReplicaFailure")
    if failure:
        conditions.append({k: failure[k] for k in ("type", "status", "reason", "message") if k in failure})
    return {
        "observedGeneration": meta(deployment)["generation"],
        **{name: count for name, count in counts.items() if count},
        "conditions": [_timed(deployment, c, now) for c in conditions],
    }


def _timed(deployment: Object, new: Object, now: datetime) -> Object:
    old = condition(deployment, new["type"])
    same = {k: old.get(k) for k in ("status", "reason", "message")} == {
        k: new.get(k) for k in ("status", "reason", "message")
    }
    updated = old.get("lastUpdateTime") if same and not new.pop("moved", False) else None
    kept = old.get("lastTransitionTime") if old.get("status") == new["status"] else None
    new.pop("moved", None)
    return {**new, "lastUpdateTime": updated or stamp(now), "lastTransitionTime": kept or stamp(now)}


def _available(deployment: Object, available: int) -> Object:
    goal = wanted(deployment)
    if available >= goal - _bounds(deployment, goal)[1]:
        text = "Deployment has minimum availability."
        return made_condition("Available", True, "MinimumReplicasAvailable", text)
    text = "Deployment does not have minimum availability."
    return made_condition("Available", False, "MinimumReplicasUnavailable", text)


def _progressing(
    deployment: Object, new: Object, old: Sequence[Object], counts: dict[str, int], now: datetime
) -> Object:
    name, before = meta(new)["name"], condition(deployment, "Progressing")
    if complete(deployment, new, old):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return made_condition("Progressing", True, "NewReplicaSetAvailable", text)
    same_rollout = f'"{name}"' in before.get("message", "")
    if same_rollout and before["reason"] == "NewReplicaSetAvailable":
        # A finished rollout stays finished when pods come and go afterwards.
        return made_condition("Progressing", True, before["reason"], before["message"])
    moved = not same_rollout or any(
        counts[key] > (at(deployment, "status", key) or 0)
        for key in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    late = deadline(deployment)
    if not moved and (before["reason"] == "ProgressDeadlineExceeded" or (late is not None and now > late)):
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return made_condition("Progressing", False, "ProgressDeadlineExceeded", text)
    return {
        **made_condition("Progressing", True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'),
        "moved": moved,
    }


def deadline(deployment: Object) -> datetime | None:
    """Return when a rollout that is under way counts as failed unless it moves; None when none is."""
    progressing = condition(deployment, "Progressing")
    if progressing.get("reason") != "ReplicaSetUpdated":
        return None
    limit = at(deployment, "spec", "progressDeadlineSeconds")
    since = when(progressing.get("lastUpdateTime"))
    return since + (_PROGRESS if limit is None else timedelta(seconds=limit)) if since else None


def _size(rs: Object) -> int:
    return int(at(rs, "spec", "replicas") or 0)


def _count(rs: Object, name: str) -> int:
    return int(at(rs, "status", name) or 0)
