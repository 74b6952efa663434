"""Structural schemas at work: what a value may contain, what is filled in, and what is wrong with it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from infra.local.cloud.kube import podrules, rules
from infra.local.cloud.kube.fieldsets import Schema, is_list, item_key, items
from infra.local.cloud.kube.refusals import Cause, bad_value, required, unsupported
from infra.local.cloud.kube.values import copied

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
WRONG_TYPE = "FieldValueTypeInvalid"
_BLOCKING = {
    *("FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany"),
    WRONG_TYPE,
}
_UNASKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)
_ENVELOPE = {"apiVersion", "kind", "metadata"}


@lru_cache(maxsize=2048)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def pruned(schema: Schema, value: Any, unknown: list[str], path: str = "") -> Any:
    """Return a copy without what the schema does not know; the paths of that are added to ``unknown``."""
    if isinstance(value, list):
        kind = items(schema)
        return [pruned(kind, item, unknown, f"{path}[{i}]") for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    fields: Schema = schema.get("properties") or {}
    free = schema.get("additionalProperties")
    keeps = not schema or schema.get("x-kubernetes-preserve-unknown-fields") or free is True
    envelope = not path or schema.get("x-kubernetes-embedded-resource")
    out = {}
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if envelope and name in _ENVELOPE and name not in fields:
            out[name] = copied(item)
        elif name in fields or isinstance(free, dict):
            kind = fields.get(name) or (free if isinstance(free, dict) else {})
            # A null means absent wherever the schema does not say nullable.
            if item is not None or not kind or kind.get("nullable"):
                out[name] = pruned(kind, item, unknown, here)
        elif keeps:
            out[name] = copied(item)
        else:
            unknown.append(here)
    return out


def fill(schema: Schema, value: Any) -> None:
    """Set defaults, in place."""
    if isinstance(value, list):
        kind = items(schema)
        for item in value:
            fill(kind, item)
    elif isinstance(value, dict):
        free = schema.get("additionalProperties")
        fields: Schema = schema.get("properties") or {}
        for name, kind in fields.items():
            if "default" in kind and (name not in value or (value[name] is None and not kind.get("nullable"))):
                value[name] = copied(kind["default"])
            if name in value:
                fill(kind, value[name])
        if isinstance(free, dict):
            for name in value.keys() - fields.keys():
                fill(free, value[name])


def right_type(schema: Schema, value: Any) -> bool:
    """Say whether a value has the type of its schema."""
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    wanted = schema.get("type")
    if wanted is None:
        return True
    if isinstance(value, bool) and wanted != "boolean":
        return False
    if wanted == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[wanted])


def verdict(schema: Schema, value: Any, path: str, old: Any) -> Iterator[Cause]:
    """Yield what is wrong with a value, rules in CEL included; ``old`` is its former value, for those on transitions.

    Where the value has not even its shape, the rules are not asked, and that is told.
    """
    found = list(violations(schema, value, path))
    yield from found
    if not any(cause.reason in _BLOCKING for cause in found):
        yield from _rules(schema, value, path, old)
    elif _ruled(schema):
        yield Cause("<nil>", "FieldValueInvalid", f'Invalid value: "null": {_UNASKED}')


def _ruled(schema: Schema) -> bool:
    parts = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return "x-kubernetes-validations" in schema or any(_ruled(part) for part in parts if isinstance(part, dict))


def _rules(schema: Schema, value: Any, path: str, old: Any) -> Iterator[Cause]:
    yield from rules.violations(schema, value, path, old)
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        fields: Schema = schema.get("properties") or {}
        free = schema.get("additionalProperties")
        for name, item in value.items():
            kind = fields.get(name) or (free if isinstance(free, dict) else None)
            if kind and item is not None:
                yield from _rules(kind, item, f"{path}.{name}" if path else name, before.get(name))
    elif isinstance(value, list):
        # Only the items of keyed lists can be followed from one value to the next.
        keyed = is_list(schema, value)
        was = {item_key(schema, item): item for item in old or ()} if keyed else {}
        for i, item in enumerate(value):
            yield from _rules(items(schema), item, f"{path}[{i}]", was.get(item_key(schema, item)) if keyed else None)


def violations(schema: Schema, value: Any, path: str = "") -> Iterator[Cause]:
    """Yield everything in which a value does not fit its schema."""
    if value is None and schema.get("nullable"):
        return
    if not right_type(schema, value):
        wanted = schema.get("type", "integer,string")
        kind = _type_of(value)
        why = f'Invalid value: "{kind}": {path} in body must be of type {wanted}: "{kind}"'
        yield Cause(path, WRONG_TYPE, why)
        if "enum" in schema:
            yield unsupported(path, value, schema["enum"])
        return
    if "enum" in schema and value not in schema["enum"]:
        yield unsupported(path, value, schema["enum"])
    if isinstance(value, str):
        yield from _text_violations(schema, value, path)
    elif isinstance(value, dict):
        yield from _object_violations(schema, value, path)
    elif isinstance(value, list):
        yield from _list_violations(schema, value, path)
    elif not isinstance(value, bool):
        yield from _number_violations(schema, value, path)
    yield from _combinations(schema, value, path)


def _type_of(value: Any) -> str:
    return next((name for name, types in _TYPES.items() if type(value) in types), "null")


def _text_violations(schema: Schema, value: str, path: str) -> Iterator[Cause]:
    if len(value) > schema.get("maxLength", len(value)):
        limit = schema["maxLength"]
        yield Cause(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")
    if len(value) < schema.get("minLength", 0):
        yield bad_value(path, value, f"{path} in body should be at least {schema['minLength']} chars long")
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        yield bad_value(path, value, f"{path} in body should match '{schema['pattern']}'")
    yield from _unreadable(schema.get("format", ""), value, path)
    if schema.get("format") == "date-time" and not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
        yield bad_value(path, value, f"{path} in body must be of type date-time: {value!r}")


def _unreadable(form: str, value: str, path: str) -> Iterator[Cause]:
    """Yield a text that cannot even be decoded: a quantity or base64 that is none."""
    if form == "quantity" and podrules.quantity(value) is None:
        why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        yield Cause(path, WRONG_TYPE, f"Invalid value: {value!r}: {why}")
    if form == "byte":
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            yield Cause(path, WRONG_TYPE, "Invalid value: illegal base64 data")


def _number_violations(schema: Schema, value: float, path: str) -> Iterator[Cause]:
    if value > schema.get("maximum", value):
        yield bad_value(path, value, f"{path} in body should be less than or equal to {schema['maximum']}")
    if value < schema.get("minimum", value):
        yield bad_value(path, value, f"{path} in body should be greater than or equal to {schema['minimum']}")


def _object_violations(schema: Schema, value: dict[str, Any], path: str) -> Iterator[Cause]:
    for name in schema.get("required", ()):
        if name not in value:
            yield required(f"{path}.{name}" if path else name)
    if len(value) > schema.get("maxProperties", len(value)):
        limit = schema["maxProperties"]
        yield Cause(path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {limit} items")
    if len(value) < schema.get("minProperties", 0):
        yield bad_value(path, value, f"{path} in body should have at least {schema['minProperties']} properties")
    fields: Schema = schema.get("properties") or {}
    free = schema.get("additionalProperties")
    for name, item in value.items():
        kind = fields.get(name) or (free if isinstance(free, dict) else None)
        if kind:
            yield from violations(kind, item, f"{path}.{name}" if path else name)


def _list_violations(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    if len(value) > schema.get("maxItems", len(value)):
        limit = schema["maxItems"]
        yield Cause(path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {limit} items")
    if len(value) < schema.get("minItems", 0):
        yield bad_value(path, len(value), f"{path} in body should have at least {schema['minItems']} items")
    keyed = is_list(schema, value)
    seen: set[str] = set()
    for i, item in enumerate(value):
        key = item_key(schema, item) if keyed else ""
        if keyed and key in seen:
            yield Cause(f"{path}[{i}]", "FieldValueDuplicate", f"Duplicate value: {key[2:]}")
        seen.add(key)
        yield from violations(items(schema), item, f"{path}[{i}]")


def _fits(schema: Schema, value: Any, path: str) -> bool:
    return next(violations(schema, value, path), None) is None


def _combinations(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for part in schema.get("allOf", ()):
        yield from violations(part, value, path)
    if "anyOf" in schema and not any(_fits(part, value, path) for part in schema["anyOf"]):
        yield bad_value(path, value, f"{path} in body must validate at least one schema (anyOf)")
    if "oneOf" in schema and sum(_fits(part, value, path) for part in schema["oneOf"]) != 1:
        yield bad_value(path, value, f"{path} in body must validate one and only one schema (oneOf)")
    if "not" in schema and _fits(schema["not"], value, path):
        yield bad_value(path, value, f"{path} in body must not validate the schema (not)")
