"""Regions, zones, machine types and the project itself: what there is, and how much of it one may use."""

from __future__ import annotations

from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_lists import EVERYWHERE, aggregated, by_scope, matching
from infra.local.cloud.compute_store import BASE, missing
from infra.local.cloud.compute_usage import Usage
from infra.local.cloud.regions import (
    GLOBAL_QUOTA,
    REGION_QUOTA,
    SHAPES,
    ZONES,
    is_zone,
    offered,
    region_of,
    zones_of,
)
from infra.local.cloud.wire import Handler

# The API's list has no row for some limits that hold all the same: a metric not shown is unknown, not zero.
_SHOWN = {metric.name for metric in compute_v1.Quota.Metric}


class Places:
    """Handlers of the read-only clients about places and limits."""

    def __init__(self, usage: Usage, number: str) -> None:
        self._usage = usage
        self._number = number

    def regions(self) -> dict[str, Handler]:
        """Return the handlers of the regions client."""
        return {"Get": self._get_region, "List": self._list_regions}

    def zones(self) -> dict[str, Handler]:
        """Return the handlers of the zones client."""
        return {"Get": self._get_zone, "List": self._list_zones}

    def machine_types(self) -> dict[str, Handler]:
        """Return the handlers of the machine types client."""
        return {"Get": self._get_type, "List": self._list_types, "AggregatedList": self._aggregated_types}

    def projects(self) -> dict[str, Handler]:
        """Return the handlers of the projects client."""
        return {"Get": self._get_project}

    def _quotas(self, project: str, region: str) -> list[compute_v1.Quota]:
        metrics = dict.fromkeys(GLOBAL_QUOTA if region == "global" else REGION_QUOTA)
        metrics |= dict.fromkeys(metric for where, metric in self._usage.faults_quota() if where == region)
        used = self._usage.used(project)
        return [
            compute_v1.Quota(metric=m, limit=self._usage.limit(region, m), usage=used[region, m])
            for m in metrics
            if m in _SHOWN
        ]

    def _region(self, project: str, region: str) -> compute_v1.Region:
        return compute_v1.Region(
            name=region,
            kind="compute#region",
            status="UP",
            quotas=self._quotas(project, region),
            zones=[f"{BASE}projects/{project}/zones/{zone}" for zone in zones_of(region)],
            self_link=f"{BASE}projects/{project}/regions/{region}",
        )

    def _get_region(self, request: Any) -> compute_v1.Region:
        if request.region not in ZONES:
            raise missing(f"projects/{request.project}/regions/{request.region}")
        return self._region(request.project, request.region)

    def _list_regions(self, request: Any) -> compute_v1.RegionList:
        every = [self._region(request.project, region) for region in ZONES]
        return compute_v1.RegionList(kind="compute#regionList", items=matching(every, request.filter))

    def _get_zone(self, request: Any) -> compute_v1.Zone:
        if not is_zone(request.zone):
            raise missing(f"projects/{request.project}/zones/{request.zone}")
        return _zone(request.project, request.zone)

    def _list_zones(self, request: Any) -> compute_v1.ZoneList:
        every = [_zone(request.project, zone) for region in ZONES for zone in zones_of(region)]
        return compute_v1.ZoneList(kind="compute#zoneList", items=matching(every, request.filter))

    def _get_type(self, request: Any) -> compute_v1.MachineType:
        if not offered(request.zone, request.machine_type):
            raise missing(f"projects/{request.project}/zones/{request.zone}/machineTypes/{request.machine_type}")
        return _machine_type(request.project, request.zone, request.machine_type)

    def _list_types(self, request: Any) -> compute_v1.MachineTypeList:
        if not is_zone(request.zone):
            raise missing(f"projects/{request.project}/zones/{request.zone}")
        every = _machine_types(request.project, request.zone)
        return compute_v1.MachineTypeList(kind="compute#machineTypeList", items=matching(every, request.filter))

    def _aggregated_types(self, request: Any) -> compute_v1.MachineTypeAggregatedList:
        found = {}
        for zone in (zone for region in ZONES for zone in zones_of(region)):
            found[f"zones/{zone}"] = matching(_machine_types(request.project, zone), request.filter)
        return compute_v1.MachineTypeAggregatedList(
            kind="compute#machineTypeAggregatedList",
            items=by_scope("machine_types", found, EVERYWHERE if request.include_all_scopes else found),
            **aggregated(BASE, request.project, "machineTypes"),
        )

    def _get_project(self, request: Any) -> compute_v1.Project:
        return compute_v1.Project(
            id=int(self._number),
            name=request.project,
            kind="compute#project",
            quotas=self._quotas(request.project, "global"),
            default_network_tier="PREMIUM",
            self_link=f"{BASE}projects/{request.project}",
        )


def _zone(project: str, zone: str) -> compute_v1.Zone:
    return compute_v1.Zone(
        name=zone,
        kind="compute#zone",
        status="UP",
        region=f"{BASE}projects/{project}/regions/{region_of(zone)}",
        self_link=f"{BASE}projects/{project}/zones/{zone}",
    )


def _machine_types(project: str, zone: str) -> list[compute_v1.MachineType]:
    return [_machine_type(project, zone, name) for name in sorted(SHAPES) if offered(zone, name)]


def _machine_type(project: str, zone: str, name: str) -> compute_v1.MachineType:
    shape = SHAPES[name]
    gpus = [] if shape.is_tpu or not shape.gpus else [(shape.gpu_type, shape.gpus)]
    return compute_v1.MachineType(
        name=name,
        kind="compute#machineType",
        zone=zone,
        guest_cpus=shape.cpus,
        memory_mb=shape.memory_gb * 1024,
        architecture="ARM64" if name.startswith("a4x-") else "X86_64",
        accelerators=[{"guest_accelerator_type": kind, "guest_accelerator_count": count} for kind, count in gpus],
        self_link=f"{BASE}projects/{project}/zones/{zone}/machineTypes/{name}",
    )
