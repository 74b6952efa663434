"""Small tools for JSON values. Stored objects are never changed in place, so most code may share them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")
Object = dict[str, Any]
"""A Kubernetes object as JSON."""


def copied(value: T) -> T:
    """Return a private copy of a JSON value."""
    out: T = _copied(value)
    return out


def _copied(value: Any) -> Any:
    # Much faster than copy.deepcopy, which looks for cycles and classes that JSON cannot have.
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def stamp(when: datetime) -> str:
    """Write a time as Kubernetes does: UTC, whole seconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's metadata, empty when it has none."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def without(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the mapping without some of its keys."""
    return {key: item for key, item in value.items() if key not in names}


def at(value: Any, *path: str) -> Any:
    """Follow keys into nested mappings; None where the way ends."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
