"""Networks, subnetworks and firewalls: one list per place, and one question per operation that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, assert_never

from shared.adapters.classify import classify
from shared.adapters.compute import ROLE, Compute
from shared.adapters.refusals import Refusal
from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.inventory import Entry
from shared.domain.names import GLOBAL, Kind, ResourceKey, request_id
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Calls, Keys, foreign, marked_text

_COLLECTIONS = {Kind.NETWORK: "networks", Kind.SUBNETWORK: "subnetworks", Kind.FIREWALL: "firewalls"}
KINDS = frozenset(_COLLECTIONS)


def place(key: ResourceKey) -> str:
    """Return where Compute keeps it: networks and firewalls are global, whichever unit looks after them."""
    return key.location if key.kind is Kind.SUBNETWORK else GLOBAL


def operations(keys: Keys, compute: Compute) -> Calls:
    """Return the questions that come first: about what is under way."""
    return {
        ("operation", key): Call(
            f"read operation {entry.operation}", ROLE, partial(compute.operation, place(key), entry.operation)
        )
        for key, entry in keys.items()
        if entry.operation
    }


def calls(keys: Keys, compute: Compute) -> Calls:
    """Return the questions that tell the rest about these keys."""
    places = {(place(key), _COLLECTIONS[key.kind]) for key in keys}
    return {("list", *where): list_call(compute, *where) for where in places}


def list_call(compute: Compute, where: str, collection: str) -> Call:
    """Return the question for everything in a collection at a place."""
    return Call(f"list {collection} in {where}", ROLE, partial(compute.resources, where, collection))


def read(keys: Keys, answers: Answers, site: Site) -> dict[ResourceKey, Observed]:
    """Return what is seen of these keys."""
    return {key: _read(key, entry, answers, site) for key, entry in keys.items()}


def _read(key: ResourceKey, entry: Entry, answers: Answers, site: Site) -> Observed:
    listed = answers["list", place(key), _COLLECTIONS[key.kind]]
    if isinstance(listed, InferError):
        return Unknown(str(listed))
    found = next((item for item in listed if item["name"] == key.name), None)
    if found is not None and not marked_text(found.get("description", ""), site):
        return foreign(key)
    failed = ended(key, entry, answers, ROLE)
    match failed:
        case InFlight() | Unknown():
            return failed
    if found is None:
        return Broken(failed) if failed else Absent()
    ready = found.get("state", "READY") == "READY"
    return Present(found, ready, because="" if ready else f"it is {found['state']}", failure=failed)


def ended(key: ResourceKey, entry: Entry, answers: Answers, role: str) -> InFlight | Unknown | InferError | None:
    """Return that the remembered operation runs, cannot be seen, or how it failed; None where it is over and well."""
    asked = answers.get(("operation", key))
    if asked is None:
        return None
    if isinstance(asked, InferError):
        # The API forgets operations after a while; what it made can still be seen.
        return None if asked.reason == Reason.WAITING else Unknown(str(asked))
    done, refusal = asked
    if not done:
        return InFlight(entry.operation)
    return _as_error(refusal, f"build {key}", role)


def _as_error(refusal: Refusal | None, doing: str, role: str) -> InferError | None:
    return classify(refusal, doing, role=role) if refusal else None


def start(action: Do, entry: Entry, compute: Compute) -> str:
    """Start one action; return the operation."""
    key, request = action.key, request_id(action.key, action.verb, entry.serial)
    where, collection = place(key), _COLLECTIONS[key.kind]
    spec: Mapping[str, Any] = action.resource.spec if action.resource else {}
    match action.verb:
        case Verb.CREATE:
            return compute.insert(where, collection, {"name": key.name, **spec}, request)
        case Verb.DELETE:
            return compute.delete(where, collection, key.name, request)
        case Verb.UPDATE:
            found = compute.get(where, collection, key.name)
            changed = {path.partition(".")[0].partition("[")[0] for path in differences(spec, found)}
            body = {name: spec[name] for name in changed}
            if "fingerprint" in found:
                body["fingerprint"] = found["fingerprint"]
            return compute.patch(where, collection, key.name, body, request)
        case other:
            assert_never(other)
