"""Why pods do not run, in one line: what keeps them from a node, an image or their feet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.adapters.classify import short
from shared.adapters.classify_rows import CHOOSE
from shared.adapters.kube import Object
from shared.domain.conditions import Reason

_NO_IMAGE = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_FAILING = {"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "StartError", "OOMKilled", "Error"}
_NO_SECRET = {"CreateContainerConfigError"}
_STARTING = {"ContainerCreating", "PodInitializing"}
NO_SCALE_UP = "FailedScaleUp"
"""Reason of the event by which GKE's cluster autoscaler says that a pool could not grow for a pod.

https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-autoscaler-visibility and its troubleshooting page.
"""
_FAILED = re.compile(r"scale up in zones (?P<zones>[a-z0-9, -]+) associated with this pod failed: (?P<why>[^.]+)")


def pods_of(obj: Object, pods: Sequence[Object]) -> list[Object]:
    """Return the pods that a workload or Job selects."""
    labels = obj["spec"].get("selector", {}).get("matchLabels", {})
    return [pod for pod in pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()] if labels else []


def why_pods(workload: Object, pods: Sequence[Object], events: Sequence[Object] = ()) -> tuple[str, Reason]:
    """Return the worst of what keeps a workload's pods from being ready, and why; empty where they just start.

    ``events`` are those of scale-ups that failed, for the pods that wait for a node.
    """
    failed = {str(event.get("involvedObject", {}).get("name")): str(event.get("message", "")) for event in events}
    own = [(pod, failed.get(pod["metadata"]["name"], "")) for pod in pods_of(workload, pods)]
    troubles = [trouble for pod, no_node in own if (trouble := why_pod(pod, no_node))]
    if not troubles:
        failure = _no_pods(workload)
        return (f": {failure}", Reason.WORKLOAD_FAILING) if failure else ("", Reason.IN_PROGRESS)
    # The same trouble of several pods is told once, by the first of them, so that the text stays the same.
    reason, text = min(troubles, key=lambda trouble: (_ORDER.index(trouble[0]), trouble[1]))
    return f": {text}", reason


_ORDER = (
    Reason.IMAGE_NOT_FOUND,
    Reason.SECRET_MISSING,
    Reason.WORKLOAD_FAILING,
    Reason.QUOTA_EXCEEDED,
    Reason.STOCK_OUT,
    Reason.WAITING,
    Reason.IN_PROGRESS,
)


def _no_pods(workload: Object) -> str:
    said = [c for c in workload.get("status", {}).get("conditions", ()) if c["type"] == "ReplicaFailure"]
    return short(str(said[0].get("message", ""))) if said and said[0]["status"] == "True" else ""


def why_pod(pod: Object, no_node: str = "") -> tuple[Reason, str] | None:
    """Return why a pod is not ready; None where nothing is known against it.

    ``no_node`` is what the cluster autoscaler said when it could get no node for the pod.
    """
    status = pod.get("status", {})
    for said in status.get("conditions", ()):
        if said["type"] == "PodScheduled" and said["status"] == "False" and said.get("reason") == "Unschedulable":
            waits = f"waiting for nodes: {short(str(said.get('message', 'no node fits')))}"
            return _no_scale_up(no_node) or (Reason.WAITING, waits)
    statuses = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return next((trouble for one in statuses if (trouble := _container(one))), None)


def _no_scale_up(said: str) -> tuple[Reason, str] | None:
    """Read the autoscaler's sentence, "Node scale up in zones Z associated with this pod failed: WHY."."""
    found = _FAILED.search(said)
    if found is None:
        return None
    zones = found["zones"]
    if "quota" in found["why"]:
        return Reason.QUOTA_EXCEEDED, f"no nodes in {zones}, for a quota is used up: ask for more, or for fewer GPUs"
    return Reason.STOCK_OUT, f"no nodes in {zones}, which has no machines of this type free: {CHOOSE}"


def _container(status: Mapping[str, Any]) -> tuple[Reason, str] | None:
    waiting, ended = status.get("state", {}).get("waiting"), status.get("lastState", {}).get("terminated")
    if not waiting or waiting.get("reason") in _STARTING:
        return None
    word, name = str(waiting.get("reason", "")), status["name"]
    said = f"container {name}: {word}"
    detail = str((ended or {}).get("message") or waiting.get("message") or "")
    if word in _NO_IMAGE:
        return Reason.IMAGE_NOT_FOUND, f"{said} for {status.get('image', '')}".rstrip()
    if word in _NO_SECRET:
        return Reason.SECRET_MISSING, f"{said}: {short(detail)}"
    if word in _FAILING and ended:
        return Reason.WORKLOAD_FAILING, f"{said}, exit code {ended.get('exitCode')}: {short(detail)}"
    return Reason.WORKLOAD_FAILING, f"{said}: {short(detail)}"


def last_words(pods: Iterable[Object]) -> str:
    """Return what the containers that failed last said at their end, sorted; empty where none said anything."""
    said: set[str] = set()
    for pod in pods:
        for status in pod.get("status", {}).get("containerStatuses", ()):
            ended = status.get("state", {}).get("terminated")
            if ended and ended.get("exitCode"):
                words = short(str(ended.get("message") or ended.get("reason") or "")) or "no message"
                said.add(f"{status['name']}: exit code {ended['exitCode']}, {words}")
    return "; ".join(sorted(said))
