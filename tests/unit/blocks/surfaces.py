"""What Slack would say against a form or a Home tab: the embedded Slack's own checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.cloud import slack_blocks
from infra.local.cloud.slack_store import SlackError, Store
from infra.local.cloud.slack_views import Views
from infra.local.cloud.slack_workspace import Workspace
from infra.local.cloud.world import World

_VIEWS = Views(Store(World(), Workspace()), frozenset(), lambda _blocks, _at: [])


def refused(view: Mapping[str, Any]) -> str:
    """Return why it is not shown; empty where it is."""
    try:
        _VIEWS.checked(dict(view), str(view["type"]))
    except SlackError as error:
        return str(error.body())
    return ""


def wrong_blocks(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every complaint about the blocks of a message."""
    return slack_blocks.problems([dict(block) for block in blocks], "message")


def texts(view: Mapping[str, Any]) -> str:
    """Return all that can be read in it, a line for each text."""
    return "\n".join(_texts(view["blocks"]))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["text"])] if isinstance(value.get("text"), str) else []
        return own + [text for each in value.values() for text in _texts(each)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list | tuple) else []
