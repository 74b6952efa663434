"""What can be bought: machine types, where they stand, how they are sold and what they cost.

Values only. The data files of shared/catalog are read into these, and shared/domain/catalog.py answers
questions about them. What no source told us is None or absent: it is unknown, never zero and never no.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Consumption(StrEnum):
    """How a machine is paid for and how it may be taken away again."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    FLEX_START = "flex_start"
    RESERVATION = "reservation"
    CALENDAR = "calendar"

    @property
    def preemptible(self) -> bool:
        """Whether it draws on the PREEMPTIBLE_ quota; flex-start does, although it is not preempted for price."""
        return self in (Consumption.SPOT, Consumption.FLEX_START)


@dataclass(frozen=True)
class Accelerator:
    """The GPUs or TPU chips of one machine. `type` is the GKE accelerator string and the node label's value."""

    type: str
    count: int
    memory_gb: int
    """Of each one."""
    architecture: str
    bandwidth_gb_per_s: float | None = None
    """Of each one's memory, by the data sheet; None where none was read."""
    dense_tflops: float | None = None
    """Of each one, 16-bit without sparsity, by the data sheet; None where none was read."""
    figures: str | None = None
    """The source of these two."""


@dataclass(frozen=True)
class Networks:
    """What full bandwidth between nodes needs beside the cluster's own network."""

    additional: int | None = 0
    """Entries of additionalNodeNetworkConfigs; None where no recipe was found."""
    regular: int = 0
    """How many of them are ordinary VPCs with one subnet each."""
    rdma_subnets: int = 0
    """How many are subnets of the one RoCE VPC."""
    profile: str | None = None
    """Template of the RoCE VPC's network profile; see `profile_in`."""
    mtu: int | None = None
    multi_networking: bool = False
    """The cluster must be created with multi-networking and Dataplane V2."""
    managed: bool = False
    """GKE can build them itself: acceleratorNetworkProfile auto."""
    gpudirect: Literal["TCPX", "TCPXO", "RDMA"] | None = None
    pod_interfaces: tuple[str, ...] = ()
    """Networks in the order of eth1, eth2 … of the pod; the first RDMA NIC of a3-ultragpu-8g is eth2."""
    installer: str | None = None
    """The DaemonSet that puts the NCCL plugin on the node, with the plugin's version."""
    total_gbps: int | None = None
    fabric_gbps: int | None = None
    nccl_floor_gb_per_s: int | None = None
    """Bus bandwidth of a two-node all-gather below which Google's own tests fail."""
    rdma_nic: str | None = None

    def profile_in(self, zone: str) -> str | None:
        """The name of the network profile in that zone; None for machines without RDMA NICs."""
        return None if self.profile is None else self.profile.format(zone=zone)


@dataclass(frozen=True)
class Quota:
    """Which limits a machine draws on, per accelerator."""

    on_demand: str | None
    preemptible: str | None
    visible: tuple[str, ...] = ()
    """The metrics regions.get is known to list; another one may be missing there, which is not zero."""
    also: tuple[str, ...] = ()
    cloud_quota: str | None = None
    """The id in the Cloud Quotas API, where the rest can be read."""
    dimension: str | None = None
    family: str | None = None

    def metric(self, consumption: Consumption) -> str | None:
        """The metric that this way of buying draws on; None where none is known."""
        return self.preemptible if consumption.preemptible else self.on_demand


@dataclass(frozen=True)
class MinGke:
    """The oldest GKE version that does something with this machine; None where no source names one."""

    recipe: str | None = None
    """The tested recipe with full bandwidth."""
    flex_start: str | None = None
    managed_networks: str | None = None


@dataclass(frozen=True)
class Machine:
    """One accelerator machine type."""

    machine_type: str
    family: str
    kind: Literal["gpu", "tpu"]
    accelerator: Accelerator
    vcpu: int
    memory_gb: int
    cpu_arch: Literal["amd64", "arm64"]
    sold: tuple[Consumption, ...]
    """Ways it is sold. A list price alone does not count: some shapes have one and are refused."""
    unsure: tuple[Consumption, ...]
    """Ways no source confirms or denies."""
    zones: tuple[str, ...]
    """Where the type is offered; says nothing of free capacity."""
    quota: Quota
    source: str
    unconfirmed_zones: tuple[str, ...] = ()
    """Named by a price list only: not offered until machineTypes.list has shown the type there."""
    flex_start_zones: tuple[str, ...] | None = None
    """Where flex-start is narrower than `zones`; None means it is not."""
    networks: Networks = Networks()
    boot_disk: str | None = None
    """The boot disk type the machine requires; None means any."""
    local_ssds: int | None = None
    """Bundled local SSDs; None where not known."""
    driver_min: str | None = None
    """Oldest GPU driver branch that knows the accelerator."""
    min_gke: MinGke = MinGke()
    topologies: tuple[str, ...] = ()
    """TPU slices, single host."""
    compact_flex_start: bool | None = None
    """Whether COMPACT placement goes with flex-start; None where placement is not described."""

    @property
    def rdma(self) -> bool:
        """Whether its NICs need a RoCE network."""
        return self.networks.rdma_subnets > 0


@dataclass(frozen=True)
class SystemMachine:
    """A CPU shape for the system pool: GKE's own components and the endpoint picker."""

    machine_type: str
    vcpu: int
    memory_gb: int
    cpu_arch: Literal["amd64", "arm64"]
    cpu_quota: str


@dataclass(frozen=True)
class Region:
    """A region and those of its zones that the catalogue knows."""

    name: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Where a figure comes from."""

    title: str
    date: date | None
    """The state that was read; None where none was recorded."""


@dataclass(frozen=True)
class Price:
    """US dollars for one whole machine for one hour, its accelerators, memory and bundled SSD included."""

    usd_per_hour: Decimal
    source: str
    """An id of the catalogue's sources."""
    read_on: date | None
    """None where the list carries no date."""
    note: str | None = None
    """What a person must know before trusting the figure, such as that it is derived."""
