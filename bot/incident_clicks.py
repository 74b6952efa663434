"""Clicks on an incident's card, and the form that snoozes it. Made listeners of by app."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.clicks import NOT_SHOWN, channel_of
from bot.form_flow import NotShownError, show
from bot.incident_verbs import INCIDENT, reason_of, time_of
from bot.incidents import choose, incident_of, open_incident, snooze
from bot.reads import Snoozing
from bot.replies import NOT_READ, acknowledge, point_out, refuse, replace_form
from bot.services import BotServices
from bot.submit import NOT_HEARD, NotHeardError, Speaker
from bot.words import refusal
from shared.blocks.incident_views import FOR, REASON, snooze_form, told_view, why_view
from shared.blocks.kit import private
from shared.domain.errors import TerminalError
from shared.ports import Surface

_LOG = logging.getLogger(__name__)
_CHOSEN = re.compile(rf"({INCIDENT.pattern}):([A-Za-z0-9][A-Za-z0-9-]{{0,63}})")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}|")
_OLD_FORM = "this form is not one of this release; close it and press Snooze again"
Body = dict[str, Any]
View = Callable[[str, str, BotServices], Surface]
"""From incident and channel to what is shown."""


def hear_remedy(action: Mapping[str, Any], speaker: Speaker, services: BotServices) -> str:
    """Publish the choice of a button. Raises TerminalError, NotHeardError."""
    bound = _CHOSEN.fullmatch(str(action.get("value", "")))
    if bound is None:
        raise TerminalError("this button names no suggestion", reason="BadButton", field="value")
    incident, _, suggestion = bound[0].rpartition(":")
    return choose(incident, suggestion, speaker, services)


def why(incident: str, _: str, services: BotServices) -> Surface:
    """Return the formulas and figures behind an incident's suggestions. Raises TerminalError."""
    return why_view(incident_of(incident, services.documents))


def snoozing(incident: str, channel: str, services: BotServices) -> Surface:
    """Return the form that snoozes an incident. Raises TerminalError."""
    return snooze_form(open_incident(incident, services.documents), channel)


def opens(services: BotServices, made: View) -> Callable[..., BoltResponse]:
    """Return the listener of a button that shows one person something about an incident."""

    def click(body: Body) -> BoltResponse:
        incident = str(body["actions"][0].get("value", ""))
        if not INCIDENT.fullmatch(incident):
            return refuse(400, "this button names no incident")
        try:
            show(_made(made, incident, channel_of(body), services), body["trigger_id"], services)
        except NotShownError:
            return refuse(503, NOT_SHOWN)
        return acknowledge()

    return click


def _made(made: View, incident: str, channel: str, services: BotServices) -> Surface:
    try:
        return made(incident, channel, services)
    except TerminalError as refused:
        return told_view("Not possible", private(str(refused)))
    except Exception:  # noqa: BLE001 - whatever it was, the person who waits must be told
        _LOG.exception("An incident could not be read")
        return told_view("Not read", NOT_READ)


def snoozed(services: BotServices) -> Callable[..., BoltResponse]:
    """Return the listener of the form: it publishes the wish, or says at the fields what is wrong."""

    def form(body: Body) -> BoltResponse:
        view = body["view"]
        try:
            incident, channel = _carried(view["private_metadata"])
            time, reason = (_typed(view["state"]["values"], block) for block in (FOR, REASON))
            # The same form sent twice is one wish. One that was changed before it was sent again is another.
            once = f"{view['id']}:{view['hash']}:{time} {reason}"
            speaker = Speaker(body["user"]["id"], channel, body["team"]["id"], once)
            wish = Snoozing(incident, time_of(time), reason_of(reason))
            return replace_form(told_view("Heard", snooze(wish, speaker, services)))
        except TerminalError as wrong:
            return point_out({FOR if wrong.field == FOR else REASON: str(wrong)})
        except NotHeardError:
            _LOG.exception("A form could not be published")
            return point_out({REASON: NOT_HEARD})
        except Exception:  # noqa: BLE001 - whatever it was, the person who waits must be told
            _LOG.exception("A form could not be read")
            return point_out({REASON: NOT_READ})

    return form


def _carried(metadata: str) -> tuple[str, str]:
    """Read incident and channel from the form's private metadata. Raises TerminalError where it is none of ours."""
    try:
        found = json.loads(metadata)
        incident, channel = found["incident"], found["channel"]
        if INCIDENT.fullmatch(incident) and _CHANNEL.fullmatch(channel):
            return incident, channel
    except (ValueError, KeyError, TypeError) as error:
        raise refusal(_OLD_FORM, "OldForm", REASON) from error
    raise refusal(_OLD_FORM, "OldForm", REASON)


def _typed(values: Mapping[str, Any], block: str) -> str:
    """Return what was typed or chosen in a field."""
    held = values.get(block, {}).get(block, {})
    chosen = held.get("selected_option") or {}
    return str(held.get("value") or chosen.get("value") or "")
