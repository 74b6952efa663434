"""The fleet's memberships and features: one list of each, and one question per operation that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, assert_never

from shared.adapters.fleet import ROLE, Fleet
from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey, request_id
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Calls, Keys, foreign, marked_labels
from shared.providers.networks import ended

KINDS = frozenset({Kind.MEMBERSHIP, Kind.FEATURE})
_MOVING = {
    "CREATING": "its creation",
    "DELETING": "its deletion",
    "UPDATING": "a change of it",
    "ENABLING": "switching it on",
    "DISABLING": "switching it off",
}


def operations(keys: Keys, fleet: Fleet) -> Calls:
    """Return the questions that come first: about what is under way."""
    return {
        ("operation", key): Call(f"read operation {entry.operation}", ROLE, partial(fleet.operation, entry.operation))
        for key, entry in keys.items()
        if entry.operation
    }


def calls(keys: Keys, fleet: Fleet) -> Calls:
    """Return the questions that tell the rest about these keys."""
    asks = {
        Kind.MEMBERSHIP: Call("list fleet memberships", ROLE, fleet.memberships),
        Kind.FEATURE: Call("list fleet features", ROLE, fleet.features),
    }
    return {kind: asks[kind] for kind in {key.kind for key in keys}}


def read(keys: Keys, answers: Answers, site: Site) -> dict[ResourceKey, Observed]:
    """Return what is seen of these keys."""
    return {key: _read(key, entry, answers, site) for key, entry in keys.items()}


def _read(key: ResourceKey, entry: Entry, answers: Answers, site: Site) -> Observed:
    listed = answers[key.kind]
    if isinstance(listed, InferError):
        return Unknown(str(listed))
    items, unreachable = listed
    collection = "memberships" if key.kind is Kind.MEMBERSHIP else "features"
    path = f"/locations/{key.location}/{collection}/{key.name}"
    found = next((item for item in items if item["name"].endswith(path)), None)
    if found is None and any(place.rpartition("/")[2] == key.location for place in unreachable):
        return Unknown(f"the fleet could not ask {key.location}")
    if found is not None and not marked_labels(found["labels"], site):
        return foreign(key)
    failed = ended(key, entry, answers, ROLE)
    match failed:
        case InFlight() | Unknown():
            return failed
    if found is None:
        return Broken(failed) if failed else Absent()
    present = _membership(found) if key.kind is Kind.MEMBERSHIP else _feature(found, site)
    return present if isinstance(present, InFlight) else _with(present, failed)


def _with(present: Present, failed: InferError | None) -> Present:
    return Present(present.spec, present.ready, present.because, present.reason, present.report, failed)


def _membership(found: Mapping[str, Any]) -> Present | InFlight:
    state = found.get("state", {}).get("code", "")
    if state in _MOVING:
        return InFlight(_MOVING[state])
    if found.get("endpoint", {}).get("gke_cluster", {}).get("cluster_missing"):
        return Present(found, ready=False, because="its cluster is gone", reason=Reason.UNAVAILABLE)
    return Present(found, ready=state in {"READY", "SERVICE_UPDATING"}, because=f"it is {state or 'without state'}")


def _feature(found: Mapping[str, Any], site: Site) -> Present | InFlight:
    state = found.get("resource_state", {}).get("state", "")
    if state in _MOVING:
        return InFlight(_MOVING[state])
    health = found.get("state", {}).get("state", {})
    said, ready = str(health.get("description", "")), health.get("code") == "OK"
    because = "" if ready else said or f"it is {state or 'without state'}"
    report = {"feature": said} if said else {}
    return Present(_by_id(found, site), ready, because, Reason.IN_PROGRESS, report)


def _by_id(found: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """Return the feature with its config membership named by the project's id, as we name it."""
    spec = dict(found.get("spec", {}))
    if ingress := spec.get("multiclusteringress"):
        name = ingress["config_membership"].replace(f"projects/{site.number}/", f"projects/{site.project}/", 1)
        spec["multiclusteringress"] = {**ingress, "config_membership": name}
    return {**found, "spec": spec}


def start(action: Do, entry: Entry, fleet: Fleet) -> str:
    """Start one action; return the operation's full name."""
    key, request = action.key, request_id(action.key, action.verb, entry.serial)
    spec: Mapping[str, Any] = action.resource.spec if action.resource else {}
    member = key.kind is Kind.MEMBERSHIP
    match action.verb:
        case Verb.CREATE if member:
            return fleet.create_membership(key.location, key.name, spec, request)
        case Verb.CREATE:
            return fleet.create_feature(key.name, spec, request)
        case Verb.DELETE if member:
            return fleet.delete_membership(key.location, key.name, request)
        case Verb.DELETE:
            return fleet.delete_feature(key.name, request)
        case Verb.UPDATE:
            return _update(key, spec, fleet, request)
        case other:
            assert_never(other)


def _update(key: ResourceKey, spec: Mapping[str, Any], fleet: Fleet, request: str) -> str:
    listed, _ = fleet.memberships() if key.kind is Kind.MEMBERSHIP else fleet.features()
    found = next((item for item in listed if item["name"].endswith(f"/{key.location}/{_tail(key)}")), {})
    changed = sorted({path.partition(".")[0] for path in differences(spec, found)})
    if not changed:
        return ""
    body = {name: spec[name] for name in changed}
    if key.kind is Kind.MEMBERSHIP:
        return fleet.update_membership(key.location, key.name, body, changed, request)
    return fleet.update_feature(key.name, body, changed, request)


def _tail(key: ResourceKey) -> str:
    return f"{'memberships' if key.kind is Kind.MEMBERSHIP else 'features'}/{key.name}"
