"""Pub/Sub on the wire: its two services on one host."""

from __future__ import annotations

from infra.local.cloud.pubsub import PubSub
from infra.local.cloud.rpcs import Rpc, _over_rest
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

HOST = "pubsub"
_MODULE = "google.pubsub_v1"


def _rpcs(service: str) -> dict[str, Rpc]:
    """Return the RPCs of a service of Pub/Sub, over gRPC and REST."""
    # rpcs.load cannot read a gRPC transport with two-way streams (StreamingPull): the REST one names all other RPCs.
    return {
        name: Rpc(
            service=service,
            name=name,
            request=request,
            response=response,
            grpc_path=f"/google.pubsub.v1.{service}/{name}",
            bindings=bindings,
        )
        for name, (request, response, bindings) in _over_rest(_MODULE, service.lower()).items()
    }


def pubsub_wire(world: World, pubsub: PubSub) -> Wire:
    """Return the host that speaks Pub/Sub over gRPC and REST."""
    wire = Wire(world, HOST)
    wire.serve(_rpcs("Publisher"), pubsub.publisher_handlers())
    wire.serve(_rpcs("Subscriber"), pubsub.subscriber_handlers())
    return wire
