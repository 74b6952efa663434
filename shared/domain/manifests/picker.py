"""The endpoint picker (EPP): chooses the pod for each request by queue, KV cache and prefix. Profile: chart v1.5.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.manifests.access import role_pair, rule, service_account
from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.names import short_hash

MODE = {"inference.networking.k8s.io/igw-mode": "inferencepool"}
POOL_GROUP = "inference.networking.k8s.io"
ALPHA_GROUP = "inference.networking.x-k8s.io"
GRPC_PORT = 9002
HEALTH_PORT = 9003
METRICS_PORT = 9090
CONFIG_FILE = "default-plugins.yaml"
CONFIG_HASH = "inferops.dev/config-hash"
"""Pod annotation: a changed configuration restarts the picker, which reads it only once."""
# The weights follow the chart: prefix reuse saves most, then queue and cache count alike.
_CONFIG = """\
apiVersion: inference.networking.x-k8s.io/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: queue-scorer
- type: kv-cache-utilization-scorer
- type: prefix-cache-scorer
- type: metrics-data-source
  parameters:
    scheme: "http"
    path: "{path}"
    insecureSkipVerify: true
- type: core-metrics-extractor
schedulingProfiles:
- name: default
  plugins:
  - pluginRef: queue-scorer
    weight: 2
  - pluginRef: kv-cache-utilization-scorer
    weight: 2
  - pluginRef: prefix-cache-scorer
    weight: 3
"""


@dataclass(frozen=True)
class Picker:
    """What the picker of one pool is made from."""

    name: str
    pool: str
    namespace: str
    labels: Mapping[str, str]
    image: str
    metrics_path: str
    """Of the model servers."""


def config_map(picker: Picker) -> Manifest:
    """Return the picker's configuration."""
    return manifest(
        "v1", "ConfigMap", picker.name, picker.labels, namespace=picker.namespace, data={CONFIG_FILE: _config(picker)}
    )


def service(picker: Picker) -> Manifest:
    """Return the Service that the InferencePool names."""
    ports = [
        {"name": "grpc-ext-proc", "protocol": "TCP", "port": GRPC_PORT},
        {"name": "http-metrics", "protocol": "TCP", "port": METRICS_PORT},
    ]
    spec = {"type": "ClusterIP", "selector": selector(picker.name), "ports": ports}
    return manifest("v1", "Service", picker.name, picker.labels, namespace=picker.namespace, spec=spec)


def selector(name: str) -> dict[str, str]:
    """Return the label of the picker's pods."""
    return {"inferencepool": name}


def access(picker: Picker) -> tuple[Manifest, ...]:
    """Return the account, then the roles and bindings: tokens of scrapers, pods, and the pool it picks for."""
    account = (picker.namespace, picker.name)
    home, labels, read = picker.namespace, picker.labels, ("get", "watch", "list")
    reviews = [
        rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]
    inference = [
        rule(ALPHA_GROUP, ["inferenceobjectives", "inferencemodelrewrites"], read),
        rule(POOL_GROUP, ["inferencepools"], read),
    ]
    return (
        service_account(picker.name, home, labels),
        *role_pair(cluster_role(picker), labels, reviews, account),
        *role_pair(f"{picker.name}-sa", labels, [rule("", ["pods"], read)], account, namespace=home),
        *role_pair(f"{picker.name}-non-sa", labels, inference, account, namespace=home),
    )


def cluster_role(picker: Picker) -> str:
    """Return the name of what holds for the whole cluster, where other people's names live too."""
    return f"{picker.namespace}-{picker.name}"


def workload(picker: Picker) -> Manifest:
    """Return the picker itself: one replica, replaced rather than rolled, because it keeps the prefix index."""
    pod = {
        "serviceAccountName": picker.name,
        # As long as the longest grace of the pods it picks.
        "terminationGracePeriodSeconds": 130,
        "containers": [_container(picker)],
        "volumes": [{"name": "plugins-config-volume", "configMap": {"name": picker.name}}],
    }
    metadata = {
        "labels": {**picker.labels, **selector(picker.name), **MODE},
        "annotations": {CONFIG_HASH: short_hash(_config(picker), 12)},
    }
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selector(picker.name)},
        "template": {"metadata": metadata, "spec": pod},
    }
    labels = {**picker.labels, **MODE}
    return manifest("apps/v1", "Deployment", picker.name, labels, namespace=picker.namespace, spec=spec)


def _config(picker: Picker) -> str:
    return _CONFIG.format(path=picker.metrics_path)


def _container(picker: Picker) -> Manifest:
    health = {"grpc": {"port": HEALTH_PORT, "service": "inference-extension"}}
    ports = (("grpc", GRPC_PORT), ("grpc-health", HEALTH_PORT), ("metrics", METRICS_PORT))
    fields = (("NAMESPACE", "metadata.namespace"), ("POD_NAME", "metadata.name"))
    return {
        "name": "epp",
        "image": picker.image,
        "imagePullPolicy": "Always",
        "args": [
            *("--pool-name", picker.pool),
            *("--pool-namespace", picker.namespace),
            *("--pool-group", POOL_GROUP),
            *("--zap-encoder", "json"),
            *("--config-file", f"/config/{CONFIG_FILE}"),
            *("--v", "1"),  # above it the picker spends its time on log locks
            "--tracing=false",
        ],
        "ports": [{"name": name, "containerPort": port} for name, port in ports],
        "livenessProbe": {**health, "initialDelaySeconds": 5, "periodSeconds": 10},
        "readinessProbe": {**health, "periodSeconds": 2},
        "env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields],
        "resources": {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"memory": "16Gi"}},
        "volumeMounts": [{"name": "plugins-config-volume", "mountPath": "/config"}],
    }
