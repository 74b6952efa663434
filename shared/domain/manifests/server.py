"""The model server: one Kubernetes Deployment a region, from the engine's profile and the catalogue's fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.catalog import Engine, Fit
from shared.domain.engines import Probe
from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.weights import Source

ENGINE_TYPE = "inference.networking.k8s.io/engine-type"
SETTLE_SECONDS = 900
"""How much longer than loading a rollout may take before Kubernetes calls it stuck."""
_GIB = 1.073741824


@dataclass(frozen=True)
class Server:
    """What the model server of one region is made from."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    engine: Engine
    fit: Fit
    image: str
    source: Source
    served_names: tuple[str, ...]
    replicas: int
    node_labels: Mapping[str, str]
    """Which nodes it runs on: those of its own pool."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    max_num_seqs: int | None = None
    max_model_len: int | None = None


def model_server(server: Server) -> Manifest:
    """Return the workload.

    A rollout takes pods away before it adds new ones: there are no GPUs beyond those of the replicas.
    """
    startup = server.engine.startup
    budget = startup.failures(server.fit.model.weights_gb or 0) * startup.probe.period
    return manifest(
        "apps/v1",
        "Deployment",
        server.name,
        server.labels,
        namespace=server.namespace,
        spec={
            "replicas": server.replicas,
            "progressDeadlineSeconds": budget + SETTLE_SECONDS,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "selector": {"matchLabels": selector(server.name)},
            "template": _template(server),
        },
    )


def selector(name: str) -> dict[str, str]:
    """Return the label by which pool, metrics and workload all find the pods: metrics allow no dots or slashes."""
    return {"app": name}


def ephemeral_gib(engine: Engine, fit: Fit) -> int:
    """Return how much scratch space one replica asks for: the profile's, or more where the weights are larger."""
    weights = (fit.model.weights_gb or 0) / _GIB
    return max(int(engine.ephemeral_storage.removesuffix("Gi")), int(weights * 1.2) + 20)


def _template(server: Server) -> Manifest:
    labels = {**server.labels, **selector(server.name), ENGINE_TYPE: server.engine.picker.engine_type}
    annotations = {**server.source.annotations, **server.annotations}
    metadata: Manifest = {"labels": labels}
    if annotations:
        metadata["annotations"] = annotations
    spec: Manifest = {
        # A Service called vllm would otherwise inject VLLM_PORT and crash the server.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": server.engine.grace_seconds,
        "nodeSelector": dict(server.node_labels),
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [_container(server)],
        "volumes": [*_volumes(server.engine), *server.source.volumes],
    }
    if server.source.account:
        spec["serviceAccountName"] = server.source.account
    return {"metadata": metadata, "spec": spec}


def _container(server: Server) -> Manifest:
    engine = server.engine
    startup = engine.startup.failures(server.fit.model.weights_gb or 0)
    gpus = {"nvidia.com/gpu": str(server.fit.option.tp)}
    storage = {"ephemeral-storage": f"{ephemeral_gib(engine, server.fit)}Gi"}
    mounts = [{"name": name, "mountPath": path} for name, path in engine.volumes.items()]
    return {
        "name": engine.name,
        "image": server.image,
        "command": list(engine.command),
        "args": arguments(server),
        "env": [*({"name": each.name, "value": each.value} for each in engine.env), *server.source.env],
        "ports": [{"name": engine.port_name, "containerPort": engine.port}],
        "lifecycle": {"preStop": {"sleep": {"seconds": engine.pre_stop_seconds}}},
        "startupProbe": _probe(engine, engine.startup.probe, startup),
        "readinessProbe": _probe(engine, engine.readiness, engine.readiness.failures),
        "livenessProbe": _probe(engine, engine.liveness, engine.liveness.failures),
        "resources": {"requests": {**gpus, **storage}, "limits": gpus},
        "volumeMounts": [*mounts, *server.source.mounts],
    }


def arguments(server: Server) -> list[str]:
    """Return the server's flags. The flag of the served names takes several values, so they follow as words."""
    values = {
        "model": server.source.model,
        "port": server.engine.port,
        "tp": server.fit.option.tp,
        "max_model_len": server.max_model_len or server.fit.model.max_model_len(server.fit.option),
        "max_num_seqs": server.max_num_seqs or server.engine.max_num_seqs,
        "drain": server.engine.drain_seconds,
    }
    words: list[str] = []
    for text in server.engine.arguments(_tag(server.image)):
        flag, _, value = text.partition("=")
        words += [flag, *server.served_names] if value == "{served_name}" else [text.format(**values)]
    return [*words, *server.fit.option.engine_args]


def _tag(image: str) -> str | None:
    """Return the tag of an image reference; None where it carries a digest alone: then the profile's own holds."""
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2] or None


def _probe(engine: Engine, probe: Probe, failures: int) -> Manifest:
    found: dict[str, Any] = {
        "httpGet": {"path": engine.health_path, "port": engine.port},
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
        "failureThreshold": failures,
    }
    return {**found, "initialDelaySeconds": probe.initial_delay} if probe.initial_delay else found


def _volumes(engine: Engine) -> list[Manifest]:
    return [{"name": name, "emptyDir": {"medium": "Memory"} if name == "shm" else {}} for name in engine.volumes]
