"""What crossed the wires: the latest exchanges between the cloud and whoever speaks with it, secrets masked."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from infra.local.cloud.tap_masking import Masker
from infra.local.cloud.tap_reading import as_message, values, written

KEPT, LONGEST = 2000, 32_768
"""Exchanges that are remembered, and bytes of each body."""
CLIENT = "client"
"""Who asks, where the request does not say which program it comes from."""
_PROGRAMS = {
    "gcloud/": "gcloud",
    "kubectl": "kubectl",
    "OpenAPI-Generator": "kubernetes client",
    "Google-Cloud-Tasks": "tasks",
    "Mozilla/": "browser",
    # What the product speaks with. Another program with the same libraries cannot be told from it.
    **dict.fromkeys(("grpc-python", "gl-python", "gcloud-python", "python-requests", "slackclient"), "inferops"),
}
"""Mark in a User-Agent -> the program, as people would know it; the first one counts."""
_OF_SECRETS = re.compile(r"/secrets(?:[/?:]|$)")
"""Paths of Kubernetes and of Secret Manager."""


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
        self.places: dict[str, str] = {}
        """``HOST:PORT`` -> who listens there, such as ``notify``."""
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

    def text(self, body: object, what: str = "") -> str:
        """Return a request or an answer for people to read, without secrets; ``what`` is what was asked."""
        masker, hushed = Masker(self.secrets), bool(_OF_SECRETS.search(what))
        lines = [written(masker.body(value, hushed=hushed)) for value in values(body)]
        return "\n".join([*lines, "…"] if isinstance(body, bytes) and len(body) == LONGEST else lines)

    def masked(self, text: str) -> str:
        """Return a text without what must not be shown, whether plain or in base64."""
        return Masker(self.secrets).text(text)


@lru_cache(maxsize=256)
def client_of(agent: str) -> str:
    """Return the program that a User-Agent names: as people would know it, or as it calls itself."""
    known = (name for mark, name in _PROGRAMS.items() if mark in agent)
    own = re.match(r"[\w.-]{1,40}", agent)
    return next(known, own[0] if own else CLIENT)


def _cut(body: object) -> object:
    return body[:LONGEST] if isinstance(body, bytes) else body


def _size(body: object) -> int:
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, list):
        return sum(map(_size, body))
    message = as_message(body)
    return message.ByteSize() if message is not None else 0
