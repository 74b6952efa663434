"""What a person has chosen and typed so far: the state of menus and fields, in the form that Slack sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from infra.local.cloud.slack_parts import standing

State = dict[str, Any]
Values = dict[str, dict[str, State]]
"""Block id -> action id -> state, as in Slack's ``state.values``."""
Choice = str | Sequence[str]
"""An option's value, a typed text, a date, an id; or all that is chosen where several may be."""

_TYPED = ("value", "initial_value")
_HELD: dict[str, tuple[str, str]] = {
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": _TYPED,
    "email_text_input": _TYPED,
    "url_text_input": _TYPED,
    "number_input": _TYPED,
    "rich_text_input": ("rich_text_value", "initial_value"),
}
"""Type -> where its state is held, and where the app says what it is at first. Buttons hold nothing."""
_SHAPES = {
    "datepicker": r"\d{4}-\d{2}-\d{2}",
    "timepicker": r"\d{2}:\d{2}",
    "number_input": r"-?\d+(\.\d+)?",
    "email_text_input": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "url_text_input": r"https?://\S+",
}


def values(blocks: Iterable[Any], typed: Values) -> Values:
    """Return the state of all that stands here: as the app set it, but for what the person changed."""
    found: Values = {}
    for block, element in standing(blocks):
        if element.get("type") in _HELD:
            name, action = block["block_id"], element["action_id"]
            found.setdefault(name, {})[action] = _state(element, typed.get(name, {}).get(action, {}))
    return found


def _state(element: dict[str, Any], changed: State) -> State:
    held, first = _HELD[element["type"]]
    nothing: Any = [] if held.endswith("s") else None
    kept = changed.get("type", element["type"]) == element["type"]
    now = changed[held] if kept and held in changed else element.get(first, nothing)
    return {"type": element["type"], held: nothing if now == "" else now}


def options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what can be chosen from, groups included."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(one for group in groups for one in group["options"])]


def chosen(element: dict[str, Any], before: State, choice: Choice) -> State:
    """Return what an action on the element says. LookupError where there is no such choice.

    Where several may be chosen, a single one is added, or taken away if it was chosen already.
    """
    kind = element["type"]
    if kind in {"button", "icon_button"}:
        return {key: element[key] for key in ("text", "value") if key in element}
    if kind == "feedback_buttons":
        sides = (element["positive_button"], element["negative_button"])
        return dict(next((one for one in sides if one.get("value") == choice), None) or _none(choice))
    held = "selected_option" if kind == "overflow" else _HELD[kind][0]
    if held == "selected_options":
        return {held: _several(options(element), before.get(held, []), choice)}
    if held == "selected_users":
        return {held: [choice] if isinstance(choice, str) else list(choice)}
    if held == "selected_option":
        if kind == "static_select" and not choice:
            return {held: None}  # deselected
        return {held: next((one for one in options(element) if one["value"] == choice), None) or _none(choice)}
    if kind in _SHAPES and not re.fullmatch(_SHAPES[kind], str(choice)):
        _none(choice)
    return {held: int(str(choice)) if kind == "datetimepicker" else choice}


def _several(known: list[dict[str, Any]], before: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    if isinstance(choice, str):
        kept = {one["value"] for one in before} ^ {choice}
        missing = {choice} - {one["value"] for one in known}
    else:
        kept = set(choice)
        missing = kept - {one["value"] for one in known}
    if missing:
        _none(sorted(missing))
    return [one for one in known if one["value"] in kept]


def _none(choice: Choice) -> dict[str, Any]:
    raise LookupError(f"there is no option {choice}")


REQUIRED = "Please complete this required field."


def lacking(blocks: Iterable[Any], state: Values) -> dict[str, str]:
    """Return block id -> what Slack's own client says about a field before it sends the form at all."""
    found: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        held, _ = _HELD[element["type"]]
        now = state[block["block_id"]][element["action_id"]][held]
        empty = now is None or now == []
        wrong = "" if empty else _wrong(element, now)
        if empty and not block.get("optional"):
            wrong = REQUIRED
        if wrong:
            found[block["block_id"]] = wrong
    return found


def _wrong(element: dict[str, Any], now: Any) -> str:
    kind, least, most = element["type"], element.get("min_length", 0), element.get("max_length", 3000)
    if kind == "plain_text_input" and not least <= len(str(now)) <= most:
        return f"Please enter between {least} and {most} characters."
    if kind in _SHAPES and not re.fullmatch(_SHAPES[kind], str(now)):
        return "Please enter a valid value."
    if kind == "number_input":
        low, high = (float(element.get(name, bound)) for name, bound in (("min_value", "-inf"), ("max_value", "inf")))
        if not low <= float(now) <= high:
            return f"Please enter a number between {low:g} and {high:g}."
        if not element["is_decimal_allowed"] and "." in str(now):
            return "Please enter a whole number."
    return ""
