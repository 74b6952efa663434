"""How long things take in a cluster, in virtual seconds: every range that chance draws from, in one place.

``world.faults.slow[name]`` stretches what is drawn under that name.
"""

from __future__ import annotations

from datetime import timedelta

from infra.local.cloud.world import World

RANGES: dict[str, tuple[float, float]] = {
    "gpu-driver": (60, 180),  # the node is Ready, its GPUs are not allocatable yet
    "autoscaler-scan": (10, 20),
    "volume-mount": (2, 10),
    "image-pull": (1, 6),
    "image-pull-model": (30, 150),  # several gigabytes, once per node
    "init-container": (1, 5),
    "container-start": (1, 3),
    "container-ready": (1, 5),
    "engine-crash": (20, 60),  # from the start to the fatal error of a server that cannot load
    "model-load": (90, 330),
    "container-stop": (1, 3),
    "answer": (0.3, 2),
    "gateway-class": (60, 180),
    "gateway-class-gone": (10, 60),
    "pool-import": (60, 240),
    "pool-import-gone": (10, 60),
    "gateway-program": (300, 600),
    "gateway-refuse": (30, 90),
    "gateway-delete": (60, 120),
    "route-check": (15, 60),
    "policy-check": (5, 30),
    "pool-check": (5, 30),
    "token-check": (1, 3),
    "network-check": (5, 30),
    "monitoring-check": (2, 10),
}
IDLE = timedelta(minutes=10)
"""How long a node stands empty before the autoscaler takes it away."""


def draw(world: World, what: str, *key: str) -> timedelta:
    """Draw how long this takes for this thing; the same question has the same answer in one world."""
    low, high = RANGES[what]
    seconds = world.dice("/".join(("kube", what, *key))).uniform(low, high)
    return timedelta(seconds=seconds * world.faults.slow.get(what, 1.0))
