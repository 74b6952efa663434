"""The embedded services as one cloud, the product's providers pointed at it, and rounds as reconcile makes them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local.cloud.alerting import Alerting
from infra.local.cloud.compute import Compute, compute_wire
from infra.local.cloud.fleet import Fleet, fleet_wire
from infra.local.cloud.gke import Gke, gke_wire
from infra.local.cloud.kube.api import KubeServer
from infra.local.cloud.kube.controllers import Controllers, Hooks, Pool
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_wire import monitoring_wire
from infra.local.cloud.project import Project
from infra.local.cloud.pubsub import PubSub
from infra.local.cloud.quotas import Quotas
from infra.local.cloud.regions import SUBNET_PREFIX
from infra.local.cloud.server import Server
from infra.local.cloud.storage import Storage
from infra.local.cloud.world import World
from shared.adapters import compute, fleet, gke, kube, monitoring, project, storage
from shared.adapters.google import nobody
from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement, PlatformSpec
from shared.domain.graph import ResourceGraph
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.observations import Observation
from shared.domain.planning import Gone, Keep, Plan, Step, make_plan
from shared.domain.settling import Result, late_results, remember, settle
from shared.domain.site import Site
from shared.providers.checks import grants_of
from shared.providers.cloud import CloudProviders

SITE = Site("demo", "123456789012", repository="us-docker.pkg.dev/demo/inferops")
DIGEST = "@sha256:" + "0" * 64
TOKEN = "hf_the_token_itself"
TOKEN_VERSION = "projects/demo/secrets/hf-token/versions/3"
EAST, WEST = "us-east4", "europe-west3"
_ZONES = {EAST: "us-east4-a", WEST: "europe-west3-c"}


def spec(*regions: str, **more: Any) -> DeploymentSpec:
    """A deployment of the two-GPU example."""
    given = {
        "model": "llama3-8b",
        "served_name": "llama3-8b",
        "machine": "a3-highgpu-2g",
        "consumption": "spot",
        "regions": {region: Placement(2, _ZONES[region]) for region in regions},
        "image": f"vllm/vllm-openai{DIGEST}",
        "picker_image": f"registry.k8s.io/gateway-api-inference-extension/epp{DIGEST}",
        "probe_image": f"curlimages/curl{DIGEST}",
        "token": TOKEN_VERSION,
    }
    return DeploymentSpec(**{**given, **more})


class WholeCloud:
    """One cloud. The parts are open for looking behind the wire."""

    def __init__(self, shape: str = "A") -> None:
        self.world = World(seed=3)
        self.project = Project(self.world)
        self.storage, self.quotas = Storage(self.world), Quotas(self.world, self.project)
        for grant in load().grants:
            self.project.grant(grant.role, grant.member("demo", "123456789012"))
        metrics = Monitoring(self.world)
        self.alerting = Alerting(self.world, metrics, PubSub(self.world).publish)
        self.compute = Compute(self.world)
        self.kube = KubeServer(self.world)
        self.gke = Gke(self.world, self.compute, self._endpoint)
        self.fleet = Fleet(self.world, self.gke)
        self.controllers = Controllers(self.world, self._hooks())
        self.kube.ready = lambda key: self.gke.running(*_split(key))
        self.gke.on_change.append(self._changed)
        self.missing_images: set[str] = set()
        self._shape = shape
        self._seen: object = None
        self.server = Server(
            self.world,
            [
                compute_wire(self.world, self.compute),
                gke_wire(self.world, self.gke),
                fleet_wire(self.world, self.fleet),
                monitoring_wire(self.world, metrics, self.alerting),
            ],
            {
                "kubernetes": self.kube.answer,
                "serviceusage": self.project.services.answer,
                "cloudresourcemanager": self.project.resources.answer,
                "storage": self.storage.routes.answer,
                "cloudquotas": self.quotas.routes.answer,
            },
        )

    def _endpoint(self, where: str, location: str, name: str) -> str:
        host = self.server.endpoints["kubernetes"].removeprefix("http://")
        return f"{host}/projects/{where}/locations/{location}/clusters/{name}"

    def _changed(self) -> None:
        for cluster in self.gke.clusters():
            if cluster.path not in self.kube.clusters and cluster.spec.status.name == "RUNNING":
                objects = self.kube.cluster(cluster.path, lambda made: install_gke_crds(made, self._shape))
                self.controllers.attach(cluster.path, objects, cluster.location, cluster.project)
        known = {cluster.path for cluster in self.gke.clusters()}
        for path in [path for path in self.kube.clusters if path not in known]:
            self.controllers.detach(path)
            self.kube.remove(path)
        for path in self.kube.clusters:
            self.controllers.sync_nodes(path)

    def watch_fleet(self) -> None:
        """Tell the controllers when memberships or the config cluster have changed; looked at every few seconds."""
        now = (self._config(), tuple(self._members()))
        if now != self._seen:
            self._seen = now
            self.controllers.fleet_changed()
        self.world.after(timedelta(seconds=5), self.watch_fleet)

    def _config(self) -> str | None:
        found = self.fleet.config_cluster("demo")
        return f"projects/demo/locations/{found[0]}/clusters/{found[1]}" if found else None

    def _members(self) -> list[str]:
        return [f"projects/demo/locations/{region}/clusters/{name}" for region, name in self.fleet.members("demo")]

    def _pools(self, key: str) -> list[Pool]:
        pools = [pool for pool in self.gke.pools(*_split(key)) if pool.spec.autoscaling.enabled]
        return [Pool(p.name, p.template(), p.size, *p.bounds()) for p in pools if p.spec.status.name == "RUNNING"]

    def _hooks(self) -> Hooks:
        def want(key: str, pool: str, count: int) -> int:
            got = self.gke.want_nodes(*_split(key), pool, count)
            if got < count:
                self.controllers.scale_up_failed(key, pool, "GCE out of resources")
            return got

        return Hooks(
            nodes_of=lambda key: self.gke.nodes(*_split(key)),
            pools_of=self._pools,
            want_nodes=want,
            image_exists=lambda ref: ref not in self.missing_images,
            config_cluster=self._config,
            member_clusters=self._members,
            subnet_range=SUBNET_PREFIX.get,
            proxy_subnet=self._proxied,
            add_child=self.compute.add_child,
            remove_children=self.compute.remove_children,
        )

    def _proxied(self, region: str) -> bool:
        subnets = self.compute.store.within(f"projects/demo/regions/{region}", "subnetworks")
        return any(subnet.purpose == "GLOBAL_MANAGED_PROXY" for subnet in subnets)

    def objects(self, region: str) -> Objects:
        """The cluster's objects. Only inside ``run``."""
        return self.kube.clusters[f"projects/demo/locations/{region}/clusters/inferops-{region}"]

    def run(self, what: Callable[[], Any]) -> Any:
        return self.server.run(what)

    def now(self) -> datetime:
        found: datetime = self.run(lambda: self.world.now)
        return found

    def providers(self) -> CloudProviders:
        at = self.server.endpoints
        return CloudProviders(
            gke=gke.Gke(at["grpc"], "demo"),
            compute=compute.Compute(at["compute"], "demo"),
            fleet=fleet.Fleet(at["grpc"], "demo"),
            kube=kube.Kube(nobody),
            project=project.Project(at["serviceusage"], at["cloudresourcemanager"], "demo"),
            storage=storage.Storage(at["storage"]),
            monitoring=monitoring.Monitoring(at["grpc"], "demo"),
            grants=grants_of(load(), SITE),
            secret_value=lambda name: TOKEN if name == TOKEN_VERSION else "",
            site=SITE,
            kube_scheme="http",
            gateway=at["kubernetes"],
        )


def _split(key: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"projects/([^/]+)/locations/([^/]+)/clusters/([^/]+)", key)
    assert found
    return found[1], found[2], found[3]


@dataclass
class Rounds:
    """One unit's controller: the domain's round, with its status kept in memory."""

    cloud: WholeCloud
    providers: CloudProviders
    unit: Unit
    graph: ResourceGraph
    status: Status
    plan: Plan = field(default_factory=Plan)
    seen: Observation = field(default_factory=dict)
    results: Mapping[ResourceKey, Result] = field(default_factory=dict)
    others: tuple[Rounds, ...] = ()
    """Units that may still use what this one takes down."""

    @classmethod
    def of(
        cls, cloud: WholeCloud, providers: CloudProviders, owner: str, graph: ResourceGraph, location: str
    ) -> Rounds:
        unit = Unit(owner, location)
        return cls(cloud, providers, unit, graph.at(location), Status(unit))

    def round(self) -> Plan:
        """Look, decide, start, settle: as reconcile does."""
        self.status = remember(self.status, self.graph)
        others = {key: entry for other in self.others for key, entry in other.status.inventory.items()}
        outside = {**dict.fromkeys(self.graph.outside, Entry()), **others}
        self.seen = self.providers.look({**outside, **self.status.inventory})
        self.plan = make_plan(self.graph, self.status.inventory, self.seen, self.cloud.now(), others)
        started = self.providers.start(self.plan.actions, self.status.inventory)
        self.results = {**late_results(self.seen), **started}
        self.status = settle(self.status, 1, self.plan, self.seen, self.results, self.cloud.now())
        return self.plan

    def step(self, kind: Kind) -> Step:
        """The plan's step for the only key of this kind."""
        (found,) = (step for key, step in self.plan.steps.items() if key.kind is kind)
        return found

    def key(self, kind: Kind) -> ResourceKey:
        """The only key of this kind."""
        (found,) = (key for key in self.graph.resources if key.kind is kind)
        return found


def platform(cloud: WholeCloud, providers: CloudProviders, *regions: str) -> list[Rounds]:
    """The platform's units of these regions; the first one has the config cluster."""
    units, named, catalog = [], frozenset({"llm"}), load()
    for region in regions:
        graph = compile_desired(f"platform/{region}", PlatformSpec(named), None, SITE, catalog)
        units.append(Rounds.of(cloud, providers, "platform", graph, region))
    graph = compile_desired("platform/global", FleetSpec(regions[0], named), None, SITE, catalog)
    return [*units, Rounds.of(cloud, providers, "platform", graph, GLOBAL)]


def deployment(cloud: WholeCloud, providers: CloudProviders, wanted: DeploymentSpec, config: str) -> list[Rounds]:
    """The units of deployment llm: one per region, and the global one last."""
    graph = compile_desired("deployments/llm", wanted, FleetSpec(config, frozenset({"llm"})), SITE, load())
    return [Rounds.of(cloud, providers, "llm", graph, place) for place in (*sorted(wanted.regions), GLOBAL)]


def converge(*units: Rounds, limit: float = 600) -> int:
    """Make rounds until all units are as wanted; return how many it took."""
    deadline, count = time.monotonic() + limit, 0
    while not all([unit.round().converged for unit in units]):  # noqa: C419 - every unit has its round
        count += 1
        steps = [step for unit in units for step in unit.plan.steps.values()]
        assert time.monotonic() < deadline, [step for step in steps if not isinstance(step, Keep | Gone)]
    return count


def take_down(*units: Rounds) -> None:
    """Want nothing any more, and make rounds until nothing is left."""
    for unit in units:
        unit.graph, unit.others = ResourceGraph(), tuple(other for other in units if other is not unit)
    converge(*units)


@contextmanager
def running(shape: str = "A") -> Iterator[WholeCloud]:
    cloud = WholeCloud(shape)
    cloud.server.start()
    cloud.run(cloud.watch_fleet)
    try:
        yield cloud
    finally:
        cloud.server.stop()
