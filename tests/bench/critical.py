"""The critical path of a deployment: how long the cloud alone takes, if everything starts the moment it can.

What the cloud did is a set of spans, each with the seconds that it took in this very run and the spans that must have
ended before: a cluster before its node pool and its membership; the config cluster's membership before the feature;
the feature before the GatewayClass; class and any exported pool (so any membership) before the import; import, class
and proxy-only subnets before the Gateway is programmed; the node pool before the model servers; everything before the
smoke test. That is the product's own order, in which the Gateway waits for the import. The seconds come from the
cloud: GKE, Compute and fleet keep a record of their operations; what a controller takes is drawn, and the same
question to the dice has the same answer again; pods and test are taken from the objects' own time stamps, whole
seconds. The longest way through is the critical path. A run takes longer by what passes before an end is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.joints import key_of
from infra.local.cloud.kube.controllers.durations import draw
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, at
from infra.local.cloud.operations import Work

GATEWAY, SMOKE = "gateway", "smoke"


@dataclass(frozen=True)
class Span:
    """One piece of the cloud's work: how long it took, and what must have ended before."""

    seconds: float
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = field(default=())


Spans = Mapping[str, Span]


def longest(spans: Spans) -> tuple[float, list[str]]:
    """Return the length of the critical path and what lies on it, in order."""

    @cache
    def end(name: str) -> float:
        return spans[name].seconds + max((end(one) for one in _before(name)), default=0.0)

    def _before(name: str) -> list[str]:
        span = spans[name]
        return [*span.needs, *([min(span.any_of, key=end)] if span.any_of else [])]

    path = [max(spans, key=end)]
    while before := _before(path[0]):
        path.insert(0, max(before, key=end))
    return end(path[-1]), path


def spans_of(cloud: Cloud, name: str, regions: tuple[str, ...]) -> Spans:
    """Return the spans of a deployment that has been built, where nothing was before. Only inside the cloud's loop."""
    found = cloud.fleet.config_cluster(cloud.project.name)
    assert found is not None, "there is no config cluster"
    home = key_of(cloud.project.name, *found)
    spans: dict[str, Span] = {}
    for region in regions:
        spans |= _region(cloud, region, name)
    spans["feature"] = Span(_lasted(cloud.fleet.ledger.works.values(), "features.create"), (f"member {found[0]}",))
    spans["class"] = Span(_drawn(cloud, "gateway-class", home, "", ""), ("feature",))
    place = (home, f"infer-{name}", name)
    members = tuple(f"member {region}" for region in regions)
    spans["import"] = Span(_drawn(cloud, "pool-import", *place), ("class",), members)
    subnets = tuple(f"subnet {region}" for region in regions)
    spans[GATEWAY] = Span(_drawn(cloud, "gateway-program", *place), ("import", *subnets))
    return spans


def without_waiting_for_the_import(spans: Spans) -> Spans:
    """Return the spans as they would be if the Gateway were made as soon as its class is there."""
    gateway = spans[GATEWAY]
    early = tuple("class" if name == "import" else name for name in gateway.needs)
    smoke = {n: Span(s.seconds, (*s.needs, "import")) for n, s in spans.items() if n.startswith(SMOKE)}
    return {**spans, **smoke, GATEWAY: Span(gateway.seconds, early)}


def _region(cloud: Cloud, region: str, name: str) -> dict[str, Span]:
    gke, fleet = cloud.gke.ledger.works.values(), cloud.fleet.ledger.works.values()
    objects = cloud.kube.clusters[key_of(cloud.project.name, region, f"inferops-{region}")]
    subnets = cloud.compute.ledger.works.values()
    return {
        f"subnet {region}": Span(_lasted(subnets, "subnetworks.insert", region)),
        f"cluster {region}": Span(_lasted(gke, "CREATE_CLUSTER", region)),
        f"pool {region}": Span(_lasted(gke, "CREATE_NODE_POOL", region), (f"cluster {region}",)),
        f"member {region}": Span(_lasted(fleet, "memberships.create", region), (f"cluster {region}",)),
        f"servers {region}": Span(_servers(objects, name), (f"pool {region}",)),
        f"{SMOKE} {region}": Span(_smoke(objects, name), (GATEWAY, f"servers {region}")),
    }


def _lasted(works: object, kind: str, region: str = "") -> float:
    found = [work for work in _works(works) if work.kind == kind and region in work.target]
    assert len(found) == 1, f"{kind} in {region or 'all'}: {len(found)} operations"
    assert found[0].ended is not None
    return (found[0].ended - found[0].begun).total_seconds()


def _works(works: object) -> Iterator[Work]:
    yield from works  # type: ignore[misc]  # a view of the ledger's operations


def _drawn(cloud: Cloud, what: str, *key: str) -> float:
    return draw(cloud.world, what, *key).total_seconds()


def _servers(objects: Objects, name: str) -> float:
    """Return how long the last model server took from its Deployment's creation to being ready."""
    made = objects.get("Deployment.apps", f"infer-{name}", name)
    assert made is not None
    labels = at(made, "spec", "selector", "matchLabels")
    return max(_since(made, _condition(pod, "Ready")) for pod in objects.list("Pod", f"infer-{name}", labels))


def _smoke(objects: Objects, name: str) -> float:
    """Return how long the smoke test ran."""
    (job,) = objects.list("Job.batch", f"infer-{name}")
    return _since(job, _condition(job, "Complete"))


def _condition(obj: Object, kind: str) -> datetime:
    (found,) = [c for c in at(obj, "status", "conditions") if c["type"] == kind and c["status"] == "True"]
    return datetime.fromisoformat(found["lastTransitionTime"])


def _since(obj: Object, then: datetime) -> float:
    return (then - datetime.fromisoformat(obj["metadata"]["creationTimestamp"])).total_seconds()
