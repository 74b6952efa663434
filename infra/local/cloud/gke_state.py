"""What GKE keeps about clusters, and how requests name them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from google.cloud import container_v1

from infra.local.cloud.errors import ApiError
from infra.local.cloud.nodes import Pool
from infra.local.cloud.regions import is_zone, region_of

_PLACE = re.compile(r"^projects/([^/]+)/(?:locations|zones)/([^/]+)")


@dataclass
class Cluster:
    """A cluster: what was asked, its pools, and what hangs on it elsewhere."""

    project: str
    location: str
    """A region or a zone. A regional cluster is not to be found under its zones."""
    spec: container_v1.Cluster
    """As asked, with defaults; without pools and without what is computed when it is shown."""
    pools: dict[str, Pool] = field(default_factory=dict)
    changes: int = 0
    """How often it was changed; its etag follows."""
    pod_range: str = ""
    """The addresses of its pods."""
    membership: str = ""
    """Name of the fleet membership that came with it."""
    ready: bool = False
    """Whether it was ever up."""

    @property
    def name(self) -> str:
        """Return its own name."""
        return str(self.spec.name)

    @property
    def path(self) -> str:
        """Return ``projects/P/locations/L/clusters/C``."""
        return f"projects/{self.project}/locations/{self.location}/clusters/{self.name}"

    @property
    def pod_range_name(self) -> str:
        """Return the name of the secondary range that its pods are in: its own choice, or the one GKE makes."""
        return self.spec.ip_allocation_policy.cluster_secondary_range_name or f"gke-{self.name}-pods"

    @property
    def all_changes(self) -> int:
        """Return how often it or one of its pools was changed."""
        return self.changes + sum(pool.changes + 1 for pool in self.pools.values())

    @property
    def network(self) -> str:
        """Return the path of its network."""
        return f"projects/{self.project}/global/networks/{self.spec.network}"

    @property
    def subnetwork(self) -> str:
        """Return the path of its subnetwork."""
        return f"projects/{self.project}/regions/{region_of(self.location)}/subnetworks/{self.spec.subnetwork}"


def shown_path(path: str) -> str:
    """Return a path in GKE's words: zonal ones say ``zones``."""
    found = _PLACE.match(path)
    return path.replace("/locations/", "/zones/", 1) if found and is_zone(found[2]) else path


def place_of(request: Any) -> tuple[str, str]:
    """Return (project, location) of a request, by name, by parent or by the old separate fields."""
    name = getattr(request, "parent", "") or getattr(request, "name", "")
    found = _PLACE.match(name)
    if found:
        return found[1], found[2]
    if not name and request.project_id and request.zone:
        return request.project_id, request.zone
    raise ApiError("INVALID_ARGUMENT", f'Resource name "{name}" is malformed.', "badRequest")


def _part(request: Any, part: str, legacy: str) -> str:
    name = getattr(request, "name", "") or getattr(request, "parent", "")
    found = re.search(rf"/{part}/([^/]+)", name)
    value = found[1] if found else "" if name else getattr(request, legacy, "")
    if not value:
        raise ApiError("INVALID_ARGUMENT", f'Resource name "{name}" is malformed.', "badRequest")
    return str(value)


def cluster_path(request: Any) -> str:
    """Return the path of the cluster that a request is about."""
    project, location = place_of(request)
    return f"projects/{project}/locations/{location}/clusters/{_part(request, 'clusters', 'cluster_id')}"


def pool_name(request: Any) -> str:
    """Return the name of the pool that a request is about."""
    return _part(request, "nodePools", "node_pool_id")


def operation_path(request: Any) -> str:
    """Return the path of the operation that a request is about."""
    project, location = place_of(request)
    return f"projects/{project}/locations/{location}/operations/{_part(request, 'operations', 'operation_id')}"


def digest(value: object) -> str:
    """Return a short text that is another for every other value."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def etag(path: str, changes: int) -> str:
    """Return the etag of a thing that was changed so often."""
    return digest(f"{path}/{changes}")


def check_etag(given: str, path: str, changes: int) -> None:
    """Refuse a change made for another state of the thing."""
    if given and given != etag(path, changes):
        raise ApiError("ABORTED", f"The etag does not match the current state of {path}.", "conflict")
