"""The life of a pod's containers as its kubelet remembers it, and how that reads in the pod's status. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.cloud.kube.controllers.hooks import Outcome
from infra.local.cloud.kube.controllers.values import condition, finished, made_condition, timed
from infra.local.cloud.kube.values import Object, at, meta, stamp


@dataclass(frozen=True)
class Waiting:
    """It does not run, for this reason."""

    reason: str = "ContainerCreating"
    message: str = ""


@dataclass(frozen=True)
class Running:
    """It runs since then."""

    since: datetime
    ready: bool = False


@dataclass(frozen=True)
class Ended:
    """It ran, and ended so."""

    outcome: Outcome
    since: datetime
    until: datetime


State = Waiting | Running | Ended


@dataclass
class Life:
    """What a kubelet knows of one pod."""

    states: dict[str, State] = field(default_factory=dict)
    last: dict[str, Ended] = field(default_factory=dict)
    """How a container's previous run ended."""
    restarts: dict[str, int] = field(default_factory=dict)
    not_before: dict[str, datetime] = field(default_factory=dict)
    """When a container that ended may start again."""
    doomed: set[str] = field(default_factory=set)
    """Containers whose present run fails by bad luck."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """What was already said about a container."""
    address: str = ""
    ends: datetime | None = None
    """When its containers have drained, once its end was asked for."""

    def state(self, name: str) -> State:
        """Return a container's state; a new one waits."""
        return self.states.get(name, Waiting("PodInitializing"))


def phase(pod: Object, life: Life) -> str:
    """Return the pod's phase."""
    states = [life.state(c["name"]) for c in pod["spec"].get("containers", ())]
    if at(pod, "spec", "restartPolicy") in ("Never", "OnFailure"):
        ends = [s.outcome.exit_code for s in states if isinstance(s, Ended)]
        if len(ends) == len(states):
            return "Failed" if any(ends) else "Succeeded"
    begun = any(not isinstance(s, Waiting) for s in states) or any(life.restarts.values())
    return "Running" if begun else "Pending"


def status(pod: Object, life: Life, now: datetime) -> Object:
    """Return the pod's status."""
    old = pod.get("status") or {}
    spec = pod["spec"]
    result = {**old, "phase": phase(pod, life), "startTime": old.get("startTime") or stamp(now)}
    if life.address:
        result |= {"podIP": life.address, "podIPs": [{"ip": life.address}]}
    inits = [_container(c, life, ready=not isinstance(life.state(c["name"]), Waiting)) for c in _inits(spec)]
    if inits:
        result["initContainerStatuses"] = inits
    result["containerStatuses"] = [
        _container(c, life, ready=_ready(life.state(c["name"]))) for c in spec.get("containers", ())
    ]
    result["conditions"] = _conditions({**pod, "status": result}, life, now)
    return result


def initialized(pod: Object, life: Life) -> bool:
    """Say whether all init containers have done their part."""
    for container in _inits(pod["spec"]):
        state = life.state(container["name"])
        done = isinstance(state, Ended) and not state.outcome.exit_code
        if not done and not (container.get("restartPolicy") == "Always" and isinstance(state, Running)):
            return False
    return True


def _inits(spec: Mapping[str, list[Object]]) -> list[Object]:
    return list(spec.get("initContainers") or ())


def _ready(state: State) -> bool:
    return isinstance(state, Running) and state.ready


def _conditions(pod: Object, life: Life, now: datetime) -> list[Object]:
    waiting = [c["name"] for c in pod["status"]["containerStatuses"] if not c["ready"]]
    names = " ".join(waiting)
    why = ("ContainersNotReady", f"containers with unready status: [{names}]") if waiting else ("", "")
    if finished(pod):
        why = ("PodCompleted", "")
    gates = [g["conditionType"] for g in pod["spec"].get("readinessGates") or ()]
    shut = [g for g in gates if condition(pod, g).get("status") != "True"]
    gated = ("ReadinessGatesNotReady", f"the status of pod readiness gate {shut} is not True") if shut else ("", "")
    new = [
        made_condition("PodReadyToStartContainers", bool(life.address)),
        made_condition("Initialized", initialized(pod, life)),
        made_condition("ContainersReady", not waiting, *why),
        made_condition("Ready", not waiting and not shut, *(why if waiting else gated)),
    ]
    old = pod["status"].get("conditions") or []
    mine = {c["type"] for c in new}
    return [*timed(old, new, now), *(c for c in old if c["type"] not in mine)]


def _container(container: Object, life: Life, *, ready: bool) -> Object:
    name = container["name"]
    state = life.state(name)
    shown: Object = {
        "name": name,
        "image": container.get("image", ""),
        "imageID": "" if isinstance(state, Waiting) else container.get("image", ""),
        "ready": ready,
        "started": isinstance(state, Running),
        "restartCount": life.restarts.get(name, 0),
        "state": _state(state, container),
        "lastState": _state(life.last[name], container) if name in life.last else {},
    }
    return shown


def _state(state: State, container: Object) -> Object:
    match state:
        case Waiting(reason, message):
            return {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        case Running(since):
            return {"running": {"startedAt": stamp(since)}}
        case Ended(outcome, since, until):
            code, said = outcome.exit_code, _termination_message(outcome, container)
            ended = {
                "exitCode": code, "reason": "Error" if code else "Completed",
                "startedAt": stamp(since), "finishedAt": stamp(until),
            }  # fmt: skip
            return {"terminated": ended | ({"message": said} if said else {})}


def _termination_message(outcome: Outcome, container: Object) -> str:
    fallback = container.get("terminationMessagePolicy") == "FallbackToLogsOnError"
    if outcome.message or not (fallback and outcome.exit_code):
        return outcome.message[:4096]
    # The last 80 lines, at most 2048 bytes, as kubelet cuts the log.
    return "".join(outcome.log.splitlines(keepends=True)[-80:])[-2048:]


def key_of(site_key: str, pod: Object) -> tuple[str, str]:
    """Return what tells a pod from its namesakes."""
    return site_key, meta(pod)["uid"]
