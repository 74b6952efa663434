"""Validation rules in CEL (``x-kubernetes-validations``): compiled once, evaluated where the schema carries them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.refusals import Cause, bad_value

_REASONS = {"FieldValueRequired": "Required value", "FieldValueForbidden": "Forbidden"}


@cache
def _program(rule: str) -> Any:
    # Imported late: it is needed only where a definition has rules.
    import celpy  # noqa: PLC0415

    environment = celpy.Environment()
    return environment.program(environment.compile(rule))


def _holds(rule: str, value: Any, old: Any) -> bool | str:
    from celpy import CELEvalError, adapter  # noqa: PLC0415 - as above

    names = {"self": adapter.json_to_cel(value)}
    if old is not None:
        names["oldSelf"] = adapter.json_to_cel(old)
    try:
        return bool(_program(rule).evaluate(names))
    except CELEvalError as error:
        return str(error)


def violations(schema: Schema, value: Any, path: str, old: Any) -> Iterator[Cause]:
    """Yield the rules of this node that do not hold; a rule on a transition needs a former value."""
    for entry in schema.get("x-kubernetes-validations", ()):
        rule = entry["rule"]
        if "oldSelf" in rule and old is None:
            continue
        outcome = _holds(rule, value, old)
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
