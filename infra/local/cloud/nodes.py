"""The machines of node pools: they start, are refused for want of stock or quota, and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from google.cloud import container_v1

from infra.local.cloud.compute_usage import Usage, exceeded
from infra.local.cloud.durations import Durations
from infra.local.cloud.operations import Failure
from infra.local.cloud.regions import SHAPES, Shape, cpu_metric, region_of
from infra.local.cloud.world import Entry, World

_EFFECT = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
_EVENTS_KEPT = 50


@dataclass
class Node:
    """A machine that has joined its cluster."""

    name: str
    pool: str
    zone: str
    machine_type: str
    gpus: int
    """Accelerators: GPUs, or TPU chips where ``gpu_type`` begins with ``tpu-``."""
    gpu_type: str
    cpu: int
    memory_gb: int
    labels: dict[str, str]
    taints: list[dict[str, str]]
    """Kubernetes taints: key, value, effect."""
    ready: bool = True


@dataclass
class Pool:
    """A node pool: what was asked, the machines it has, and those on their way."""

    project: str
    path: str
    """``projects/P/locations/L/clusters/C/nodePools/N``."""
    spec: container_v1.NodePool
    nodes: dict[str, Node] = field(default_factory=dict)
    starting: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    """Name of the machine -> (zone, when it joins)."""
    events: list[str] = field(default_factory=list)
    """What went wrong with machines, oldest first, such as GCE_STOCKOUT."""
    changes: int = 0
    """How often the pool was changed; its etag follows."""
    made: int = 0
    """How many machines were ever begun; names follow."""

    @property
    def name(self) -> str:
        """Return the pool's own name."""
        return self.path.rsplit("/", 1)[1]

    @property
    def cluster(self) -> str:
        """Return the cluster's path."""
        return self.path.split("/nodePools/")[0]

    @property
    def machine_type(self) -> str:
        """Return the machine type."""
        return str(self.spec.config.machine_type)

    @property
    def shape(self) -> Shape:
        """Return the size of its machines."""
        return SHAPES[self.machine_type]

    @property
    def size(self) -> int:
        """Return how many machines there are or are on their way."""
        return len(self.nodes) + len(self.starting)

    @property
    def preemptible(self) -> bool:
        """Say whether its machines draw on the PREEMPTIBLE_ quotas."""
        config = self.spec.config
        return bool(config.spot or config.preemptible or config.flex_start)

    def template(self) -> Node:
        """Return what the next machine of the pool would be as a node."""
        return make_node(self, self.name, self.spec.locations[0])

    def needs(self) -> Counter[str]:
        """Return what one machine takes of each quota."""
        metric = f"PREEMPTIBLE_{self.shape.metric}" if self.preemptible else self.shape.metric
        needs = Counter({"INSTANCES": 1, cpu_metric(self.machine_type): self.shape.cpus})
        if self.shape.metric:
            needs[metric] = self.shape.gpus
        if self.shape.gpus and not self.shape.is_tpu:
            needs["GPUS_ALL_REGIONS"] = self.shape.gpus
        del needs[""]
        return needs

    def bounds(self) -> tuple[int, int]:
        """Return the least and the most machines its autoscaler may set; (size, size) without one."""
        scaling, zones = self.spec.autoscaling, len(self.spec.locations)
        if not scaling.enabled:
            return self.size, self.size
        if scaling.total_max_node_count or scaling.total_min_node_count:
            return scaling.total_min_node_count, scaling.total_max_node_count
        return scaling.min_node_count * zones, scaling.max_node_count * zones

    def per_zone(self) -> Counter[str]:
        """Return how many machines each zone of the pool has or is getting."""
        count = Counter(dict.fromkeys(self.spec.locations, 0))
        count.update(node.zone for node in self.nodes.values())
        count.update(zone for zone, _ in self.starting.values())
        return count

    def note(self, event: str) -> None:
        """Keep what went wrong; the same event twice in a row is one."""
        if not self.events or self.events[-1] != event:
            self.events = [*self.events, event][-_EVENTS_KEPT:]


class Machines:
    """Starts and stops the machines of pools, within quota and stock."""

    def __init__(self, world: World, usage: Usage, changed: Callable[[], None]) -> None:
        self._world = world
        self._usage = usage
        self._changed = changed
        self._durations = Durations(world)

    def refused_by_quota(self, pool: Pool, zone: str, count: int) -> Failure | None:
        """Return why so many more machines would be above a quota, or None."""
        region = region_of(zone)
        needs = Counter({metric: need * count for metric, need in pool.needs().items()})
        short = self._usage.short(pool.project, region, needs)
        if short is None:
            return None
        metric, where, limit = short
        text = f"Instance '{self._name(pool, zone)}' creation failed: {exceeded(metric, limit, where)}"
        attributes = {"metricName": metric, "limit": str(limit), "region": where}
        return Failure("RESOURCE_EXHAUSTED", text, "GCE_QUOTA_EXCEEDED", attributes)

    def refused_by_stock(self, pool: Pool, zone: str) -> Failure | None:
        """Return why no machine is to be had in the zone now, or None."""
        if not self._world.faults.stocked_out(zone, pool.machine_type):
            return None
        place = f"The zone 'projects/{pool.project}/zones/{zone}' does not have enough resources available"
        text = f"Instance '{self._name(pool, zone)}' creation failed: {place} to fulfill the request."
        detail = f" '(resource type:compute, machine type:{pool.machine_type})'."
        return Failure("RESOURCE_EXHAUSTED", text + detail, "GCE_STOCKOUT", {"zone": zone})

    def start(self, pool: Pool, zone: str) -> None:
        """Begin one machine; it joins the cluster two or three minutes later."""
        name = self._name(pool, zone)
        pool.made += 1
        lasts = self._durations.draw("node.start", f"{pool.path}/{pool.made}")
        pool.starting[name] = (zone, self._world.after(lasts, lambda: self._join(pool, name)))

    def join_now(self, pool: Pool) -> None:
        """Let every machine on its way join at once: the operation that made them has ended."""
        for name in list(pool.starting):
            pool.starting[name][1].cancel()
            self._join(pool, name)

    def grow(self, pool: Pool, count: int) -> None:
        """Begin machines up to this count in all; what quota or stock refuse becomes an event of the pool."""
        while pool.size < count:
            refused = []
            for zone, _ in sorted(pool.per_zone().items(), key=lambda item: (item[1], item[0])):
                failure = self.refused_by_quota(pool, zone, 1) or self.refused_by_stock(pool, zone)
                if failure is None:
                    self.start(pool, zone)
                    break
                refused.append(failure)
            else:
                for failure in refused:
                    pool.note(f"{failure.reason}: {failure.message}")
                return

    def shrink(self, pool: Pool, count: int, keep: Collection[str] = ()) -> None:
        """Take machines away down to this count: those on their way first, never one to keep."""
        surplus = max(0, pool.size - count)
        going = [*list(pool.starting)[::-1], *[name for name in reversed(pool.nodes) if name not in keep]]
        for name in going[:surplus]:
            self.remove(pool, name)
        if going[:surplus]:
            self._changed()

    def remove(self, pool: Pool, name: str) -> None:
        """Take one machine away, whether it has joined or not."""
        if name in pool.starting:
            pool.starting.pop(name)[1].cancel()
        pool.nodes.pop(name, None)

    def refresh(self, pool: Pool) -> None:
        """Give the machines that there are the labels, taints and shape that their pool has now."""
        for name, node in pool.nodes.items():
            pool.nodes[name] = make_node(pool, name, node.zone)

    def clear(self, pool: Pool) -> None:
        """Take all machines away."""
        for name in [*pool.starting, *pool.nodes]:
            self.remove(pool, name)
        self._changed()

    def _join(self, pool: Pool, name: str) -> None:
        zone, _ = pool.starting.pop(name)
        pool.nodes[name] = make_node(pool, name, zone)
        self._changed()

    def _name(self, pool: Pool, zone: str) -> str:
        group = group_name(self._world, pool, zone)
        # An odd factor runs through all tails before one comes again.
        tail = (int(group[-8:], 16) + pool.made * 40503) & 0xFFFF
        return f"{group}-{tail:04x}"


def group_name(world: World, pool: Pool, zone: str) -> str:
    """Return the name of the pool's instance group in a zone, without its ``-grp``; machines are called after it."""
    mark = world.dice(f"{pool.path}/{zone}").getrandbits(32)
    return f"gke-{pool.cluster.rsplit('/', 1)[1][:18]}-{pool.name[:18]}-{mark:08x}"


def _model_labels(config: Any) -> dict[str, str]:
    labels = {}
    if config.spot:
        labels["cloud.google.com/gke-spot"] = "true"
        labels["cloud.google.com/gke-provisioning"] = "spot"
    if config.flex_start:
        labels["cloud.google.com/gke-flex-start"] = "true"
    if config.reservation_affinity.values:
        labels["cloud.google.com/reservation-name"] = config.reservation_affinity.values[0]
    return labels


def _accelerator_labels(pool: Pool) -> dict[str, str]:
    shape = pool.shape
    if shape.is_tpu:
        topology = pool.spec.placement_policy.tpu_topology or "1x1"
        kind = {"cloud.google.com/gke-tpu-accelerator": shape.gpu_type}
        return {**kind, "cloud.google.com/gke-tpu-topology": topology}
    if not shape.gpus:
        return {}
    count = {"cloud.google.com/gke-accelerator-count": str(shape.gpus)}
    return {"cloud.google.com/gke-accelerator": shape.gpu_type, **count}


def make_node(pool: Pool, name: str, zone: str) -> Node:
    """Return the node that a machine of the pool becomes, with the labels and taints that GKE gives it."""
    shape, config = pool.shape, pool.spec.config
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64" if pool.machine_type.startswith("a4x-") else "amd64",
        "node.kubernetes.io/instance-type": pool.machine_type,
        "topology.kubernetes.io/region": region_of(zone),
        "topology.kubernetes.io/zone": zone,
        "cloud.google.com/gke-nodepool": pool.name,
        "cloud.google.com/machine-family": pool.machine_type.split("-")[0],
        **_accelerator_labels(pool),
        **_model_labels(config),
        **dict(config.labels),
    }
    taints = [
        {"key": t.key, "value": t.value, "effect": _EFFECT.get(t.effect.name, "NoSchedule")} for t in config.taints
    ]
    # GKE keeps pods that ask for no accelerator off machines that have some.
    if shape.gpus:
        key, value = ("google.com/tpu", "present") if shape.is_tpu else ("nvidia.com/gpu", "present")
        taints += [] if any(t["key"] == key for t in taints) else [{"key": key, "value": value, "effect": "NoSchedule"}]
    return Node(
        name=name,
        pool=pool.name,
        zone=zone,
        machine_type=pool.machine_type,
        gpus=shape.gpus,
        gpu_type=shape.gpu_type,
        cpu=shape.cpus,
        memory_gb=shape.memory_gb,
        labels=labels,
        taints=taints,
    )
