"""Objects inside clusters: one list per cluster, kind and namespace, and whatever the unready ones call for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

from shared.adapters.compute import Compute
from shared.adapters.kube import ROLE, Kube, Object
from shared.adapters.kube_kinds import PLACES
from shared.domain.errors import InferError
from shared.domain.manifests.metrics import flat
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, InFlight, Observed, Unknown
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Keys, foreign, marked_object
from shared.providers.gateway_looks import regions_of
from shared.providers.kube_ready import Context, judge
from shared.providers.kube_views import Views
from shared.providers.networks import list_call
from shared.providers.pod_looks import NO_SCALE_UP
from shared.providers.smoke_looks import gateway_of, objects_at

KINDS = frozenset(PLACES)
CHECKED = frozenset({Kind.GATEWAY_CLASS, Kind.INFERENCE_POOL_IMPORT})
"""Kinds that Google's controllers make: they carry no mark of ours."""
_ONE_BY_ONE = frozenset({Kind.CRD, Kind.CLUSTER_ROLE, Kind.CLUSTER_ROLE_BINDING})
"""Kinds of which clusters hold many large ones that are not ours, and we a fixed few."""
Found = Mapping[ResourceKey, Object | InferError | None]
"""Per key its object, that it could not be read, or None where there is none."""


def calls(keys: Keys, views: Views, kube: Kube) -> dict[Hashable, Call]:
    """Return the questions that tell about these keys, for the clusters that can be asked."""
    asked: dict[Hashable, Call] = {}
    for key in keys:
        view = views[_home(key)]
        if view.instead is None:
            asked[_question(key)] = Call(f"read {key.kind}s in {key.within}", ROLE, _ask(key, view.base, kube))
    return asked


def _home(key: ResourceKey) -> ResourceKey:
    home = key.container
    assert home is not None, "Kubernetes objects live in clusters"  # noqa: S101 - for mypy; compile sees to it
    return home


def _question(key: ResourceKey) -> Hashable:
    last = key.name if key.kind in _ONE_BY_ONE else key.namespace
    return objects_at(key.within, key.kind, last)


def _ask(key: ResourceKey, base: str, kube: Kube) -> Any:
    if key.kind in _ONE_BY_ONE:
        return partial(_alone, kube, base, key)
    return partial(kube.objects, base, key.kind, key.namespace)


def _alone(kube: Kube, base: str, key: ResourceKey) -> list[Object]:
    found = kube.get(base, key.kind, key.namespace, key.short_name)
    return [] if found is None else [found]


def find(keys: Keys, answers: Answers) -> dict[ResourceKey, Object | InferError | None]:
    """Pick each key's object out of the lists."""
    return {key: _find(key, answers.get(_question(key))) for key in keys}


def _find(key: ResourceKey, listed: Any) -> Object | InferError | None:
    if listed is None or isinstance(listed, InferError):
        return listed
    return next((item for item in listed if item["metadata"]["name"] == key.short_name), None)


def follow_ups(found: Found, views: Views, kube: Kube, compute: Compute) -> dict[Hashable, Call]:
    """Return what else to ask: pods where something does not run, subnets and Gateways where addresses count."""
    asked: dict[Hashable, Call] = {}
    for key, obj in found.items():
        if not isinstance(obj, Mapping):
            continue
        view = views[_home(key)]
        if key.kind in {Kind.WORKLOAD, Kind.SMOKE_TEST} and not judge(key, obj, Context()).ready:
            doing = f"read Pods in {key.within}"
            asked["pods", key.within, key.namespace] = Call(doing, ROLE, partial(kube.pods, view.base, key.namespace))
        if key.kind is Kind.WORKLOAD and not judge(key, obj, Context()).ready:
            doing, ask = f"read Events in {key.within}", partial(kube.events, view.base, key.namespace, NO_SCALE_UP)
            asked["scale-ups", key.within, key.namespace] = Call(doing, ROLE, ask)
        if key.kind is Kind.GATEWAY:
            asked |= {("subnets", region): list_call(compute, region, "subnetworks") for region in regions_of(obj)}
        if key.kind is Kind.SMOKE_TEST and (where := gateway_of(obj)):
            asked |= _gateway_calls(where, views, kube)
            region = where["region"]
            asked["subnets", region] = list_call(compute, region, "subnetworks")
    return asked


def _gateway_calls(where: Mapping[str, str], views: Views, kube: Kube) -> dict[Hashable, Call]:
    region, _, name = where["within"].partition("/")
    view = views.get(ResourceKey(region, Kind.CLUSTER, name))
    if view is None or view.instead is not None:
        return {}
    namespace = where["namespace"]
    ask = partial(kube.objects, view.base, Kind.GATEWAY, namespace)
    return {
        objects_at(where["within"], Kind.GATEWAY, namespace): Call(f"read Gateways in {where['within']}", ROLE, ask)
    }


def read(keys: Keys, views: Views, found: Found, more: Answers, site: Site) -> dict[ResourceKey, Observed]:
    """Return what is seen of these keys."""
    return {key: views[_home(key)].instead or _read(key, found[key], more, site) for key in keys}


def _read(key: ResourceKey, obj: Object | InferError | None, more: Answers, site: Site) -> Observed:
    match obj:
        case None:
            return Absent()
        case InferError():
            return Unknown(str(obj))
    metadata = obj["metadata"]
    if key.kind not in CHECKED and not marked_object(metadata, site):
        return foreign(key)
    if metadata.get("deletionTimestamp"):
        return InFlight("its deletion")
    return judge(key, _comparable(key, obj), Context(more, site)).observed()


def _comparable(key: ResourceKey, obj: Object) -> Object:
    """Return the object as the graph writes it."""
    match key.kind:
        case Kind.AUTOSCALING_METRIC:
            return {**obj, "spec": flat(obj.get("spec", {}))}
        case Kind.SECRET:
            # Only metadata is ever read; the type cannot change, and this annotation belongs to one type alone.
            token = "kubernetes.io/service-account.name" in (obj["metadata"].get("annotations") or {})
            return {**obj, "type": "kubernetes.io/service-account-token" if token else "Opaque"}
        case _:
            return obj
