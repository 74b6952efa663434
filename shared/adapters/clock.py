"""The time: the system's, or that of a server which keeps its own."""

from __future__ import annotations

import http.client
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

from shared.ports import Clock


def system_clock() -> datetime:
    """Return the system's time."""
    return datetime.now(UTC)


def clock_at(url: str) -> Clock:
    """Return a clock that asks ``url`` for an RFC 3339 time; an empty address means the system clock."""
    if not url:
        return system_clock
    where = urlsplit(url)
    kept = threading.local()

    def ask() -> datetime:
        connection = getattr(kept, "connection", None)
        if connection is None:
            connection = kept.connection = http.client.HTTPConnection(where.netloc, timeout=10)
        try:
            connection.request("GET", where.path or "/")
            return datetime.fromisoformat(connection.getresponse().read().decode())
        except (OSError, http.client.HTTPException):
            kept.connection = None
            raise

    return ask
