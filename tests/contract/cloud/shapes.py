"""What two answers of an API must share: the same fields, types, and all values that are not other ones each time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_OPAQUE = re.compile(
    r"(^|\.)(id|uid|etag|fingerprint|labelFingerprint|generation|resourceVersion|targetId|uniqueId|externalId"
    r"|clusterCaCertificate|podRange)$"
)
_MOMENTARY = re.compile(r"(^|\.)(progress|intValue|currentNodeCount|podIpv4RangeUtilization)$")
_FORMS = {
    "a time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "an address": re.compile(r"\d+\.\d+\.\d+\.\d+|\$\{\w+IPV4\}"),
    "a range": re.compile(r"\d+\.\d+\.\d+\.\d+/\d+"),
    "a version": re.compile(r"\d+\.\d+\.\d+-gke\.\d+"),
    "a person": re.compile(r"[\w.-]+@example\.com"),
    "an instance group": re.compile(r"https://\S+/instanceGroupManagers/gke-[\w-]+"),
}
_OPERATION = re.compile(r"\$\{operationID\}|operation-\d+-[0-9a-f-]{36}|acat\.[\w-]+")
_NUMBERED = re.compile(r"(alertPolicies|conditions|notificationChannels)/(\d+|\$\{\w+\})")
_PLACE = re.compile(r"\b(regions|zones)/[a-z]+-[a-z]+\d+(-[a-z])?")
# Lists of all there is, everywhere: the recorded world has more regions than ours.
_EVERYWHERE = ("items.", "subnetworks[]")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of everything that has no parts. Elements of a list share one path, and so do all places."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            name = _PLACE.sub(r"\1/PLACE", key)
            yield from leaves(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def form(path: str, value: Any) -> str:
    """Return what must be the same of a value: all of it, or its form alone where it is another one each time."""
    if _MOMENTARY.search(path):
        return type(value).__name__
    if isinstance(value, float):
        return f"{value:g}"  # JSON does not tell 500.0 from 500
    if not isinstance(value, str):
        return json.dumps(value)
    if value and _OPAQUE.search(path):
        return "some text"
    if path.endswith("selfLinkWithId"):
        value = value.rsplit("/", 1)[0]
    if path.startswith(_EVERYWHERE):
        value = _PLACE.sub(r"\1/PLACE", value)
    named = next((name for name, pattern in _FORMS.items() if pattern.fullmatch(value)), "")
    return named or json.dumps(_NUMBERED.sub(r"\1/NUMBER", _OPERATION.sub("OPERATION", value)))


def shape(answer: Any) -> dict[str, set[str]]:
    """Return path -> forms. Work that waits for its turn counts as running: the recorded one just had not to wait."""
    if isinstance(answer, dict) and answer.get("status") == "PENDING":
        begun = {"startTime": answer["insertTime"]} if "insertTime" in answer else {}
        answer = {**answer, "status": "RUNNING", **begun}
    found: dict[str, set[str]] = {}
    for path, value in leaves(answer):
        found.setdefault(path, set()).add(form(path, value))
    return found


def compare(theirs: Any, ours: Any) -> dict[str, str]:
    """Return path -> how two answers differ there."""
    left, right, found = shape(theirs), shape(ours), {}
    for path in sorted(left.keys() | right.keys()):
        if path not in right:
            found[path] = f"missing; recorded {sorted(left[path])}"
        elif path not in left:
            found[path] = f"not recorded; ours {sorted(right[path])}"
        elif left[path] != right[path]:
            found[path] = f"recorded {sorted(left[path])}; ours {sorted(right[path])}"
    return found
