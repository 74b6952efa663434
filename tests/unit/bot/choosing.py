"""What Slack sends of a form: the state of its fields as they were opened, but for what a person chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.cloud.slack_state import Values, values


def state_of(form: Mapping[str, Any], **chosen: str | Iterable[str]) -> Values:
    """Return ``view.state.values`` after these choices: an option's value, several, or a typed text."""
    fields = {block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"}
    return values(form["blocks"], {name: {name: _state(fields[name], wish)} for name, wish in chosen.items()})


def _state(element: Mapping[str, Any], wish: str | Iterable[str]) -> dict[str, Any]:
    if "options" not in element:
        return {"value": wish}
    by_value = {option["value"]: option for option in element["options"]}
    if isinstance(wish, str):
        return {"selected_option": by_value.get(wish) or {"value": wish}}
    return {"selected_options": [by_value.get(each) or {"value": each} for each in wish]}
