"""Names of things. Derived from what they are, never drawn at random: a lost answer can make no second one."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

GLOBAL = "global"
"""The location of what belongs to no single region."""
LONGEST_NAME = 40
"""GKE allows a cluster or pool name no more characters."""
MANAGER = "inferops"
"""Field manager and value of the label ``app.kubernetes.io/managed-by``."""
_REQUESTS = uuid.UUID("3f7f6d5e-90a4-4c39-8f3e-6d5f0b5d7a11")
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


class Kind(StrEnum):
    """What a resource is. Kubernetes kinds carry their Kubernetes name."""

    API = "Api"
    GRANT = "Grant"
    BUCKET = "Bucket"
    NETWORK = "Network"
    SUBNETWORK = "Subnetwork"
    FIREWALL = "Firewall"
    CLUSTER = "Cluster"
    NODE_POOL = "NodePool"
    MEMBERSHIP = "Membership"
    FEATURE = "Feature"
    NOTIFICATION_CHANNEL = "NotificationChannel"
    ALERT_POLICY = "AlertPolicy"
    SMOKE_TEST = "SmokeTest"
    NAMESPACE = "Namespace"
    SECRET = "Secret"  # noqa: S105 - a kind, not a secret
    SERVICE_ACCOUNT = "ServiceAccount"
    CONFIG_MAP = "ConfigMap"
    SERVICE = "Service"
    WORKLOAD = "Deployment"
    ROLE = "Role"
    ROLE_BINDING = "RoleBinding"
    CLUSTER_ROLE = "ClusterRole"
    CLUSTER_ROLE_BINDING = "ClusterRoleBinding"
    CRD = "CustomResourceDefinition"
    INFERENCE_OBJECTIVE = "InferenceObjective"
    INFERENCE_POOL = "InferencePool"
    INFERENCE_POOL_IMPORT = "GCPInferencePoolImport"
    AUTOSCALING_METRIC = "AutoscalingMetric"
    POD_MONITORING = "PodMonitoring"
    GATEWAY_CLASS = "GatewayClass"
    GATEWAY = "Gateway"
    HTTP_ROUTE = "HTTPRoute"
    HEALTH_CHECK_POLICY = "HealthCheckPolicy"
    BACKEND_POLICY = "GCPBackendPolicy"
    DEVICE_NETWORK = "DeviceNetwork"
    NETWORK_PARAMETERS = "GKENetworkParamSet"


@dataclass(frozen=True, order=True)
class ResourceKey:
    """The one place where a resource can be.

    ``location`` is a region or ``global``: the unit that looks after it. ``name`` is the cloud's own name, with
    ``namespace/`` before it where Kubernetes has one. ``within`` is ``REGION/CLUSTER`` for what lives in a cluster.
    """

    location: str
    kind: Kind
    name: str
    within: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {self.location}"

    def __hash__(self) -> int:
        # Kept: a round looks keys up by the ten thousand.
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.location, self.kind, self.name, self.within))

    @cached_property
    def container(self) -> ResourceKey | None:
        """The cluster it lives in; None for what lives in the project itself."""
        if not self.within:
            return None
        region, name = self.within.split("/", 1)
        return ResourceKey(region, Kind.CLUSTER, name)

    @property
    def namespace(self) -> str:
        """Its Kubernetes namespace; empty where it has none."""
        return self.name.rpartition("/")[0]

    @property
    def short_name(self) -> str:
        """Its name without the namespace."""
        return self.name.rpartition("/")[2]


def encode_key(key: ResourceKey) -> str:
    """Return the key as one line; ``decode_key`` reads it back."""
    return f"{key.location}|{key.kind}|{key.name}|{key.within}"


def decode_key(text: str) -> ResourceKey:
    """Read what ``encode_key`` wrote."""
    location, kind, name, within = text.split("|")
    return ResourceKey(location, Kind(kind), name, within)


def canonical(value: Any) -> str:
    """Return one text for equal plain values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def short_hash(value: Any, length: int = 6) -> str:
    """Return the first hexadecimal digits of the SHA-256 of a plain value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


def cut(name: str, longest: int = LONGEST_NAME) -> str:
    """Return the name, cut to ``longest`` characters with a hash that keeps it unique."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 7].rstrip('-')}-{short_hash(name)}"


def valid_name(name: str) -> bool:
    """Say whether people may give this name: lower case letters, digits, hyphens, at most 30 characters."""
    return len(name) <= 30 and _NAME.fullmatch(name) is not None  # noqa: PLR2004 - leaves room for what we append


def request_id(key: ResourceKey, verb: str, serial: int) -> str:
    """Return the UUID for one attempt: same key, verb and serial, so a repeated call is one call."""
    return str(uuid.uuid5(_REQUESTS, f"{encode_key(key)}/{verb}/{serial}"))
