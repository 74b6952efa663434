"""A deployment's global part: what makes its regions one service, built once, on the config cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.domain.compile_fleet import FEATURE_KEY, GATEWAY_CLASS, gateway_class_key
from shared.domain.compile_frame import Frame
from shared.domain.compile_platform import proxy_subnet_key
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.manifests.gateway import balancing, gateway, import_health_check, route
from shared.domain.manifests.metrics import balanced_metric
from shared.domain.manifests.namespace import namespace
from shared.domain.manifests.objects import Manifest
from shared.domain.manifests.pool import Pool
from shared.domain.names import Kind


def deployment_routing(frames: Sequence[Frame]) -> ResourceGraph:
    """Return Gateway, route and policies. A deployment without regions has no traffic to route."""
    return ResourceGraph.of(_routing(frames) if frames else ())


def pool_values(frame: Frame) -> Pool:
    """Return what pool, policies, Gateway and route are made from; the same in every region."""
    engine = frame.engine
    return Pool(frame.name, frame.namespace, frame.labels, engine.port, engine.health_path, frame.picker)


def gateway_manifest(frame: Frame) -> Manifest:
    """Return the deployment's Gateway."""
    return gateway(pool_values(frame), GATEWAY_CLASS, sorted(frame.spec.regions))


def route_manifest(frame: Frame) -> Manifest:
    """Return the deployment's route."""
    return route(pool_values(frame))


def _routing(frames: Sequence[Frame]) -> Iterator[Resource]:
    """Yield the global part.

    Everything needs the feature itself, not only the checks behind it: a check keeps nothing alive, and a Gateway
    must be gone before the feature that cleans up after it.
    """
    first = frames[0]
    place, values = first.config, pool_values(first)
    yield place.resource(namespace(first.namespace, first.labels))
    imported = _import(frames)
    yield imported
    metric = balanced_metric(first.engine)
    spills = {region: first.spec.spills_at(region) for region in first.spec.regions}
    policies = [
        place.resource(import_health_check(first.imported, values), {imported.key, FEATURE_KEY}),
        place.resource(balancing(first.imported, values, metric, spills), {imported.key, FEATURE_KEY}),
    ]
    yield from policies
    proxies = {proxy_subnet_key(frame.region) for frame in frames}
    behind = {gateway_class_key(first.config_region), imported.key, FEATURE_KEY}
    yield place.resource(gateway_manifest(first), {*behind, *proxies})
    yield place.resource(route_manifest(first), {imported.key, FEATURE_KEY, *(policy.key for policy in policies)})


def _import(frames: Sequence[Frame]) -> Resource:
    """Return the check for the import that GKE makes once any region has exported its pool."""
    first = frames[0]
    key = first.config.key(Kind.INFERENCE_POOL_IMPORT, first.name, first.namespace)
    remedy = (
        f'check that InferencePool {first.namespace}/{first.name} carries networking.gke.io/export: "True" in a '
        f"region, that the clusters' memberships are READY and OK in feature {FEATURE_KEY.name}, and that the config "
        "cluster serves GCPInferencePoolImport; if all of that holds, enabling multiclusterservicediscovery may help"
    )
    needs = frozenset({gateway_class_key(first.config_region), first.config.namespace_key(first.namespace)})
    spec = {"metadata": {"name": first.name, "namespace": first.namespace}}
    return Resource(key, spec, needs, frozenset(frame.pool_key() for frame in frames), remedy)
