"""A graph as files a person can read, review and apply: what ``inferops render`` writes.

A folder per cluster, one numbered YAML file per Kubernetes object, in building order. What the cloud's own APIs build
(clusters, pools, networks) and what is only checked has no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import Kind

_ADDRESS_NOTE = "# {address} stands for the Gateway's address in this region: see status.addresses of the Gateway.\n"


def render(graph: ResourceGraph) -> Mapping[str, str]:
    """Return the text of each file by its path. No file holds a secret value, or anything meant for our providers."""
    files: dict[str, str] = {}
    count: dict[str, int] = {}
    for resource in graph:
        obj = _object(resource)
        if obj is None or resource.is_check:
            continue
        folder = resource.key.within.replace("/", "_")
        count[folder] = number = count.get(folder, 0) + 1
        name = resource.key.short_name.replace(":", "-")
        text = yaml.safe_dump(obj, sort_keys=False, allow_unicode=True, width=120)
        files[f"{folder}/{number:03}-{obj['kind'].lower()}-{name}.yaml"] = "".join(_notes(resource)) + text
    return files


def _object(resource: Resource) -> Mapping[str, Any] | None:
    """Return the Kubernetes object; None for what is none."""
    spec = resource.spec["job"] if resource.key.kind is Kind.SMOKE_TEST else resource.spec
    if "apiVersion" not in spec:
        return None
    return {key: value for key, value in spec.items() if not key.startswith("_")}


def _notes(resource: Resource) -> Iterator[str]:
    """Yield what a reader must add by hand."""
    if resource.key.kind is Kind.SMOKE_TEST:
        yield _ADDRESS_NOTE
    for key, version in resource.spec.get("_from", {}).items():
        yield f"# data.{key} is not written here: copy it, base64-encoded, from Secret Manager\n# {version}\n"
