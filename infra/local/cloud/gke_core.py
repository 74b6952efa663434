"""What all of GKE's handlers share: the clusters, their machines, the operations, and who wants to hear of changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from google.cloud import compute_v1, container_v1

from infra.local.cloud.compute import Compute
from infra.local.cloud.compute_store import BASE, path_of
from infra.local.cloud.errors import ApiError, not_found
from infra.local.cloud.gke_state import Cluster, shown_path
from infra.local.cloud.nodes import Machines, Pool
from infra.local.cloud.operations import Ledger
from infra.local.cloud.regions import region_of
from infra.local.cloud.world import World

Listener = Callable[[], None]


class Core:
    """The state of GKE."""

    def __init__(self, world: World, compute: Compute, endpoint_of: Callable[[str, str, str], str]) -> None:
        self.world = world
        self.compute = compute
        self.endpoint_of = endpoint_of
        self.ledger = Ledger(world)
        self.clusters: dict[str, Cluster] = {}
        self.machines = Machines(world, compute.usage, self.changed)
        self.on_change: list[Listener] = []
        self.shown: dict[str, tuple[object, container_v1.Cluster]] = {}
        """Cluster's path -> the state that it was last shown in, and how."""
        self.shown_operations: dict[str, container_v1.Operation] = {}
        """Operations that have ended, by path, as they are shown."""
        self.in_use: Callable[[str, str, str], Collection[str]] = lambda *_: ()
        self.join_fleet: Callable[[Cluster, str], str] | None = None
        """Registers a cluster with a fleet project; returns the membership's name."""
        self.leave_fleet: Callable[[str], None] | None = None
        compute.usage.machines.append(self._used)
        compute.usage.users.append(self._user_of)

    def changed(self) -> None:
        """Tell everyone who listens that clusters or nodes are not what they were."""
        for listener in list(self.on_change):
            listener()

    def find(self, path: str) -> Cluster:
        """Return a cluster, or raise that it was not found."""
        if path not in self.clusters:
            raise not_found(shown_path(path))
        return self.clusters[path]

    def find_pool(self, path: str, name: str) -> tuple[Cluster, Pool]:
        """Return a cluster and one of its pools, or raise that one of them was not found."""
        cluster = self.find(path)
        if name not in cluster.pools:
            raise ApiError("NOT_FOUND", f'nodePool "{path}/nodePools/{name}" not found', "notFound")
        return cluster, cluster.pools[name]

    def busy(self, pool: Pool) -> Collection[str]:
        """Return the names of a pool's machines that carry pods and may not be taken away."""
        _, project, _, location, _, name = pool.cluster.split("/")
        return self.in_use(project, location, name)

    def attach(self, cluster: Cluster) -> None:
        """Take what a new cluster needs in its network: pod range and firewall rules."""
        if cluster.spec.ip_allocation_policy.use_ip_aliases:
            cluster.pod_range = self._pod_range(cluster)
        for kind in ("all", "vms"):
            path = f"projects/{cluster.project}/global/firewalls/{self._rule(cluster, kind)}"
            rule = compute_v1.Firewall(
                name=path.rsplit("/", 1)[1],
                network=BASE + cluster.network,
                direction="INGRESS",
                priority=1000,
                source_ranges=[cluster.pod_range or "10.128.0.0/9"],
                allowed=[{"I_p_protocol": protocol} for protocol in ("tcp", "udp", "icmp")],
            )
            self.compute.store.put(path, rule)

    def _pod_range(self, cluster: Cluster) -> str:
        policy = cluster.spec.ip_allocation_policy
        if policy.cluster_secondary_range_name:
            ranges = self.compute.store.made[cluster.subnetwork].secondary_ip_ranges
            return str(next(r.ip_cidr_range for r in ranges if r.range_name == cluster.pod_range_name))
        asked = policy.cluster_ipv4_cidr_block or cluster.spec.cluster_ipv4_cidr
        wanted = asked if "." in asked else ""
        prefix = int(asked.rsplit("/", 1)[1]) if asked else 14
        return self.compute.lend_range(cluster.subnetwork, cluster.pod_range_name, cluster.path, wanted, prefix)

    def detach(self, cluster: Cluster) -> None:
        """Give back what a cluster held in its network."""
        self.compute.return_ranges(cluster.path)
        for kind in ("all", "vms"):
            self.compute.store.made.pop(
                f"projects/{cluster.project}/global/firewalls/{self._rule(cluster, kind)}", None
            )

    def forget(self, cluster: Cluster) -> None:
        """Let a cluster be gone, with everything that is its own."""
        self.ledger.drop(cluster.path)
        for pool in cluster.pools.values():
            self.machines.clear(pool)
        self.detach(cluster)
        self.clusters.pop(cluster.path, None)
        if cluster.membership and self.leave_fleet:
            self.leave_fleet(cluster.membership)
        self.changed()

    def _rule(self, cluster: Cluster, kind: str) -> str:
        return f"gke-{cluster.name}-{self.world.dice(cluster.path).getrandbits(32):08x}-{kind}"

    def _used(self, project: str) -> Counter[tuple[str, str]]:
        used: Counter[tuple[str, str]] = Counter()
        for cluster in self.clusters.values():
            for pool in cluster.pools.values() if cluster.project == project else ():
                for metric, need in pool.needs().items() if pool.size else ():
                    place = "global" if metric == "GPUS_ALL_REGIONS" else region_of(cluster.location)
                    used[place, metric] += need * pool.size
        return used

    def _user_of(self, path: str) -> str:
        for cluster in self.clusters.values():
            if path in {cluster.network, cluster.subnetwork}:
                return cluster.path
            for pool in cluster.pools.values():
                for extra in pool.spec.network_config.additional_node_network_configs:
                    if _same(path, extra.network, "networks") or _same(path, extra.subnetwork, "subnetworks"):
                        return pool.path
        return ""


def _same(path: str, link: str, collection: str) -> bool:
    return f"/{collection}/" in path and (path_of(link) == path or link == path.rsplit("/", 1)[1])
