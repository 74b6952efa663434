"""Small rules that Block Kit's own are put together from; each complains with a JSON pointer, as Slack does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any, str, list[str]], None]
"""Value, JSON pointer, complaints to add to."""


def anything(_value: Any, _at: str, _out: list[str]) -> None:
    """Accept whatever stands there."""


def complain(out: list[str], at: str, what: str) -> None:
    """Add one complaint in Slack's form."""
    out.append(f"[ERROR] {what} [json-pointer:{at}]")


def string(most: int | None = None, least: int = 1) -> Rule:
    """Text of so many characters."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, str):
            complain(out, at, "must provide a string")
        elif len(value) < least:
            complain(out, at, f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            complain(out, at, f"must be less than {most + 1} characters")

    return check


def one_of(*words: str) -> Rule:
    """One of these words."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if value not in words:
            complain(out, at, "must be a valid enum value")

    return check


def number(low: float | None = None, high: float | None = None) -> Rule:
    """Any number between the two."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            complain(out, at, "must provide a number")
        elif (low is not None and value < low) or (high is not None and value > high):
            complain(out, at, f"must be a number between {low} and {high}")

    return check


def flag(value: Any, at: str, out: list[str]) -> None:
    """Accept true or false."""
    if not isinstance(value, bool):
        complain(out, at, "must provide a boolean")


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """Return a rule for a list of so many things that each follow one rule."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, list):
            complain(out, at, "must provide an array")
            return
        if len(value) > most:
            complain(out, at, f"no more than {most} items allowed")
        if len(value) < least:
            complain(out, at, f"no less than {least} items allowed")
        for index, item in enumerate(value):
            rule(item, f"{at}/{index}", out)

    return check


def fields(needed: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Return a rule for an object with these fields and no others."""
    known = {**needed, **(optional or {})}

    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, dict):
            complain(out, at, "must provide an object")
            return
        for name in needed.keys() - value.keys():
            complain(out, at, f"missing required field: {name}")
        for name, inner in value.items():
            if name in known:
                known[name](inner, f"{at}/{name}", out)
            else:
                complain(out, at, f"invalid additional property: {name}")

    return check


def both(*rules: Rule) -> Rule:
    """Return a rule that asks several others in turn."""

    def check(value: Any, at: str, out: list[str]) -> None:
        for rule in rules:
            rule(value, at, out)

    return check


def some(*names: str) -> Rule:
    """Return a rule for an object that needs at least one of these fields."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if isinstance(value, dict) and not any(name in value for name in names):
            complain(out, at, f"missing required field: {names[0]}")

    return check


def by_type(table: Mapping[str, Rule]) -> Rule:
    """Return a rule for an object whose ``type`` says which rule it follows."""

    def check(value: Any, at: str, out: list[str]) -> None:
        if not isinstance(value, dict):
            complain(out, at, "must provide an object")
        elif "type" not in value:
            complain(out, at, "missing required field: type")
        elif value["type"] not in table:
            complain(out, f"{at}/type", f"unsupported type: {value['type']}")
        else:
            table[value["type"]](value, at, out)

    return check
