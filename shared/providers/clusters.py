"""Clusters and node pools as GKE shows them: two lists tell about all of them, and about all that lives inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.classify import classify
from shared.adapters.gke import ROLE, Gke
from shared.adapters.refusals import of_status
from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Calls, Keys, foreign, marked_labels

CLUSTERS, OPERATIONS = "clusters", "operations"
_TARGET = re.compile(r"/(?:locations|zones)/([^/]+)/clusters/([^/]+)(?:/nodePools/([^/]+))?$")
Path = tuple[str, str, str]
"""Location, cluster, and pool (empty for the cluster itself)."""


@dataclass(frozen=True)
class Seen:
    """One look at GKE, ready to be asked about keys."""

    clusters: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    """Zones and regions that could not be asked."""
    running: Mapping[Path, Mapping[str, Any]] = field(default_factory=dict)
    ended: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Operations that are over, by name."""
    error: InferError | None = None

    def cluster(self, key: ResourceKey) -> Mapping[str, Any] | None:
        """Return the cluster of this key as GKE shows it, or None."""
        return self.clusters.get((key.location, key.name))

    def hidden(self, key: ResourceKey) -> str:
        """Return why a cluster could not be seen; empty where it was."""
        if self.error is not None:
            return str(self.error)
        if self.cluster(key) is None and any(_in_region(place, key.location) for place in self.missing):
            return f"GKE could not ask all of {key.location}"
        return ""


def operations(gke: Gke) -> Calls:
    """Return the question that comes first: what is under way."""
    return {OPERATIONS: Call("list cluster operations", ROLE, gke.operations)}


def calls(gke: Gke) -> Calls:
    """Return the question that tells the rest."""
    return {CLUSTERS: Call("list clusters", ROLE, gke.clusters)}


def seen(answers: Answers) -> Seen:
    """Put the answers together. Without operations nothing is known: what is under way would look finished."""
    listed, under_way = answers[CLUSTERS], answers[OPERATIONS]
    for found in (listed, under_way):
        if isinstance(found, InferError):
            return Seen(error=found)
    clusters, missing = listed
    return Seen(
        clusters={(cluster["location"], cluster["name"]): cluster for cluster in clusters},
        missing=missing,
        running=running(under_way),
        ended={op["name"]: op for op in under_way if op["status"] == "DONE"},
    )


def running(under_way: Sequence[Mapping[str, Any]]) -> dict[Path, Mapping[str, Any]]:
    """Return what is under way, by what it works on."""
    return {path: op for op in under_way if op["status"] != "DONE" and (path := _target(op))}


def _target(operation: Mapping[str, Any]) -> Path | None:
    found = _TARGET.search(operation["target_link"])
    return (found[1], found[2], found[3] or "") if found else None


def _in_region(place: str, region: str) -> bool:
    return place == region or place.rpartition("-")[0] == region


def read(keys: Keys, look: Seen, site: Site) -> dict[ResourceKey, Observed]:
    """Return what is seen of clusters and node pools."""
    return {key: _read(key, entry, look, site) for key, entry in keys.items()}


def _read(key: ResourceKey, entry: Entry, look: Seen, site: Site) -> Observed:
    container = key.container
    return _pool(key, container, entry, look, site) if container else cluster(key, entry, look, site)


def cluster(key: ResourceKey, entry: Entry, look: Seen, site: Site) -> Observed:
    """Return what is seen of one cluster."""
    if because := look.hidden(key):
        return Unknown(because)
    found = look.cluster(key)
    if operation := look.running.get((key.location, key.name, "")):
        if found is not None and not marked_labels(found["resource_labels"], site):
            return foreign(key)
        return InFlight(operation["name"])
    if found is None:
        return _never_came(key, entry, look)
    if not marked_labels(found["resource_labels"], site):
        return foreign(key)
    match found["status"]:
        case "PROVISIONING":
            return InFlight("its creation")
        case "STOPPING":
            return InFlight("its deletion")
        case "ERROR":
            return Broken(_trouble(key, "create", found), wreck=True)
        case "DEGRADED":
            trouble = _trouble(key, "run", found)
            return Present(found, ready=False, because=str(trouble), reason=Reason.UNAVAILABLE)
    # RECONCILING without an operation on the cluster itself: its pools are being worked on.
    return Present(found, ready=found["status"] in {"RUNNING", "RECONCILING"}, failure=_failure(key, entry, look))


def _pool(key: ResourceKey, container: ResourceKey, entry: Entry, look: Seen, site: Site) -> Observed:
    home = cluster(container, Entry(), look, site)
    hidden = inside(container, home, look)
    if hidden is not None:
        return hidden
    if operation := look.running.get((container.location, container.name, key.name)):
        return InFlight(operation["name"])
    pools = (look.cluster(container) or {}).get("node_pools", ())
    found = next((pool for pool in pools if pool["name"] == key.name), None)
    if found is None:
        return _never_came(key, entry, look)
    if not marked_labels(found.get("config", {}).get("resource_labels", {}), site):
        return foreign(key)
    match found["status"]:
        case "PROVISIONING":
            return InFlight("its creation")
        case "STOPPING":
            return InFlight("its deletion")
        case "RECONCILING":
            return InFlight("a change of GKE's own")
        case "ERROR":
            return Broken(_trouble(key, "create", found), wreck=True)
    # RUNNING_WITH_ERROR: some nodes are there and the autoscaler tries for the rest; what that costs, the pods say.
    ready = found["status"] in {"RUNNING", "RUNNING_WITH_ERROR"}
    return Present(found, ready, failure=_failure(key, entry, look))


def inside(container: ResourceKey, home: Observed, look: Seen) -> Observed | None:
    """Return what must be said of everything inside a cluster; None where it can be looked at."""
    match home:
        case Absent() | Broken(wreck=False) if look.cluster(container) is None:
            return Absent()
        case Unknown(because):
            return Unknown(because)
        case Broken(error, wreck=False):
            return Unknown(str(error))
    found = look.cluster(container)
    if found is None or found["status"] == "PROVISIONING":
        return Absent()
    if found["status"] == "STOPPING":
        return Unknown(f"{container} is being deleted")
    return None


def _never_came(key: ResourceKey, entry: Entry, look: Seen) -> Observed:
    failed = _failure(key, entry, look)
    return Broken(failed) if failed else Absent()


def _failure(key: ResourceKey, entry: Entry, look: Seen) -> InferError | None:
    """Return how the operation that the last round started ended, if it ended badly."""
    operation = look.ended.get(entry.operation)
    if operation is None:
        return None
    conditions = [*operation["nodepool_conditions"], *operation["cluster_conditions"]]
    refusal = of_status(operation.get("error", {}), conditions)
    doing = f"{_verb(operation['operation_type'])} {key}"
    return classify(refusal, doing, role=ROLE) if refusal else None


def _verb(operation_type: str) -> str:
    first = operation_type.partition("_")[0].lower()
    return first if first in {"create", "delete"} else "update"


def _trouble(key: ResourceKey, verb: str, found: Mapping[str, Any]) -> InferError:
    message = found["status_message"] or f"it is in state {found['status']}"
    refusal = of_status({}, found["conditions"]) or of_status({"code": 13, "message": message})
    assert refusal is not None, "code 13 is never well"  # noqa: S101 - for mypy; true by construction
    return classify(refusal, f"{verb} {key}", role=ROLE)


KINDS = frozenset({Kind.CLUSTER, Kind.NODE_POOL})
