"""Subnetworks: ranges that may not overlap, proxy-only subnetworks, and what keeps one alive."""

from __future__ import annotations

import ipaddress
from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_lists import EVERYWHERE, REGIONS, aggregated, by_scope, matching
from infra.local.cloud.compute_networks import complete, is_auto
from infra.local.cloud.compute_operations import render
from infra.local.cloud.compute_store import BASE, Store, invalid, last, missing, not_ready, path_of, used_by
from infra.local.cloud.compute_usage import PROXY_ONLY, Usage
from infra.local.cloud.errors import ApiError
from infra.local.cloud.operations import Failure, Work
from infra.local.cloud.regions import ZONES
from infra.local.cloud.wire import Handler

_AUTO = ipaddress.ip_network("10.128.0.0/9")
_FIELD = "resource.ipCidrRange"


def parse_range(name: str, text: str) -> ipaddress.IPv4Network:
    """Return the range, or refuse it as the value of this field."""
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise invalid(name, text, f"Invalid IPCidrRange: {error}.") from error


class Subnetworks:
    """Handlers of the subnetworks client."""

    def __init__(self, store: Store, usage: Usage) -> None:
        self._store = store
        self._usage = usage

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "Get": self._get,
            "List": self._list,
            "AggregatedList": self._aggregated,
            "Insert": self._insert,
            "Delete": self._delete,
        }

    def _get(self, request: Any) -> Any:
        scope = f"projects/{request.project}/regions/{request.region}"
        return self._store.find(f"{scope}/subnetworks/{request.subnetwork}")

    def _list(self, request: Any) -> compute_v1.SubnetworkList:
        every = self._store.within(f"projects/{request.project}/regions/{request.region}", "subnetworks")
        return compute_v1.SubnetworkList(kind="compute#subnetworkList", items=matching(every, request.filter))

    def _aggregated(self, request: Any) -> compute_v1.SubnetworkAggregatedList:
        faults = self._store.world.faults
        down = [region for region in ZONES if faults.is_down(f"compute/{region}")]
        found = {}
        for scope in REGIONS:
            every = self._store.within(f"projects/{request.project}/{scope}", "subnetworks")
            found[scope] = matching(every, request.filter)
        scopes = [s for s in (EVERYWHERE if request.include_all_scopes else REGIONS) if s.split("/")[-1] not in down]
        return compute_v1.SubnetworkAggregatedList(
            kind="compute#subnetworkAggregatedList",
            items=by_scope("subnetworks", found, scopes),
            unreachables=[f"projects/{request.project}/regions/{region}" for region in down],
            **aggregated(BASE, request.project, "subnetworks"),
        )

    def _insert(self, request: Any) -> compute_v1.Operation:
        body = compute_v1.Subnetwork(request.subnetwork_resource)

        def begin() -> Work:
            return self._begin(request.project, request.region, body)

        return render(self._store, self._store.ledger.once(request.project, request.request_id, begin))

    def _begin(self, project: str, region: str, body: compute_v1.Subnetwork) -> Work:
        if region not in ZONES:
            raise invalid("region", region, "Unknown region.")
        network = self._network(project, body)
        body.network = BASE + network
        body.purpose = body.purpose or "PRIVATE"
        self._check_range(network, body)
        self._check_proxy(network, region, body)
        self._usage.need_global(project, "SUBNETWORKS")
        body.region = f"{BASE}projects/{project}/regions/{region}"
        complete(self._store, body)
        path = f"projects/{project}/regions/{region}/subnetworks/{body.name}"
        return self._store.insert("subnetworks.insert", path, body)

    def _network(self, project: str, body: compute_v1.Subnetwork) -> str:
        path = f"projects/{project}/global/networks/{last(body.network)}"
        if path in self._store.coming or path in self._store.leaving:
            raise not_ready(path)
        if not body.network or path not in self._store.made:
            raise missing(path)
        return path

    def _check_range(self, network: str, body: compute_v1.Subnetwork) -> None:
        wanted = parse_range(_FIELD, body.ip_cidr_range)
        auto = self._store.made[network].auto_create_subnetworks
        if auto and wanted.overlaps(_AUTO):
            why = "Extended subnetworks in auto subnet mode networks cannot overlap with 10.128.0.0/9."
            raise invalid(_FIELD, body.ip_cidr_range, why)
        ranges = [(_FIELD, body.ip_cidr_range)]
        for at, second in enumerate(body.secondary_ip_ranges):
            ranges.append((f"resource.secondaryIpRanges[{at}].ipCidrRange", second.ip_cidr_range))
        for name, text in ranges:
            new = parse_range(name, text)
            for taken, path in self._store.ranges(network):
                if new.overlaps(ipaddress.IPv4Network(taken)):
                    region = path.split("/")[3]
                    conflict = f"conflicts with existing subnetwork '{last(path)}' in region '{region}'."
                    raise invalid(name, text, f"Invalid IPCidrRange: {text} {conflict}")

    def _check_proxy(self, network: str, region: str, body: compute_v1.Subnetwork) -> None:
        if body.purpose not in PROXY_ONLY:
            if body.role:
                raise invalid("resource.role", body.role, "Only a proxy-only subnetwork has a role.")
            return
        if body.role not in {"ACTIVE", "BACKUP"}:
            raise invalid("resource.role", body.role, f"Must be ACTIVE or BACKUP with purpose {body.purpose}.")
        if self._store.made[network].network_profile:
            raise invalid("resource.purpose", body.purpose, "The network profile does not allow this purpose.")
        scope = f"projects/{network.split('/')[1]}/regions/{region}"
        for other in self._store.within(scope, "subnetworks", with_coming=True):
            same_place = path_of(other.network) == network and other.purpose in PROXY_ONLY
            if same_place and (other.purpose != body.purpose or other.role == body.role):
                why = f"There is already a proxy-only subnetwork '{other.name}' with purpose {other.purpose} and role"
                raise invalid("resource.purpose", body.purpose, f"{why} {other.role} in this region and network.")

    def _delete(self, request: Any) -> compute_v1.Operation:
        path = f"projects/{request.project}/regions/{request.region}/subnetworks/{request.subnetwork}"
        work = self._store.ledger.once(request.project, request.request_id, lambda: self._begin_delete(path))
        return render(self._store, work)

    def _begin_delete(self, path: str) -> Work:
        self._store.settled(path)
        if is_auto(self._store, path):
            text = "Invalid resource usage: 'Cannot delete auto subnetwork from an auto subnet mode network.'."
            raise ApiError("INVALID_ARGUMENT", text, "invalidResourceUsage")
        if failure := self._blocked(path):
            raise ApiError(failure.status, failure.message, "resourceInUseByAnotherResource")
        return self._store.delete("subnetworks.delete", path, lambda: self._blocked(path))

    def _blocked(self, path: str) -> Failure | None:
        return next((used_by("subnetwork", path, user) for user in self._usage.users_of_subnetwork(path)), None)
