"""The envelope that all manifests share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]


def manifest(
    api_version: str,
    kind: str,
    name: str,
    labels: Mapping[str, str],
    *,
    namespace: str = "",
    annotations: Mapping[str, str] | None = None,
    **fields: Any,
) -> Manifest:
    """Return an object: its metadata, then its own fields."""
    metadata: Manifest = {"name": name, "labels": dict(labels)}
    if namespace:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
