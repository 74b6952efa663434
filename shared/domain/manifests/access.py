"""Service accounts, roles and bindings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.manifests.objects import Manifest, manifest

RBAC = "rbac.authorization.k8s.io"
Rule = Mapping[str, Sequence[str]]


def rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> dict[str, Any]:
    """Return a rule over resources of one API group; ``names`` narrows it to single objects."""
    found = {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
    return {**found, "resourceNames": list(names)} if names else found


def service_account(name: str, namespace: str, labels: Mapping[str, str]) -> Manifest:
    """Return a service account."""
    return manifest("v1", "ServiceAccount", name, labels, namespace=namespace)


def role_pair(
    name: str,
    labels: Mapping[str, str],
    rules: Sequence[Mapping[str, Any]],
    account: tuple[str, str],
    *,
    namespace: str = "",
    binding: str = "",
) -> tuple[Manifest, Manifest]:
    """Return a role and its binding to one account, given as (namespace, name).

    Without a namespace both hold for the whole cluster. ``binding`` names the binding otherwise than the role.
    """
    kind = "Role" if namespace else "ClusterRole"
    role = manifest(f"{RBAC}/v1", kind, name, labels, namespace=namespace, rules=[dict(each) for each in rules])
    bound = manifest(
        f"{RBAC}/v1",
        f"{kind}Binding",
        binding or name,
        labels,
        namespace=namespace,
        subjects=[{"kind": "ServiceAccount", "namespace": account[0], "name": account[1]}],
        roleRef={"apiGroup": RBAC, "kind": kind, "name": name},
    )
    return role, bound
