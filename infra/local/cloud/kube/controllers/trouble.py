"""What keeps a container from starting, staying or being ready, in the words of kubelet and of the programs."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from infra.local.cloud.kube.controllers import command, durations
from infra.local.cloud.kube.controllers.hooks import Hooks
from infra.local.cloud.kube.controllers.loop import Site
from infra.local.cloud.kube.controllers.values import annotations_of
from infra.local.cloud.kube.values import Object, at, meta

FUSE = "gcsfuse.csi.storage.gke.io"
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


@dataclass(frozen=True)
class Crash:
    """A program's end that was not asked for."""

    exit_code: int
    message: str


# Volumes -------------------------------------------------------------------------------------------------


def mount_trouble(site: Site, hooks: Hooks, pod: Object) -> str | None:
    """Say why a volume cannot be mounted, or None."""
    for volume in at(pod, "spec", "volumes") or ():
        why = _source_trouble(site, pod, volume) or _fuse_trouble(site, hooks, pod, volume)
        if why:
            return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {why}'
    return None


def _source_trouble(site: Site, pod: Object, volume: Mapping[str, Any]) -> str | None:
    namespace = meta(pod)["namespace"]
    for field, key, kind in (("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret")):
        source = volume.get(field)
        if source and not source.get("optional") and not site.objects.find(kind, namespace, source.get(key, "")):
            return f'{kind.lower()} "{source.get(key, "")}" not found'
    claim = at(volume, "persistentVolumeClaim", "claimName")
    if claim and not site.objects.find("PersistentVolumeClaim", namespace, claim):
        return f'persistentvolumeclaim "{claim}" not found'
    return None


def _fuse_trouble(site: Site, hooks: Hooks, pod: Object, volume: Mapping[str, Any]) -> str | None:
    bucket = _fuse_bucket(site, pod, volume)
    if bucket is None:
        return None
    if not hooks.has_addon(site.key, "gcs_fuse_csi_driver_config"):
        return (
            "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: "
            f"driver name {FUSE} not found in the list of registered CSI drivers"
        )
    if annotations_of(pod).get("gke-gcsfuse/volumes") != "true":
        return "rpc error: code = FailedPrecondition desc = failed to find the sidecar container in Pod spec"
    namespace, account = meta(pod)["namespace"], account_of(pod)
    if not hooks.may_read(site.key, namespace, account, bucket):
        return (
            f'rpc error: code = PermissionDenied desc = failed to get GCS bucket "{bucket}": googleapi: Error 403: '
            f"Caller ({namespace}/{account}) does not have storage.objects.list access to the bucket."
        )
    return None


def _fuse_bucket(site: Site, pod: Object, volume: Mapping[str, Any]) -> str | None:
    if at(volume, "csi", "driver") == FUSE:
        return str(at(volume, "csi", "volumeAttributes", "bucketName") or "")
    claim = at(volume, "persistentVolumeClaim", "claimName")
    found = site.objects.find("PersistentVolumeClaim", meta(pod)["namespace"], claim) if claim else None
    name = at(found, "spec", "volumeName") if found else None
    source = at(site.objects.find("PersistentVolume", "", name) or {}, "spec", "csi") if name else None
    return str(source.get("volumeHandle", "")) if source and source.get("driver") == FUSE else None


def account_of(pod: Object) -> str:
    """Return the service account that a pod runs as."""
    return str(at(pod, "spec", "serviceAccountName") or "default")


# Environment ---------------------------------------------------------------------------------------------


def config_trouble(site: Site, namespace: str, container: Mapping[str, Any]) -> str | None:
    """Say why a container's environment cannot be built, or None."""
    for kind, ref, key in _references(container):
        found = site.objects.find(kind, namespace, ref.get("name", ""))
        if ref.get("optional"):
            continue
        if found is None:
            return f'{kind.lower()} "{ref.get("name", "")}" not found'
        if key and key not in {**(found.get("data") or {}), **(found.get("binaryData") or {})}:
            return f"couldn't find key {key} in {kind} {namespace}/{ref['name']}"
    return None


def _references(container: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any], str | None]]:
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            if field in source:
                yield kind, source[field], source[field].get("key")
    for source in container.get("envFrom") or ():
        for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            if field in source:
                yield kind, source[field], None


def _secret_value(site: Site, namespace: str, variable: Mapping[str, Any]) -> str:
    ref = at(variable, "valueFrom", "secretKeyRef")
    if not ref:
        return str(variable.get("value") or "")
    secret = site.objects.find("Secret", namespace, ref["name"])
    raw = at(secret, "data", ref["key"]) or ""
    return base64.b64decode(raw).decode(errors="replace").strip()


# Running -------------------------------------------------------------------------------------------------


def load_time(site: Site, pod: Object) -> timedelta:
    """Return how long this pod's model server needs until it answers."""
    head = meta(pod)
    return durations.draw(site.objects.world, "model-load", site.key, head["namespace"], head["name"])


def crash(site: Site, hooks: Hooks, pod: Object, container: Mapping[str, Any]) -> Crash | None:
    """Say why a container that was started will not live, or None."""
    if not command.is_engine(container):
        return None
    namespace, model = meta(pod)["namespace"], command.model_of(container)
    if model.startswith("gs://"):
        bucket = model.removeprefix("gs://").split("/")[0]
        if not hooks.may_read(site.key, namespace, account_of(pod), bucket):
            return Crash(1, f"google.api_core.exceptions.Forbidden: 403 GET gs://{bucket}: storage.objects.list denied")
    elif hooks.gated(model) and not _has_token(site, namespace, container):
        return Crash(
            1,
            f"huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo {model}. "
            "You must have access to it and be authenticated to access it.",
        )
    budget = startup_budget(container)
    if budget is not None and load_time(site, pod) > budget:
        return Crash(137, f"startup probe failed for {budget.total_seconds():.0f}s: the model was still loading")
    return None


def _has_token(site: Site, namespace: str, container: Mapping[str, Any]) -> bool:
    given = [v for v in container.get("env") or () if v.get("name") in _TOKENS]
    return any(_secret_value(site, namespace, variable) for variable in given)


def startup_budget(container: Mapping[str, Any]) -> timedelta | None:
    """Return how long the probes let a container start before it is killed; None: for ever."""
    probe = container.get("startupProbe") or container.get("livenessProbe")
    if not probe:
        return None
    tries, period = probe.get("failureThreshold", 3), probe.get("periodSeconds", 10)
    return timedelta(seconds=probe.get("initialDelaySeconds", 0) + tries * period)


def unready(site: Site, pod: Object, container: Mapping[str, Any]) -> str | None:
    """Say why the readiness probe of a running container fails, or None."""
    if command.is_picker(container):
        return _picker_unready(site, pod, container)
    probe = at(container, "readinessProbe", "httpGet")
    if not probe or not command.is_engine(container):
        return None
    port = command.port_number(container, probe.get("port"))
    if port != command.serving_port(container):
        return f"Readiness probe failed: dial tcp :{probe.get('port')}: connect: connection refused"
    if probe.get("path", "/") not in ("/health", "/v1/models", "/metrics", "/ping", "/version"):
        return "Readiness probe failed: HTTP probe failed with statuscode: 404"
    return None


def _picker_unready(site: Site, pod: Object, container: Mapping[str, Any]) -> str | None:
    # The endpoint picker reports SERVING only once it has read its pool.
    line = command.words(container)
    pool = command.flag(line, "--pool-name")[0]
    namespace = (command.flag(line, "--pool-namespace") or [meta(pod)["namespace"]])[0]
    if site.objects.find("InferencePool.inference.networking.k8s.io", namespace, pool):
        return None
    return f"Readiness probe failed: service unhealthy: InferencePool {namespace}/{pool} not found"
