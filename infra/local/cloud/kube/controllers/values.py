"""Reading and building Kubernetes JSON: quantities, selectors, conditions, owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from infra.local.cloud.kube.values import Object, meta, stamp

_UNITS = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9.]+(?:[eE][0-9]+)?)([a-zA-Z]*)")


def quantity(text: object) -> float:
    """Return a quantity like ``500m`` or ``8Gi`` as a number; nonsense counts as nothing."""
    found = _QUANTITY.fullmatch(str(text))
    return float(found[1]) * _UNITS.get(found[2], 1.0) if found else 0.0


def requests(pod: Object) -> dict[str, float]:
    """Return what the scheduler must find for a pod, by resource."""
    spec = pod.get("spec", {})
    total: dict[str, float] = {}
    sidecars = [c for c in spec.get("initContainers", ()) if c.get("restartPolicy") == "Always"]
    for container in [*spec.get("containers", ()), *sidecars]:
        for name, amount in container_requests(container).items():
            total[name] = total.get(name, 0.0) + amount
    return total


def container_requests(container: Mapping[str, Any]) -> dict[str, float]:
    """Return the requests of one container; a limit alone is a request, too."""
    resources = container.get("resources") or {}
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity(amount) for name, amount in wanted.items()}


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's labels."""
    return meta(obj).get("labels") or {}


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's annotations."""
    return meta(obj).get("annotations") or {}


def carries(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Say whether these labels include all the wanted ones."""
    return wanted.items() <= labels.items()


def expressions_hold(labels: Mapping[str, str], expressions: Iterable[Mapping[str, Any]]) -> bool:
    """Evaluate the matchExpressions of a selector."""
    return all(_holds(labels.get(e["key"]), e) for e in expressions)


def _holds(value: str | None, expression: Mapping[str, Any]) -> bool:
    values: list[str] = expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and float(value) > float(values[0])
        case "Lt":
            return value is not None and float(value) < float(values[0])
        case _:
            return False


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Evaluate a LabelSelector; an absent one selects nothing."""
    if selector is None:
        return False
    return carries(labels, selector.get("matchLabels") or {}) and expressions_hold(
        labels, selector.get("matchExpressions") or ()
    )


def condition(obj: Mapping[str, Any], kind: str) -> Object:
    """Return the condition of this type from an object's status, empty when there is none."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return next((c for c in found if c.get("type") == kind), {})


def holds(obj: Mapping[str, Any], kind: str) -> bool:
    """Say whether an object's condition is True."""
    return condition(obj, kind).get("status") == "True"


def made_condition(kind: str, status: str | bool, reason: str = "", message: str = "", **more: Any) -> Object:  # noqa: FBT001 - the API's own three-valued status
    """Return a condition; an empty reason or message is left out where the API lets it."""
    text = status if isinstance(status, str) else str(status)
    said = {"reason": reason, "message": message}
    # Conditions that carry a generation are metav1.Conditions, whose fields are all required.
    return {"type": kind, "status": text} | {k: v for k, v in said.items() if v or "observedGeneration" in more} | more


def timed(old: Iterable[Mapping[str, Any]] | None, new: Iterable[Object], now: datetime) -> list[Object]:
    """Give each condition the time of its last transition: kept while the status stays."""
    before = {c.get("type"): c for c in old or ()}
    result = []
    for each in new:
        same = before.get(each["type"], {})
        kept = same.get("lastTransitionTime") if same.get("status") == each["status"] else None
        result.append({**each, "lastTransitionTime": kept or stamp(now)})
    return result


def owner_of(obj: Mapping[str, Any], kind: str) -> Object | None:
    """Return the controlling owner's reference if it is of this kind."""
    owners = meta(obj).get("ownerReferences") or ()
    return next((o for o in owners if o.get("controller") and o.get("kind") == kind), None)


def owner_reference(obj: Object) -> Object:
    """Return the reference by which a dependent names its controller."""
    return {
        "apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": meta(obj)["name"], "uid": meta(obj)["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def ending(obj: Mapping[str, Any]) -> bool:
    """Say whether an object's deletion was asked for."""
    return "deletionTimestamp" in meta(obj)


def ready(pod: Mapping[str, Any]) -> bool:
    """Say whether a pod takes traffic."""
    return holds(pod, "Ready") and not ending(pod)


def finished(pod: Mapping[str, Any]) -> bool:
    """Say whether all containers of a pod have ended for good."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def when(text: str | None) -> datetime | None:
    """Read a Kubernetes time."""
    return datetime.fromisoformat(text) if text else None
