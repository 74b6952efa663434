"""Where compiled things live and how they are marked as ours; every compile module builds its resources here.

Inside a spec, a key that starts with an underscore speaks to the provider alone and is no part of the object:
``_create_only`` holds fields that count at creation and drift afterwards by design, ``_from`` says where a secret
value comes from, ``_shapes`` and ``_gateway`` are explained where they are made. References to cloud resources are
relative names (``projects/P/global/networks/N``), never URLs; to what the server names, the name in its key. Of such
a thing ``copies`` is compared and never sent: a lost answer may have made a second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.desired import cluster_name
from shared.domain.graph import Resource
from shared.domain.names import MANAGER, Kind, ResourceKey
from shared.domain.site import Site

MANAGED_BY = "app.kubernetes.io/managed-by"
OWNER = "inferops.dev/owner"
DEPLOYMENT = "inferops.dev/deployment"
CLOUD_OWNER = "inferops-owner"
"""The owner's mark in clouds' labels."""
_KINDS = {"Network": Kind.DEVICE_NETWORK}
"""Kubernetes kinds whose name is taken by something of the cloud."""


def object_labels(site: Site, deployment: str = "") -> dict[str, str]:
    """Return the labels that mark a Kubernetes object as ours; without a deployment it belongs to the platform."""
    labels = {MANAGED_BY: MANAGER, OWNER: site.owner}
    return {**labels, DEPLOYMENT: deployment} if deployment else labels


def cloud_labels(site: Site, deployment: str = "") -> dict[str, str]:
    """Return the same mark for clouds' labels, which know neither dots nor slashes."""
    labels = {"managed-by": MANAGER, CLOUD_OWNER: site.owner}
    return {**labels, "inferops-deployment": deployment} if deployment else labels


def description(site: Site) -> str:
    """Return the mark for what has no labels: networks, subnetworks, firewalls."""
    return f"{MANAGER}:{site.owner}"


def network_path(site: Site, name: str) -> str:
    """Return the relative name of a network of the project."""
    return f"projects/{site.project}/global/networks/{name}"


def cluster_key(region: str) -> ResourceKey:
    """Return the key of our cluster in a region: part of that region's platform."""
    return ResourceKey(region, Kind.CLUSTER, cluster_name(region))


def membership_key(region: str) -> ResourceKey:
    """Return the key of that cluster's fleet membership."""
    return ResourceKey(region, Kind.MEMBERSHIP, cluster_name(region))


@dataclass(frozen=True)
class Place:
    """Inside a cluster, looked after by the unit of ``location``."""

    location: str
    region: str
    """Of the cluster: another one than ``location`` for what is global."""
    namespaces: str = ""
    """Whose unit builds the namespaces here; empty: this one's."""

    @property
    def within(self) -> str:
        """The cluster as a key names it."""
        return f"{self.region}/{cluster_name(self.region)}"

    def key(self, kind: Kind, name: str, namespace: str = "") -> ResourceKey:
        """Return the key of an object in this cluster."""
        return ResourceKey(self.location, kind, f"{namespace}/{name}" if namespace else name, self.within)

    def key_of(self, manifest: Mapping[str, Any]) -> ResourceKey:
        """Return the key of a Kubernetes object."""
        kind = _KINDS.get(manifest["kind"]) or Kind(manifest["kind"])
        metadata = manifest["metadata"]
        return self.key(kind, metadata["name"], metadata.get("namespace", ""))

    def resource(self, manifest: Mapping[str, Any], needs: Iterable[ResourceKey] = ()) -> Resource:
        """Return a Kubernetes object as a resource. It needs at least its namespace, or else its cluster."""
        key = self.key_of(manifest)
        home = self.namespace_key(key.namespace) if key.namespace else cluster_key(self.region)
        return Resource(key, manifest, frozenset({home, *needs}))

    def namespace_key(self, name: str) -> ResourceKey:
        """Return the key of a namespace in this cluster."""
        return ResourceKey(self.namespaces or self.location, Kind.NAMESPACE, name, self.within)
