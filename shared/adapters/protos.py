"""Between protobuf messages and plain values: field names as in the .proto, enums by name, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

from shared.domain.conditions import Reason
from shared.domain.errors import TerminalError

_MESSAGE = FieldDescriptor.TYPE_MESSAGE
_ENUM = FieldDescriptor.TYPE_ENUM
_WELL_KNOWN = "google.protobuf."


def own_fields(spec: Any) -> Any:
    """Return a spec without the keys that speak to the provider only (``_...``)."""
    if isinstance(spec, Mapping):
        return {key: own_fields(value) for key, value in spec.items() if not key.startswith("_")}
    if isinstance(spec, list | tuple):
        return [own_fields(value) for value in spec]
    return spec


def filled(message: type[Any], spec: Mapping[str, Any]) -> Any:
    """Return a message of this proto-plus class. Raises TerminalError naming a field or value it does not know."""
    try:
        return message.wrap(json_format.ParseDict(own_fields(spec), message.pb()()))
    except json_format.ParseError as error:
        text = f"{message.__name__} cannot be written so: {str(error).partition(chr(10))[0]}"
        raise TerminalError(text, reason=Reason.INVALID, field=message.__name__) from error


def plain(message: Any) -> dict[str, Any]:
    """Return a protobuf message (or proto-plus one) as plain values.

    Fields without a value of their own read as their default, because the wire does not tell the two apart; messages
    that are not there are left out.
    """
    pb = type(message).pb(message) if hasattr(type(message), "pb") else message
    read: dict[str, Any] = {}
    for field in pb.DESCRIPTOR.fields:
        if field.is_repeated:
            read[field.name] = _many(field, getattr(pb, field.name))
        elif field.type != _MESSAGE or pb.HasField(field.name):
            read[field.name] = _one(field, getattr(pb, field.name))
    return read


def _many(field: Any, values: Any) -> Any:
    if field.type == _MESSAGE and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {str(key): _one(inner, values[key]) for key in values}
    return [_one(field, value) for value in values]


def _one(field: Any, value: Any) -> Any:
    if field.type == _ENUM:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if field.type != _MESSAGE:
        return value
    if field.message_type.full_name.startswith(_WELL_KNOWN):
        return json_format.MessageToDict(value)
    return plain(value)
