"""The door to Kubernetes API servers: lists, server-side apply, deletes.

Secrets are read and answered as metadata only, so no value ever comes back here. Raises Refusal or urllib3's errors;
``classify`` sorts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.google import Token
from shared.adapters.kube_client import KubeClients
from shared.adapters.kube_kinds import EVENT, PLACES, POD, Place
from shared.adapters.refusals import Refusal
from shared.domain.names import MANAGER, Kind

ROLE = "roles/container.admin"
Object = dict[str, Any]
_META = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_META_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
_SEES_DEPENDENTS_OUT = {Kind.WORKLOAD, Kind.SMOKE_TEST}
"""Kinds that stay until their pods are gone, so that nodes are not taken from under pods."""


class Kube:
    """Every cluster that ``token`` opens. ``base`` in each call is the URL of a cluster's API server."""

    def __init__(self, token: Token, workers: int = 16) -> None:
        self._clients = KubeClients(token, workers)

    def objects(self, base: str, kind: Kind, namespace: str = "") -> list[Object]:
        """Return the objects of a kind in a namespace, or in the cluster. None at all where it is not served."""
        place = PLACES[kind]
        accept = _META_LIST if kind is Kind.SECRET else "application/json"
        try:
            found = self._clients.call("GET", base, place.path(namespace), accept=accept)
        except Refusal as refusal:
            if _not_served(refusal):
                return []
            raise
        return [_whole(place, item) for item in found.get("items", [])]

    def get(self, base: str, kind: Kind, namespace: str, name: str) -> Object | None:
        """Return one object, or None; of a Secret its metadata only."""
        return self._read(base, kind, namespace, name, _META if kind is Kind.SECRET else "application/json")

    def metadata(self, base: str, kind: Kind, namespace: str, name: str) -> Object | None:
        """Return an object's metadata, or None."""
        found = self._read(base, kind, namespace, name, _META)
        return None if found is None else dict(found["metadata"])

    def _read(self, base: str, kind: Kind, namespace: str, name: str, accept: str) -> Object | None:
        place = PLACES[kind]
        try:
            return _whole(place, self._clients.call("GET", base, place.path(namespace, name), accept=accept))
        except Refusal as refusal:
            if refusal.kubernetes and refusal.reason == "NotFound":
                return None
            raise

    def pods(self, base: str, namespace: str) -> list[Object]:
        """Return the pods of a namespace."""
        found = self._clients.call("GET", base, POD.path(namespace))
        return [_whole(POD, item) for item in found.get("items", [])]

    def events(self, base: str, namespace: str, reason: str) -> list[Object]:
        """Return the events of a namespace that have this reason; the server forgets them after an hour."""
        query = {"fieldSelector": f"reason={reason}"}
        found = self._clients.call("GET", base, EVENT.path(namespace), query=query)
        return [_whole(EVENT, item) for item in found.get("items", [])]

    def apply(
        self, base: str, kind: Kind, manifest: Mapping[str, Any], *, force: bool = False, dry: bool = False
    ) -> Object:
        """Create or change an object to have these fields; a field that it does not know is refused.

        ``force`` takes over fields that other managers set. Returns the object; of a Secret its metadata only.
        """
        metadata = manifest["metadata"]
        path = PLACES[kind].path(metadata.get("namespace", ""), metadata["name"])
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry:
            query["dryRun"] = "All"
        accept = _META if kind is Kind.SECRET else "application/json"
        body = dict(manifest)
        stored = self._clients.call("PATCH", base, path, query=query, body=body, content=_APPLY, accept=accept)
        return _whole(PLACES[kind], stored)

    def overwrite(self, base: str, kind: Kind, manifest: Mapping[str, Any]) -> None:
        """Set these fields, lists as a whole: what others have put into a list of ours goes."""
        metadata = manifest["metadata"]
        path = PLACES[kind].path(metadata.get("namespace", ""), metadata["name"])
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
        body = dict(manifest)
        self._clients.call("PATCH", base, path, query=query, body=body, content=_MERGE, accept=_META)

    def delete(self, base: str, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete this very object; its dependents go with it."""
        policy = "Foreground" if kind in _SEES_DEPENDENTS_OUT else "Background"
        how = {"propagationPolicy": policy, "preconditions": {"uid": uid}}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **how}
        self._clients.call("DELETE", base, PLACES[kind].path(namespace, name), body=body, accept=_META)


def _not_served(refusal: Refusal) -> bool:
    return refusal.kubernetes and refusal.reason == "NotFound" and "requested resource" in refusal.message


def _whole(place: Place, item: Mapping[str, Any]) -> Object:
    """Return an object with what lists leave out, and without the field managers' book-keeping."""
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "apiVersion": place.api_version, "kind": place.kind, "metadata": metadata}


def reach(cluster: Mapping[str, Any], number: str, scheme: str, gateway: str) -> str:
    """Return the URL of a cluster's API server: its DNS endpoint where that is open, else Connect Gateway; or empty.

    ``gateway`` replaces Google's Connect Gateway where it is not empty. The IP endpoint is never used: it would need
    a network of ours.
    """
    dns = cluster.get("control_plane_endpoints_config", {}).get("dns_endpoint_config", {})
    if dns.get("allow_external_traffic") and dns.get("endpoint"):
        return f"{scheme}://{dns['endpoint']}"
    membership = cluster.get("fleet", {}).get("membership", "").rpartition("/projects/")[2].split("/")
    if len(membership) != len(("P", "locations", "L", "memberships", "M")):
        return ""
    _, _, location, _, name = membership
    prefix = "" if location == "global" else f"{location}-"
    host = gateway or f"https://{prefix}connectgateway.googleapis.com"
    return f"{host}/v1/projects/{number}/locations/{location}/gkeMemberships/{name}"
