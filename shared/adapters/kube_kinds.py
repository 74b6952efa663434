"""Where the Kubernetes API keeps each kind that we use."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.names import Kind


@dataclass(frozen=True)
class Place:
    """A kind's group, version and plural; ``kind`` as Kubernetes spells it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of the collection, or of one object in it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        home = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{root}{home}/{self.plural}" + (f"/{name}" if name else "")


_RBAC, _NET, _GATEWAY = "rbac.authorization.k8s.io", "networking.gke.io", "gateway.networking.k8s.io"

POD = Place("", "v1", "pods", "Pod")
EVENT = Place("", "v1", "events", "Event")
PLACES = {
    Kind.NAMESPACE: Place("", "v1", "namespaces", "Namespace", namespaced=False),
    Kind.SECRET: Place("", "v1", "secrets", "Secret"),
    Kind.SERVICE_ACCOUNT: Place("", "v1", "serviceaccounts", "ServiceAccount"),
    Kind.CONFIG_MAP: Place("", "v1", "configmaps", "ConfigMap"),
    Kind.SERVICE: Place("", "v1", "services", "Service"),
    Kind.WORKLOAD: Place("apps", "v1", "deployments", "Deployment"),
    Kind.SMOKE_TEST: Place("batch", "v1", "jobs", "Job"),
    Kind.ROLE: Place(_RBAC, "v1", "roles", "Role"),
    Kind.ROLE_BINDING: Place(_RBAC, "v1", "rolebindings", "RoleBinding"),
    Kind.CLUSTER_ROLE: Place(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    Kind.CLUSTER_ROLE_BINDING: Place(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Kind.CRD: Place(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
    ),
    Kind.INFERENCE_OBJECTIVE: Place(
        "inference.networking.x-k8s.io", "v1alpha2", "inferenceobjectives", "InferenceObjective"
    ),
    Kind.INFERENCE_POOL: Place("inference.networking.k8s.io", "v1", "inferencepools", "InferencePool"),
    Kind.INFERENCE_POOL_IMPORT: Place(_NET, "v1", "gcpinferencepoolimports", "GCPInferencePoolImport"),
    Kind.AUTOSCALING_METRIC: Place("autoscaling.gke.io", "v1beta1", "autoscalingmetrics", "AutoscalingMetric"),
    Kind.POD_MONITORING: Place("monitoring.googleapis.com", "v1", "podmonitorings", "PodMonitoring"),
    Kind.GATEWAY_CLASS: Place(_GATEWAY, "v1", "gatewayclasses", "GatewayClass", namespaced=False),
    Kind.GATEWAY: Place(_GATEWAY, "v1", "gateways", "Gateway"),
    Kind.HTTP_ROUTE: Place(_GATEWAY, "v1", "httproutes", "HTTPRoute"),
    Kind.HEALTH_CHECK_POLICY: Place(_NET, "v1", "healthcheckpolicies", "HealthCheckPolicy"),
    Kind.BACKEND_POLICY: Place(_NET, "v1", "gcpbackendpolicies", "GCPBackendPolicy"),
    Kind.DEVICE_NETWORK: Place(_NET, "v1", "networks", "Network", namespaced=False),
    Kind.NETWORK_PARAMETERS: Place(_NET, "v1", "gkenetworkparamsets", "GKENetworkParamSet", namespaced=False),
}
