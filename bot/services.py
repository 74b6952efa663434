"""What the bot works with. It may publish, read, and show one person a view; it cannot write a document or post."""

from __future__ import annotations

from typing import Protocol

from shared.domain.catalog import Catalog
from shared.ports import Bus, Clock, Readable, Views
from shared.settings import Settings


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
        """Team, secrets, channel."""

    @property
    def catalog(self) -> Catalog:
        """The grammar's dictionary."""

    @property
    def views(self) -> Views:
        """Forms and Home tabs."""
