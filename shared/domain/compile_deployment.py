"""A deployment's share of one region: nodes, model server, picker, pool and the test that proves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shared.domain.compile_alerts import alert_policy
from shared.domain.compile_bucket import bucket_check, weights_source
from shared.domain.compile_frame import Frame
from shared.domain.compile_place import membership_key
from shared.domain.compile_platform import crd_key
from shared.domain.compile_pool import POOL_LABEL, node_pool
from shared.domain.compile_rdma import Fabric, fabric
from shared.domain.compile_routing import gateway_manifest, pool_values, route_manifest
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.manifests import picker as epp
from shared.domain.manifests.access import service_account
from shared.domain.manifests.metrics import autoscaling_metric
from shared.domain.manifests.monitoring import monitoring, server_monitoring
from shared.domain.manifests.namespace import SECRET_VERSION, namespace, token_secret
from shared.domain.manifests.pool import inference_pool, objective, pool_policies
from shared.domain.manifests.server import Server, model_server
from shared.domain.manifests.smoke import Probe, smoke_job
from shared.domain.names import Kind, ResourceKey, cut, short_hash

_TESTED = (Kind.WORKLOAD, Kind.INFERENCE_POOL, Kind.INFERENCE_OBJECTIVE)
"""What the smoke test proves, beside Gateway and route."""


def deployment_region(frame: Frame) -> ResourceGraph:
    """Return the region's part of a deployment's graph.

    The pool does not wait for the model: the Gateway is programmed while weights load. The smoke test waits for both.
    """
    network = fabric(frame)
    nodes = node_pool(frame, network.cards, network.pool_needs)
    home = [] if frame.here.namespaces else [frame.here.resource(namespace(frame.namespace, frame.labels))]
    servers = list(_servers(frame, nodes, network))
    traffic = list(_traffic(frame))
    tested = [*servers, *traffic]
    watched = _watched(frame, servers[-1])
    return ResourceGraph.of([*network.resources, nodes, *home, *tested, _smoke_test(frame, tested), *watched])


def _servers(frame: Frame, nodes: Resource, network: Fabric) -> Iterator[Resource]:
    """Yield the model server after what it reads at start: a token or a bucket."""
    before: list[Resource] = []
    annotations = dict(network.annotations)
    if frame.spec.weights:
        account = frame.here.resource(service_account(frame.name, frame.namespace, frame.labels))
        before = [account, bucket_check(frame)]
    elif frame.spec.token:
        secret = token_secret(frame.engine.token, frame.namespace, frame.labels, frame.spec.token)
        before = [frame.here.resource(secret)]
        # A new version of the token is a new pod template: servers read the Secret only when they start.
        annotations[SECRET_VERSION] = frame.spec.token
    server = Server(
        name=frame.name,
        namespace=frame.namespace,
        labels=frame.labels,
        engine=frame.engine,
        fit=frame.fit,
        image=frame.spec.image,
        source=weights_source(frame),
        served_names=frame.served_names,
        replicas=frame.spec.regions[frame.region].replicas,
        node_labels={POOL_LABEL: nodes.key.name},
        annotations=annotations,
        max_num_seqs=frame.spec.max_num_seqs,
        max_model_len=frame.spec.max_model_len,
    )
    yield from before
    yield frame.here.resource(
        model_server(server), {nodes.key, *network.pod_needs, *(resource.key for resource in before)}
    )


def _watched(frame: Frame, server: Resource) -> tuple[Resource, Resource]:
    """Return what reads the servers' metrics, and the policy that watches them once they serve."""
    scraped = frame.here.resource(server_monitoring(frame.name, frame.namespace, frame.labels, frame.engine))
    return scraped, alert_policy(frame, {scraped.key, server.key})


def _traffic(frame: Frame) -> Iterator[Resource]:
    """Yield picker, pool, and what belongs to them.

    The pool needs the picker's Service, not the picker: the picker calls itself neither ready nor alive until it has
    read its pool, so the other way round both would wait for ever.
    """
    place, values = frame.here, pool_values(frame)
    chooser = epp.Picker(
        frame.picker,
        frame.name,
        frame.namespace,
        frame.labels,
        frame.spec.picker_image,
        frame.engine.metrics_path,
    )
    service = place.resource(epp.service(chooser))
    pool = place.resource(inference_pool(values), {service.key, membership_key(frame.region)})
    yield service
    yield pool
    yield from _picker(frame, chooser, pool)
    yield place.resource(objective(values), {crd_key(frame.region), pool.key})
    yield from (place.resource(policy, {pool.key}) for policy in pool_policies(values))
    metric = autoscaling_metric(frame.name, frame.namespace, frame.labels, frame.engine)
    yield place.resource(metric)


def _picker(frame: Frame, chooser: epp.Picker, pool: Resource) -> Iterator[Resource]:
    rights = _rights(frame, epp.access(chooser))
    settings = frame.here.resource(epp.config_map(chooser))
    needs = {pool.key, settings.key, crd_key(frame.region), *(resource.key for resource in rights)}
    yield from rights
    yield settings
    yield frame.here.resource(epp.workload(chooser), needs)
    yield from _rights(frame, monitoring(chooser))


def _rights(frame: Frame, manifests: Iterable[dict[str, Any]]) -> list[Resource]:
    """Return objects in their order; what names an account or a role, or uses a Secret, needs those among them."""
    place, built = frame.here, list[Resource]()
    for each in manifests:
        home = {frame.here.namespace_key(frame.namespace)}
        built.append(place.resource(each, home | _named_by(frame, each, {r.key for r in built})))
    return built


def _named_by(frame: Frame, manifest: dict[str, Any], known: set[ResourceKey]) -> set[ResourceKey]:
    place, metadata = frame.here, manifest["metadata"]
    account = metadata.get("annotations", {}).get("kubernetes.io/service-account.name", "")
    named = [(Kind.SERVICE_ACCOUNT, account, frame.namespace)]
    if role := manifest.get("roleRef"):
        named.append((Kind(role["kind"]), role["name"], metadata.get("namespace", "")))
    named += [(Kind.SERVICE_ACCOUNT, s["name"], s["namespace"]) for s in manifest.get("subjects", ())]
    for endpoint in manifest.get("spec", {}).get("endpoints", ()):
        secret = endpoint["authorization"]["credentials"]["secret"]["name"]
        named.append((Kind.SECRET, secret, frame.namespace))
    return {place.key(kind, name, home) for kind, name, home in named} & known


def _smoke_test(frame: Frame, tested: list[Resource]) -> Resource:
    """Return the test of this region: a new one whenever what it tests has changed, but not for a change of scale."""
    served, regional = frame.served_names
    probe = Probe(frame.namespace, frame.labels, frame.spec.probe_image, served, regional, frame.name)
    subject = [smoke_job("", probe), gateway_manifest(frame), route_manifest(frame)]
    subject += [_without_scale(resource.spec) for resource in tested if resource.key.kind in _TESTED]
    name = cut(f"{frame.name}-smoke-{short_hash(subject)}")
    gateway = frame.gateway_key()
    where = {
        "within": gateway.within,
        "namespace": frame.namespace,
        "name": gateway.short_name,
        "region": frame.region,
    }
    needs = {resource.key for resource in tested if resource.key.kind in _TESTED}
    return Resource(
        frame.here.key(Kind.SMOKE_TEST, name, frame.namespace),
        {"job": smoke_job(name, probe), "_gateway": where},
        frozenset({*needs, gateway, frame.route_key(), frame.here.namespace_key(frame.namespace)}),
    )


def _without_scale(spec: Any) -> Any:
    return {**spec, "spec": {key: value for key, value in spec["spec"].items() if key != "replicas"}}
