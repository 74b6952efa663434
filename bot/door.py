"""Who may come in: genuine requests of our own Slack team. Refusals say which rule, and nothing is published."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Request, Response
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.google_cloud_functions import SlackRequestHandler

_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}
_VERIFIER_LOG = "slack_bolt.RequestVerification"
OWN_TEAM = (
    "Refused by the rule 'own team': only people of the Slack workspace that inferops was installed in may use it. "
    "Nothing was changed."
)


def target(app: App) -> Callable[[Request], Response]:
    """Return the HTTP function around an app."""
    handler = SlackRequestHandler(app)

    def handle(request: Request) -> Response:
        if _malformed(request):
            return Response(json.dumps({"error": "invalid request"}), 401, content_type="application/json")
        answered: Response = handler.handle(request)
        return answered

    return handle


def _malformed(request: Request) -> bool:
    """Say whether Slack's own verifier would stumble over it instead of refusing it."""
    stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004 - seconds since 1970
        return True
    try:
        request.get_data().decode()
    except UnicodeDecodeError:
        return True
    return False


class _NoBodies(logging.Filter):
    """Bolt logs the whole request when a signature is wrong: forged text, or a real one with its tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "A request with a wrong signature was refused", ()
        return True


_NO_BODIES = _NoBodies()


def keep_bodies_out_of_logs() -> None:
    """Keep what strangers send out of the log. Doing it twice does nothing more."""
    logging.getLogger(_VERIFIER_LOG).addFilter(_NO_BODIES)


def of_team(body: Mapping[str, Any], team: str) -> bool:
    """Say whether a request comes from our team and from one of its own people. No team set: nobody's does."""
    teams = [body["team_id"]] if "team_id" in body else []
    teams += [(body.get("team") or {}).get("id")] if "team" in body else []
    teams += [body["user"].get("team_id")] if isinstance(body.get("user"), Mapping) else []
    return bool(team and teams) and all(found == team for found in teams)


def say(text: str) -> BoltResponse:
    """Answer a command, visibly to the person alone."""
    body = {"response_type": "ephemeral", "text": text}
    return BoltResponse(status=200, body=json.dumps(body, ensure_ascii=False), headers=_JSON)


def refuse_click(status: int, text: str) -> BoltResponse:
    """Refuse a click. Slack shows no text that answers one, only that it failed: so it must not be a success."""
    return BoltResponse(status=status, body=json.dumps({"error": text}), headers=_JSON)
