"""Why pods do not run, in one line: what keeps them from a node, an image or their feet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.adapters.classify import short
from shared.adapters.kube import Object
from shared.domain.conditions import Reason

_NO_IMAGE = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_FAILING = {"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "StartError", "OOMKilled", "Error"}
_NO_SECRET = {"CreateContainerConfigError"}
_STARTING = {"ContainerCreating", "PodInitializing"}


def pods_of(obj: Object, pods: Sequence[Object]) -> list[Object]:
    """Return the pods that a workload or Job selects."""
    labels = obj["spec"].get("selector", {}).get("matchLabels", {})
    return [pod for pod in pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()] if labels else []


def why_pods(workload: Object, pods: Sequence[Object]) -> tuple[str, Reason]:
    """Return the worst of what keeps a workload's pods from being ready, and why; empty where they just start."""
    troubles = [trouble for pod in pods_of(workload, pods) if (trouble := why_pod(pod))]
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
    Reason.WAITING,
    Reason.IN_PROGRESS,
)


def _no_pods(workload: Object) -> str:
    said = [c for c in workload.get("status", {}).get("conditions", ()) if c["type"] == "ReplicaFailure"]
    return short(str(said[0].get("message", ""))) if said and said[0]["status"] == "True" else ""


def why_pod(pod: Object) -> tuple[Reason, str] | None:
    """Return why a pod is not ready; None where nothing is known against it."""
    status = pod.get("status", {})
    for said in status.get("conditions", ()):
        if said["type"] == "PodScheduled" and said["status"] == "False" and said.get("reason") == "Unschedulable":
            return Reason.WAITING, f"waiting for nodes: {short(str(said.get('message', 'no node fits')))}"
    statuses = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return next((trouble for one in statuses if (trouble := _container(one))), None)


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
