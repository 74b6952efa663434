"""Which node a pod goes to, and what is said when there is none. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud.kube.controllers.nodes import GPU, TPU
from infra.local.cloud.kube.controllers.values import (
    carries,
    expressions_hold,
    finished,
    labels_of,
    quantity,
    requests,
)
from infra.local.cloud.kube.values import Object, at, meta

# A node's local disk is not part of the machine's description, so it never stops a pod.
_NOT_COUNTED = {"ephemeral-storage"}
_SELECTOR = "node(s) didn't match Pod's node affinity/selector"


@dataclass
class Room:
    """What a node offers and what is left of it."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, Any]]
    free: dict[str, float]
    pods: list[Object] = field(default_factory=list)

    def take(self, pod: Object) -> None:
        """Reserve what a pod requests."""
        self.pods.append(pod)
        for name, amount in {**requests(pod), "pods": 1.0}.items():
            self.free[name] = self.free.get(name, 0.0) - amount


def rooms(nodes: Sequence[Object], pods: Sequence[Object]) -> list[Room]:
    """Return the rooms of all nodes that are Ready, less what their pods hold."""
    found = {
        meta(node)["name"]: Room(
            meta(node)["name"],
            labels_of(node),
            at(node, "spec", "taints") or (),
            {name: quantity(amount) for name, amount in (at(node, "status", "allocatable") or {}).items()},
        )
        for node in nodes
        if not at(node, "spec", "unschedulable")
        and any(c["type"] == "Ready" and c["status"] == "True" for c in at(node, "status", "conditions") or ())
    }
    for pod in pods:
        room = found.get(at(pod, "spec", "nodeName") or "")
        if room is not None and not finished(pod):
            room.take(pod)
    return list(found.values())


def obstacles(pod: Object, room: Room) -> list[str]:
    """Return why a pod cannot go to a node, in the scheduler's words; empty when it can."""
    if not _selected(pod, room.labels):
        return [_SELECTOR]
    for taint in room.taints:
        if taint.get("effect") != "PreferNoSchedule" and not _tolerated(pod, taint):
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    wanted = {name: amount for name, amount in requests(pod).items() if name not in _NOT_COUNTED}
    short = [f"Insufficient {name}" for name, amount in sorted(wanted.items()) if amount > room.free.get(name, 0)]
    return short if room.free.get("pods", 110) >= 1 else ["Too many pods", *short]


def welcome(pod: Object, room: Room) -> bool:
    """Say whether a node's labels and taints let the pod in, however full it is."""
    return not any(reason.startswith("node(s)") for reason in obstacles(pod, room))


def choose(pod: Object, rooms: Sequence[Room]) -> Room | None:
    """Return the best node for a pod: first spread over zones, then over nodes, away from its own kind."""
    fits = [room for room in rooms if not obstacles(pod, room)]
    own = labels_of(pod)

    def siblings(room: Room) -> int:
        return sum(labels_of(other) == own for other in room.pods)

    zones: Counter[str] = Counter()
    for room in rooms:
        zones[_zone(room)] += siblings(room)
    return min(fits, key=lambda r: (zones[_zone(r)], siblings(r), len(r.pods), r.name), default=None)


def complaint(pod: Object, rooms: Sequence[Room]) -> str:
    """Say why no node takes the pod, as the scheduler does."""
    if not rooms:
        return "no nodes available to schedule pods"
    counts: Counter[str] = Counter()
    hopeless = 0
    for room in rooms:
        reasons = obstacles(pod, room)
        counts.update(reasons)
        hopeless += any(reason.startswith("node(s)") for reason in reasons)
    total = len(rooms)
    why = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    victims = [(hopeless, "Preemption is not helpful for scheduling")]
    victims += [(total - hopeless, "No preemption victims found for incoming pod")]
    preemption = ", ".join(f"{count} {reason}" for count, reason in victims if count)
    return f"0/{total} nodes are available: {why}. preemption: 0/{total} nodes are available: {preemption}."


def _zone(room: Room) -> str:
    return room.labels.get("topology.kubernetes.io/zone", "")


def _selected(pod: Object, labels: Mapping[str, str]) -> bool:
    if not carries(labels, at(pod, "spec", "nodeSelector") or {}):
        return False
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    terms = at(pod, "spec", "affinity", "nodeAffinity", required, "nodeSelectorTerms")
    return not terms or any(expressions_hold(labels, t.get("matchExpressions") or ()) for t in terms)


def _tolerated(pod: Object, taint: Mapping[str, Any]) -> bool:
    # Admission lets pods that request a device onto the nodes that are kept for it.
    if taint["key"] in (GPU, TPU) and requests(pod).get(taint["key"]):
        return True
    for toleration in at(pod, "spec", "tolerations") or ():
        key, same_effect = toleration.get("key"), toleration.get("effect") in (None, "", taint.get("effect"))
        exists = toleration.get("operator") == "Exists"
        same_value = exists or toleration.get("value", "") == taint.get("value", "")
        if same_effect and same_value and (key == taint["key"] or (exists and not key)):
            return True
    return False
