"""Our own API server, alone on loopback: one cluster of the embedded cloud, nothing around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.cloud.kube.api import KubeServer
from infra.local.cloud.kube.crds import install_gke_crds
from infra.local.cloud.server import Server as Door
from infra.local.cloud.world import World
from tests.differential.asking import Server

_TOKEN = "a-token"
_KEY = "projects/demo/locations/us-east4/clusters/differential"


@contextmanager
def ours() -> Iterator[Server]:
    """Serve a cluster while the block lasts."""
    world = World()
    kube = KubeServer(world, lambda token: token == _TOKEN)
    # As after a compaction: what was before is not told any more.
    kube.cluster(_KEY, install_gke_crds).history.clear()
    door = Door(world, [], {"kubernetes": kube.answer}).start()
    try:
        yield Server(f"{door.endpoints['kubernetes']}/{_KEY}", _TOKEN)
    finally:
        door.run(kube.close)
        door.stop()
