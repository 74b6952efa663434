"""What the server serves, as clients discover it."""

from __future__ import annotations

import re
from typing import Any

from infra.local.cloud.kube import builtins, refusals
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects

VERSION = "v1.34.1-gke.1829001"
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_READ_WRITE = ["get", "patch", "update"]


def release() -> dict[str, str]:
    """Answer /version."""
    return {
        "major": "1",
        "minor": "34",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def legacy() -> dict[str, Any]:
    """Answer /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _rank(name: str) -> tuple[int, list[int]]:
    # v2 before v1, both before betas, those before alphas.
    found = re.fullmatch(r"v(\d+)(?:(beta|alpha)(\d+))?", name)
    if not found:
        return (3, [])
    level = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (level, [-int(found[1]), -int(found[3] or 0)])


def _group(objects: Objects, name: str) -> dict[str, Any]:
    versions = sorted({kind.version for kind in objects.served.values() if kind.group == name}, key=_rank)
    said = [{"groupVersion": f"{name}/{each}", "version": each} for each in versions]
    return {"name": name, "versions": said, "preferredVersion": said[0]}


def _names(objects: Objects) -> list[str]:
    return sorted({kind.group for kind in objects.served.values() if kind.group})


def groups(objects: Objects) -> dict[str, Any]:
    """Answer /apis."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(objects, name) for name in _names(objects)]}


def group(objects: Objects, name: str) -> dict[str, Any]:
    """Answer /apis/GROUP."""
    if name not in _names(objects):
        raise refusals.not_served()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(objects, name)}


def resources(objects: Objects, group: str, version: str) -> dict[str, Any]:
    """Answer /api/v1 and /apis/GROUP/VERSION."""
    served = [kind for kind in objects.served.values() if (kind.group, kind.version) == (group, version)]
    if not served:
        raise refusals.no_such_path() if group in builtins.groups() else refusals.not_served()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [line for kind in served for line in _lines(kind)],
    }


def _lines(kind: Kind) -> list[dict[str, Any]]:
    main: dict[str, Any] = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _VERBS if kind.collections else [verb for verb in _VERBS if verb != "deletecollection"],
    }
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    if kind.categories:
        main["categories"] = list(kind.categories)
    out = [main]
    below = {"singularName": "", "namespaced": kind.namespaced}
    if kind.status:
        out.append({"name": f"{kind.plural}/status", **below, "kind": kind.kind, "verbs": _READ_WRITE})
    if kind.scale:
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": _READ_WRITE}
        out.append({"name": f"{kind.plural}/scale", **below, **scale})
    if kind.id == "Pod":
        out.append({"name": "pods/log", **below, "kind": "Pod", "verbs": ["get"]})
        eviction = {"group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]}
        out.append({"name": "pods/eviction", **below, **eviction})
    return out


def answer(objects: Objects, root: str, rest: list[str]) -> dict[str, Any]:
    """Answer what lies below /api and /apis and names no resource."""
    match root, rest:
        case "api", []:
            return legacy()
        case "apis", []:
            return groups(objects)
        case "api", [version]:
            return resources(objects, "", version)
        case "apis", [name]:
            return group(objects, name)
        case "apis", [name, version]:
            return resources(objects, name, version)
    raise refusals.no_such_path()
