"""What GKE fills in where a request is silent, in REST words; taken from recorded answers of the real API."""

from __future__ import annotations

from typing import Any, TypeVar

import proto
from google.protobuf import json_format

T = TypeVar("T", bound=proto.Message)

_SCOPES = [
    f"https://www.googleapis.com/auth/{scope}"
    for scope in (
        "devstorage.read_only",
        "logging.write",
        "monitoring",
        "service.management.readonly",
        "servicecontrol",
        "trace.append",
    )
]
CLUSTER: dict[str, Any] = {
    "addonsConfig": {
        "gcePersistentDiskCsiDriverConfig": {"enabled": True},
        "kubernetesDashboard": {"disabled": True},
        "networkPolicyConfig": {"disabled": True},
    },
    "anonymousAuthenticationConfig": {"mode": "ENABLED"},
    "autopilot": {},
    "autoscaling": {
        "autoscalingProfile": "BALANCED",
        "autoprovisioningNodePoolDefaults": {
            "imageType": "COS_CONTAINERD",
            "management": {"autoRepair": True, "autoUpgrade": True},
            "oauthScopes": _SCOPES,
            "serviceAccount": "default",
        },
    },
    "controlPlaneEndpointsConfig": {
        "dnsEndpointConfig": {"allowExternalTraffic": False, "enableK8sTokensViaDns": False},
        "ipEndpointsConfig": {"enabled": True, "enablePublicEndpoint": True},
    },
    "databaseEncryption": {"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"},
    "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
    "enterpriseConfig": {"clusterTier": "STANDARD"},
    "ipAllocationPolicy": {"useIpAliases": True, "stackType": "IPV4", "podCidrOverprovisionConfig": {}},
    "legacyAbac": {},
    "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
    "loggingService": "logging.googleapis.com/kubernetes",
    "masterAuth": {"clientCertificateConfig": {}},
    "monitoringConfig": {
        "componentConfig": {
            "enableComponents": [
                "SYSTEM_COMPONENTS",
                "DAEMONSET",
                "DEPLOYMENT",
                "STATEFULSET",
                "JOBSET",
                "STORAGE",
                "HPA",
                "POD",
                "CADVISOR",
                "KUBELET",
                "DCGM",
            ]
        },
        "managedPrometheusConfig": {"enabled": True},
        "advancedDatapathObservabilityConfig": {},
    },
    "monitoringService": "monitoring.googleapis.com/kubernetes",
    "network": "default",
    "networkConfig": {"serviceExternalIpsConfig": {}},
    "nodePoolAutoConfig": {"nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": False}},
    "nodePoolDefaults": {
        "nodeConfigDefaults": {
            "loggingConfig": {"variantConfig": {"variant": "DEFAULT"}},
            "nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": False},
        }
    },
    "notificationConfig": {"pubsub": {}},
    "podAutoscaling": {"hpaProfile": "PERFORMANCE"},
    "rbacBindingConfig": {
        "enableInsecureBindingSystemAuthenticated": True,
        "enableInsecureBindingSystemUnauthenticated": True,
    },
    "releaseChannel": {"channel": "REGULAR"},
    "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_MODE_UNSPECIFIED"},
    "shieldedNodes": {"enabled": True},
    "servicesIpv4Cidr": "34.118.224.0/20",
    "userManagedKeysConfig": {},
}
POOL: dict[str, Any] = {
    "config": {
        "machineType": "e2-medium",
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "imageType": "COS_CONTAINERD",
        "kubeletConfig": {"insecureKubeletReadonlyPortEnabled": False, "maxParallelImagePulls": 2},
        "metadata": {"disable-legacy-endpoints": "true"},
        "oauthScopes": _SCOPES,
        "serviceAccount": "default",
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True},
        "windowsNodeConfig": {},
    },
    "management": {"autoRepair": True, "autoUpgrade": True},
    "maxPodsConstraint": {"maxPodsPerNode": "110"},
    "podIpv4CidrSize": 24,
    "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE"},
}


def _under(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Lay defaults under what was given. A false inside a message that was sent is silent but meant, so it stays."""
    merged = dict(given)
    for key, value in defaults.items():
        if key not in given:
            merged[key] = value
        elif isinstance(value, dict) and isinstance(given[key], dict):
            kept = {k: v for k, v in value.items() if not isinstance(v, bool)}
            merged[key] = _under(given[key], kept)
    return merged


def with_defaults(message: T, defaults: dict[str, Any]) -> T:
    """Return a copy of a message with these defaults wherever it is silent."""
    kind = type(message)
    given = json_format.MessageToDict(kind.pb(message))
    filled: T = kind.wrap(json_format.ParseDict(_under(given, defaults), kind.pb()()))
    return filled
