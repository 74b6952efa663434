"""Rules in code for the built-in kinds: what belongs together and what can never change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.cloud.kube import definitions, podrules, texts
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.refusals import Cause, bad_value, forbidden, required
from infra.local.cloud.kube.selectors import matches
from infra.local.cloud.kube.values import Object, at, meta, without

Rule = Callable[[Object, Object | None], Iterator[Cause]]
_WORKLOADS = {"Deployment.apps", "ReplicaSet.apps", "DaemonSet.apps", "StatefulSet.apps"}
_POD_MAY_CHANGE = ("image", "activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates")
_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
}
_USER_PRIORITY_LIMIT = 1_000_000_000


def violations(kind: Kind, new: Object, old: Object | None) -> Iterator[Cause]:
    """Yield the causes that the kind's own code finds."""
    if kind.id in _WORKLOADS:
        yield from _workload(new, old)
    rule = _RULES.get(kind.id)
    if rule:
        yield from rule(new, old)


def _unchanged(new: Object, old: Object | None, *path: str, why: str = "field is immutable") -> Iterator[Cause]:
    if old is not None and at(new, *path) != at(old, *path):
        yield bad_value(".".join(path), at(new, *path), why)


def _workload(new: Object, old: Object | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    template = spec.get("template") or {}
    labels = meta(template).get("labels") or {}
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        yield bad_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield bad_value("spec.selector", selector, "empty selector is invalid for deployment")
    elif not matches(selector, labels):
        yield bad_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _unchanged(new, old, "spec", "selector")
    yield from podrules.violations(template.get("spec") or {}, "spec.template.spec", ["Always"])


def _deployment(new: Object, _: Object | None) -> Iterator[Cause]:
    strategy = at(new, "spec", "strategy") or {}
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        why = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden("spec.strategy.rollingUpdate", why)
    if rolling and {str(rolling.get(n)) for n in ("maxSurge", "maxUnavailable")} <= {"0", "0%"}:
        yield bad_value("spec.strategy.rollingUpdate.maxUnavailable", 0, "may not be 0 when `maxSurge` is 0")


def _pod(new: Object, old: Object | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    if old is None:
        yield from podrules.violations(spec, "spec")
    elif _pod_core(spec) != _pod_core(old.get("spec") or {}):
        yield forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions "
            "to existing tolerations),`spec.terminationGracePeriodSeconds`",
        )


def _pod_core(spec: Mapping[str, Any]) -> dict[str, Any]:
    core = without(spec, *_POD_MAY_CHANGE)
    for group in ("containers", "initContainers"):
        core[group] = [without(container, "image") for container in spec.get(group) or ()]
    return core


def _job(new: Object, old: Object | None) -> Iterator[Cause]:
    for name in ("template", "selector", "completions", "completionMode"):
        yield from _unchanged(new, old, "spec", name)
    if old is None:
        spec = at(new, "spec", "template", "spec") or {}
        if spec.get("restartPolicy", "Always") == "Always":
            yield required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
        yield from podrules.violations(spec, "spec.template.spec")


def _frozen(new: Object, old: Object | None) -> Iterator[Cause]:
    if old is not None and old.get("immutable"):
        for name in ("data", "binaryData", "immutable"):
            if new.get(name) != old.get(name):
                yield forbidden(name, "field is immutable when `immutable` is set")


def _keys(new: Object, *groups: str) -> Iterator[Cause]:
    for group in groups:
        for key in new.get(group) or {}:
            yield from (bad_value(f"{group}[{key}]", key, why) for why in texts.config_key(key))


def _config_map(new: Object, old: Object | None) -> Iterator[Cause]:
    yield from _frozen(new, old)
    yield from _keys(new, "data", "binaryData")
    for key in (new.get("data") or {}).keys() & (new.get("binaryData") or {}).keys():
        yield bad_value(f"data[{key}]", key, "duplicate of key present in binaryData")


def _secret(new: Object, old: Object | None) -> Iterator[Cause]:
    yield from _unchanged(new, old, "type")
    yield from _frozen(new, old)
    yield from _keys(new, "data")
    for key in _SECRET_KEYS.get(new.get("type", ""), ()):
        if key not in (new.get("data") or {}):
            yield required(f"data[{key}]")
    kind = "kubernetes.io/service-account-token"
    annotations = meta(new).get("annotations") or {}
    if new.get("type") == kind and not annotations.get("kubernetes.io/service-account.name"):
        yield required("metadata.annotations[kubernetes.io/service-account.name]")


def _service(new: Object, old: Object | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    ports, kind = spec.get("ports") or [], spec.get("type", "ClusterIP")
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if kind == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    for i, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{i}].name")
        if port.get("targetPort") == 0:
            yield bad_value(f"spec.ports[{i}].targetPort", 0, "must be between 1 and 65535, inclusive")
        if port.get("name") and port["name"] in [other.get("name") for other in ports[:i]]:
            yield Cause(f"spec.ports[{i}].name", "FieldValueDuplicate", f'Duplicate value: "{port.get("name")}"')
    if old is not None and at(old, "spec", "type") == kind:
        was, now = at(old, "spec", "clusterIP"), spec.get("clusterIP")
        if was and was != now:
            yield bad_value("spec.clusterIPs[0]", [now], "may not change once set")


def _disruption_budget(new: Object, _: Object | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:
        yield bad_value("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def _autoscaler(new: Object, _: Object | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    most, least = spec.get("maxReplicas", 0), spec.get("minReplicas", 1)
    if most < 1:
        yield bad_value("spec.maxReplicas", most, "must be greater than 0")
    elif most < least:
        yield bad_value("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    if least < 0:
        yield bad_value("spec.minReplicas", least, "must be greater than or equal to 0")


def _namespaced_binding(new: Object, old: Object | None) -> Iterator[Cause]:
    # Here an account without a namespace is one of the binding's own.
    yield from _unchanged(new, old, "roleRef", why="cannot change roleRef")


def _binding(new: Object, old: Object | None) -> Iterator[Cause]:
    yield from _unchanged(new, old, "roleRef", why="cannot change roleRef")
    for i, subject in enumerate(new.get("subjects") or ()):
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            yield required(f"subjects[{i}].namespace")


def _priority(new: Object, old: Object | None) -> Iterator[Cause]:
    yield from _unchanged(new, old, "value", why="may not be changed in an update.")
    if new.get("value", 0) > _USER_PRIORITY_LIMIT and not meta(new).get("name", "").startswith("system-"):
        yield forbidden("value", f"maximum allowed value of a user defined priority is {_USER_PRIORITY_LIMIT}")


_RULES: dict[str, Rule] = {
    "Deployment.apps": _deployment,
    "Pod": _pod,
    "Job.batch": _job,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "Service": _service,
    "PodDisruptionBudget.policy": _disruption_budget,
    "HorizontalPodAutoscaler.autoscaling": _autoscaler,
    "RoleBinding.rbac.authorization.k8s.io": _namespaced_binding,
    "ClusterRoleBinding.rbac.authorization.k8s.io": _binding,
    "PriorityClass.scheduling.k8s.io": _priority,
    "CustomResourceDefinition.apiextensions.k8s.io": definitions.violations,
}
