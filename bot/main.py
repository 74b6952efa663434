"""The bot's HTTP target. Everything is built once, at the first request of a process."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import functions_framework
from flask import Request, Response

from bot.app import target
from shared.logs import start_logging
from shared.settings import read_settings
from shared.wiring import bot_services


@lru_cache(maxsize=1)
def _target() -> Callable[[Request], Response]:
    settings = read_settings()
    start_logging(settings.log_level)
    return target(bot_services(settings))


@functions_framework.http  # type: ignore[untyped-decorator]  # the framework ships no types
def bot(request: Request) -> Response:
    """Answer one request of Slack."""
    return _target()(request)
