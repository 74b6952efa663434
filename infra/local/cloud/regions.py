"""Where the embedded cloud is: regions, zones, machine shapes, who sells what where, and how much one may have.

A judge's own small table, kept apart from the product's catalogue so that the two cannot share a mistake.
Figures follow Google's public pages of 2026; patch levels of GKE versions and the quota limits are our own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

ZONES: dict[str, str] = {
    "us-central1": "abcf",
    "us-east4": "abc",
    "us-west1": "abc",
    "us-west4": "abc",
    "europe-west1": "bcd",
    "europe-west3": "abc",
    "europe-west4": "abc",
    "asia-northeast1": "abc",
    "asia-southeast1": "abc",
}
"""Region -> letters of its zones."""


@dataclass(frozen=True)
class Shape:
    """A machine type: size, accelerators, and how it may be bought."""

    cpus: int
    memory_gb: int
    gpus: int = 0
    gpu_type: str = ""
    metric: str = ""
    """Quota metric of the accelerators; spot and flex-start use its PREEMPTIBLE_ twin. Empty: not limited."""
    on_demand: bool = True
    flex_start: bool = True
    boot_disk: str = ""
    """The only boot disk type it takes, if there is just one."""

    @property
    def is_tpu(self) -> bool:
        """Say whether the accelerators are TPU chips."""
        return self.gpu_type.startswith("tpu-")


_L4 = ("nvidia-l4", "NVIDIA_L4_GPUS")
_A100 = ("nvidia-tesla-a100", "NVIDIA_A100_GPUS")
_A100_80 = ("nvidia-a100-80gb", "NVIDIA_A100_80GB_GPUS")
_H100 = ("nvidia-h100-80gb", "NVIDIA_H100_GPUS")
_V5E = ("tpu-v5-lite-podslice", "TPU_LITE_PODSLICE_V5")
_V6E = ("tpu-v6e-slice", "")

SHAPES: dict[str, Shape] = {
    "e2-medium": Shape(2, 4),
    **{f"e2-standard-{n}": Shape(n, n * 4) for n in (2, 4, 8, 16, 32)},
    **{f"n2-standard-{n}": Shape(n, n * 4) for n in (2, 4, 8, 16, 32)},
    **{f"n2d-standard-{n}": Shape(n, n * 4) for n in (2, 4, 8, 16, 32)},
    **{f"c2-standard-{n}": Shape(n, n * 4) for n in (4, 8, 16, 30)},
    **{f"g2-standard-{n}": Shape(n, n * 4, 1, *_L4) for n in (4, 8, 12, 16, 32)},
    "g2-standard-24": Shape(24, 96, 2, *_L4),
    "g2-standard-48": Shape(48, 192, 4, *_L4),
    "g2-standard-96": Shape(96, 384, 8, *_L4),
    **{f"a2-highgpu-{n}g": Shape(12 * n, 85 * n, n, *_A100) for n in (1, 2, 4, 8)},
    "a2-megagpu-16g": Shape(96, 1360, 16, *_A100),
    **{f"a2-ultragpu-{n}g": Shape(12 * n, 170 * n, n, *_A100_80) for n in (1, 2, 4, 8)},
    **{f"a3-highgpu-{n}g": Shape(26 * n, 234 * n, n, *_H100, on_demand=False) for n in (1, 2, 4)},
    "a3-highgpu-8g": Shape(208, 1872, 8, *_H100),
    "a3-megagpu-8g": Shape(208, 1872, 8, "nvidia-h100-mega-80gb", "NVIDIA_H100_MEGA_GPUS"),
    "a3-ultragpu-8g": Shape(
        224, 2952, 8, "nvidia-h200-141gb", "NVIDIA_H200_GPUS", on_demand=False, boot_disk="hyperdisk-balanced"
    ),
    "a4-highgpu-8g": Shape(
        224, 3968, 8, "nvidia-b200", "NVIDIA_B200_GPUS", on_demand=False, boot_disk="hyperdisk-balanced"
    ),
    "a4x-highgpu-4g": Shape(
        140, 884, 4, "nvidia-gb200", "NVIDIA_GB200_GPUS",
        on_demand=False, flex_start=False, boot_disk="hyperdisk-balanced",
    ),
    "ct5lp-hightpu-1t": Shape(24, 48, 1, *_V5E),
    "ct5lp-hightpu-4t": Shape(112, 192, 4, *_V5E),
    "ct5lp-hightpu-8t": Shape(224, 384, 8, *_V5E),
    "ct6e-standard-1t": Shape(44, 176, 1, *_V6E),
    "ct6e-standard-4t": Shape(180, 720, 4, *_V6E),
    "ct6e-standard-8t": Shape(180, 1440, 8, *_V6E),
}  # fmt: skip

_H100_ZONES = {
    "us-central1": "abc", "us-east4": "abc", "us-west1": "ab", "us-west4": "a", "europe-west1": "bc",
    "europe-west3": "c", "europe-west4": "bc", "asia-northeast1": "b", "asia-southeast1": "bc",
}  # fmt: skip
_SOLD: dict[str, dict[str, str]] = {
    "e2": ZONES,
    "n2": ZONES,
    "n2d": ZONES,
    "c2": ZONES,
    "g2": {
        "us-central1": "abc", "us-east4": "ac", "us-west1": "abc", "us-west4": "ac", "europe-west1": "bc",
        "europe-west3": "ab", "europe-west4": "abc", "asia-northeast1": "abc", "asia-southeast1": "abc",
    },
    "a2-highgpu": {
        "us-central1": "abcf", "us-west1": "b", "us-west4": "b", "europe-west4": "ab",
        "asia-northeast1": "ac", "asia-southeast1": "abc",
    },
    "a2-megagpu": {"us-central1": "abcf", "europe-west4": "ab", "asia-southeast1": "ac"},
    "a2-ultragpu": {"us-central1": "ac", "us-east4": "c", "europe-west4": "a", "asia-southeast1": "c"},
    "a3-highgpu": _H100_ZONES,
    "a3-megagpu": _H100_ZONES,
    "a3-ultragpu": {
        "us-central1": "b", "us-east4": "b", "us-west1": "c", "europe-west1": "b", "europe-west4": "a",
    },
    "a4-highgpu": {
        "us-central1": "b", "us-east4": "b", "europe-west4": "b", "asia-northeast1": "b", "asia-southeast1": "b",
    },
    "a4x-highgpu": {"us-central1": "b"},
    "ct5lp": {"us-central1": "a", "us-west1": "c", "us-west4": "a"},
    "ct6e": {"us-central1": "b", "europe-west4": "a", "asia-northeast1": "b"},
}  # fmt: skip
"""Family, or family and class, -> region -> letters of the zones that offer it."""

ROCE_SHAPES = ("a3-ultragpu-8g", "a4-highgpu-8g", "a4x-highgpu-4g")
"""Machine types whose zones have a RoCE network profile."""

SUBNET_PREFIX: dict[str, str] = {
    "us-central1": "10.128.0.0/20", "us-west1": "10.138.0.0/20", "us-east4": "10.150.0.0/20",
    "us-west4": "10.182.0.0/20", "europe-west1": "10.132.0.0/20", "europe-west3": "10.156.0.0/20",
    "europe-west4": "10.164.0.0/20", "asia-northeast1": "10.146.0.0/20", "asia-southeast1": "10.148.0.0/20",
}  # fmt: skip
"""Region -> its subnetwork in an auto mode network."""

GLOBAL_QUOTA: dict[str, int] = {"NETWORKS": 15, "SUBNETWORKS": 175, "FIREWALLS": 200, "GPUS_ALL_REGIONS": 512}
REGION_QUOTA: dict[str, int] = {
    "CPUS": 1000, "N2_CPUS": 500, "N2D_CPUS": 500, "C2_CPUS": 500, "A2_CPUS": 192, "INSTANCES": 1000,
    "INSTANCE_GROUP_MANAGERS": 200, "IN_USE_ADDRESSES": 575,
    "NVIDIA_L4_GPUS": 64, "PREEMPTIBLE_NVIDIA_L4_GPUS": 64,
    "NVIDIA_A100_GPUS": 16, "PREEMPTIBLE_NVIDIA_A100_GPUS": 32,
    "NVIDIA_A100_80GB_GPUS": 16, "PREEMPTIBLE_NVIDIA_A100_80GB_GPUS": 32,
    "NVIDIA_H100_GPUS": 64, "PREEMPTIBLE_NVIDIA_H100_GPUS": 64,
    "NVIDIA_H100_MEGA_GPUS": 64, "PREEMPTIBLE_NVIDIA_H100_MEGA_GPUS": 64,
    "NVIDIA_H200_GPUS": 64, "PREEMPTIBLE_NVIDIA_H200_GPUS": 64,
    "NVIDIA_B200_GPUS": 32, "PREEMPTIBLE_NVIDIA_B200_GPUS": 32,
    "NVIDIA_GB200_GPUS": 0, "PREEMPTIBLE_NVIDIA_GB200_GPUS": 0,
    "TPU_LITE_PODSLICE_V5": 64, "PREEMPTIBLE_TPU_LITE_PODSLICE_V5": 64,
}  # fmt: skip

# Channel -> default version first, then the others it accepts.
VERSIONS: dict[str, tuple[str, ...]] = {
    "RAPID": ("1.35.3-gke.1389000", "1.35.4-gke.1031000", "1.36.0-gke.1102000"),
    "REGULAR": ("1.34.4-gke.1193000", "1.35.3-gke.1389000"),
    "STABLE": ("1.33.9-gke.1117000", "1.34.4-gke.1193000"),
    "EXTENDED": ("1.33.9-gke.1117000", "1.34.4-gke.1193000"),
}


def zones_of(region: str) -> list[str]:
    """Return the zones of a region, in order; none if there is no such region."""
    return [f"{region}-{letter}" for letter in ZONES.get(region, "")]


def region_of(location: str) -> str:
    """Return the region of a zone, a region itself, or the empty string if neither exists."""
    if location in ZONES:
        return location
    return next((region for region in ZONES if location in zones_of(region)), "")


def is_zone(location: str) -> bool:
    """Say whether this is the name of a zone."""
    return location not in ZONES and bool(region_of(location))


def offered(zone: str, machine_type: str) -> bool:
    """Say whether the zone has this machine type on its list; nothing about stock."""
    parts = machine_type.split("-")
    sold = _SOLD.get("-".join(parts[:2])) or _SOLD.get(parts[0]) or {}
    region = region_of(zone)
    return machine_type in SHAPES and zone.removeprefix(f"{region}-") in sold.get(region, "")


def cpu_metric(machine_type: str) -> str:
    """Return the quota that the machine's CPUs draw on; accelerator machines without one of their own draw on none."""
    family = machine_type.split("-", maxsplit=1)[0]
    return {"e2": "CPUS", "n2": "N2_CPUS", "n2d": "N2D_CPUS", "c2": "C2_CPUS", "a2": "A2_CPUS"}.get(family, "")
