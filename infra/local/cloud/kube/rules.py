"""Validation rules in CEL (``x-kubernetes-validations``): compiled once, evaluated where the schema carries them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.refusals import Cause, shown

_TYPES: dict[str, type] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
}
_REASONS = {"FieldValueRequired": "Required value", "FieldValueForbidden": "Forbidden"}


# Kubernetes writes fields whose names CEL reserves with underscores around them: has(self.__namespace__).
_RESERVED = {"namespace", "in", "as", "for", "if", "else", "function", "import", "let", "package", "return", "const"}


def _equal(left: Any, right: Any) -> Any:
    from celpy import CELEvalError, celtypes  # noqa: PLC0415 - as below

    for side in (left, right):
        if isinstance(side, CELEvalError):
            return side
    try:
        return celtypes.BoolType(left == right)
    except TypeError:
        # Values of two types are not equal; the library calls that an error.
        return celtypes.BoolType(source=False)


def _unequal(left: Any, right: Any) -> Any:
    from celpy import celtypes  # noqa: PLC0415 - as below

    same = _equal(left, right)
    return celtypes.BoolType(not same) if isinstance(same, celtypes.BoolType) else same


@cache
def _program(rule: str) -> Any:
    # Imported late: it is needed only where a definition has rules.
    import celpy  # noqa: PLC0415

    environment = celpy.Environment()
    return environment.program(environment.compile(rule), functions={"_==_": _equal, "_!=_": _unequal})


def fault(rule: str) -> str:
    """Say why a rule cannot be compiled; empty when it can."""
    from celpy import CELParseError  # noqa: PLC0415 - as above

    try:
        _program(rule)
    except CELParseError as error:
        return str(error)
    return ""


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {name: _named(item) for name, item in value.items()}
    return out | {f"__{name}__": out[name] for name in _RESERVED & out.keys()}


@lru_cache(maxsize=4096)
def _evaluated(rule: str, value: str, old: str | None) -> tuple[Any, str]:
    """Evaluate a rule and return what it says, or its error as a text.

    Values come as JSON, which a cache can tell apart: controllers send the same object again and again.
    """
    from celpy import CELEvalError, adapter  # noqa: PLC0415 - as above

    names = {"self": adapter.json_to_cel(_named(json.loads(value)))}
    if old is not None:
        names["oldSelf"] = adapter.json_to_cel(_named(json.loads(old)))
    try:
        return _program(rule).evaluate(names), ""
    except CELEvalError as error:
        return None, str(error)


def violations(schema: Schema, value: Any, path: str, old: Any) -> Iterator[Cause]:
    """Yield the rules of this node that do not hold; a rule on a transition needs a former value."""
    entries = schema.get("x-kubernetes-validations")
    if not entries:
        return
    now, before = json.dumps(value), None if old is None else json.dumps(old)
    for entry in entries:
        transition = "oldSelf" in entry["rule"]
        if transition and before is None:
            continue
        outcome, error = _evaluated(entry["rule"], now, before if transition else None)
        where = path + entry.get("fieldPath", "")
        if error:
            yield _invalid(path, value, f"{error} evaluating rule: {_message(entry)}")
        elif not outcome:
            yield _broken(entry, where, value, _written(entry, now, before) or _message(entry))


def _message(entry: dict[str, Any]) -> str:
    return str(entry.get("message") or f"failed rule: {entry['rule']}").strip()


def _written(entry: dict[str, Any], now: str, before: str | None) -> str:
    """Return what ``messageExpression`` says; empty where there is none, or where it says nothing usable."""
    rule = entry.get("messageExpression")
    if not rule:
        return ""
    said, _ = _evaluated(rule, now, before if "oldSelf" in rule else None)
    usable = isinstance(said, str) and said.strip() and "\n" not in said
    return str(said).strip() if usable else ""


def _broken(entry: dict[str, Any], where: str, value: Any, said: str) -> Cause:
    reason = entry.get("reason", "")
    if reason in _REASONS:
        return Cause(where, reason, f"{_REASONS[reason]}: {said}")
    if reason == "FieldValueDuplicate":
        return Cause(where, reason, f"Duplicate value: {shown(value)}")
    return _invalid(where, value, said)


def _invalid(where: str, value: Any, said: str) -> Cause:
    # A rule's refusal names the type of the value, not the value.
    kind = next((name for name, held in _TYPES.items() if type(value) is held), "null")
    return Cause(where, "FieldValueInvalid", f'Invalid value: "{kind}": {said}')
