"""When an object of each Kubernetes kind is ready, and what it still waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.kube import Object
from shared.domain.conditions import Reason
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Broken, Observed, Present
from shared.domain.site import Site
from shared.providers import gateway_looks, smoke_looks
from shared.providers.base import Answers
from shared.providers.kube_conditions import condition, current, missing
from shared.providers.pod_looks import why_pods


@dataclass(frozen=True)
class Context:
    """What else was read: pods, Gateways, subnets."""

    more: Answers = field(default_factory=dict)
    site: Site = field(default_factory=lambda: Site("", ""))


@dataclass(frozen=True)
class Verdict:
    """What is said of one object that is ours and stays."""

    spec: Mapping[str, Any]
    because: str = ""
    """What it waits for; empty: it is ready."""
    reason: Reason = Reason.IN_PROGRESS
    report: Mapping[str, str] = field(default_factory=dict)
    broken: Broken | None = None

    @property
    def ready(self) -> bool:
        """Whether it is as it should be."""
        return not self.because and self.broken is None

    def observed(self) -> Observed:
        """Return it as an observation."""
        return self.broken or Present(self.spec, self.ready, self.because, self.reason, self.report)


def judge(key: ResourceKey, obj: Object, context: Context) -> Verdict:
    """Return the verdict on an object. Kinds that have no state of their own are ready once they are there."""
    rule = _RULES.get(key.kind)
    return rule(key, obj, context) if rule else Verdict(obj)


def _workload(key: ResourceKey, obj: Object, context: Context) -> Verdict:
    status, wanted = obj.get("status", {}), obj["spec"].get("replicas", 1)
    available = status.get("availableReplicas", 0)
    report = {f"replicas/{key.short_name}": f"{available}/{wanted}"}
    old = status.get("observedGeneration", 0) < obj["metadata"].get("generation", 0)
    if not old and available >= wanted and status.get("updatedReplicas", 0) >= wanted:
        return Verdict(obj, report=report)
    pods, events = (context.more.get((what, key.within, key.namespace)) for what in ("pods", "scale-ups"))
    because, reason = why_pods(obj, pods if isinstance(pods, list) else [], events if isinstance(events, list) else [])
    return Verdict(obj, f"{available} of {wanted} ready{because}", reason, report)


def _namespace(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    phase = obj.get("status", {}).get("phase", "Active")
    return Verdict(obj, "" if phase == "Active" else f"it is {phase}")


def _crd(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    return Verdict(obj, missing(obj.get("status", {}).get("conditions", ()), 0, "Established"))


def _gateway_class(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    return Verdict(obj, missing(obj.get("status", {}).get("conditions", ()), 0, "Accepted"))


def _inference_pool(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    said = [c for parent in obj.get("status", {}).get("parents", ()) for c in parent.get("conditions", ())]
    bad = next((c for c in said if c["type"] == "ResolvedRefs" and c["status"] == "False"), None)
    if bad is None or not current(bad, obj):
        return Verdict(obj)
    return Verdict(obj, f"ResolvedRefs is False: {bad.get('message') or bad.get('reason')}", Reason.WORKLOAD_FAILING)


def _pod_monitoring(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    # Where managed collection has not written any status yet, the object itself is all that can be asked for.
    found = condition(obj.get("status", {}).get("conditions", ()), "ConfigurationCreateSuccess")
    if found is None or found["status"] == "True":
        return Verdict(obj)
    return Verdict(obj, f"its configuration failed: {found.get('message') or found.get('reason')}", Reason.INVALID)


def _parameters(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    bad = condition(obj.get("status", {}).get("conditions", ()), "Ready")
    if bad is None or bad["status"] == "True":
        return Verdict(obj)
    return Verdict(obj, f"it is not Ready: {bad.get('message') or bad.get('reason')}")


def _gateway(_key: ResourceKey, obj: Object, context: Context) -> Verdict:
    because, reason, report = gateway_looks.gateway(obj, context.more, context.site)
    return Verdict(obj, because, reason, report)


def _route(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    because = gateway_looks.route(obj)
    return Verdict(obj, because)


def _policy(_key: ResourceKey, obj: Object, _context: Context) -> Verdict:
    because, reason = gateway_looks.policy(obj)
    return Verdict(obj, because, reason)


def _smoke(key: ResourceKey, obj: Object, context: Context) -> Verdict:
    spec = smoke_looks.comparable(obj, context.more, context.site)
    if error := smoke_looks.failure(key, obj, context.more):
        return Verdict(spec, broken=Broken(error, wreck=True))
    because, report = smoke_looks.progress(key, obj)
    return Verdict(spec, because, report=report)


_RULES: Mapping[Kind, Callable[[ResourceKey, Object, Context], Verdict]] = {
    Kind.WORKLOAD: _workload,
    Kind.NAMESPACE: _namespace,
    Kind.CRD: _crd,
    Kind.GATEWAY_CLASS: _gateway_class,
    Kind.INFERENCE_POOL: _inference_pool,
    Kind.POD_MONITORING: _pod_monitoring,
    Kind.NETWORK_PARAMETERS: _parameters,
    Kind.DEVICE_NETWORK: _parameters,
    Kind.GATEWAY: _gateway,
    Kind.HTTP_ROUTE: _route,
    Kind.HEALTH_CHECK_POLICY: _policy,
    Kind.BACKEND_POLICY: _policy,
    Kind.SMOKE_TEST: _smoke,
}
