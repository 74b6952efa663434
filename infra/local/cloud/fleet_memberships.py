"""Fleet memberships: a cluster made known to the fleet, by call or by the cluster's own ``fleet.project``."""

from __future__ import annotations

import re
import uuid
from typing import Any

from google.cloud import gkehub_v1

from infra.local.cloud.errors import ApiError
from infra.local.cloud.fleet_operations import render
from infra.local.cloud.gke import Gke
from infra.local.cloud.gke_state import Cluster
from infra.local.cloud.operations import Failure, Ledger, Work
from infra.local.cloud.regions import ZONES, region_of
from infra.local.cloud.wire import Handler

_ID = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
_LINK = re.compile(r"^//container\.googleapis\.com/projects/([^/]+)/(?:locations|zones)/([^/]+)/clusters/([^/]+)$")


class Memberships:
    """The memberships and the handlers of their RPCs."""

    def __init__(self, ledger: Ledger, gke: Gke) -> None:
        self._ledger = ledger
        self._gke = gke
        self.made: dict[str, gkehub_v1.Membership] = {}
        gke.core.join_fleet = self.register
        gke.core.leave_fleet = self._leave

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "GetMembership": lambda request: self.shown(self.find(request.name)),
            "ListMemberships": self._list,
            "CreateMembership": self._create,
            "UpdateMembership": self._update,
            "DeleteMembership": self._delete,
        }

    def find(self, name: str) -> gkehub_v1.Membership:
        """Return a membership, or raise that it was not found."""
        if name not in self.made:
            raise ApiError("NOT_FOUND", f'membership "{name}" not found', "notFound")
        return self.made[name]

    def cluster_of(self, name: str) -> Cluster | None:
        """Return the cluster behind a membership, or None if there is no such membership or cluster any more."""
        membership = self.made.get(name)
        found = _LINK.match(membership.endpoint.gke_cluster.resource_link) if membership else None
        return self._gke.cluster(found[1], found[2], found[3]) if found else None

    def ready(self, name: str) -> bool:
        """Say whether a membership is there and up."""
        return name in self.made and self.made[name].state.code.name == "READY"

    def shown(self, membership: gkehub_v1.Membership) -> gkehub_v1.Membership:
        """Return a membership as the API shows it, with whether its cluster is still there."""
        copy = gkehub_v1.Membership(membership)
        if copy.endpoint.gke_cluster.resource_link:
            copy.endpoint.gke_cluster.cluster_missing = self.cluster_of(copy.name) is None
        return copy

    def register(self, cluster: Cluster, fleet_project: str) -> str:
        """Register a cluster that asked for it at creation; it lands in the cluster's region. Returns its name."""
        parent = f"projects/{fleet_project}/locations/{region_of(cluster.location)}/memberships"
        link = f"//container.googleapis.com/{cluster.path}"
        name = f"{parent}/{cluster.name}"
        if name in self.made and self.made[name].endpoint.gke_cluster.resource_link != link:
            name = f"{name}-{self._ledger.world.dice(link).getrandbits(24):06x}"
        self._put(name, gkehub_v1.Membership(endpoint={"gke_cluster": {"resource_link": link}}), "READY")
        return name

    def _leave(self, name: str) -> None:
        self.made.pop(name, None)

    def _put(self, name: str, body: gkehub_v1.Membership, state: str) -> gkehub_v1.Membership:
        now, dice = self._ledger.world.now, self._ledger.world.dice(f"{name}/{self._ledger.world.now}")
        body.name, body.state = name, {"code": state}
        body.create_time = body.update_time = now
        body.unique_id = f"{dice.getrandbits(128):032x}"
        body.external_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        self.made[name] = body
        return body

    def _list(self, request: Any) -> gkehub_v1.ListMembershipsResponse:
        if request.filter:
            raise ApiError("UNIMPLEMENTED", "ListMemberships with a filter is not simulated", "notImplemented")
        found = [m for name, m in sorted(self.made.items()) if _under(name, request.parent)]
        return gkehub_v1.ListMembershipsResponse(resources=[self.shown(membership) for membership in found])

    def _create(self, request: Any) -> Any:
        project = request.parent.split("/")[1]
        work = self._ledger.once(project, request.request_id, lambda: self._begin(request))
        return render(self._ledger, work)

    def _begin(self, request: Any) -> Work:
        name = f"{request.parent}/memberships/{request.membership_id}"
        self._check(request)
        if name in self.made:
            raise ApiError("ALREADY_EXISTS", f'membership "{name}" already exists', "alreadyExists")
        body = self._put(name, gkehub_v1.Membership(request.resource), "CREATING")

        def finish() -> Failure | None:
            body.state = {"code": "READY"}
            body.update_time = self._ledger.world.now
            work.result = self.shown(body)
            return None

        work = self._ledger.start(
            "memberships.create", request.parent, name, finish, lambda _failure: self._leave(name)
        )
        return work

    def _check(self, request: Any) -> None:
        location = request.parent.split("/")[-1]
        if location != "global" and location not in ZONES:
            raise ApiError("INVALID_ARGUMENT", f"Location {location} is not valid.", "badRequest")
        if not _ID.match(request.membership_id):
            rule = "must be a label of at most 63 characters as of RFC 1123"
            raise ApiError("INVALID_ARGUMENT", f'membership_id "{request.membership_id}" {rule}', "badRequest")
        link = request.resource.endpoint.gke_cluster.resource_link
        found = _LINK.match(link)
        if not found or self._gke.cluster(found[1], found[2], found[3]) is None:
            raise ApiError("INVALID_ARGUMENT", f'cluster "{link}" was not found', "badRequest")
        for name, other in self.made.items():
            taken = other.endpoint.gke_cluster.resource_link == link
            if taken and name != f"{request.parent}/memberships/{request.membership_id}":
                text = f'cluster "{link}" is already registered as "{name}"'
                raise ApiError("ALREADY_EXISTS", text, "alreadyExists")

    def _update(self, request: Any) -> Any:
        project = request.name.split("/")[1]
        work = self._ledger.once(project, request.request_id, lambda: self._begin_update(request))
        return render(self._ledger, work)

    def _begin_update(self, request: Any) -> Work:
        body = self.find(request.name)
        self._settled(request.name)
        fields = {field.split(".")[0] for field in request.update_mask.paths}
        if not fields or fields - {"labels", "description", "authority"}:
            text = f"update_mask must name labels, description or authority; given: {sorted(fields)}"
            raise ApiError("INVALID_ARGUMENT", text, "badRequest")

        def finish() -> Failure | None:
            for field in fields:
                setattr(body, field, getattr(request.resource, field))
            body.state, body.update_time = {"code": "READY"}, self._ledger.world.now
            work.result = self.shown(body)
            return None

        body.state = {"code": "UPDATING"}
        work = self._start("memberships.update", request.name, finish)
        return work

    def _delete(self, request: Any) -> Any:
        project = request.name.split("/")[1]
        work = self._ledger.once(project, request.request_id, lambda: self._begin_delete(request.name))
        return render(self._ledger, work)

    def _begin_delete(self, name: str) -> Work:
        body = self.find(name)
        self._settled(name)
        body.state = {"code": "DELETING"}
        return self._start("memberships.delete", name, lambda: self._leave(name))

    def _start(self, kind: str, name: str, finish: Any) -> Work:
        def undo(_failure: Failure) -> None:
            if name in self.made:
                self.made[name].state = {"code": "READY"}

        return self._ledger.start(kind, name.split("/memberships/", maxsplit=1)[0], name, finish, undo)

    def _settled(self, name: str) -> None:
        if running := self._ledger.running(name):
            text = f'membership "{name}" has an operation in progress: {running[0].path}'
            raise ApiError("ABORTED", text, "operationInProgress")


def _under(name: str, parent: str) -> bool:
    base = parent.removesuffix("/locations/-")
    return name.startswith(f"{base}/")
