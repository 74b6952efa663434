"""What the functions need of the world, as protocols: kept by adapters over real APIs, or by stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shared.domain.inventory import Entry
from shared.domain.messages import Message
from shared.domain.names import ResourceKey
from shared.domain.observations import Observation
from shared.domain.planning import Do
from shared.domain.quotes import QuotaFinding
from shared.domain.settling import Result
from shared.domain.windows import History, MetricWindow

Clock = Callable[[], datetime]


class ConflictError(Exception):
    """Somebody else wrote first: nothing of the commit happened."""


@dataclass(frozen=True)
class Document:
    """A stored document. ``body`` is plain JSON; ``fields`` are the few indexed values to find it by."""

    path: str
    body: Mapping[str, Any]
    version: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Put:
    """Write a document. ``if_version`` empty: only if it does not exist yet."""

    path: str
    body: Mapping[str, Any]
    fields: Mapping[str, Any] = field(default_factory=dict)
    if_version: str = ""


@dataclass(frozen=True)
class Remove:
    """Delete a document, whether it is there or not."""

    path: str


Write = Put | Remove


class Readable(Protocol):
    """What may be read of a document store. Paths are ``collection/id``."""

    def get(self, paths: Sequence[str]) -> list[Document | None]:
        """Return the documents in the order asked for; None for one that is not there. One call to the store."""

    def find(
        self,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        contains: Mapping[str, Any] | None = None,
        at_most: Mapping[str, Any] | None = None,
        limit: int = 0,
    ) -> list[Document]:
        """Return documents whose indexed fields match: equal, array-contains, or at most.

        A field that is None or not there never matches ``at_most``. Ordered by path, or by the ``at_most`` field;
        ``limit`` 0 is no limit.
        """


class Documents(Readable, Protocol):
    """A document store with compare-and-set commits."""

    def commit(self, writes: Sequence[Write]) -> list[str]:
        """Write all or nothing; return the new version of each Put in order (an empty text for Remove).

        Raises ConflictError where a version is not as expected.
        """


class Bus(Protocol):
    """Messages to topics. At least once, in any order."""

    def publish(self, topic: str, message: Message) -> None:
        """Return once the message is durably taken."""


class Timers(Protocol):
    """Messages for later."""

    def at(self, when: datetime, name: str, topic: str, message: Message) -> None:
        """Publish the message to the topic at that time. A second timer of the same name is the same timer.

        Names are letters, digits, hyphens and underscores, as Cloud Tasks wants them.
        """


class Providers(Protocol):
    """The clouds: look at keys, start actions. Nothing here waits for an operation to end."""

    def look(self, inventory: Mapping[ResourceKey, Entry]) -> Observation:
        """Return what is seen of each key. Never raises: what could not be seen is Unknown."""

    def start(self, actions: Iterable[Do], inventory: Mapping[ResourceKey, Entry]) -> Mapping[ResourceKey, Result]:
        """Start each action; return per key how that went."""


class Quotas(Protocol):
    """What the project may still use."""

    def findings(self, needs: Mapping[tuple[str, str], int]) -> tuple[QuotaFinding, ...]:
        """Return a finding per (region, metric) -> amount. Never raises: what is not visible says so."""


class Metrics(Protocol):
    """What the model servers measure. Raises InferError where it cannot be read; what is not there is None."""

    def window(self, deployment: str, region: str, end: datetime, minutes: int) -> MetricWindow:
        """Return the last minutes of one deployment in one region, at 30 seconds a step."""

    def history(self, deployment: str, region: str, end: datetime, days: int) -> History:
        """Return the load of the last days, at 5 minutes a step."""


class Resolver(Protocol):
    """Resolves names that move to names that do not, once per release."""

    def image(self, reference: str) -> str:
        """Return ``repository@sha256:...``. Raises TerminalError where there is no such image."""

    def secret(self, name: str) -> str:
        """Return the full name of the secret's newest version. Raises NeedsHumanError where there is none."""


class RateLimitedError(Exception):
    """Slack asks to wait ``after`` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"rate limited for {after} s")
        self.after = after


class BlocksRefusedError(Exception):
    """Slack refused the blocks of a message (``invalid_blocks``)."""


@dataclass(frozen=True)
class Card:
    """A message: fallback text with the whole meaning, and blocks."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()


class Chat(Protocol):
    """Slack, as notify speaks to it. Raises RateLimitedError, BlocksRefusedError, and RetryableError if it is away."""

    def post(self, channel: str, card: Card, *, key: str = "", thread: str = "") -> str:
        """Post and return the message's ts. ``key`` goes into the metadata, to find the message again."""

    def edit(self, channel: str, ts: str, card: Card) -> bool:
        """Replace a message; False where it is gone."""

    def remove(self, channel: str, ts: str) -> None:
        """Delete a message; one that is gone already is fine."""

    def tell(self, user: str, channel: str, text: str) -> None:
        """Tell one person privately: ephemeral in the channel, else as a direct message."""

    def picture(self, name: str, data: bytes, alt: str) -> str:
        """Upload a picture that no channel shows yet, and return its id for an image block."""

    def look_up(self, channel: str, key: str, since: datetime) -> list[str]:
        """Return the ts of our messages that carry this key, oldest first."""

    def directory(self) -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
        """Return user group handle -> member ids, and the ids of guests and deactivated users."""


Surface = Mapping[str, Any]
"""A form or a Home tab, as Slack takes it."""


class Views(Protocol):
    """What one person is shown apart from any channel. Raises InferError or RateLimitedError: it may not be shown."""

    def open(self, trigger: str, view: Surface) -> None:
        """Open a form before the person who caused the trigger: within three seconds, and once."""

    def publish(self, user: str, view: Surface) -> None:
        """Set a person's Home tab."""
