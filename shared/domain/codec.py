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


Builder = Callable[[Any], Any]


def build(hint: Any, value: Any) -> Any:
    """Return the value of a type from plain JSON."""
    return builder(hint)(value)


@cache
def builder(hint: Any) -> Builder:
    """Return what builds values of a type. Worked out once for each type: reading documents is most of a round."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _union_builder(args)
    if origin is not None and issubclass(origin, Mapping):
        make = decode_key if args[0] is ResourceKey else args[0]
        item = builder(args[1])
        return lambda value: {make(key): item(each) for key, each in value.items()}
    if origin is frozenset:
        member = builder(args[0])
        return lambda value: frozenset(member(each) for each in value)
    if origin is tuple:
        return _tuple_builder(args)
    return _plain_builder(hint)


def _tuple_builder(args: tuple[Any, ...]) -> Builder:
    if args[-1] is Ellipsis:
        each = builder(args[0])
        return lambda value: tuple(each(item) for item in value)
    places = [builder(arg) for arg in args]
    return lambda value: tuple(place(item) for place, item in zip(places, value, strict=True))


def _plain_builder(hint: Any) -> Builder:
    if hint is ResourceKey:
        return decode_key
    if hint is datetime:
        return datetime.fromisoformat
    if hint is timedelta:
        return lambda value: timedelta(seconds=value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_builder(hint)
    return lambda value: value


def _dataclass_builder(cls: type) -> Builder:
    hints = typing.get_type_hints(cls)
    known: dict[str, Builder] = {}

    def make(value: Mapping[str, Any]) -> Any:
        if not known:  # only now: a type may contain itself
            known.update({name: builder(hints[name]) for name in (field.name for field in fields(cls))})
        return cls(**{name: known[name](item) for name, item in value.items() if name in known})

    return make


def _union_builder(args: tuple[Any, ...]) -> Builder:
    classes = {arg.__name__: builder(arg) for arg in args if isinstance(arg, type) and is_dataclass(arg)}
    if not classes:
        other = builder(next(arg for arg in args if arg is not types.NoneType))
        return lambda value: None if value is None else other(value)
    if len(classes) == 1:
        [only] = classes.values()
        return lambda value: None if value is None else only(value)
    return lambda value: None if value is None else classes[value["type"]](value)
