"""Structured logs: one JSON line an event, a constant sentence with keys and values. Secrets never come here."""

from __future__ import annotations

import json
import logging
from typing import Any


class JsonLines(logging.Formatter):
    """Renders a record as Cloud Logging reads it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        line: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        line |= getattr(record, "values", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start_logging(level: str) -> None:
    """Send every log line to standard error as JSON. Slack's own library may say nothing below an error.

    On a bad signature it logs the whole request at INFO.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("slack_bolt", "slack_sdk", "urllib3", "google", "werkzeug"):
        logging.getLogger(noisy).setLevel(max(logging.ERROR, root.level))


def log(message: str, **values: Any) -> None:
    """Log one event."""
    logging.getLogger("inferops").info(message, extra={"values": values})
