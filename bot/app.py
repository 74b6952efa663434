"""The Bolt app: Slack's requests in, one answer each. It publishes and reads; all deciding happens elsewhere.

door lets in -> grammar understands -> submit publishes, or answers reads. What is missing is asked for by a form.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Request, Response
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.google_cloud_functions import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

from bot import door, home
from bot.answers import answer
from bot.clicks import hear_undo, hear_vote, heard_click, open_by_click, refresh
from bot.form_flow import NotShownError, open_form, submitted
from bot.grammar import NO_FORM, form_refusal, parse
from bot.help import COMMAND
from bot.incident_clicks import hear_remedy, opens, snoozed, snoozing, why
from bot.incidents import choose_number, snooze
from bot.reads import Ballot, Choosing, DryRun, Gap, Snoozing
from bot.replies import NOT_READ, acknowledge, point_out, refuse, say
from bot.services import BotServices
from bot.submit import NOT_HEARD, NotHeardError, Speaker, digest_of, submit, vote
from shared.blocks.form import DEPLOY, MODEL
from shared.blocks.home import REFRESH
from shared.blocks.incident import SNOOZE, WHY
from shared.blocks.incident_options import REMEDY
from shared.blocks.incident_views import REASON
from shared.blocks.kit import private
from shared.blocks.plan import APPROVE, REJECT
from shared.blocks.progress import UNDO
from shared.domain.errors import TerminalError
from shared.domain.intents import Ask

_LOG = logging.getLogger(__name__)
_FIRST = {DEPLOY: MODEL, SNOOZE: REASON}
"""Form -> the field at which is said what concerns all of it."""


def make_app(services: BotServices) -> App:
    """Return the app that serves with these collaborators, over HTTP by ``target`` or in Socket Mode."""
    settings = services.settings
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
    for action, hear in ((APPROVE, hear_vote), (REJECT, hear_vote), (UNDO, hear_undo), (REMEDY, hear_remedy)):
        app.action(action)(heard_click(services, hear))
    app.action(DEPLOY)(open_by_click(services))
    app.action(REFRESH)(refresh(services))
    app.action(WHY)(opens(services, why))
    app.action(SNOOZE)(opens(services, snoozing))
    app.view(DEPLOY)(_forms(services))
    app.view(SNOOZE)(snoozed(services))
    app.event("app_home_opened")(_home_opened(services))
    return app


def target(services: BotServices) -> Callable[[Request], Response]:
    """Return the HTTP function around an app. Raises ValueError without a signing secret."""
    if not services.settings.signing_secret:
        raise ValueError("INFEROPS_SIGNING_SECRET is not set: no request could be trusted")
    handler = SlackRequestHandler(make_app(services))

    def handle(request: Request) -> Response:
        if door.malformed(request):
            return Response(json.dumps({"error": "invalid request"}), 401, content_type="application/json")
        answered: Response = handler.handle(request)
        return answered

    return handle


def _no_token(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
    """Authorise without a call to Slack: Bolt's own client gets no token, so nothing can be said through it."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)


def _own_team(team: str) -> Callable[..., BoltResponse]:
    def check(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt passes by name
        if door.of_team(body, team):
            return next()
        _LOG.warning("A request from another Slack team was refused")
        if "command" in body:
            return say(door.OWN_TEAM)
        if body.get("type") == "view_submission":
            return point_out({_FIRST.get(body["view"]["callback_id"], MODEL): door.OWN_TEAM})
        return refuse(403, door.OWN_TEAM)

    return check


def _commands(services: BotServices) -> Callable[..., BoltResponse]:
    def command(body: dict[str, Any]) -> BoltResponse:
        speaker = Speaker(body["user_id"], body["channel_id"], body["team_id"], body["trigger_id"])
        try:
            return say(_heard(body.get("text", ""), speaker, services))
        except TerminalError as refused:
            begins = (
                "The form could not be opened, so say it in words" if refused.reason == NO_FORM else "Not understood"
            )
            return say(private(f"{begins}: {refused}"))
        except NotHeardError:
            _LOG.exception("A command could not be published")
            return say(NOT_HEARD)
        except Exception:  # noqa: BLE001 - whatever it was, the person who waits must be told
            _LOG.exception("A command could not be answered")
            return say(NOT_READ)

    return command


def _heard(text: str, speaker: Speaker, services: BotServices) -> str:
    said = parse(text, services.catalog)
    match said:
        case Gap(filled):
            try:
                open_form(filled, speaker.trigger, speaker.channel, services)
            except NotShownError as failed:
                raise form_refusal() from failed
            return ""
        case Ballot():
            return vote(said, digest_of(said, services), speaker, services)
        case Choosing():
            return choose_number(said, speaker, services)
        case Snoozing():
            return snooze(said, speaker, services)
        case DryRun():
            return submit(said, speaker, services)
        case _ if isinstance(said, Ask):
            return submit(said, speaker, services)
        case _:
            return answer(said, services.documents, services.clock())


def _forms(services: BotServices) -> Callable[..., BoltResponse]:
    def form(body: dict[str, Any]) -> BoltResponse:
        return submitted(body, services)

    return form


def _home_opened(services: BotServices) -> Callable[..., BoltResponse]:
    def opened(event: dict[str, Any]) -> BoltResponse:
        if event.get("tab") != "home":
            return acknowledge()
        try:
            home.publish(event["user"], services)
        except NotShownError:
            return refuse(503, NOT_READ)
        return acknowledge()

    return opened
