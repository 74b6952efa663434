"""Cloud Quotas: the limits of accelerator families that regions.get does not show."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.errors import ApiError
from infra.local.cloud.project import Project
from infra.local.cloud.regions import REGION_QUOTA, ZONES
from infra.local.cloud.routes import Ask, Routes, paged
from infra.local.cloud.world import World

GPU_ID, TPU_ID = "GPUS-PER-GPU-FAMILY-per-project-region", "TPUS-PER-TPU-FAMILY-per-project-region"
GPUS: dict[str, int] = {
    f"NVIDIA_{family}": REGION_QUOTA[f"NVIDIA_{family}_GPUS"]
    for family in ("H100", "H100_MEGA", "H200", "B200", "GB200")
}
"""GPU family -> limit in every region; the same figures as Compute enforces."""
TPUS: dict[str, int] = {"CT6E": 64}
SERVICE = "compute.googleapis.com"


class Quotas:
    """The quota infos of Compute. ``limits`` may be changed: quota id -> (family, region) -> limit."""

    def __init__(self, world: World, project: Project) -> None:
        self.world = world
        self.project = project
        self.limits: dict[str, dict[tuple[str, str], int]] = {
            name: {(family, region): limit for family, limit in table.items() for region in ZONES}
            for name, table in ((GPU_ID, GPUS), (TPU_ID, TPUS))
        }
        self.routes = Routes(world, "cloudquotas")
        base = "/v1/projects/{project}/locations/global/services/{service}/quotaInfos"
        self.routes.add("GET", base, self._list)
        self.routes.add("GET", f"{base}/{{quota}}", self._get)

    def limit(self, quota: str, family: str, region: str) -> int:
        """Return the limit just now. A fault may name the quota's own key or the metric that Compute shows."""
        faults = self.world.faults.quota
        own = (region, f"{quota.removesuffix('-per-project-region')}/{family}")
        return faults.get(own, faults.get((region, f"{family}_GPUS"), self.limits[quota][family, region]))

    def snapshot(self) -> dict[str, object]:
        """Return all limits as they stand."""
        return {
            name: {f"{family}/{region}": self.limit(name, family, region) for family, region in sorted(table)}
            for name, table in self.limits.items()
        }

    def _checked(self, ask: Ask) -> None:
        self.project.check(ask.parts["project"])
        if ask.parts["service"] != SERVICE:
            raise ApiError("NOT_FOUND", f"Service {ask.parts['service']} not found.", "notFound")

    def _list(self, ask: Ask) -> dict[str, Any]:
        self._checked(ask)
        found = [self._info(name) for name in self.limits]
        some, token = paged(found, ask.size(), ask.query.get("pageToken", ""))
        return {"quotaInfos": some, **({"nextPageToken": token} if token else {})}

    def _get(self, ask: Ask) -> dict[str, Any]:
        self._checked(ask)
        if ask.parts["quota"] not in self.limits:
            raise ApiError("NOT_FOUND", f"QuotaInfo {ask.parts['quota']} not found.", "notFound")
        return self._info(ask.parts["quota"])

    def _info(self, quota: str) -> dict[str, Any]:
        kind = "gpu" if quota == GPU_ID else "tpu"
        parent = f"projects/{self.project.number}/locations/global/services/{SERVICE}"
        return {
            "name": f"{parent}/quotaInfos/{quota}",
            "quotaId": quota,
            "metric": f"{SERVICE}/{kind}s_per_{kind}_family",
            "service": SERVICE,
            "isPrecise": True,
            "containerType": "PROJECT",
            "dimensions": [f"{kind}_family", "region"],
            "metricUnit": "1",
            "quotaDisplayName": f"{kind.upper()}s per {kind.upper()} family",
            "quotaIncreaseEligibility": {"isEligible": True},
            "dimensionsInfos": [
                {
                    "dimensions": {f"{kind}_family": family, "region": region},
                    "details": {"value": str(self.limit(quota, family, region))},
                    "applicableLocations": [region],
                }
                for family, region in sorted(self.limits[quota])
            ],
        }
