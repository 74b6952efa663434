"""The Home tab of one person: read when it is opened or acted in, and published to nobody else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bot.fleet import read_fleet
from bot.form_flow import NotShownError
from bot.services import BotServices
from shared.blocks.home import home_view, unread_view
from shared.domain.errors import InferError
from shared.ports import RateLimitedError, Surface

_LOG = logging.getLogger(__name__)
PATIENCE = 1.5
"""Seconds for reading the fleet; Slack waits three for all."""
T = TypeVar("T")


def publish(user: str, services: BotServices, note: str = "") -> None:
    """Show a person the fleet as it is now, or that it could not be read. Raises NotShownError."""
    try:
        services.views.publish(user, _view(services, note))
    except (InferError, RateLimitedError) as failed:
        _LOG.warning("A Home tab could not be published: %s (%s)", failed, getattr(failed, "remedy", ""))
        raise NotShownError from failed


def _view(services: BotServices, note: str) -> Surface:
    try:
        return home_view(_within(PATIENCE, lambda: read_fleet(services)), services.clock(), note)
    except TimeoutError:
        _LOG.warning("The fleet was not read in time")
        return unread_view(f"the documents did not answer within {PATIENCE} seconds.", services.clock(), note)
    except Exception:  # noqa: BLE001 - whatever it was, the person who looks must be told
        _LOG.exception("The fleet could not be read")
        return unread_view("the documents could not be read just now.", services.clock(), note)


def _within(seconds: float, read: Callable[[], T]) -> T:
    """Return what is read, or raise TimeoutError. A reader that is too late ends by itself: it changes nothing."""
    done: Future[Any] = Future()

    def work() -> None:
        try:
            done.set_result(read())
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            done.set_exception(error)

    threading.Thread(target=work, name="fleet", daemon=True).start()
    found: T = done.result(seconds)
    return found
