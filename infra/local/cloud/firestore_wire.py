"""Firestore on the wire: which RPCs the host answers, and who answers them."""

from __future__ import annotations

from infra.local.cloud.firestore import Firestore
from infra.local.cloud.rpcs import Rpc, _over_rest
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

HOST = "firestore"
_MODULE, _SERVICE, _CLIENT = "google.cloud.firestore_v1", "firestore", "FirestoreClient"
_STREAMS = {"BatchGetDocuments", "RunQuery", "RunAggregationQuery"}


def firestore_wire(world: World, firestore: Firestore) -> Wire:
    """Return the host that speaks Firestore over gRPC, and over REST where an RPC does not stream."""
    # rpcs.load cannot read a gRPC transport with two-way streams (Listen, Write): the REST one names the same RPCs.
    known = _over_rest(_MODULE, _SERVICE)
    handlers = firestore.handlers()
    rpcs = {
        name: Rpc(
            service=_CLIENT,
            name=name,
            request=request,
            response=response,
            grpc_path=f"/google.firestore.v1.Firestore/{name}",
            streams=name in _STREAMS,
            bindings=() if name in _STREAMS else bindings,
        )
        for name, (request, response, bindings) in known.items()
        if name in handlers
    }
    wire = Wire(world, HOST)
    wire.serve(rpcs, handlers)
    return wire
