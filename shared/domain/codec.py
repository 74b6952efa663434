"""Values to documents and back, by their types alone. Every document carries a schema number."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from shared.domain.names import ResourceKey, decode_key, encode_key

T = TypeVar("T")
SCHEMA = 1
UPCASTS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Old schema number -> how to make a body of it into one of the next number."""


def encode(value: Any) -> dict[str, Any]:
    """Return the document of a dataclass value, with its schema number. Fields named ``version`` stay outside."""
    body = plain(value)
    body.pop("version", None)
    return {"schema": SCHEMA, **body}


def decode(cls: type[T], body: Mapping[str, Any], version: str = "") -> T:
    """Read what ``encode`` wrote, upcasting older schemas. Raises ValueError for a newer one."""
    found = dict(body)
    number = found.pop("schema", SCHEMA)
    if number > SCHEMA:
        message = f"a {cls.__name__} of schema {number} cannot be read: this release knows up to {SCHEMA}"
        raise ValueError(message)
    for older in range(number, SCHEMA):
        found = UPCASTS[older](found)
    if version:
        found["version"] = version
    return typing.cast("T", build(cls, found))


def plain(value: Any) -> Any:
    """Return plain JSON for a value: dataclasses carry their ``type``, keys of mappings become text."""
    match value:
        case ResourceKey():
            return encode_key(value)
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case frozenset():
            return sorted(plain(item) for item in value)
        case list() | tuple():
            return [plain(item) for item in value]
        case _ if is_dataclass(value):
            return {"type": type(value).__name__, **{f.name: plain(getattr(value, f.name)) for f in fields(value)}}
        case _:
            return value


def _key(key: Any) -> str:
    return encode_key(key) if isinstance(key, ResourceKey) else str(key)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def build(hint: Any, value: Any) -> Any:
    """Return the value of a type from plain JSON."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _build_union(args, value)
    if origin is not None and issubclass(origin, Mapping):
        make = decode_key if args[0] is ResourceKey else args[0]
        return {make(key): build(args[1], item) for key, item in value.items()}
    if origin is frozenset:
        return frozenset(build(args[0], item) for item in value)
    if origin is tuple:
        items = args if args[-1] is not Ellipsis else (args[0],) * len(value)
        return tuple(build(item, each) for item, each in zip(items, value, strict=True))
    return _build_plain(hint, value)


def _build_plain(hint: Any, value: Any) -> Any:
    if hint is ResourceKey:
        return decode_key(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is timedelta:
        return timedelta(seconds=value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: build(hints[name], item) for name, item in value.items() if name in hints})
    return value


def _build_union(args: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    classes = [arg for arg in args if isinstance(arg, type) and is_dataclass(arg)]
    if not classes:
        return build(next(arg for arg in args if arg is not types.NoneType), value)
    if len(classes) == 1:
        return build(classes[0], value)
    name = value["type"]
    return build(next(cls for cls in classes if cls.__name__ == name), value)
