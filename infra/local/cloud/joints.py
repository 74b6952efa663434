"""What the parts of the cloud ask of each other: machines, images and fleet as Kubernetes' controllers see them.

Flow: GKE's clusters and nodes change -> ``sync`` lets API servers and controllers come and go with them; the
controllers in turn ask through ``hooks`` for nodes, images, subnetworks and grants.
"""

from __future__ import annotations

from collections.abc import Collection

from infra.local.cloud.artifacts import Artifacts
from infra.local.cloud.compute import Compute
from infra.local.cloud.compute_store import last
from infra.local.cloud.errors import ApiError
from infra.local.cloud.fleet import Fleet
from infra.local.cloud.gke import Gke
from infra.local.cloud.gke_state import Cluster
from infra.local.cloud.kube.api import KubeServer
from infra.local.cloud.kube.controllers import Controllers, Hooks, Pool
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.values import at
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.nodes import Node
from infra.local.cloud.nodes import Pool as NodePool
from infra.local.cloud.project import Project
from infra.local.cloud.storage import Storage
from infra.local.cloud.world import World

_READERS = {f"roles/storage.{name}" for name in ("objectViewer", "objectUser", "objectAdmin", "admin")}
_OVER = {"Succeeded", "Failed"}


class Joints:
    """Joins GKE, the fleet and Compute to the API servers and controllers of one project's clusters."""

    def __init__(
        self,
        world: World,
        project: Project,
        compute: Compute,
        gke: Gke,
        fleet: Fleet,
        kube: KubeServer,
        artifacts: Artifacts,
        storage: Storage,
        monitoring: Monitoring,
    ) -> None:
        self._project, self._compute, self._gke, self._fleet = project, compute, gke, fleet
        self._kube, self._artifacts, self._storage = kube, artifacts, storage
        self._monitoring = monitoring
        self._attached: set[str] = set()
        self._fleet_seen: object = None
        self.controllers = Controllers(world, self._hooks())
        kube.ready = lambda key: gke.running(*place(key))
        kube.membership = self._member
        gke.on_change.append(self.sync)
        gke.set_in_use(self._in_use)
        fleet.ledger.on_end.append(self._look_at_fleet)
        compute.ledger.on_end.append(self.controllers.outside_changed)

    def sync(self) -> None:
        """Let API servers and controllers come and go with GKE's clusters, and nodes with its machines."""
        there = {cluster.path: cluster for cluster in self._gke.clusters()}
        for key in self._attached - there.keys():
            self._attached.discard(key)
            self.controllers.detach(key)
            self._kube.remove(key)
        for key, cluster in there.items():
            if key in self._attached:
                self.controllers.sync_nodes(key)
            elif self._gke.running(*place(key)):
                self._attached.add(key)
                objects = self._kube.cluster(key, install_gke_crds)
                self.controllers.attach(key, objects, cluster.location, cluster.project)
        self._look_at_fleet()

    def _look_at_fleet(self) -> None:
        seen = (self._config_cluster(), tuple(self._members()))
        if seen != self._fleet_seen:
            self._fleet_seen = seen
            self.controllers.fleet_changed()

    def _hooks(self) -> Hooks:
        return Hooks(
            nodes_of=lambda key: self._gke.nodes(*place(key)),
            pools_of=self._pools,
            want_nodes=self._want,
            drop_node=lambda key, pool, node: self._gke.drop_node(*place(key), pool, node),
            image_exists=self._image_exists,
            image_version=self._image_version,
            slowdown=self._slowdown,
            scrape=self._monitoring.scrape,
            has_addon=self._has_addon,
            may_read=self._may_read,
            config_cluster=self._config_cluster,
            member_clusters=self._members,
            subnet_range=self._subnet_range,
            proxy_subnet=self._proxy_subnet,
            network_exists=lambda vpc: self._compute.network(self._project.name, vpc) is not None,
            subnet_exists=self._subnet_exists,
            add_child=self._compute.add_child,
            remove_children=self._compute.remove_children,
        )

    # Machines --------------------------------------------------------------------------------------------

    def _pools(self, key: str) -> list[Pool]:
        every = self._gke.pools(*place(key))
        # The autoscaler leaves a pool alone whose machines are all broken.
        scaled = [pool for pool in every if pool.spec.autoscaling.enabled and pool.spec.status.name != "ERROR"]
        return [_shown(pool) for pool in scaled]

    def _want(self, key: str, pool: str, count: int) -> int:
        try:
            got = self._gke.want_nodes(*place(key), pool, count)
        except ApiError:
            return 0  # the pool went while the autoscaler was looking
        if got < count:
            events = next(one.events for one in self._gke.pools(*place(key)) if one.name == pool)
            self.controllers.scale_up_failed(key, pool, _trouble(events))
        return got

    def _in_use(self, project: str, location: str, cluster: str) -> Collection[str]:
        objects = self._kube.clusters.get(f"projects/{project}/locations/{location}/clusters/{cluster}")
        pods = objects.all("Pod") if objects else ()
        # A DaemonSet's pod holds no machine: every machine has one.
        held = [pod for pod in pods if at(pod, "status", "phase") not in _OVER and not _is_daemon(pod)]
        return {str(at(pod, "spec", "nodeName") or "") for pod in held} - {""}

    def _has_addon(self, key: str, addon: str) -> bool:
        found = self._cluster(key)
        config = getattr(found.spec.addons_config, addon, None) if found else None
        return bool(getattr(config, "enabled", False))

    def _cluster(self, key: str) -> Cluster | None:
        return self._gke.cluster(*place(key))

    # Images and buckets ----------------------------------------------------------------------------------

    def _image_exists(self, reference: str) -> bool:
        host, _, rest = reference.partition("/")
        # What is not in Artifact Registry is somebody else's to keep.
        return not host.endswith("-docker.pkg.dev") or self._artifacts.find(*split(rest)) is not None

    def _image_version(self, reference: str) -> str | None:
        found = self._artifacts.find(*split(reference.partition("/")[2]))
        return found.tags[0] if found and found.tags else None

    def _slowdown(self, reference: str) -> float:
        found = self._artifacts.find(*split(reference.partition("/")[2]))
        return found.slowdown if found else 1.0

    def _may_read(self, key: str, namespace: str, account: str, bucket: str) -> bool:
        project, _, _ = place(key)
        pool = f"projects/{self._project.number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
        member = f"principal://iam.googleapis.com/{pool}/subject/ns/{namespace}/sa/{account}"
        found = self._storage.buckets.get(bucket)
        return found is not None and any(role in _READERS and who == member for role, who in found.grants)

    # Fleet and networks ----------------------------------------------------------------------------------

    def _config_cluster(self) -> str | None:
        found = self._fleet.config_cluster(self._project.name)
        return key_of(self._project.name, *found) if found else None

    def _members(self) -> list[str]:
        return [key_of(self._project.name, *found) for found in self._fleet.members(self._project.name)]

    def _member(self, name: str) -> str | None:
        """Return the cluster behind a membership that is named by project number or by project."""
        _, project, rest = name.split("/", 2)
        own = self._project.name if project == self._project.number else project
        full = f"projects/{own}/{rest}"
        found = self._fleet.memberships.cluster_of(full) if self._fleet.memberships.ready(full) else None
        return found.path if found else None

    def _network(self) -> tuple[str, str]:
        """Return network and subnetwork of the config cluster, from which Gateways take their addresses."""
        key = self._config_cluster()
        found = self._cluster(key) if key else None
        return (found.spec.network, found.spec.subnetwork) if found else ("default", "default")

    def _subnet_range(self, region: str) -> str | None:
        found = self._compute.subnetwork(self._project.name, region, self._network()[1])
        return str(found.ip_cidr_range) if found else None

    def _proxy_subnet(self, region: str) -> bool:
        return self._compute.has_proxy_subnetwork(self._project.name, region, self._network()[0])

    def _subnet_exists(self, vpc: str, subnet: str, region: str) -> bool:
        found = self._compute.subnetwork(self._project.name, region, subnet)
        return found is not None and last(found.network) == vpc


def place(key: str) -> tuple[str, str, str]:
    """Return (project, location, name) of a cluster's key."""
    _, project, _, location, _, name = key.split("/")
    return project, location, name


def key_of(project: str, location: str, name: str) -> str:
    """Return the key of a cluster."""
    return f"projects/{project}/locations/{location}/clusters/{name}"


def split(rest: str) -> tuple[str, str]:
    """Split ``path@digest`` or ``path:tag`` of an image; no tag means ``latest``."""
    path, at_sign, digest = rest.partition("@")
    if at_sign:
        return path.partition(":")[0], digest
    path, _, tag = rest.partition(":")
    return path, tag or "latest"


def _is_daemon(pod: object) -> bool:
    owners = at(pod, "metadata", "ownerReferences") or ()
    return any(owner["kind"] == "DaemonSet" for owner in owners)


def _shown(pool: NodePool) -> Pool:
    low, high = pool.bounds()
    template: Node = pool.template()
    return Pool(pool.name, template, pool.size, low, high)


def _trouble(events: list[str]) -> str:
    return "GCE quota exceeded" if events and "QUOTA" in events[-1] else "GCE out of resources"
