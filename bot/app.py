"""The Bolt app: Slack's requests in, one answer each. It publishes and reads; all deciding happens elsewhere.

door lets in -> grammar understands -> submit publishes, or answers reads.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Request, Response
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.google_cloud_functions import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

from bot import door
from bot.answers import answer
from bot.grammar import parse
from bot.help import COMMAND
from bot.reads import Ballot, DryRun
from bot.services import BotServices
from bot.submit import NotHeardError, Speaker, digest_of, submit, vote
from shared.blocks.kit import private
from shared.blocks.plan import APPROVE, REJECT
from shared.blocks.progress import UNDO
from shared.domain.errors import TerminalError
from shared.domain.intents import Ask, Undo, check_name

_LOG = logging.getLogger(__name__)
_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}
_VOTED = re.compile(r"(p-[0-9a-f]{12}):([0-9a-f]{64})")
NOT_HEARD = (
    "Not heard: your message could not be handed on, so nothing was changed. Please try again in a minute. "
    "(Asking twice is safe.)"
)
NOT_READ = "That could not be read just now. Nothing was changed; please try again in a minute."


def make_app(services: BotServices) -> App:
    """Return the app that serves with these collaborators. Raises ValueError without a signing secret."""
    settings = services.settings
    if not settings.signing_secret:
        raise ValueError("INFEROPS_SIGNING_SECRET is not set: no request could be trusted")
    door.keep_bodies_out_of_logs()
    app = App(
        name="inferops",
        signing_secret=settings.signing_secret,
        authorize=_no_token,
        token_verification_enabled=False,
        process_before_response=True,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
    )
    app.use(_own_team(settings.team))
    app.command(COMMAND)(_commands(services))
    for action, hear in ((APPROVE, _hear_vote), (REJECT, _hear_vote), (UNDO, _hear_undo)):
        app.action(action)(_clicks(services, hear))
    return app


def target(app: App) -> Callable[[Request], Response]:
    """Return the HTTP function around an app."""
    handler = SlackRequestHandler(app)

    def handle(request: Request) -> Response:
        if door.malformed(request):
            return Response(json.dumps({"error": "invalid request"}), 401, content_type="application/json")
        answered: Response = handler.handle(request)
        return answered

    return handle


def _say(text: str) -> BoltResponse:
    """Answer a command, visibly to the person alone."""
    body = {"response_type": "ephemeral", "text": text}
    return BoltResponse(status=200, body=json.dumps(body, ensure_ascii=False), headers=_JSON)


def _refuse_click(status: int, text: str) -> BoltResponse:
    """Refuse a click. Slack shows no text that answers one, only that it failed: so it must not be a success."""
    return BoltResponse(status=status, body=json.dumps({"error": text}), headers=_JSON)


def _no_token(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
    """Authorise without a call to Slack: the bot has no token and says nothing by itself."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)


def _own_team(team: str) -> Callable[..., BoltResponse]:
    def check(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt passes by name
        if door.of_team(body, team):
            return next()
        _LOG.warning("A request from another Slack team was refused")
        return _say(door.OWN_TEAM) if "command" in body else _refuse_click(403, door.OWN_TEAM)

    return check


def _commands(services: BotServices) -> Callable[..., BoltResponse]:
    def command(body: dict[str, Any]) -> BoltResponse:
        speaker = Speaker(body["user_id"], body["channel_id"], body["team_id"], body["trigger_id"])
        try:
            return _say(_heard(body.get("text", ""), speaker, services))
        except TerminalError as refused:
            return _say(private(f"Not understood: {refused}"))
        except NotHeardError:
            _LOG.exception("A command could not be published")
            return _say(NOT_HEARD)
        except Exception:  # noqa: BLE001 - whatever it was, the person who waits must be told
            _LOG.exception("A command could not be answered")
            return _say(NOT_READ)

    return command


def _heard(text: str, speaker: Speaker, services: BotServices) -> str:
    said = parse(text, services.catalog)
    match said:
        case Ballot():
            return vote(said, digest_of(said, services), speaker, services)
        case DryRun():
            return submit(said, speaker, services)
        case _ if isinstance(said, Ask):
            return submit(said, speaker, services)
        case _:
            return answer(said, services.documents, services.clock())


Hear = Callable[[Mapping[str, Any], Speaker, BotServices], str]


def _clicks(services: BotServices, hear: Hear) -> Callable[..., BoltResponse]:
    def click(body: dict[str, Any]) -> BoltResponse:
        place = body.get("channel") or {"id": body.get("container", {}).get("channel_id", "")}
        speaker = Speaker(body["user"]["id"], place["id"], body["team"]["id"], body["trigger_id"])
        try:
            hear(body["actions"][0], speaker, services)
        except TerminalError as refused:
            return _refuse_click(400, str(refused))
        except NotHeardError:
            _LOG.exception("A click could not be published")
            return _refuse_click(503, NOT_HEARD)
        return BoltResponse(status=200, body="")

    return click


def _hear_vote(action: Mapping[str, Any], speaker: Speaker, services: BotServices) -> str:
    bound = _VOTED.fullmatch(str(action.get("value", "")))
    if bound is None:
        raise TerminalError("this button names no proposal", reason="BadButton", field="value")
    ballot = Ballot(bound[1], approve=action["action_id"] == APPROVE)
    return vote(ballot, bound[2], speaker, services)


def _hear_undo(action: Mapping[str, Any], speaker: Speaker, services: BotServices) -> str:
    return submit(Undo(check_name(str(action.get("value", "")))), speaker, services)
