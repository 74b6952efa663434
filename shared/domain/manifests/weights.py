"""Where a model server finds its weights: on the Hugging Face hub, or in a bucket mounted with Cloud Storage FUSE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOUNT = "/models"
DRIVER = "gcsfuse.csi.storage.gke.io"
_MOUNT_OPTIONS = (
    "implicit-dirs",
    # A stored version never changes, so nothing read once needs to be asked for again.
    "metadata-cache:ttl-secs:-1",
    "metadata-cache:stat-cache-max-size-mb:-1",
    "metadata-cache:negative-ttl-secs:0",
    "file-system:kernel-list-cache-ttl-secs:-1",
    # Weights are read in ranges; the cache turns those into parallel downloads of whole files.
    "file-cache:max-size-mb:-1",
    "file-cache:cache-file-for-range-read:true",
    "file-cache:enable-parallel-downloads:true",
)
# Without limits of its own the mounting sidecar may use what the node has; its cache holds all of the weights.
_ANNOTATIONS = {
    "gke-gcsfuse/volumes": "true",
    "gke-gcsfuse/cpu-limit": "0",
    "gke-gcsfuse/memory-limit": "0",
    "gke-gcsfuse/ephemeral-storage-limit": "0",
}
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")


@dataclass(frozen=True)
class Source:
    """What a choice of weights adds to the pod."""

    model: str
    """Value of the server's model flag: a hub id or a path."""
    env: tuple[dict[str, Any], ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
    volumes: tuple[dict[str, Any], ...] = ()
    mounts: tuple[dict[str, Any], ...] = ()
    account: str = ""
    """The service account that may read the bucket; empty: none is needed."""


def from_hub(hf_id: str, env: str, secret: str, key: str) -> Source:
    """Return the hub as source; with ``secret`` empty the weights need no token."""
    if not secret:
        return Source(hf_id)
    return Source(hf_id, ({"name": env, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}},))


def from_bucket(url: str, account: str) -> Source:
    """Return a bucket, ``gs://bucket/prefix``, as source, mounted read-only. Nothing is fetched from the hub."""
    bucket, _, prefix = url.removeprefix("gs://").partition("/")
    options = (*_MOUNT_OPTIONS, f"only-dir:{prefix.strip('/')}") if prefix.strip("/") else _MOUNT_OPTIONS
    attributes = {"bucketName": bucket, "mountOptions": ",".join(options)}
    return Source(
        MOUNT,
        tuple({"name": name, "value": "1"} for name in _OFFLINE),
        dict(_ANNOTATIONS),
        ({"name": "weights", "csi": {"driver": DRIVER, "readOnly": True, "volumeAttributes": attributes}},),
        ({"name": "weights", "mountPath": MOUNT, "readOnly": True},),
        account,
    )
