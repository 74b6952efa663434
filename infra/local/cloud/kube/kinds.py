"""What a kind of object is, and how kinds are named inside the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GENERATIONS = {
    *("Deployment.apps", "ReplicaSet.apps", "DaemonSet.apps", "StatefulSet.apps", "Job.batch", "Pod"),
    *("PodDisruptionBudget.policy", "NetworkPolicy.networking.k8s.io", "EndpointSlice.discovery.k8s.io"),
    *("PriorityClass.scheduling.k8s.io", "CustomResourceDefinition.apiextensions.k8s.io"),
}
"""The built-in kinds whose objects have a generation."""


@dataclass(frozen=True)
class Kind:
    """A kind of object in one served version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    status: bool = False
    """It has a status subresource."""
    short_names: tuple[str, ...] = ()
    scale: bool = False
    """It has a scale subresource."""
    custom: bool = False
    """It comes from a CustomResourceDefinition."""
    singular: str = ""
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def id(self) -> str:
        """The name that all versions share: ``Pod``, ``Deployment.apps``."""
        return kind_id(self.group, self.kind)

    @property
    def collections(self) -> bool:
        """Many of its objects can be deleted at once."""
        return self.id != "Namespace"

    @property
    def ages(self) -> bool:
        """Its objects have a generation."""
        return self.custom or self.id in _GENERATIONS

    @property
    def resource(self) -> str:
        """The name in messages: ``pods``, ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def kind_id(group: str, kind: str) -> str:
    """Return ``Kind.group``, or ``Kind`` in the core group."""
    return f"{kind}.{group}" if group else kind


def id_of(obj: Mapping[str, Any]) -> str:
    """Return the kind id that an object claims."""
    group, slash, _ = str(obj.get("apiVersion", "")).partition("/")
    return kind_id(group if slash else "", str(obj.get("kind", "")))
