"""The controllers of all embedded clusters, put together: the one door for the rest of the cloud."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from infra.local.cloud.engine.exposition import text
from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.controllers.autoscaler import Autoscaler, nodes_in_use
from infra.local.cloud.kube.controllers.daemonsets import DaemonSets
from infra.local.cloud.kube.controllers.deployments import Deployments
from infra.local.cloud.kube.controllers.engines import Engines
from infra.local.cloud.kube.controllers.fleet import Classes, Imports, PoolStatus
from infra.local.cloud.kube.controllers.gateways import Gateways
from infra.local.cloud.kube.controllers.hooks import Hooks
from infra.local.cloud.kube.controllers.jobs import Jobs
from infra.local.cloud.kube.controllers.kubelet import Kubelet
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site
from infra.local.cloud.kube.controllers.nodes import Nodes
from infra.local.cloud.kube.controllers.policies import Policies
from infra.local.cloud.kube.controllers.replicasets import ReplicaSets
from infra.local.cloud.kube.controllers.routes import Routes
from infra.local.cloud.kube.controllers.runs import Runs
from infra.local.cloud.kube.controllers.scheduler import Scheduler
from infra.local.cloud.kube.controllers.scrapes import Scrapes
from infra.local.cloud.kube.controllers.small import Accounts, Endpoints, Monitoring, Networks, Tokens
from infra.local.cloud.kube.controllers.traffic import Traffic
from infra.local.cloud.kube.controllers.ways import Ways
from infra.local.cloud.kube.kinds import id_of
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object
from infra.local.cloud.world import World


class Controllers:
    """Everything that acts inside the clusters, and between them."""

    def __init__(self, world: World, hooks: Hooks) -> None:
        self._context = Context(world, hooks)
        context = self._context
        self.engines = Engines(context)
        self._traffic = Traffic(context, self.engines)
        self.ways = Ways(context, self._traffic, self.engines)
        self._nodes = Nodes(context)
        self._kubelet = Kubelet(context, Runs(context, self._traffic))
        self._networks = Networks(context)
        self._autoscaler = Autoscaler(context)
        self._classes = Classes(context)
        self._fleet = (Imports(context), Gateways(context), Routes(context))
        self._pools = PoolStatus(context)
        single = (
            Deployments(context), ReplicaSets(context), DaemonSets(context), Scheduler(context), Jobs(context),
            Endpoints(context), Accounts(context), Tokens(context), Monitoring(context), Policies(context),
            Scrapes(context, self.engines),
        )  # fmt: skip
        self._all: tuple[Controller, ...] = (
            self._nodes, self._kubelet, self._networks, self._autoscaler, self._classes, *self._fleet, self._pools,
            *single,
        )  # fmt: skip
        self._hearers: dict[str, list[Controller]] = defaultdict(list)
        for controller in self._all:
            for kind in controller.kinds:
                self._hearers[kind].append(controller)
        self._listeners: dict[str, Callable[[str, Object], None]] = {}

    # Clusters come and go --------------------------------------------------------------------------------

    def attach(self, cluster_key: str, objects: Objects, location: str, project: str) -> None:
        """Begin to work in a cluster that has been born; what it holds already is looked at, too."""
        site = Site(cluster_key, objects, location, project)
        self._context.sites[cluster_key] = site

        def listener(event: str, obj: Object) -> None:
            kind = id_of(obj)
            for controller in self._hearers.get(kind, ()):
                controller.heard(site, event, kind, obj)

        self._listeners[cluster_key] = listener
        objects.listeners.append(listener)
        for kind in tuple(objects.kinds):
            for obj in objects.list(kind) if kind in self._hearers else ():
                listener("ADDED", obj)
        self.sync_nodes(cluster_key)
        self.fleet_changed()

    def detach(self, cluster_key: str) -> None:
        """Stop working in a cluster that is gone. What its Gateways have made in Compute stays behind."""
        site = self._context.sites.pop(cluster_key, None)
        if site is None:
            return
        self._context.live = {k: v for k, v in self._context.live.items() if k[0] != cluster_key}
        site.objects.listeners.remove(self._listeners.pop(cluster_key))
        for controller in self._all:
            controller.detached(site)
        self.fleet_changed()

    # News from outside -----------------------------------------------------------------------------------

    def sync_nodes(self, cluster_key: str) -> None:
        """Mirror the cluster's machines; to be called whenever one comes, goes or changes."""
        site = self._context.sites.get(cluster_key)
        if site is not None:
            self._nodes.sync(site)

    def scale_up_failed(self, cluster_key: str, pool: str, reason: str) -> None:
        """Tell waiting pods that their pool could not grow; reasons read like ``GCE out of resources``."""
        site = self._context.sites.get(cluster_key)
        found = next((p for p in self._context.hooks.pools_of(cluster_key) if p.name == pool), None)
        if site is not None and found is not None:
            self._autoscaler.failed(site, found, reason)

    def nodes_in_use(self, cluster_key: str) -> set[str]:
        """Return the nodes that carry pods."""
        site = self._context.sites.get(cluster_key)
        return nodes_in_use(site) if site is not None else set()

    def fleet_changed(self) -> None:
        """Look at memberships and config cluster anew; to be called when the feature or a membership changes."""
        for site in self._context.sites.values():
            self._classes.wake(site, "", "")
            self._pools.refresh(site)
        for controller in self._fleet:
            controller.refresh()

    def outside_changed(self) -> None:
        """Look at whatever is stuck: images, bucket grants, subnets, quota or stock may be different now."""
        for site in self._context.sites.values():
            self._kubelet.wake_all(site, "Pod")
            self._networks.refresh(site)
            self._autoscaler.again(site)
        self.fleet_changed()

    def images_changed(self) -> None:
        """Look at pods that could not pull their image."""
        self.outside_changed()

    # Seen from inside the network ------------------------------------------------------------------------

    def request(
        self,
        address: str,
        port: int,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        source: str | None = None,
    ) -> Answer | NoAnswer:
        """Send an HTTP request from inside the VPC, or from a cluster whose Service names it may use."""
        return self._traffic.request(address, port, path, method, headers, body, source=source)

    def pod_metrics(self, cluster_key: str, namespace: str, name: str) -> str | None:
        """Return what a model server shows at /metrics; None when the pod is none or does not answer."""
        site = self._context.sites.get(cluster_key)
        pod = site.objects.find("Pod", namespace, name) if site else None
        replica = self.engines.of(site, pod) if site and pod else None
        self.engines.advance()
        return text(replica.series({}).read()) if replica else None
