"""The bot over Socket Mode: the same app, on a connection that it opens itself. ``python -m bot.socket_mode`` runs it.

For where Slack cannot reach in. The connection must stand all the time, so it suits no function that scales to zero.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import Any

from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler

from bot.app import make_app
from bot.services import BotServices
from shared.adapters.slack import web_client
from shared.logs import start_logging
from shared.settings import Settings, read_settings
from shared.wiring import bot_services

_LOG = logging.getLogger(__name__)
_CANNOT = (
    "Socket Mode could not be connected. INFEROPS_APP_TOKEN must be an app-level token (xapp-...) with the scope "
    "connections:write, and Socket Mode must be on in the app's settings"
)


class Connection:
    """A standing connection to Slack. Requests come in by it until it is closed."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def close(self) -> None:
        """Take no more requests, answer those that are under way, and disconnect."""
        client = self._handler.client
        client.auto_reconnect_enabled = False
        client.closed = True  # what ends the loop that takes requests
        client.message_processor.shutdown()
        client.message_workers.shutdown()
        self._handler.close()


def connect(settings: Settings) -> Connection:
    """Connect by ``app_token`` and serve until closed, with what these settings make. Raises as ``listen``."""
    return listen(bot_services(settings))


def listen(services: BotServices) -> Connection:
    """Connect and serve with these collaborators until closed.

    Raises ValueError without an ``app_token``, and whatever Slack's client raises where it cannot connect.
    """
    settings = services.settings
    if not settings.app_token:
        raise ValueError("INFEROPS_APP_TOKEN is not set: Socket Mode needs an app-level token (xapp-...)")
    # Without a base URL of its own Bolt would call slack.com, wherever the settings point.
    client = web_client("", settings.slack_endpoint)
    handler: Any = SocketModeHandler(make_app(services), settings.app_token, web_client=client)
    try:
        handler.connect()
    except Exception:
        handler.close()
        raise
    return Connection(handler)


def main() -> int:
    """Serve until the process is told to end; return its exit status."""
    settings = read_settings()
    start_logging(settings.log_level)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        connection = connect(settings)
    except Exception:  # noqa: BLE001 - whatever it was, the remedy is one of these
        _LOG.exception(_CANNOT)
        return 1
    _LOG.info("Socket Mode is connected")
    ended.wait()
    connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
