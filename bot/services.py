"""What the bot works with. It may publish and read; it cannot write a document or speak to Slack."""

from __future__ import annotations

from typing import Protocol

from shared.domain.catalog import Catalog
from shared.ports import Bus, Clock, Readable
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
        """Team, signing secret, channel."""

    @property
    def catalog(self) -> Catalog:
        """The grammar's dictionary."""
