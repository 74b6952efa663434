"""Takes out of an answer what differs between any two servers: drawn names, uids, times, resource versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

LATER: dict[str, str] = {
    "kubernetes.io/metadata.name": "v1.21",
    "completionMode": "v1.21",
    "suspend": "v1.21",
    "podReplacementPolicy": "v1.28",
    "batch.kubernetes.io/controller-uid": "v1.27",
    "batch.kubernetes.io/job-name": "v1.27",
    "internalTrafficPolicy": "v1.21",
    "ipFamilies": "v1.20 behind a gate",
    "ipFamilyPolicy": "v1.20 behind a gate",
}
"""Fields that releases after the real server's one set by themselves, with the release; none of them is compared."""
LATER_REASONS = {"FieldValueTypeInvalid": "v1.22", "FieldValueTooLong": "v1.24", "FieldValueTooMany": "v1.24"}
"""Reasons of causes for which the real server says FieldValueInvalid, at least of custom resources."""
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_VERSION = "resourceVersion"


@dataclass(frozen=True)
class Names:
    """The names that a run draws for itself."""

    namespace: str
    group: str

    def filled(self, text: str) -> str:
        """Put the drawn names into a request."""
        return text.replace("{ns}", self.namespace).replace("{group}", self.group)

    def emptied(self, text: str) -> str:
        """Take the drawn names out of an answer."""
        text = text.replace(self.namespace, "{ns}").replace(self.group, "{group}")
        return _TIME.sub("TIME", _UID.sub("UID", text))


def normal(value: Any, names: Names) -> Any:
    """Return a JSON value as it would be in any run on any server."""
    if isinstance(value, str):
        return names.emptied(value)
    if isinstance(value, list):
        return [normal(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    # Since v1.34 a creation time that is not set is left out instead of being null.
    known = {k: item for k, item in value.items() if not (_later(k) or (k == "creationTimestamp" and item is None))}
    if value and not known:
        return None
    out = {names.emptied(key): normal(item, names) for key, item in known.items()}
    if isinstance(out.get(_VERSION), str):
        out[_VERSION] = "VERSION"
    return out


def _later(key: str) -> bool:
    return key.removeprefix("f:") in LATER


def picked(value: Any, path: str) -> Any:
    """Follow dotted names and indexes into a JSON value; ``*`` alone is all of it, None stands for nothing."""
    if path == "*":
        return value
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        elif isinstance(value, list):
            value = [picked(item, step) for item in value]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
