"""Compute Engine, as far as networks, limits and the children of Gateways go: the service and its wire."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from google.cloud import compute_v1
from google.protobuf import json_format

from infra.local.cloud import rpcs
from infra.local.cloud.compute_children import CLIENTS, Children
from infra.local.cloud.compute_firewalls import Firewalls
from infra.local.cloud.compute_networks import Networks, is_auto
from infra.local.cloud.compute_operations import Operations
from infra.local.cloud.compute_places import Places
from infra.local.cloud.compute_profiles import profile_handlers
from infra.local.cloud.compute_store import Child, Store, path_of
from infra.local.cloud.compute_subnets import Subnetworks
from infra.local.cloud.compute_usage import Usage
from infra.local.cloud.errors import ApiError
from infra.local.cloud.operations import Ledger
from infra.local.cloud.wire import Handler, Wire, as_pb
from infra.local.cloud.world import World

_SERVER_SET = ("id", "creationTimestamp", "kind", "selfLink", "fingerprint", "gatewayAddress")


class Compute:
    """The service: its resources, its quotas and its children. One project number serves every project id."""

    def __init__(self, world: World, number: str = "123456789012") -> None:
        self.world = world
        self.number = number
        self.store = Store(world)
        self.usage = Usage(self.store)
        self._networks = Networks(self.store, self.usage)
        self._opened: set[str] = set()

    @property
    def ledger(self) -> Ledger:
        """Return the operations."""
        return self.store.ledger

    @property
    def children(self) -> dict[tuple[str, str, str], Child]:
        """Return the children of Gateways: (owner, collection, name) -> child."""
        return self.store.children

    def add_child(self, owner: str, collection: str, name: str, body: dict[str, Any]) -> None:
        """Let a child exist; ``owner`` begins with ``projects/P/``, ``body`` is REST JSON with links or names."""
        self.store.add_child(owner, collection, name, body)

    def remove_children(self, owner: str) -> None:
        """Let all children of an owner, and of what is below its path, go."""
        self.store.remove_children(owner)

    def open(self, project: str) -> None:
        """Give a project its default network the first time it is met."""
        if project and project not in self._opened:
            self._opened.add(project)
            body = compute_v1.Network(
                name="default",
                description="Default network for the project",
                auto_create_subnetworks=True,
                routing_config={"routing_mode": "REGIONAL"},
                network_firewall_policy_enforcement_order="AFTER_CLASSIC_FIREWALL",
            )
            self._networks.make(project, body)

    def network(self, project: str, name: str) -> compute_v1.Network | None:
        """Return a network that is there, or None."""
        self.open(project)
        return self.store.made.get(f"projects/{project}/global/networks/{name}")

    def subnetwork(self, project: str, region: str, name: str) -> compute_v1.Subnetwork | None:
        """Return a subnetwork that is there, or None."""
        self.open(project)
        return self.store.made.get(f"projects/{project}/regions/{region}/subnetworks/{name}")

    def has_proxy_subnetwork(self, project: str, region: str, network: str = "default") -> bool:
        """Say whether a region of a network has an active subnetwork for cross-region Gateways."""
        self.open(project)
        return any(
            sub.purpose == "GLOBAL_MANAGED_PROXY" and sub.role == "ACTIVE" and sub.network.endswith(f"/{network}")
            for sub in self.store.within(f"projects/{project}/regions/{region}", "subnetworks")
        )

    def lend_range(self, subnetwork: str, name: str, user: str, wanted: str, prefix: int) -> str:
        """Add a secondary range for GKE: the wanted one, or a free one of this size. Raises if it overlaps."""
        body = self.store.made[subnetwork]
        taken = [ipaddress.IPv4Network(text) for text, _ in self.store.ranges(path_of(body.network))]
        options = [ipaddress.IPv4Network(wanted)] if wanted else _candidates(prefix)
        free = next((r for r in options if not any(r.overlaps(other) for other in taken)), None)
        if free is None:
            text = f"IP space exhausted: no free range for {name} in network {path_of(body.network)}."
            raise ApiError("FAILED_PRECONDITION", f"IP_SPACE_EXHAUSTED: {text}", "failedPrecondition")
        body.secondary_ip_ranges.append({"range_name": name, "ip_cidr_range": str(free)})
        self.store.lent[subnetwork, name] = user
        return str(free)

    def return_ranges(self, user: str) -> None:
        """Take back the secondary ranges that were made for a cluster."""
        for path, name in [key for key, whose in self.store.lent.items() if whose == user]:
            del self.store.lent[path, name]
            if body := self.store.made.get(path):
                body.secondary_ip_ranges = [r for r in body.secondary_ip_ranges if r.range_name != name]

    def snapshot(self) -> dict[str, object]:
        """Return what exists with its settings, without what differs from one run to the next.

        Left out: the default network, there from the first time that a project is met, and GKE's own firewall rules,
        which come and go with their clusters.
        """
        made = [
            path
            for path in self.store.made
            if not path.endswith("/global/networks/default") and "/firewalls/gke-" not in path
        ]
        kept = {
            path: self._plain(path) for path in made if "/subnetworks/" not in path or not is_auto(self.store, path)
        }
        children = {f"{c.owner}/{c.collection}/{c.name}": c.body for c in self.children.values()}
        return {"resources": dict(sorted(kept.items())), "children": dict(sorted(children.items()))}

    def _plain(self, path: str) -> dict[str, Any]:
        body = json_format.MessageToDict(as_pb(self.store.made[path]))
        ranges = [r for r in body.get("secondaryIpRanges", []) if (path, r["rangeName"]) not in self.store.lent]
        body.pop("secondaryIpRanges", None)
        return {k: v for k, v in body.items() if k not in _SERVER_SET} | ({"ranges": ranges} if ranges else {})

    def clients(self) -> dict[tuple[str, str], dict[str, Handler]]:
        """Return (module, client) -> handlers by RPC."""
        places, operations = Places(self.usage, self.number), Operations(self.store).handlers()
        table: dict[tuple[str, str], dict[str, Handler]] = {
            ("networks", "NetworksClient"): self._networks.handlers(),
            ("subnetworks", "SubnetworksClient"): Subnetworks(self.store, self.usage).handlers(),
            ("firewalls", "FirewallsClient"): Firewalls(self.store, self.usage).handlers(),
            ("network_profiles", "NetworkProfilesClient"): profile_handlers(),
            ("regions", "RegionsClient"): places.regions(),
            ("zones", "ZonesClient"): places.zones(),
            ("machine_types", "MachineTypesClient"): places.machine_types(),
            ("projects", "ProjectsClient"): places.projects(),
            ("global_operations", "GlobalOperationsClient"): operations,
            ("region_operations", "RegionOperationsClient"): operations,
            ("zone_operations", "ZoneOperationsClient"): operations,
        }
        for module, (client, collection, kind) in CLIENTS.items():
            table[module, client] = Children(self.store, collection, kind).handlers()
        return table

    def guard(self, handler: Handler) -> Handler:
        """Wrap a handler: the project is open, and a region that is down answers for itself."""

        def guarded(request: Any) -> Any:
            place = getattr(request, "region", "") or getattr(request, "zone", "")
            if place and self.world.faults.is_down(f"compute/{place}"):
                raise ApiError("UNAVAILABLE", f"Compute in {place} is currently unavailable.", "backendError")
            self.open(request.project)
            return handler(request)

        return guarded


def _candidates(prefix: int) -> list[ipaddress.IPv4Network]:
    """Return where GKE looks for pod ranges: downwards, below what auto mode networks keep for themselves."""
    every = ipaddress.IPv4Network("10.0.0.0/9").subnets(new_prefix=max(prefix, 9))
    return sorted(every, reverse=True)


def compute_wire(world: World, compute: Compute) -> Wire:
    """Return the wire of compute.googleapis.com."""
    # What lies in a place that is down is left out of our lists in any case.
    wire = Wire(world, "compute", ignores=["returnPartialSuccess"])
    guard: Callable[[Handler], Handler] = compute.guard
    for (module, client), handlers in compute.clients().items():
        guarded = {name: guard(handler) for name, handler in handlers.items()}
        wire.serve(rpcs.load("google.cloud.compute_v1", module, client), guarded)
    return wire
