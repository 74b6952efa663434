"""What the bot works with. It may publish and read; it cannot write a document or speak to Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.domain.catalog import Catalog
from shared.ports import Bus, Clock, Document
from shared.settings import Settings


class Readable(Protocol):
    """The reading half of ``ports.Documents``."""

    def get(self, paths: Sequence[str]) -> list[Document | None]:
        """Return the documents in the order asked for; None for one that is not there."""

    def find(
        self,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        contains: Mapping[str, Any] | None = None,
        at_most: Mapping[str, Any] | None = None,
        limit: int = 0,
    ) -> list[Document]:
        """Return the documents whose indexed fields match."""


class BotServices(Protocol):
    """The bot's collaborators; ``shared.wiring.bot_services`` makes them."""

    @property
    def bus(self) -> Bus:
        """Where intents and votes go."""

    @property
    def documents(self) -> Readable:
        """What reads are answered from."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def settings(self) -> Settings:
        """Team, signing secret, channel."""

    @property
    def catalog(self) -> Catalog:
        """The grammar's dictionary."""
