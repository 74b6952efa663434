"""The form of a deploy: opened where a command leaves a gap, or from the Home tab; heard when it is submitted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.forms import FormError, ask_of, carried_by, words_in
from bot.replies import point_out, replace_form
from bot.services import BotServices
from bot.submit import NOT_HEARD, NotHeardError, Speaker, submit
from shared.blocks.form import MODEL, Filled, deploy_form, heard_form
from shared.domain.errors import InferError
from shared.ports import RateLimitedError, Surface

_LOG = logging.getLogger(__name__)


class NotShownError(Exception):
    """Slack did not take what should be shown: the trigger was too old, or Slack is away or refuses the bot."""


def open_form(filled: Filled, trigger: str, channel: str, services: BotServices) -> None:
    """Open the form before the person who caused the trigger. Raises NotShownError."""
    show(deploy_form(filled, channel, services.catalog), trigger, services)


def show(view: Surface, trigger: str, services: BotServices) -> None:
    """Show a view to the person who caused the trigger. Raises NotShownError."""
    try:
        services.views.open(trigger, view)
    except (InferError, RateLimitedError) as failed:
        _LOG.warning("A form could not be opened: %s (%s)", failed, getattr(failed, "remedy", ""))
        raise NotShownError from failed


def submitted(body: Mapping[str, Any], services: BotServices) -> BoltResponse:
    """Publish the ask of a form and say so in its place, or say at its fields what is wrong."""
    view, catalog = body["view"], services.catalog
    try:
        carried = carried_by(view["private_metadata"])
        words = words_in(view["state"]["values"], carried.more, catalog)
        # The same form sent twice is one ask. One whose answer was lost may be changed and sent again: that is another.
        once = f"{view['id']}:{view['hash']}:{' '.join(words)}"
        speaker = Speaker(body["user"]["id"], carried.channel, body["team"]["id"], once)
        return replace_form(heard_form(submit(ask_of(words, catalog), speaker, services)))
    except FormError as wrong:
        return point_out(wrong.fields)
    except NotHeardError:
        _LOG.exception("A form could not be published")
        return point_out({MODEL: NOT_HEARD})
    except Exception:  # noqa: BLE001 - whatever it was, the person who waits must be told
        _LOG.exception("A form could not be read")
        return point_out({MODEL: NOT_HEARD})
