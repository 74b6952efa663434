"""The fleet (GKE Hub): memberships and features, and which cluster is the config cluster of multi-cluster Gateways."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from google.protobuf import json_format

from infra.local.cloud import rpcs
from infra.local.cloud.errors import ApiError
from infra.local.cloud.fleet_features import INGRESS, Features
from infra.local.cloud.fleet_memberships import Memberships
from infra.local.cloud.fleet_operations import Operations, operation_rpcs
from infra.local.cloud.gke import Gke
from infra.local.cloud.operations import Ledger
from infra.local.cloud.rpcs import Rpc
from infra.local.cloud.wire import Handler, Wire, as_pb
from infra.local.cloud.world import World

_TRANSIENT = ("createTime", "updateTime", "uniqueId", "externalId", "state", "membershipStates")


class Fleet:
    """The service. ``granted()`` says whether the ingress service agent has roles/container.admin."""

    def __init__(self, world: World, gke: Gke, granted: Callable[[], bool] = lambda: True) -> None:
        self.world = world
        self.ledger = Ledger(world)
        self.memberships = Memberships(self.ledger, gke)
        self.features = Features(self.ledger, self.memberships, granted, gke.core.compute.number)

    def config_cluster(self, project: str) -> tuple[str, str] | None:
        """Return (location, name) of the config cluster while multi-cluster ingress is active and well."""
        feature = self.features.made.get(f"projects/{project}/locations/global/features/{INGRESS}")
        if feature is None or feature.resource_state.state.name not in {"ACTIVE", "UPDATING"}:
            return None
        if self.features.trouble(feature):
            return None
        cluster = self.memberships.cluster_of(feature.spec.multiclusteringress.config_membership)
        return (cluster.location, cluster.name) if cluster else None

    def members(self, project: str) -> list[tuple[str, str]]:
        """Return (location, name) of every cluster whose membership is ready."""
        names = [name for name in sorted(self.memberships.made) if name.startswith(f"projects/{project}/")]
        found = [self.memberships.cluster_of(name) for name in names if self.memberships.ready(name)]
        return [(cluster.location, cluster.name) for cluster in found if cluster]

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC; a location that is down answers for itself."""
        every = self.memberships.handlers() | self.features.handlers()
        return {name: self._guard(handler) for name, handler in every.items()}

    def _guard(self, handler: Handler) -> Handler:
        def guarded(request: Any) -> Any:
            parts = (getattr(request, "name", "") or request.parent).split("/")
            if len(parts) < 4 or parts[0] != "projects" or parts[2] != "locations":  # noqa: PLR2004 - projects/P/locations/L
                raise ApiError("INVALID_ARGUMENT", f"Resource name {'/'.join(parts)} is malformed.", "badRequest")
            if self.world.faults.is_down(f"fleet/{parts[3]}"):
                raise ApiError("UNAVAILABLE", f"The fleet in {parts[3]} is currently unavailable.", "backendError")
            return handler(request)

        return guarded

    def snapshot(self) -> dict[str, object]:
        """Return which memberships and features exist, with their settings."""
        every = {**self.memberships.made, **self.features.made}
        plain = {name: json_format.MessageToDict(as_pb(body)) for name, body in sorted(every.items())}
        return {name: {k: v for k, v in body.items() if k not in _TRANSIENT} for name, body in plain.items()}


def _beta(rpc: Rpc) -> Rpc:
    """Return the RPC as v1beta has it over REST: the same, as far as anything here goes."""
    bound = [replace(b, pattern=re.compile(b.pattern.pattern.replace("^/v1/", "^/v1beta/"))) for b in rpc.bindings]
    return replace(rpc, grpc_path="", bindings=tuple(bound))


def fleet_wire(world: World, fleet: Fleet) -> Wire:
    """Return the wire of gkehub.googleapis.com, its operations included."""
    wire = Wire(world, "fleet")
    loaded = rpcs.load("google.cloud.gkehub_v1", "gke_hub", "GkeHubClient")
    # The client's table lists the operations too, but without their messages.
    own = {name: rpc for name, rpc in loaded.items() if rpc.request is not None}
    wire.serve(own, fleet.handlers())
    wire.serve({name: _beta(rpc) for name, rpc in own.items()}, fleet.handlers())
    wire.serve(operation_rpcs(), Operations(fleet.ledger).handlers())
    return wire
