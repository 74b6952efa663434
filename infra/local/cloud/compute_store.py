"""What exists in Compute: resources by path, those on their way in and out, and the children of Gateways."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.errors import ApiError
from infra.local.cloud.operations import Failure, Ledger, Work
from infra.local.cloud.world import World

BASE = "https://www.googleapis.com/compute/v1/"
_NAME = re.compile(r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")


@dataclass(frozen=True)
class Child:
    """Something that a controller of Google's made for an owner: a forwarding rule, a backend service, a NEG."""

    owner: str
    collection: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    """The resource as REST JSON; ``network``, ``subnetwork``, ``region`` and ``zone`` may be links or names."""

    @property
    def project(self) -> str:
        """Return the owner's project, or the empty string if the owner's name does not say."""
        found = re.match(r"projects/([^/]+)/", self.owner)
        return found[1] if found else ""


def invalid(name: str, value: object, why: str) -> ApiError:
    """Return the refusal of one field's value."""
    return ApiError("INVALID_ARGUMENT", f"Invalid value for field '{name}': '{value}'. {why}", "invalid")


def missing(path: str) -> ApiError:
    """Return the error for a resource that is not there."""
    return ApiError("NOT_FOUND", f"The resource '{path}' was not found", "notFound")


def not_ready(path: str) -> ApiError:
    """Return the error for a resource that is still being made or already going."""
    return ApiError("FAILED_PRECONDITION", f"The resource '{path}' is not ready", "resourceNotReady")


def used_by(what: str, path: str, user: str) -> Failure:
    """Return why a thing that something else uses cannot go."""
    text = f"The {what} resource '{path}' is already being used by '{user}'"
    return Failure("FAILED_PRECONDITION", text, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE")


def path_of(link: str) -> str:
    """Cut a link down to ``projects/P/...``; a partial one stays as it is."""
    return re.sub(r"^.*?(?=projects/)", "", link)


def last(link: str) -> str:
    """Return the last part of a link: the name."""
    return link.rsplit("/", 1)[-1]


class Store:
    """Resources of every project, as the client's own messages, by path such as ``projects/P/global/networks/N``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger = Ledger(world)
        self.made: dict[str, Any] = {}
        self.coming: dict[str, Any] = {}
        """Being inserted: not to be seen yet, but its name and its ranges are taken."""
        self.leaving: set[str] = set()
        self.children: dict[tuple[str, str, str], Child] = {}
        """(owner, collection, name) -> child."""
        self.lent: dict[tuple[str, str], str] = {}
        """(subnetwork, secondary range) -> the cluster that GKE made the range for."""

    def find(self, path: str) -> Any:
        """Return a resource, or raise that it was not found."""
        if path not in self.made:
            raise missing(path)
        return self.made[path]

    def within(self, scope: str, collection: str, *, with_coming: bool = False) -> list[Any]:
        """Return the resources of one collection whose path begins with the scope, in order of their paths."""
        every = {**self.made, **self.coming} if with_coming else self.made
        return [every[path] for path in sorted(every) if path.startswith(f"{scope}/") and f"/{collection}/" in path]

    def put(self, path: str, body: Any) -> None:
        """Let a resource exist now, with the fields that the server sets."""
        collection = path.split("/")[-2]
        body.id = self.world.dice(f"id/{path}/{self.world.now}").getrandbits(62)
        body.kind = f"compute#{collection.removesuffix('s')}"
        body.creation_timestamp = self.world.now.isoformat(timespec="milliseconds")
        body.self_link = BASE + path
        self.made[path] = body

    def insert(self, kind: str, path: str, body: Any) -> Work:
        """Begin to make a resource; refuse a bad or taken name."""
        if not _NAME.match(last(path)):
            why = "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'"
            raise invalid("resource.name", last(path), why)
        if path in self.made or path in self.coming:
            raise ApiError("ALREADY_EXISTS", f"The resource '{path}' already exists", "alreadyExists")
        self.coming[path] = body

        def finish() -> Failure | None:
            self.put(path, self.coming.pop(path))
            return None

        return self.ledger.start(kind, scope_of(path), path, finish, lambda _failure: self._never_came(path))

    def change(self, kind: str, path: str, effect: Callable[[Any], None]) -> Work:
        """Begin to change a resource."""
        self.settled(path)

        def finish() -> Failure | None:
            if path in self.made:
                effect(self.made[path])
            return None

        return self.ledger.start(kind, scope_of(path), path, finish)

    def delete(self, kind: str, path: str, blocked: Callable[[], Failure | None]) -> Work:
        """Begin to delete a resource; ``blocked`` is asked at the end whether something still uses it."""
        self.settled(path)
        self.leaving.add(path)

        def finish() -> Failure | None:
            self.leaving.discard(path)
            if failure := blocked():
                return failure
            self.made.pop(path, None)
            return None

        return self.ledger.start(kind, scope_of(path), path, finish, lambda _failure: self.leaving.discard(path))

    def settled(self, path: str) -> Any:
        """Return a resource with nothing under way, or raise that it is absent or not ready."""
        if path in self.coming or path in self.leaving:
            raise not_ready(path)
        return self.find(path)

    def _never_came(self, path: str) -> None:
        self.coming.pop(path, None)

    def add_child(self, owner: str, collection: str, name: str, body: dict[str, Any]) -> None:
        """Let a child exist. ``owner`` should begin with ``projects/P/``; adding it again replaces it."""
        self.children[owner, collection, name] = Child(owner, collection, name, copy.deepcopy(body))

    def remove_children(self, owner: str) -> None:
        """Let every child of an owner, and of what is below the owner's path, go."""
        gone = [key for key in self.children if key[0] == owner or key[0].startswith(f"{owner}/")]
        for key in gone:
            del self.children[key]

    def children_in(self, project: str, collection: str) -> Iterable[Child]:
        """Return a project's children of one collection, in order of their names."""
        found = [c for c in self.children.values() if c.collection == collection and c.project in {project, ""}]
        return sorted(found, key=lambda child: child.name)

    def child_path(self, project: str, child: Child) -> str:
        """Return the child's own path in Compute."""
        region, zone = (last(str(child.body.get(key, ""))) for key in ("region", "zone"))
        place = f"zones/{zone}" if zone else f"regions/{region}" if region else "global"
        return f"projects/{child.project or project}/{place}/{child.collection}/{child.name}"

    def ranges(self, network: str) -> list[tuple[str, str]]:
        """Return (range, subnetwork path) of everything addressed in a network, the ranges on their way included."""
        every = {**self.made, **self.coming}
        found = []
        for path, body in every.items():
            if isinstance(body, compute_v1.Subnetwork) and path_of(body.network) == network:
                found += [(r, path) for r in (body.ip_cidr_range, *_secondary(body)) if r]
        return found


def scope_of(path: str) -> str:
    """Return ``projects/P/global``, ``projects/P/regions/R`` or ``projects/P/zones/Z`` of a resource's path."""
    parts = path.split("/")
    return "/".join(parts[: 3 if parts[2] == "global" else 4])


def _secondary(body: compute_v1.Subnetwork) -> list[str]:
    return [r.ip_cidr_range for r in body.secondary_ip_ranges]
