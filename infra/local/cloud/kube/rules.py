"""Validation rules in CEL (``x-kubernetes-validations``): compiled once, evaluated where the schema carries them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.refusals import Cause, bad_value

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


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {name: _named(item) for name, item in value.items()}
    return out | {f"__{name}__": out[name] for name in _RESERVED & out.keys()}


@lru_cache(maxsize=4096)
def _holds(rule: str, value: str, old: str | None) -> bool | str:
    """Evaluate a rule on JSON texts, which a cache can tell apart: controllers send the same object again and again."""
    from celpy import CELEvalError, adapter  # noqa: PLC0415 - as above

    names = {"self": adapter.json_to_cel(_named(json.loads(value)))}
    if old is not None:
        names["oldSelf"] = adapter.json_to_cel(_named(json.loads(old)))
    try:
        return bool(_program(rule).evaluate(names))
    except CELEvalError as error:
        return str(error)


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
        outcome = _holds(entry["rule"], now, before if transition else None)
        where = path + entry.get("fieldPath", "")
        if isinstance(outcome, str):
            yield bad_value(where, value, f"rule evaluation error: {outcome}")
        elif not outcome:
            yield _broken(entry, where, value)


def _broken(entry: dict[str, Any], where: str, value: Any) -> Cause:
    said = entry.get("message") or f"failed rule: {entry['rule']}"
    reason = entry.get("reason", "")
    if reason in _REASONS:
        return Cause(where, reason, f"{_REASONS[reason]}: {said}")
    return bad_value(where, value, said)
