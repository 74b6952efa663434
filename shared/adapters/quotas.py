"""What the project may still use, for quotes: limits of regions, and Cloud Quotas for what regions do not list."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.adapters.classify import KNOWN
from shared.adapters.compute import Compute
from shared.adapters.rest import Rest
from shared.domain.names import GLOBAL
from shared.domain.quotes import QuotaFinding

_LOG = logging.getLogger(__name__)
_FAMILY_QUOTA = "GPUS-PER-GPU-FAMILY-per-project-region"
_FAMILIES = {
    "NVIDIA_H100_GPUS": "NVIDIA_H100",
    "NVIDIA_H100_MEGA_GPUS": "NVIDIA_H100_MEGA",
    "NVIDIA_H200_GPUS": "NVIDIA_H200",
    "NVIDIA_B200_GPUS": "NVIDIA_B200",
    "NVIDIA_GB200_GPUS": "NVIDIA_GB200",
}
"""Metrics that regions.get does not list: the family under which Cloud Quotas knows them. It tells no usage."""
Known = Mapping[tuple[str, str], tuple[float, float | None]]


class CloudQuotas:
    """Keeps ``ports.Quotas``. ``endpoint`` is Cloud Quotas', empty for Google's own, else ``http://HOST:PORT``."""

    def __init__(self, compute: Compute, endpoint: str, project: str, workers: int = 8) -> None:
        self._compute = compute
        base = f"/v1/projects/{project}/locations/global"
        self._family = f"{base}/services/compute.googleapis.com/quotaInfos/{_FAMILY_QUOTA}"
        self._rest = Rest(endpoint, "cloudquotas.googleapis.com", workers)
        self._workers = workers

    def findings(self, needs: Mapping[tuple[str, str], int]) -> tuple[QuotaFinding, ...]:
        """Return a finding per (region, metric) -> amount. What cannot be read has no limit and no usage."""
        regions = sorted({region for region, _ in needs})
        with ThreadPoolExecutor(self._workers) as pool:
            families = pool.submit(self._families) if any(metric in _FAMILIES for _, metric in needs) else None
            listed = dict(zip(regions, pool.map(self._region, regions), strict=True))
            known: dict[tuple[str, str], tuple[float, float | None]] = dict(families.result()) if families else {}
        known |= {(region, metric): pair for region, found in listed.items() for metric, pair in found.items()}
        return tuple(_finding(known, region, metric, need) for (region, metric), need in sorted(needs.items()))

    def _region(self, region: str) -> Mapping[str, tuple[float, float]]:
        try:
            return self._compute.project_quotas() if region == GLOBAL else self._compute.quotas(region)
        except KNOWN:
            _LOG.warning("quotas not visible", exc_info=True, extra={"region": region})
            return {}

    def _families(self) -> Known:
        try:
            infos = self._rest.get(self._family).get("dimensionsInfos", [])
        except KNOWN:
            _LOG.warning("GPU family quotas not visible", exc_info=True)
            return {}
        names = {family: metric for metric, family in _FAMILIES.items()}
        return {
            (region, names[family]): (limit, None)
            for region, family, limit in (_row(info) for info in infos)
            if family in names
        }


def _row(info: Mapping[str, Any]) -> tuple[str, str, float]:
    dimensions, details = info.get("dimensions", {}), info.get("details", {})
    return dimensions.get("region", ""), dimensions.get("gpu_family", ""), float(details.get("value", 0))


def _finding(known: Known, region: str, metric: str, need: int) -> QuotaFinding:
    limit, usage = known.get((region, metric), (None, None))
    return QuotaFinding(region, metric, need, limit, usage)
