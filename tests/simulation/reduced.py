"""A compile with about six kinds a region: enough for every rule of the round, small enough for many histories."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.desired import DeploymentSpec, FleetSpec, PlatformSpec, Spec, cluster_name
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import GLOBAL, Kind, ResourceKey, short_hash


def within(region: str) -> str:
    return f"{region}/{cluster_name(region)}"


def subnet(region: str) -> ResourceKey:
    return ResourceKey(region, Kind.SUBNETWORK, f"proxy-{region}")


def cluster(region: str) -> ResourceKey:
    return ResourceKey(region, Kind.CLUSTER, cluster_name(region))


def membership(region: str) -> ResourceKey:
    return ResourceKey(region, Kind.MEMBERSHIP, cluster_name(region))


FEATURE = ResourceKey(GLOBAL, Kind.FEATURE, "multiclusteringress")


def gateway_class(region: str) -> ResourceKey:
    return ResourceKey(GLOBAL, Kind.GATEWAY_CLASS, "mc", within(region))


def compile_reduced(path: str, spec: Spec | None, fleet: FleetSpec | None) -> ResourceGraph:
    """Keeps ``services.Compile``."""
    name = path.partition("/")[2]
    match spec:
        case None:
            return ResourceGraph()
        case PlatformSpec():
            return ResourceGraph.of(_platform(name))
        case FleetSpec(config_region=region):
            return ResourceGraph.of(_fleet(region))
        case DeploymentSpec():
            assert fleet is not None
            return ResourceGraph.of(_deployment(name, spec, fleet.config_region))


def _platform(region: str) -> Iterator[Resource]:
    yield Resource(subnet(region), {"range": region})
    yield Resource(cluster(region), {"channel": "RAPID"})
    yield Resource(membership(region), {"link": region}, frozenset({cluster(region)}))


def _fleet(region: str) -> Iterator[Resource]:
    yield Resource(FEATURE, {"config": region}, frozenset({membership(region)}))
    yield Resource(gateway_class(region), needs=frozenset({FEATURE}))


def _deployment(name: str, spec: DeploymentSpec, config: str) -> Iterator[Resource]:
    pools = set()
    for region, placement in spec.regions.items():
        home = within(region)
        immutable = short_hash([spec.machine, spec.consumption, placement.zone])
        pool = ResourceKey(region, Kind.NODE_POOL, f"{name}-{immutable}", home)
        work = ResourceKey(region, Kind.WORKLOAD, f"{name}/{name}", home)
        endpoints = ResourceKey(region, Kind.INFERENCE_POOL, f"{name}/{name}", home)
        test = ResourceKey(region, Kind.SMOKE_TEST, f"{name}/smoke", home)
        yield Resource(pool, {"max": placement.replicas})
        yield Resource(work, {"replicas": placement.replicas, "image": spec.image}, frozenset({pool}))
        yield Resource(endpoints, {"selector": name})
        yield Resource(test, {"model": spec.served_name}, frozenset({work, endpoints, _route(name, config)}))
        pools.add(endpoints)
    seen = ResourceKey(GLOBAL, Kind.INFERENCE_POOL_IMPORT, f"{name}/{name}", within(config))
    yield Resource(seen, needs=frozenset({gateway_class(config)}), any_of=frozenset(pools))
    entry = ResourceKey(GLOBAL, Kind.GATEWAY, f"{name}/{name}", within(config))
    subnets = {subnet(region) for region in spec.regions}
    yield Resource(entry, {"regions": sorted(spec.regions)}, frozenset({seen, gateway_class(config), *subnets}))
    policy = ResourceKey(GLOBAL, Kind.BACKEND_POLICY, f"{name}/{name}", within(config))
    yield Resource(policy, {"percent": spec.utilization}, frozenset({seen}))
    yield Resource(_route(name, config), {"backend": name}, frozenset({seen, policy, entry}))


def _route(name: str, config: str) -> ResourceKey:
    return ResourceKey(GLOBAL, Kind.HTTP_ROUTE, f"{name}/{name}", within(config))
