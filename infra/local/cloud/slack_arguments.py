"""The arguments of a Web API call, from the query and a JSON or form body."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from infra.local.cloud.slack_chat import Args
from infra.local.cloud.slack_store import SlackError

_JSON_IN_FORMS = ("attachments", "blocks", "files", "metadata", "view")


def arguments(request: Request, body: str) -> Args:
    """Read arguments from the query and a JSON or form body, as the Web API does."""
    args: Args = dict(request.query_params.items())
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        try:
            given = json.loads(body or "{}")
        except ValueError as error:
            raise SlackError("invalid_json") from error
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        args |= given
    elif kind.startswith("application/x-www-form-urlencoded"):
        args |= dict(parse_qsl(body, keep_blank_values=True))
    elif body:
        raise SlackError("invalid_post_type")
    for name in _JSON_IN_FORMS:
        if isinstance(args.get(name), str):
            args[name] = _decoded(name, args[name])
    return args


def _decoded(name: str, text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        wrong = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(wrong.get(name, "invalid_arguments")) from error
