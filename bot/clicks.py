"""Clicks on cards and in the Home tab: votes, undo, the form, refresh. Made listeners of by app."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot import home
from bot.form_flow import NotShownError, open_form
from bot.grammar import form_refusal
from bot.reads import Ballot
from bot.replies import acknowledge, refuse
from bot.services import BotServices
from bot.submit import NOT_HEARD, NotHeardError, Speaker, submit, vote
from shared.blocks.form import Filled
from shared.blocks.kit import private
from shared.blocks.plan import APPROVE
from shared.domain.errors import TerminalError
from shared.domain.intents import Undo, check_name

_LOG = logging.getLogger(__name__)
_VOTED = re.compile(r"(p-[0-9a-f]{12}):([0-9a-f]{64})")
NOT_SHOWN = "Slack could not be asked to show it. Please try again in a minute."
Hear = Callable[[Mapping[str, Any], Speaker, BotServices], str]
Body = dict[str, Any]


def heard_click(services: BotServices, hear: Hear) -> Callable[..., BoltResponse]:
    """Return the listener of a button that publishes something."""

    def click(body: Body) -> BoltResponse:
        speaker = Speaker(body["user"]["id"], channel_of(body), body["team"]["id"], body["trigger_id"])
        try:
            status, text = 200, hear(body["actions"][0], speaker, services)
        except TerminalError as refused:
            status, text = 400, str(refused)
        except NotHeardError:
            _LOG.exception("A click could not be published")
            status, text = 503, NOT_HEARD
        _note(body, text, services)
        return acknowledge() if status == 200 else refuse(status, text)  # noqa: PLR2004 - HTTP: it was heard

    return click


def open_by_click(services: BotServices) -> Callable[..., BoltResponse]:
    """Return the listener of the button that opens an empty form."""

    def click(body: Body) -> BoltResponse:
        try:
            open_form(Filled(), body["trigger_id"], channel_of(body), services)
        except NotShownError:
            _note(body, str(form_refusal()), services)
            return refuse(503, NOT_SHOWN)
        return acknowledge()

    return click


def refresh(services: BotServices) -> Callable[..., BoltResponse]:
    """Return the listener of the button that reads the fleet again."""

    def click(body: Body) -> BoltResponse:
        try:
            home.publish(body["user"]["id"], services)
        except NotShownError:
            return refuse(503, NOT_SHOWN)
        return acknowledge()

    return click


def hear_vote(action: Mapping[str, Any], speaker: Speaker, services: BotServices) -> str:
    """Publish the vote of a button. Raises TerminalError, NotHeardError."""
    bound = _VOTED.fullmatch(str(action.get("value", "")))
    if bound is None:
        raise TerminalError("this button names no proposal", reason="BadButton", field="value")
    ballot = Ballot(bound[1], approve=action["action_id"] == APPROVE)
    return vote(ballot, bound[2], speaker, services)


def hear_undo(action: Mapping[str, Any], speaker: Speaker, services: BotServices) -> str:
    """Publish the undo of a button. Raises TerminalError, NotHeardError."""
    return submit(Undo(check_name(str(action.get("value", "")))), speaker, services)


def channel_of(body: Body) -> str:
    """Return where the button stands; empty in the Home tab, whose answers come directly."""
    place = body.get("channel") or {"id": body.get("container", {}).get("channel_id", "")}
    return str(place["id"])


def _note(body: Body, text: str, services: BotServices) -> None:
    """Say in the Home tab what a click there came to: unlike a card, it can show it to who clicked alone."""
    if (body.get("view") or {}).get("type") != "home":
        return
    try:
        home.publish(body["user"]["id"], services, private(text))
    except NotShownError:
        return  # what was heard was heard; the answer to the click says whether it was
