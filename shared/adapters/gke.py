"""The door to GKE: clusters, node pools and their operations, over gRPC.

Values are dicts with the field names of container.v1, enums by name. Raises google.api_core's errors; ``classify``
sorts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from shared.adapters.google import TIMEOUT, grpc_client
from shared.adapters.protos import filled, own_fields, plain

ROLE = "roles/container.admin"
_ONCE = {"retry": None, "timeout": TIMEOUT}
"""Nothing is tried again in here: the next round does."""


class Gke:
    """One project's clusters. ``endpoint`` is empty for Google's own, else ``HOST:PORT``."""

    def __init__(self, endpoint: str, project: str) -> None:
        self._endpoint = endpoint
        self._parent = f"projects/{project}/locations"

    @cached_property
    def _client(self) -> Any:
        from google.cloud.container_v1 import ClusterManagerClient  # noqa: PLC0415 - half a second, at first use

        return grpc_client(ClusterManagerClient, self._endpoint)

    @cached_property
    def _v1(self) -> Any:
        from google.cloud import container_v1  # noqa: PLC0415 - as above

        return container_v1

    def clusters(self) -> tuple[list[dict[str, Any]], frozenset[str]]:
        """Return all clusters with their node pools, and the locations that could not be asked."""
        answer = self._client.list_clusters(parent=f"{self._parent}/-", **_ONCE)
        return [plain(cluster) for cluster in answer.clusters], frozenset(answer.missing_zones)

    def operations(self) -> list[dict[str, Any]]:
        """Return what is under way and what ended lately."""
        return [plain(found) for found in self._client.list_operations(parent=f"{self._parent}/-", **_ONCE).operations]

    def create_cluster(self, location: str, spec: Mapping[str, Any]) -> str:
        """Begin to make a cluster; return the operation."""
        cluster = filled(self._v1.Cluster, spec)
        parent = f"{self._parent}/{location}"
        return str(self._client.create_cluster(parent=parent, cluster=cluster, **_ONCE).name)

    def delete_cluster(self, location: str, name: str) -> str:
        """Begin to delete a cluster and all pools in it; return the operation."""
        return str(self._client.delete_cluster(name=self._cluster(location, name), **_ONCE).name)

    def update_cluster(self, location: str, name: str, update: Mapping[str, Any]) -> str:
        """Begin to change one setting (a field of ClusterUpdate); return the operation."""
        wanted = filled(self._v1.ClusterUpdate, update)
        return str(self._client.update_cluster(name=self._cluster(location, name), update=wanted, **_ONCE).name)

    def set_labels(self, location: str, name: str, labels: Mapping[str, str], fingerprint: str) -> str:
        """Begin to replace a cluster's labels; return the operation."""
        request = {
            "name": self._cluster(location, name),
            "resource_labels": dict(labels),
            "label_fingerprint": fingerprint,
        }
        return str(self._client.set_labels(request=request, **_ONCE).name)

    def create_pool(self, location: str, cluster: str, spec: Mapping[str, Any]) -> str:
        """Begin to make a node pool; return the operation."""
        pool, parent = filled(self._v1.NodePool, spec), self._cluster(location, cluster)
        return str(self._client.create_node_pool(parent=parent, node_pool=pool, **_ONCE).name)

    def delete_pool(self, location: str, cluster: str, name: str) -> str:
        """Begin to delete a node pool; return the operation."""
        return str(self._client.delete_node_pool(name=self._pool(location, cluster, name), **_ONCE).name)

    def update_pool(self, location: str, cluster: str, name: str, update: Mapping[str, Any]) -> str:
        """Begin to change fields of UpdateNodePoolRequest; return the operation."""
        fields = {**own_fields(update), "name": self._pool(location, cluster, name)}
        request = filled(self._v1.UpdateNodePoolRequest, fields)
        return str(self._client.update_node_pool(request=request, **_ONCE).name)

    def set_autoscaling(self, location: str, cluster: str, name: str, autoscaling: Mapping[str, Any]) -> str:
        """Begin to replace a pool's autoscaling limits; return the operation."""
        fields = {"name": self._pool(location, cluster, name), "autoscaling": autoscaling}
        request = filled(self._v1.SetNodePoolAutoscalingRequest, fields)
        return str(self._client.set_node_pool_autoscaling(request=request, **_ONCE).name)

    def set_management(self, location: str, cluster: str, name: str, management: Mapping[str, Any]) -> str:
        """Begin to replace a pool's repair and upgrade settings; return the operation."""
        fields = {"name": self._pool(location, cluster, name), "management": management}
        request = filled(self._v1.SetNodePoolManagementRequest, fields)
        return str(self._client.set_node_pool_management(request=request, **_ONCE).name)

    def _cluster(self, location: str, name: str) -> str:
        return f"{self._parent}/{location}/clusters/{name}"

    def _pool(self, location: str, cluster: str, name: str) -> str:
        return f"{self._cluster(location, cluster)}/nodePools/{name}"
