"""The shapes in which Slack takes an answer in the response itself: to a command, a click, a form, an event."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import BoltResponse

from shared.ports import Surface

NOT_READ = "That could not be read just now. Nothing was changed; please try again in a minute."
_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}


def say(text: str) -> BoltResponse:
    """Answer a command, visibly to the person alone. Nothing to say: only acknowledge it."""
    return _json(200, {"response_type": "ephemeral", "text": text}) if text else acknowledge()


def acknowledge() -> BoltResponse:
    """Say that it was heard, and no more."""
    return BoltResponse(status=200, body="")


def refuse(status: int, text: str) -> BoltResponse:
    """Refuse a click or an event. Slack shows no text that answers one, only that it failed: so it must not succeed."""
    refused = _json(status, {"error": text})
    # Slack would send an event again, to the same end.
    refused.headers["x-slack-no-retry"] = ["1"]
    return refused


def point_out(fields: Mapping[str, str]) -> BoltResponse:
    """Keep a form open, and say at its fields (block ids) what is wrong."""
    return _json(200, {"response_action": "errors", "errors": dict(fields)})


def replace_form(view: Surface) -> BoltResponse:
    """Show something else in the form's place."""
    return _json(200, {"response_action": "update", "view": dict(view)})


def _json(status: int, body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=status, body=json.dumps(body, ensure_ascii=False), headers=_JSON)
