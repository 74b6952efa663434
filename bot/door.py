"""Who may come in: genuine requests of our own Slack team. Refusals say which rule, and nothing is published."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import Request

_VERIFIER_LOG = "slack_bolt.RequestVerification"
OWN_TEAM = (
    "Refused by the rule 'own team': only people of the Slack workspace that inferops was installed in may use it. "
    "Nothing was changed."
)


def malformed(request: Request) -> bool:
    """Say whether Slack's own verifier would stumble over it instead of refusing it."""
    stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004 - seconds since 1970
        return True
    if not request.headers.get("X-Slack-Signature", "").isascii():
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
    teams += [held[name] for held in _told(body) for name in ("team_id", "user_team", "source_team") if name in held]
    return bool(team and teams) and all(found == team for found in teams)


def _told(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what beside the envelope may name a team: the event, and the view that something was done in."""
    event = body.get("event")
    held = [event, body.get("view"), event.get("view") if isinstance(event, Mapping) else None]
    return [each for each in held if isinstance(each, Mapping)]
