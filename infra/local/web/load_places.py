"""Where a deployment can be asked: each Gateway address with the model servers of its own region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.engine.server import Server
from infra.local.cloud.kube.controllers.engines import Replica
from infra.local.cloud.kube.controllers.gateways import regions_of
from infra.local.cloud.kube.values import Object, at, meta
from infra.local.web.clusters import OURS

_GATEWAY = "Gateway.gateway.networking.k8s.io"


@dataclass(frozen=True)
class Place:
    """One region of a deployment, as clients find it."""

    deployment: str
    region: str
    gateway: str
    """``namespace/name``."""
    address: str
    model: str
    """The name that its servers answer to; empty while there are none."""
    servers: Sequence[Server]


def gateways(cloud: Cloud) -> Iterator[Object]:
    """Yield the Gateway of every deployment."""
    for _, objects in sorted(cloud.kube.clusters.items()):
        for found in objects.all(_GATEWAY):
            if str(meta(found)["namespace"]).startswith(OURS):
                yield found


def replicas(cloud: Cloud) -> dict[tuple[str, str], list[Replica]]:
    """Return the model servers of every namespace and region."""
    running = {(one.cluster, one.pod): one for one in cloud.controllers.engines}
    found = defaultdict[tuple[str, str], list[Replica]](list)
    for key, objects in sorted(cloud.kube.clusters.items()):
        for pod in objects.all("Pod"):
            replica = running.get((key.rsplit("/", 1)[-1], meta(pod)["name"]))
            if replica is not None:
                found[meta(pod)["namespace"], replica.region].append(replica)
    return found


def places(cloud: Cloud) -> list[Place]:
    """Return every address, whether or not anything serves behind it."""
    servers, found = replicas(cloud), []
    for gateway in gateways(cloud):
        namespace, name = meta(gateway)["namespace"], meta(gateway)["name"]
        for address, region in zip(at(gateway, "status", "addresses") or (), regions_of(gateway), strict=False):
            here = servers.get((namespace, region), [])
            found.append(
                Place(
                    namespace.removeprefix(OURS),
                    region,
                    f"{namespace}/{name}",
                    str(address["value"]),
                    here[0].names[0] if here else "",
                    [one.server for one in here],
                )
            )
    return found
