"""Firestore's values: how they compare, how paths find them, how large they are.

Every other Firestore module works on these; nothing here knows of documents, queries or time.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from google.cloud.firestore_v1.types import document

from infra.local.cloud.errors import ApiError

Pb = Any
"""A protobuf message; the clients ship no types."""
Path = tuple[str, ...]
Key = tuple[Any, ...]
"""A value's place in Firestore's order over all types; equal keys are equal values (1 and 1.0 too)."""

Document = document.Document.pb()
Value = document.Value.pb()
NULL_KEY: Key = (0,)
NAN_KEY: Key = (2,)
NUMBER, REFERENCE, ARRAY = 3, 7, 9
MAX_DOCUMENT = 1_048_576
MAX_FIELD = 1_048_487
MAX_DEPTH = 20
_SEGMENT = re.compile(r"`((?:[^`\\]|\\.)+)`|([^.`]+)")
_RESERVED = re.compile(r"__.*__")


def _number(value: float) -> Key:
    return NAN_KEY if math.isnan(value) else (NUMBER, value)


_KEYS: dict[str, Callable[[Pb], Key]] = {
    "null_value": lambda _: NULL_KEY,
    "boolean_value": lambda v: (1, v.boolean_value),
    "integer_value": lambda v: (NUMBER, v.integer_value),
    "double_value": lambda v: _number(v.double_value),
    "timestamp_value": lambda v: (4, v.timestamp_value.seconds, v.timestamp_value.nanos),
    "string_value": lambda v: (5, v.string_value),
    "bytes_value": lambda v: (6, v.bytes_value),
    "reference_value": lambda v: name_key(v.reference_value),
    "geo_point_value": lambda v: (8, v.geo_point_value.latitude, v.geo_point_value.longitude),
    "array_value": lambda v: (ARRAY, tuple(key_of(item) for item in v.array_value.values)),
    "map_value": lambda v: (10, tuple(sorted((k, key_of(item)) for k, item in v.map_value.fields.items()))),
}


def key_of(value: Pb) -> Key:
    """Return the value's place in the order: null, booleans, numbers, timestamps, strings, bytes ... maps."""
    return _KEYS[value.WhichOneof("value_type") or "null_value"](value)


def name_key(name: str) -> Key:
    """Return the place of a document's name among values: segment by segment."""
    return (REFERENCE, tuple(name.split("/")))


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Split ``a.b.`c-d` `` into its names; INVALID_ARGUMENT if it is malformed."""
    names = [quoted.replace("\\", "") or plain for quoted, plain in _SEGMENT.findall(text)]
    if not names or len(_SEGMENT.sub("", text)) != len(names) - 1:
        raise ApiError("INVALID_ARGUMENT", f'Invalid property path "{text}".')
    return tuple(names)


def find(fields: Pb, path: Path) -> Pb | None:
    """Return the value at the path, or None where there is no such field."""
    value = None
    for name in path:
        # Reading a missing key of a protobuf map would create it.
        if name not in fields:
            return None
        value = fields[name]
        fields = value.map_value.fields
    return value


def put(fields: Pb, path: Path, value: Pb | None) -> None:
    """Set the field, making maps on the way; None deletes it."""
    *head, last = path
    for name in head:
        if value is None and name not in fields:
            return
        inner = fields[name]
        if inner.WhichOneof("value_type") != "map_value":
            if value is None:
                return
            inner.map_value.SetInParent()
        fields = inner.map_value.fields
    if value is not None:
        fields[last].CopyFrom(value)
    elif last in fields:
        del fields[last]


def masked(source: Pb, paths: Iterable[Path]) -> Pb:
    """Return the document with these fields only; ``__name__`` is always there."""
    cut = Document(name=source.name, create_time=source.create_time, update_time=source.update_time)
    for path in paths:
        value = None if path == ("__name__",) else find(source.fields, path)
        if value is not None:
            put(cut.fields, path, value)
    return cut


def _text_size(text: str) -> int:
    return len(text.encode()) + 1


def _fields_size(fields: Pb, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise ApiError("INVALID_ARGUMENT", f"Property contains an invalid nested entity: over {MAX_DEPTH} deep.")
    for name in fields:
        if not name or _RESERVED.fullmatch(name):
            raise ApiError("INVALID_ARGUMENT", f'field name "{name}" is empty or reserved')
    return sum(_text_size(name) + _size(item, depth) for name, item in fields.items())


def _size(value: Pb, depth: int) -> int:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return _fields_size(value.map_value.fields, depth + 1)
    if kind == "array_value":
        if any(item.WhichOneof("value_type") == "array_value" for item in value.array_value.values):
            raise ApiError("INVALID_ARGUMENT", "Cannot convert an array value in an array value.")
        return sum(_size(item, depth + 1) for item in value.array_value.values)
    if kind in {"string_value", "reference_value"}:
        return _text_size(getattr(value, kind))
    if kind == "bytes_value":
        return len(value.bytes_value)
    return {"null_value": 1, "boolean_value": 1, "geo_point_value": 16}.get(kind or "", 8)


def measure(name: str, fields: Pb) -> int:
    """Return the document's size in bytes by Firestore's rules; INVALID_ARGUMENT if it breaks one of them."""
    for field, value in fields.items():
        if value.WhichOneof("value_type") in {"string_value", "bytes_value"} and value.ByteSize() > MAX_FIELD + 4:
            raise ApiError("INVALID_ARGUMENT", f'The value of property "{field}" is longer than {MAX_FIELD} bytes.')
    path = name.split("/documents/", 1)[1]
    size = sum(_text_size(segment) for segment in path.split("/")) + 16 + _fields_size(fields, 1) + 32
    if size > MAX_DOCUMENT:
        raise ApiError("INVALID_ARGUMENT", f"maximum entity size is {MAX_DOCUMENT} bytes, this is {size}")
    return size


def plain(value: Pb) -> Any:
    """Return the value as JSON-able Python: times as ISO text, bytes as base64."""
    kind = value.WhichOneof("value_type") or "null_value"
    if kind == "null_value":
        return None
    if kind == "map_value":
        return {name: plain(item) for name, item in sorted(value.map_value.fields.items())}
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "timestamp_value":
        return value.timestamp_value.ToJsonString()
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    if kind == "geo_point_value":
        return [value.geo_point_value.latitude, value.geo_point_value.longitude]
    return getattr(value, kind)
