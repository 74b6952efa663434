"""Reads what crossed a wire as people would: JSON, forms and messages, with the JSON and base64 inside them opened."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import proto
from google.protobuf import json_format
from google.protobuf.message import Message

_CODED = {"data", "body"}
"""Fields that hold bytes: a message of Pub/Sub, and the request that a task of Cloud Tasks makes."""


@dataclass(frozen=True)
class Form:
    """A form's fields in their order, each text or the JSON in it."""

    fields: list[tuple[str, Any]]


def as_message(body: object) -> Any:
    """Return the protobuf message inside a proto-plus one; None where it is no message."""
    if isinstance(body, proto.Message):
        return type(body).pb(body)
    return body if isinstance(body, Message) else None


def values(body: object) -> Iterator[Any]:
    """Yield what stands in bytes, a message, or a list of messages: JSON values, Forms or text."""
    if isinstance(body, list):
        for one in body:
            yield from values(one)
    elif isinstance(body, bytes):
        yield _read(body.decode("utf-8", "replace"))
    elif (message := as_message(body)) is not None:
        yield _opened(json_format.MessageToDict(message))


def written(value: Any) -> str:
    """Return a value in lines."""
    if isinstance(value, Form):
        return "\n".join(f"{name}: {written(item)}" for name, item in value.fields)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _read(text: str) -> Any:
    found = _opened(text)
    if found is text and text.startswith(("{", "[")):
        found = _opened(_closed(text))  # it was cut
        found = text if isinstance(found, str) else found
    if isinstance(found, str) and re.match(r"\w+=", text) and "\n" not in text:
        return Form([(name, _opened(value)) for name, value in parse_qsl(text, keep_blank_values=True)])
    return found


def _opened(value: Any) -> Any:
    """Return a value with every text that holds JSON as that JSON, and bytes that hold text as that text."""
    if isinstance(value, dict):
        return {name: _opened(_decoded(item) if name in _CODED else item) for name, item in value.items()}
    if isinstance(value, list):
        return [_opened(item) for item in value]
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return _opened(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def _decoded(item: Any) -> Any:
    """Return the text that stands there in base64, or the thing itself where none does."""
    if not isinstance(item, str):
        return item
    try:
        text = base64.b64decode(item, validate=True).decode()
    except ValueError:
        return item
    return text if all(char.isprintable() or char.isspace() for char in text) else item


def _closed(text: str) -> str:
    """Return JSON that was cut as far as its last whole value, closed."""
    open_ones, inside, escaped, best = "", False, False, (0, "")
    for at, char in enumerate(text):
        if inside:
            inside, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            inside = True
        elif char in "{[":
            open_ones = {"{": "}", "[": "]"}[char] + open_ones
            best = at + 1, open_ones
        elif char in "}]":
            open_ones = open_ones[1:]
            best = at + 1, open_ones
        elif char == ",":
            best = at, open_ones
    return text[: best[0]] + best[1]
