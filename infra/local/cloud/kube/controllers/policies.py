"""HealthCheckPolicy and GCPBackendPolicy: attached to their target, or why not."""

from __future__ import annotations

from typing import Any, ClassVar

from infra.local.cloud.kube.controllers.fleet import CONTROLLER, IMPORT, POOL
from infra.local.cloud.kube.controllers.loop import Controller, Site
from infra.local.cloud.kube.controllers.values import ending, holds, made_condition, timed
from infra.local.cloud.kube.kinds import kind_id
from infra.local.cloud.kube.values import Object, at, meta, without

HEALTH, BACKEND = "HealthCheckPolicy.networking.gke.io", "GCPBackendPolicy.networking.gke.io"
_TARGETS = (IMPORT, POOL, "Service", "ServiceImport.net.gke.io")


class Policies(Controller):
    """Judges both kinds of policies; at most one of each kind is attached to a target, the oldest."""

    kinds: ClassVar = (HEALTH, BACKEND, *_TARGETS)

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at all policies of the namespace: one that goes may let another in."""
        del event, kind
        for policy in (HEALTH, BACKEND):
            self.wake_all(site, policy, meta(obj)["namespace"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Write the verdict on the policies of this name."""
        for kind in (HEALTH, BACKEND):
            policy = site.objects.get(kind, namespace, name)
            if policy is None or ending(policy):
                continue
            if self.over("policy-check", site, policy, str(meta(policy)["generation"])):
                self._judge(site, kind, policy)

    def _judge(self, site: Site, kind: str, policy: Object) -> None:
        reason, message = self._verdict(site, kind, policy)
        generation = meta(policy)["generation"]
        said = made_condition("Attached", reason == "Attached", reason, message, observedGeneration=generation)
        conditions = timed(at(policy, "status", "conditions"), [said], self.world.now)
        ancestor = {"ancestorRef": target_of(policy), "controllerName": CONTROLLER, "conditions": conditions}
        site.objects.set_status(policy, {"conditions": conditions, "ancestors": [ancestor]})

    def _verdict(self, site: Site, kind: str, policy: Object) -> tuple[str, str]:
        target = target_of(policy)
        wanted = kind_id(target.get("group", ""), target.get("kind", ""))
        found = wanted in _TARGETS and site.objects.find(wanted, target["namespace"], target.get("name", ""))
        where = f"{target.get('kind')} {target['namespace']}/{target.get('name')}"
        if not found:
            return "TargetNotFound", f"{where} not found"
        winner = min((p for p in site.objects.all(kind) if target_of(p) == target and not ending(p)), key=_age)
        if meta(winner)["name"] != meta(policy)["name"]:
            return "Conflicted", f"{kind.partition('.')[0]} {meta(winner)['name']} is attached to {where} already"
        error = balancing_error(at(policy, "spec", "default") or {}, at(policy, "spec")) if kind == BACKEND else None
        return ("Invalid", error) if error else ("Attached", "")


def target_of(policy: Object) -> Object:
    """Return what a policy is about, with its namespace."""
    ref = at(policy, "spec", "targetRef") or {}
    return {**ref, "namespace": ref.get("namespace") or meta(policy)["namespace"]}


def _age(policy: Object) -> tuple[str, str]:
    return meta(policy)["creationTimestamp"], meta(policy)["name"]


def balancing_error(default: dict[str, Any], spec: dict[str, Any]) -> str | None:
    """Say what makes a GCPBackendPolicy's balancing impossible, or None."""
    metrics, in_flight = default.get("customMetrics") or (), default.get("maxInFlightRequestsPerEndpoint")
    match default.get("balancingMode"):
        case "CUSTOM_METRICS":
            if in_flight is not None:
                return "maxInFlightRequestsPerEndpoint cannot be used with balancing mode CUSTOM_METRICS"
            if all(m.get("dryRun") for m in metrics):
                return "balancing mode CUSTOM_METRICS needs a custom metric that is not in dry run"
        case "IN_FLIGHT":
            if metrics:
                return "customMetrics cannot be used with balancing mode IN_FLIGHT"
            if in_flight is None:
                return "balancing mode IN_FLIGHT needs maxInFlightRequestsPerEndpoint"
    for scope in spec.get("scopes") or default.get("scopes") or ():
        both = sorted((scope.keys() & default.keys()) - {"selector", "scopes"})
        if both:
            return f"{', '.join(both)} must not be both in default and in a scope"
    return None


def settings_for(policy: Object, region: str, cluster: str) -> Object:
    """Return what a GCPBackendPolicy says for one cluster: its default, and the first scope that fits."""
    spec = policy.get("spec") or {}
    default: Object = spec.get("default") or {}
    labels = {"gke.io/region": region, "gke.io/cluster": cluster}
    for scope in spec.get("scopes") or default.get("scopes") or ():
        if (scope.get("selector") or {}).items() <= labels.items():
            return {**without(default, "scopes"), **without(scope, "selector")}
    return without(default, "scopes")


def attached_policy(site: Site, kind: str, wanted: str, namespace: str, name: str) -> Object:
    """Return the policy that is attached to a target, empty when there is none."""
    for policy in site.objects.all(kind):
        target = target_of(policy)
        same = (target["namespace"], target.get("name")) == (namespace, name)
        if same and kind_id(target.get("group", ""), target.get("kind", "")) == wanted and holds(policy, "Attached"):
            return policy
    return {}
