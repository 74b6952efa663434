"""The kinds that every cluster serves."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.notation import Notation

_KINDS = """
  v1 Namespace namespaces ns cluster status
  v1 Pod pods po status
  v1 Node nodes no cluster status
  v1 Service services svc status
  v1 ServiceAccount serviceaccounts sa
  v1 Secret secrets -
  v1 ConfigMap configmaps cm
  v1 Event events ev
  v1 Endpoints endpoints ep
  apps/v1 Deployment deployments deploy status scale
  apps/v1 ReplicaSet replicasets rs status scale
  apps/v1 DaemonSet daemonsets ds status
  apps/v1 StatefulSet statefulsets sts status scale
  batch/v1 Job jobs - status
  policy/v1 PodDisruptionBudget poddisruptionbudgets pdb status
  autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers hpa status
  rbac.authorization.k8s.io/v1 Role roles -
  rbac.authorization.k8s.io/v1 RoleBinding rolebindings -
  rbac.authorization.k8s.io/v1 ClusterRole clusterroles - cluster
  rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings - cluster
  coordination.k8s.io/v1 Lease leases -
  discovery.k8s.io/v1 EndpointSlice endpointslices -
  scheduling.k8s.io/v1 PriorityClass priorityclasses pc cluster
  networking.k8s.io/v1 NetworkPolicy networkpolicies netpol
  storage.k8s.io/v1 StorageClass storageclasses sc cluster
  apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions crd,crds cluster status
"""


_ALL = {
    *("Pod", "Service", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "HorizontalPodAutoscaler"),
}
"""What ``kubectl get all`` shows."""


@cache
def groups() -> frozenset[str]:
    """Return the groups that are served from birth."""
    return frozenset(kind.group for kind, _ in kinds())


@cache
def kinds() -> tuple[tuple[Kind, dict[str, Any]], ...]:
    """Return every built-in kind with its schema."""
    folder = Path(__file__).parent / "fields"
    notation = Notation(*(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))))
    out = []
    for line in _KINDS.strip().splitlines():
        version, name, plural, short, *flags = line.split()
        group, _, number = version.rpartition("/")
        kind = Kind(
            group=group,
            version=number,
            kind=name,
            plural=plural,
            namespaced="cluster" not in flags,
            status="status" in flags,
            short_names=() if short == "-" else tuple(short.split(",")),
            scale="scale" in flags,
            singular=name.lower(),
            categories=("all",) if name in _ALL else (),
        )
        out.append((kind, notation.schema(name)))
    return tuple(out)
