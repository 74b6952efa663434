"""What is left of an object after the trip through Go structs: fields that are empty are not written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.cloud.kube.fieldsets import Schema, below, items
from infra.local.cloud.kube.values import Object

_WRITTEN_EMPTY: dict[str, list[Any] | None] = {"containers": [], "versions": [], "rules": None}
"""How lists that are written even when they are empty are written then."""
_NUMBERS = {"containerPort"}
"""Numbers of which 0 is the same as nothing."""


def metadata(head: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata without what is empty."""
    return {name: value for name, value in head.items() if value or value is False}


def built_in(schema: Schema, obj: Object) -> Object:
    """Return an object of a built-in kind without empty lists and maps; structs stay, even empty."""
    out = _lean(schema, obj)
    return out if isinstance(out, dict) else obj


def _lean(schema: Schema, value: Any) -> Any:
    if isinstance(value, list):
        return [_lean(items(schema), item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, item in value.items():
        kind = below(schema, name)
        if item == [] and kind.get("type") == "array":
            if name in _WRITTEN_EMPTY:
                out[name] = _WRITTEN_EMPTY[name]
        elif not ((item == {} and "additionalProperties" in kind) or (item == 0 and name in _NUMBERS)):
            out[name] = _lean(kind, item)
    return out
