"""What crossed the wires: the latest exchanges between the cloud and whoever speaks with it, secrets masked."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import proto
from google.protobuf import json_format
from google.protobuf.message import Message

KEPT, LONGEST = 2000, 32_768
"""Exchanges that are remembered, and bytes of each body."""
MASK = "•••"
CLIENT = "client"
"""Who asks, where the request does not say which program it comes from."""
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|hf_\w{5,}|ya29\.[\w.-]+|v0=[0-9a-f]{64}|(?i:bearer )[\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----",
    re.DOTALL,
)
"""Slack's, Hugging Face's and Google's tokens, signatures, and keys, by their looks."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. ``request`` and ``answer`` are bytes, a message, or a list of messages."""

    id: int
    at: datetime
    """Virtual time."""
    service: str
    what: str
    source: str
    target: str
    status: str
    failed: bool
    seconds: float
    """Wall time until it was answered."""
    request: object
    answer: object

    @property
    def size(self) -> int:
        """Return how many bytes were exchanged, as far as they were kept."""
        return _size(self.request) + _size(self.answer)


class Tap:
    """Remembers exchanges; ``secrets`` are values that are never shown, beside those that look like one."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.secrets: set[str] = set()
        self._count = 0

    def note(
        self,
        at: datetime,
        service: str,
        what: str,
        way: tuple[str, str],
        status: str,
        seconds: float,
        request: object = b"",
        answer: object = b"",
    ) -> None:
        """Remember one exchange; ``way`` is who asked whom, ``status`` a code of HTTP or gRPC."""
        self._count += 1
        failed = not (status == "OK" or status.startswith(("1", "2", "3")))
        kept = (_cut(request), _cut(answer))
        self.exchanges.append(Exchange(self._count, at, service, what, *way, status, failed, seconds, *kept))

    def since(self, last: int) -> list[Exchange]:
        """Return what came after the exchange with this id, oldest first."""
        found: list[Exchange] = []
        for exchange in reversed(self.exchanges):
            if exchange.id <= last:
                break
            found.append(exchange)
        return found[::-1]

    def find(self, number: int) -> Exchange | None:
        """Return an exchange that is still remembered."""
        return next((one for one in self.exchanges if one.id == number), None)

    def text(self, body: object) -> str:
        """Return a request or an answer for people to read, without secrets."""
        return self.masked("\n".join(_lines(body)))

    def masked(self, text: str) -> str:
        """Return a text without what must not be shown, whether plain or in base64."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            for form in (secret, base64.b64encode(secret.encode()).decode()):
                text = text.replace(form, MASK)
        return _SECRETS.sub(MASK, text)


def client_of(agent: str) -> str:
    """Return the program that a User-Agent header names, as far as people would know it."""
    known = ("gcloud", "kubectl", "slackclient", "OpenAPI-Generator", "google-api", "gl-python")
    found = next((name for name in known if name in agent), "")
    return {"slackclient": "slack_sdk", "OpenAPI-Generator": "kubernetes client"}.get(found, found or CLIENT)


def _cut(body: object) -> object:
    return body[:LONGEST] if isinstance(body, bytes) else body


def _size(body: object) -> int:
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, list):
        return sum(map(_size, body))
    message = _message(body)
    return message.ByteSize() if message is not None else 0


def _message(body: object) -> Any:
    if isinstance(body, proto.Message):
        return type(body).pb(body)
    return body if isinstance(body, Message) else None


def _lines(body: object) -> Iterator[str]:
    if isinstance(body, list):
        for one in body:
            yield from _lines(one)
    elif isinstance(body, bytes):
        yield _read(body.decode("utf-8", "replace"))
    elif (message := _message(body)) is not None:
        yield json_format.MessageToJson(message, indent=2)


def _read(text: str) -> str:
    """Return JSON in lines, a form as its fields with the JSON in them, and anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        pass
    fields = parse_qsl(text, keep_blank_values=True) if re.match(r"\w+=", text) and "\n" not in text else []
    return "\n".join(f"{name}: {_read(value)}" for name, value in fields) if fields else text
