"""Field masks of updates in Monitoring: without one the new value replaces the old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import field_mask_pb2

from infra.local.cloud.errors import ApiError


def merged(before: Any, asked: Any, paths: Sequence[str], fixed: Sequence[str]) -> Any:
    """Return what an update makes of a message; ``fixed`` fields stay as they are. INVALID_ARGUMENT for a bad path."""
    after = type(before)()
    after.CopyFrom(before if paths else asked)
    for path in paths:
        _set(after, asked, path)
    for name in fixed:
        after.ClearField(name)
    field_mask_pb2.FieldMask(paths=fixed).MergeMessage(before, after, True, True)
    return after


def _set(after: Any, asked: Any, path: str) -> None:
    name, _, key = path.partition(".")
    field = after.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise ApiError("INVALID_ARGUMENT", f"Field update_mask had an invalid value: no such field: {path}.")
    if key and field.message_type and field.message_type.GetOptions().map_entry:
        here, there = getattr(after, name), getattr(asked, name)
        here.pop(key, None)
        if key in there:
            here[key] = there[key]
        return
    try:
        field_mask_pb2.FieldMask(paths=[path]).MergeMessage(asked, after, True, True)
    except ValueError as error:
        raise ApiError("INVALID_ARGUMENT", f"Field update_mask had an invalid value: {error}.") from error
