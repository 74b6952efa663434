"""VPC networks: auto and custom mode, RDMA networks with a network profile, and what keeps one alive."""

from __future__ import annotations

import ipaddress
from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_lists import matching
from infra.local.cloud.compute_operations import render
from infra.local.cloud.compute_profiles import has_profile
from infra.local.cloud.compute_store import BASE, Store, invalid, last, path_of, used_by
from infra.local.cloud.compute_usage import Usage
from infra.local.cloud.errors import ApiError
from infra.local.cloud.operations import Failure, Work
from infra.local.cloud.regions import SUBNET_PREFIX
from infra.local.cloud.wire import Handler

_MTU = range(1300, 8897)
_RDMA_MTU = 8896


def auto_subnetwork(project: str, network: str, region: str) -> compute_v1.Subnetwork:
    """Return the subnetwork that an auto mode network has in a region."""
    return compute_v1.Subnetwork(
        name=network,
        network=f"{BASE}projects/{project}/global/networks/{network}",
        region=f"{BASE}projects/{project}/regions/{region}",
        ip_cidr_range=SUBNET_PREFIX[region],
        purpose="PRIVATE",
        private_ip_google_access=False,
    )


def complete(store: Store, body: compute_v1.Subnetwork) -> None:
    """Write what Compute fills into a subnetwork by itself."""
    body.stack_type = body.stack_type or "IPV4_ONLY"
    body.state = "READY"
    body.private_ipv6_google_access = "DISABLE_GOOGLE_ACCESS"
    body.fingerprint = f"{store.world.dice(last(body.region) + body.name).getrandbits(44):011x}="
    body.gateway_address = str(ipaddress.IPv4Network(body.ip_cidr_range)[1])


def is_auto(store: Store, path: str) -> bool:
    """Say whether a subnetwork is one of those that an auto mode network has by itself."""
    body = store.made[path]
    network = store.made.get(path_of(body.network))
    return bool(network is not None and network.auto_create_subnetworks and body.name == network.name)


class Networks:
    """Handlers of the networks client."""

    def __init__(self, store: Store, usage: Usage) -> None:
        self._store = store
        self._usage = usage

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "Get": self._get,
            "List": self._list,
            "Insert": self._insert,
            "Patch": self._patch,
            "Delete": self._delete,
        }

    def make(self, project: str, body: compute_v1.Network) -> None:
        """Let a network exist now, with its subnetworks if it is in auto mode."""
        self._store.put(f"projects/{project}/global/networks/{body.name}", body)
        self._fill(project, body)

    def _fill(self, project: str, body: compute_v1.Network) -> None:
        if body.auto_create_subnetworks:
            for region in SUBNET_PREFIX:
                path = f"projects/{project}/regions/{region}/subnetworks/{body.name}"
                if path not in self._store.made:
                    subnetwork = auto_subnetwork(project, body.name, region)
                    complete(self._store, subnetwork)
                    self._store.put(path, subnetwork)

    def _shown(self, path: str) -> compute_v1.Network:
        body = compute_v1.Network(self._store.find(path))
        links = [sub.self_link for sub in self._subnetworks(path)]
        body.subnetworks = links
        body.self_link_with_id = f"{BASE}{path.rsplit('/', 1)[0]}/{body.id}"
        return body

    def _subnetworks(self, path: str) -> list[Any]:
        every = self._store.within(path.split("/global", maxsplit=1)[0], "subnetworks")
        return [sub for sub in every if path_of(sub.network) == path]

    def _get(self, request: Any) -> compute_v1.Network:
        return self._shown(f"projects/{request.project}/global/networks/{request.network}")

    def _list(self, request: Any) -> compute_v1.NetworkList:
        every = self._store.within(f"projects/{request.project}/global", "networks")
        items = [self._shown(path_of(body.self_link)) for body in every]
        return compute_v1.NetworkList(kind="compute#networkList", items=matching(items, request.filter))

    def _insert(self, request: Any) -> compute_v1.Operation:
        body = compute_v1.Network(request.network_resource)
        project = request.project
        work = self._store.ledger.once(project, request.request_id, lambda: self._begin(project, body))
        return render(self._store, work)

    def _begin(self, project: str, body: compute_v1.Network) -> Work:
        self._check(body)
        self._usage.need_global(project, "NETWORKS")
        if body.network_profile and not body.mtu:
            body.mtu = _RDMA_MTU
        body.network_firewall_policy_enforcement_order = "AFTER_CLASSIC_FIREWALL"
        if not body.routing_config.routing_mode:
            body.routing_config.routing_mode = "REGIONAL"
        body.routing_config.bgp_best_path_selection_mode = "LEGACY"
        if body.network_profile:
            body.network_profile = f"{BASE}projects/{project}/global/networkProfiles/{last(body.network_profile)}"
        work = self._store.insert("networks.insert", f"projects/{project}/global/networks/{body.name}", body)
        # The subnetworks of an auto mode network come up with it.
        self._store.world.at(work.ends, lambda: self._fill(project, body) if work.target in self._store.made else None)
        return work

    def _check(self, body: compute_v1.Network) -> None:
        if "auto_create_subnetworks" not in body:
            why = "Legacy networks can no longer be created: say true or false."
            raise invalid("resource.autoCreateSubnetworks", "", why)
        if body.mtu and body.mtu not in _MTU:
            raise invalid("resource.mtu", body.mtu, "Must be between 1300 and 8896, inclusive.")
        if body.network_profile and not has_profile(last(body.network_profile)):
            raise invalid("resource.networkProfile", body.network_profile, "There is no such network profile.")
        if body.network_profile and body.auto_create_subnetworks:
            why = "A network with an RDMA network profile must be in custom subnet mode."
            raise invalid("resource.autoCreateSubnetworks", "true", why)

    def _patch(self, request: Any) -> compute_v1.Operation:
        path = f"projects/{request.project}/global/networks/{request.network}"
        change = compute_v1.Network(request.network_resource)

        def effect(body: Any) -> None:
            if change.mtu:
                body.mtu = change.mtu
            if change.routing_config.routing_mode:
                body.routing_config.routing_mode = change.routing_config.routing_mode

        def begin() -> Work:
            if change.network_profile or change.auto_create_subnetworks:
                text = "Only routingConfig and mtu of a network can be patched."
                raise ApiError("INVALID_ARGUMENT", text, "invalid")
            return self._store.change("networks.patch", path, effect)

        return render(self._store, self._store.ledger.once(request.project, request.request_id, begin))

    def _delete(self, request: Any) -> compute_v1.Operation:
        path = f"projects/{request.project}/global/networks/{request.network}"

        def begin() -> Work:
            return self._store.delete("networks.delete", path, lambda: self._blocked(path))

        return render(self._store, self._store.ledger.once(request.project, request.request_id, begin))

    def _blocked(self, path: str) -> Failure | None:
        own = [path_of(sub.self_link) for sub in self._subnetworks(path)]
        auto = [sub for sub in own if is_auto(self._store, sub)]
        users = [sub for sub in own if sub not in auto] or self._usage.users_of(path, auto)
        if users:
            return used_by("network", path, users[0])
        for sub in auto:
            del self._store.made[sub]
        return None
