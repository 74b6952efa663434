"""Reads field tables, a short notation for structural schemas, so that a kind's shape fits on a page.

::

    Port = int 1..65535                     a name for a scalar
    Container                               a type; its fields follow, indented
      name! string                          ! = required
      ports [ContainerPort] key=containerPort,protocol
      limits {quantity} =0                  a map, with a default
      type string A|B /^[A-Z]$/ 1..20       enumeration, pattern, length (range of numbers, count of items)
      ? message :: self.a != self.b         a CEL rule on the type, or on the field above when indented deeper
      data any -- what it means             after two dashes: the description

Other words: ``atomic``, ``set``, ``open`` (keeps unknown fields), ``nullable``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "int": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time", "nullable": True},
    "base64": {"type": "string", "format": "byte"},
    "quantity": {"x-kubernetes-int-or-string": True, "format": "quantity"},
    "intstr": {"x-kubernetes-int-or-string": True},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
    "object": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}
_RANGE = re.compile(r"(-?\d+)?\.\.(-?\d+)?")
_LIMITS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
_FLAGS: dict[str, Schema] = {
    "set": {"x-kubernetes-list-type": "set"},
    "open": {"x-kubernetes-preserve-unknown-fields": True},
    "nullable": {"nullable": True},
}
_TOP, _FIELD = 0, 2


@dataclass
class _Type:
    words: list[str] = field(default_factory=list)
    fields: dict[str, tuple[str, list[str], bool, str]] = field(default_factory=dict)
    rules: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Field name (empty: the type itself) and rule."""


class Notation:
    """The types of one or more tables; ``schema`` writes one of them out in full."""

    def __init__(self, *texts: str) -> None:
        self._types: dict[str, _Type] = {}
        self._aliases: dict[str, list[str]] = {}
        self._built: dict[str, Schema] = {}
        for text in texts:
            self._read(text)

    def _read(self, text: str) -> None:
        current, last = _Type(), ""
        for raw in text.splitlines():
            line = raw.rstrip()
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            indent, body = len(line) - len(line.lstrip()), line.strip()
            if body.startswith("? "):
                said, _, rule = body[2:].partition(" :: ")
                current.rules.append((last if indent > _FIELD else "", {"rule": rule.strip(), "message": said.strip()}))
            elif indent == _TOP and " = " in body:
                name, _, rest = body.partition(" = ")
                self._aliases[name.strip()] = rest.split()
            elif indent == _TOP:
                name, *words = body.split()
                current, last = _Type(words), ""
                self._types[name] = current
            else:
                last = self._field(current, body)

    @staticmethod
    def _field(current: _Type, body: str) -> str:
        spec, _, description = body.partition(" -- ")
        name, kind, *words = spec.split()
        plain = name.removesuffix("!")
        current.fields[plain] = (kind, words, name.endswith("!"), description.strip())
        return plain

    def schema(self, name: str) -> Schema:
        """Return the schema of a type."""
        if name not in self._built:
            self._built[name] = self._expression(name)
        return self._built[name]

    def _expression(self, text: str) -> Schema:
        if text.startswith("["):
            return {"type": "array", "items": self._expression(text[1:-1])}
        if text.startswith("{"):
            return {"type": "object", "additionalProperties": self._expression(text[1:-1])}
        if text in _SCALARS:
            return dict(_SCALARS[text])
        if text in self._aliases:
            kind, *words = self._aliases[text]
            return _worded(self._expression(kind), words)
        if text in self._built:
            return self._built[text]
        return self._object(self._types[text])

    def _object(self, found: _Type) -> Schema:
        fields = {}
        for name, (kind, words, _, description) in found.fields.items():
            part = _worded(self._expression(kind), words)
            rules = [rule for where, rule in found.rules if where == name]
            extra = {"description": description} if description else {}
            fields[name] = {**part, **extra, **({"x-kubernetes-validations": rules} if rules else {})}
        out: Schema = {"type": "object", "properties": fields}
        needed = [name for name, (_, _, required, _) in found.fields.items() if required]
        own = [rule for where, rule in found.rules if not where]
        if needed:
            out["required"] = needed
        if own:
            out["x-kubernetes-validations"] = own
        return _worded(out, found.words)


def _worded(schema: Schema, words: list[str]) -> Schema:
    out = dict(schema)
    for word in words:
        _apply(out, word)
    return out


def _apply(out: Schema, word: str) -> None:
    if found := _RANGE.fullmatch(word):
        least, most = _LIMITS.get(out.get("type", ""), ("minimum", "maximum"))
        out.update({key: int(text) for key, text in ((least, found[1]), (most, found[2])) if text})
    elif word.startswith("="):
        out["default"] = _literal(word[1:])
    elif word.startswith("/"):
        out["pattern"] = word[1:-1]
    elif word.startswith("key="):
        out |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": word[4:].split(",")}
    elif word == "atomic":
        out["x-kubernetes-list-type" if out["type"] == "array" else "x-kubernetes-map-type"] = "atomic"
    elif word in _FLAGS:
        out |= _FLAGS[word]
    elif "|" in word:
        out["enum"] = [part for part in word.split("|") if part]
    else:
        raise ValueError(f"unknown word in a field table: {word}")


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
