"""Quotas and who uses what: limits, usage, and the users that keep a network or a subnetwork alive."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable

from infra.local.cloud.compute_store import Child, Store, last, path_of
from infra.local.cloud.errors import ApiError
from infra.local.cloud.regions import GLOBAL_QUOTA, REGION_QUOTA, region_of

PROXY_ONLY = ("GLOBAL_MANAGED_PROXY", "REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")


def exceeded(metric: str, limit: int, region: str) -> str:
    """Return the sentence with which Compute refuses what is above a limit."""
    where = f"in region {region}" if region != "global" else "globally"
    return f"Quota '{metric}' exceeded.  Limit: {float(limit)} {where}."


class Usage:
    """What is used of each quota, and by whom networks are used. Other services add what they use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.machines: list[Callable[[str], Counter[tuple[str, str]]]] = []
        """Project -> (region or global, metric) -> how much of it machines use."""
        self.users: list[Callable[[str], str]] = []
        """Path of a network or subnetwork -> path of a user, or the empty string."""

    def limit(self, region: str, metric: str) -> int | None:
        """Return the limit of a metric in a region or ``global``; None where there is none."""
        table = GLOBAL_QUOTA if region == "global" else REGION_QUOTA
        return self._store.world.faults.quota.get((region, metric), table.get(metric))

    def faults_quota(self) -> dict[tuple[str, str], int]:
        """Return the limits that replace our own just now: (region or global, metric) -> limit."""
        return self._store.world.faults.quota

    def used(self, project: str) -> Counter[tuple[str, str]]:
        """Return what a project uses of each quota."""
        used: Counter[tuple[str, str]] = Counter()
        for collection in ("networks", "subnetworks", "firewalls"):
            every = self._store.within(f"projects/{project}", collection, with_coming=True)
            used["global", collection.upper()] = len(every)
        for count in self.machines:
            used += count(project)
        return used

    def need_global(self, project: str, metric: str) -> None:
        """Refuse with quotaExceeded if one more would be above the limit of the whole project."""
        limit = self.limit("global", metric)
        if limit is not None and self.used(project)["global", metric] >= limit:
            raise ApiError("PERMISSION_DENIED", exceeded(metric, limit, "global"), "quotaExceeded")

    def short(self, project: str, region: str, needs: Counter[str]) -> tuple[str, str, int] | None:
        """Return (metric, region or global, limit) of the first quota that these needs would exceed."""
        used = self.used(project)
        for metric, need in needs.items():
            for where in (region, "global"):
                limit = self.limit(where, metric)
                if need and limit is not None and used[where, metric] + need > limit:
                    return metric, where, limit
        return None

    def users_of(self, network: str, subnetworks: list[str]) -> list[str]:
        """Return the paths of all that uses a network or one of these subnetworks of it."""
        project = network.split("/")[1]
        firewalls = self._store.within(f"projects/{project}", "firewalls", with_coming=True)
        found = [path_of(rule.self_link) or rule.name for rule in firewalls if path_of(rule.network) == network]
        found += [user for path in (network, *subnetworks) for ask in self.users if (user := ask(path))]
        children = self._store.children.values()
        return found + [self._store.child_path(project, c) for c in children if self._in_network(c, network)]

    def users_of_subnetwork(self, path: str) -> list[str]:
        """Return the paths of all that uses a subnetwork; a proxy-only one is used by its region's forwarding rules."""
        body, project = self._store.made[path], path.split("/")[1]
        found = [user for ask in self.users if (user := ask(path))]
        for child in self._store.children.values():
            serves = body.purpose in PROXY_ONLY and self._proxied(child, path_of(body.network), path.split("/")[3])
            if serves or path in self._homes(child):
                found.append(self._store.child_path(project, child))
        return found

    def _homes(self, child: Child) -> list[str]:
        """Return the subnetworks a child is in: the one it names, or those that its address is from."""
        named, address = str(child.body.get("subnetwork", "")), str(child.body.get("IPAddress", ""))
        every = [path for path in self._store.made if "/subnetworks/" in path and _mine(child, path)]
        if named:
            region = _region(child)
            full = [path for path in every if path == path_of(named)]
            return full or [path for path in every if last(path) == last(named) and region in {"", path.split("/")[3]}]
        network = last(str(child.body.get("network", "")))
        return [path for path in every if address and self._holds(path, address, network)]

    def _holds(self, path: str, address: str, network: str) -> bool:
        body = self._store.made[path]
        inside = ipaddress.ip_address(address) in ipaddress.ip_network(body.ip_cidr_range)
        return inside and network in {"", last(body.network)}

    def _in_network(self, child: Child, network: str) -> bool:
        named = last(str(child.body.get("network", "")))
        if named:
            return named == last(network) and _mine(child, network)
        return any(path_of(self._store.made[home].network) == network for home in self._homes(child))

    def _proxied(self, child: Child, network: str, region: str) -> bool:
        if child.collection != "forwardingRules" or not self._in_network(child, network):
            return False
        return region in {_region(child), *(home.split("/")[3] for home in self._homes(child))}


def _mine(child: Child, path: str) -> bool:
    return child.project in {path.split("/")[1], ""}


def _region(child: Child) -> str:
    return last(str(child.body.get("region", ""))) or region_of(last(str(child.body.get("zone", ""))))
