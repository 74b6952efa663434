"""Which of the two documented shapes of AutoscalingMetric a cluster takes: its own CRD decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.adapters.kube import Kube, Object
from shared.adapters.refusals import Refusal
from shared.domain.conditions import Reason
from shared.domain.errors import PreconditionError
from shared.domain.names import Kind
from shared.providers.kube_views import View

_CRD = "autoscalingmetrics.autoscaling.gke.io"
_NESTED_SINCE = (1, 35, 1, 1396000)
"""The first GKE version for which Google documents shape B."""


def apply_metric(
    kube: Kube, view: View, manifest: Object, shapes: Mapping[str, Mapping[str, Any]], *, force: bool
) -> None:
    """Apply the metric in the shape that the cluster takes. Raises PreconditionError while it takes none."""
    crd = kube.get(view.base, Kind.CRD, "", _CRD)
    if crd is None:
        raise PreconditionError(f"the cluster does not serve {_CRD} yet", reason=Reason.WAITING)
    sure, first = shape_of(crd, view.version)
    if not sure:
        first = _accepted(kube, view, manifest, shapes, first)
    kube.apply(view.base, Kind.AUTOSCALING_METRIC, {**manifest, "spec": dict(shapes[first])}, force=force)


def shape_of(crd: Object, version: str) -> tuple[bool, str]:
    """Return whether the CRD tells the shape, and the shape; where its schema is open, the version's likely one."""
    served: Object = next((v for v in crd["spec"]["versions"] if v["name"] == "v1beta1"), {})
    schema = served.get("schema", {}).get("openAPIV3Schema", {})
    fields = schema.get("properties", {}).get("spec", {}).get("properties", {})
    if "endpoints" in fields:
        return True, "A"
    if "metrics" in fields:
        return True, "B"
    numbers = tuple(int(part) for part in re.findall(r"\d+", version))
    return False, "B" if numbers >= _NESTED_SINCE else "A"


def _accepted(kube: Kube, view: View, manifest: Object, shapes: Mapping[str, Mapping[str, Any]], first: str) -> str:
    """Return the shape that a dry run accepts; the likely one where neither is, so that its refusal is told."""
    for shape in (first, "B" if first == "A" else "A"):
        try:
            kube.apply(view.base, Kind.AUTOSCALING_METRIC, {**manifest, "spec": dict(shapes[shape])}, dry=True)
        except Refusal as refusal:
            if refusal.status != "INVALID_ARGUMENT":
                raise
        else:
            return shape
    return first
