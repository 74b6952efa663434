"""Side by side: the public guide's sequence of commands, each waited for before the next one is typed.

It builds the very objects that our deployment built, on an embedded cloud of the same seed, so that every operation
takes as long as it took there; what differs is the order. The wait is kind: the next command comes at the very moment
the last one has ended, and nobody needs time to type. As the guide has it, model servers are not waited for until the
request at the end.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infra.local.cloud.cloud import HF_TOKEN, Cloud
from infra.local.cloud.joints import key_of
from infra.local.cloud.kube.controllers.answers import Answer
from infra.local.cloud.kube.controllers.values import holds
from infra.local.cloud.kube.values import Object, at
from infra.local.cloud.operations import Ledger
from shared.adapters.compute import Compute
from shared.adapters.fleet import Fleet
from shared.adapters.gke import Gke
from shared.adapters.google import nobody
from shared.adapters.kube import Kube
from shared.adapters.protos import own_fields
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import GLOBAL, Kind
from tests.bench.deploy import NAME, REGIONS, Run, run
from tests.bench.figures import Figure

_CLOUD_KINDS = {Kind.SUBNETWORK, Kind.CLUSTER, Kind.NODE_POOL, Kind.MEMBERSHIP, Kind.FEATURE, Kind.SMOKE_TEST}
GATEWAY, ROUTE = "Gateway.gateway.networking.k8s.io", "HTTPRoute.gateway.networking.k8s.io"
CLASS, IMPORT = "GatewayClass.gateway.networking.k8s.io", "GCPInferencePoolImport.networking.gke.io"
CRD = "CustomResourceDefinition.apiextensions.k8s.io"
HTTP_OK = 200


def side_by_side(seeds: int) -> list[Figure]:
    """Compare the guide's time with ours, world by world."""
    runs = [run(seed) for seed in range(seeds)]
    theirs = [Guide.follow(each) for each in runs]
    faster = [1 - each.makespan / guide for each, guide in zip(runs, theirs, strict=True)]
    pairs = ", ".join(
        f"{each.makespan / 60:.0f} / {guide / 60:.0f} min" for each, guide in zip(runs, theirs, strict=True)
    )
    text = f"{sum(faster) / seeds:.0%} less time (inferops / guide: {pairs})"
    return [Figure("The same deploy against the public guide's commands, one after the other", text)]


def until(cloud: Cloud, seen: Callable[[], bool]) -> None:
    """Let a paused cloud's time go on, event by event, and stop at the very one after which this holds.

    ``seen`` is asked inside the cloud's loop. RuntimeError where nothing is left to happen.
    """

    async def live() -> None:
        world = cloud.world
        while not seen():
            await world._quiet.wait()
            if not world._agenda:
                raise RuntimeError("nothing more will happen, and it was not seen")
            await world._advance()
            await asyncio.sleep(0)

    cloud.server.call(live)


@dataclass(frozen=True)
class Guide:
    """Somebody with a terminal, the real client libraries, and the objects of a deployment."""

    cloud: Cloud
    graph: ResourceGraph
    config_region: str

    @classmethod
    def follow(cls, ours: Run) -> float:
        """Build what a run of ours built; return the seconds of the cloud's time that it took."""
        cloud = Cloud(ours.seed).start()
        try:
            cloud.world.pause()
            begun = cloud.world.now
            cls(cloud, ours.graph, ours.config_region).type()
            return (cloud.world.now - begun).total_seconds()
        finally:
            cloud.stop()

    def type(self) -> None:
        """Type every command of the guide, in its order."""
        for resource in self._of(Kind.SUBNETWORK):
            self._subnet(resource)
        for cluster in self._of(Kind.CLUSTER):
            self._cluster(cluster)
            for pool in self._of(Kind.NODE_POOL, cluster.key.location):
                self._pool(pool)
        for resource in (*self._of(Kind.MEMBERSHIP), *self._of(Kind.FEATURE)):
            self._fleet(resource)
        config = self.config_region
        self._see(config, CLASS, "", "gke-l7-cross-regional-internal-managed-mc", "Accepted")
        for region in REGIONS:
            self._apply(region, (r for r in self._objects(region) if not _routes(r)))
        self._see(config, IMPORT, f"infer-{NAME}", NAME)
        self._apply(config, (r for r in self._objects(config) if _routes(r)))
        self._see(config, GATEWAY, f"infer-{NAME}", NAME, "Programmed")
        for address in self._addresses():
            until(self.cloud, lambda where=address: self._answers(where))  # type: ignore[misc]  # bound per turn

    # Commands --------------------------------------------------------------------------------------------

    def _subnet(self, resource: Resource) -> None:
        compute = Compute(self.cloud.endpoints["compute"], self.cloud.project.name)
        spec = {"name": resource.key.name, **resource.spec}
        name = compute.insert(resource.key.location, "subnetworks", spec, str(uuid.uuid4()))
        self._over(self.cloud.compute.ledger, name)

    def _cluster(self, resource: Resource) -> None:
        spec = {**own_fields(resource.spec), **resource.spec["_create_only"]}
        self._over(self.cloud.gke.ledger, self._gke().create_cluster(resource.key.location, spec))

    def _pool(self, resource: Resource) -> None:
        home = resource.key.container
        assert home is not None
        spec = {**own_fields(resource.spec), **resource.spec.get("_create_only", {})}
        self._over(self.cloud.gke.ledger, self._gke().create_pool(home.location, home.name, spec))

    def _fleet(self, resource: Resource) -> None:
        fleet, key, once = Fleet(self.cloud.endpoints["grpc"], self.cloud.project.name), resource.key, str(uuid.uuid4())
        if key.kind is Kind.MEMBERSHIP:
            name = fleet.create_membership(key.location, key.name, resource.spec, once)
        else:
            name = fleet.create_feature(key.name, own_fields(resource.spec), once)
        self._over(self.cloud.fleet.ledger, name)

    def _apply(self, region: str, resources: Iterable[Resource]) -> None:
        kube, base = Kube(nobody), f"{self.cloud.endpoints['kubernetes']}/{self._home(region)}"
        for resource in resources:
            manifest = {**own_fields(resource.spec)}
            if resource.key.kind is Kind.SECRET and "_from" in resource.spec:
                manifest |= {"stringData": dict.fromkeys(resource.spec["_from"], HF_TOKEN)}
            kube.apply(base, resource.key.kind, manifest)
            if resource.key.kind is Kind.CRD:
                self._see(region, CRD, "", resource.key.name, "Established")

    def _gke(self) -> Gke:
        return Gke(self.cloud.endpoints["grpc"], self.cloud.project.name)

    # Waiting ---------------------------------------------------------------------------------------------

    def _over(self, ledger: Ledger, name: str) -> None:
        """Wait for an operation. RuntimeError where it failed."""
        work = next(work for path, work in ledger.works.items() if path.endswith(name.rpartition("/")[2]))
        until(self.cloud, lambda: work.ended is not None)
        if work.failure:
            raise RuntimeError(f"{work.kind} {work.target}: {work.failure.message}")

    def _see(self, region: str, kind: str, namespace: str, name: str, condition: str = "") -> None:
        """Wait for an object, and for a condition of it."""

        def there() -> bool:
            found = self._find(region, kind, namespace, name)
            return found is not None and (not condition or holds(found, condition))

        until(self.cloud, there)

    def _answers(self, address: str) -> bool:
        ask = json.dumps({"model": NAME, "prompt": "The capital of France is", "max_tokens": 8}).encode()
        headers = {"content-type": "application/json"}
        said = self.cloud.controllers.request(address, 80, "/v1/completions", "POST", headers, ask)
        return isinstance(said, Answer) and said.status == HTTP_OK

    # What is where ---------------------------------------------------------------------------------------

    def _of(self, kind: Kind, region: str = "") -> list[Resource]:
        found = [r for r in self.graph if r.key.kind is kind and region in ("", r.key.location)]
        return sorted(found, key=lambda r: REGIONS.index(r.key.location) if r.key.location in REGIONS else 0)

    def _objects(self, region: str) -> list[Resource]:
        within = f"{region}/inferops-{region}"
        here = [r for r in self.graph if r.key.within == within and r.key.kind not in _CLOUD_KINDS]
        return [r for r in here if not r.is_check]

    def _addresses(self) -> list[str]:
        gateway = self._find(self.config_region, GATEWAY, f"infer-{NAME}", NAME) or {}
        return [str(address["value"]) for address in at(gateway, "status", "addresses")]

    def _find(self, region: str, kind: str, namespace: str, name: str) -> Object | None:
        return self.cloud.kube.clusters[self._home(region)].find(kind, namespace, name)

    def _home(self, region: str) -> str:
        return key_of(self.cloud.project.name, region, f"inferops-{region}")


def _routes(resource: Resource) -> bool:
    """Say whether it is one of the objects that come last: Gateway, route, and the policies on the import."""
    return resource.key.location == GLOBAL and resource.key.kind is not Kind.NAMESPACE
