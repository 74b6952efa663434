"""What must survive between two rounds: the inventory of one unit, and the status document around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.conditions import Condition
from shared.domain.names import ResourceKey

PLATFORM = "platform"
"""The owner of what all deployments share."""


@dataclass(frozen=True, order=True)
class Unit:
    """What one round works on: an owner (``platform`` or a deployment's name) at a location."""

    owner: str
    location: str

    def __str__(self) -> str:
        return f"{self.owner}@{self.location}"

    @classmethod
    def parse(cls, text: str) -> Unit:
        """Read what ``str`` wrote."""
        owner, _, location = text.partition("@")
        return cls(owner, location)

    @property
    def is_platform(self) -> bool:
        """Whether it is part of the platform."""
        return self.owner == PLATFORM


@dataclass(frozen=True)
class Entry:
    """What is remembered about one key."""

    needs: frozenset[ResourceKey] = frozenset()
    serial: int = 0
    """Moves when a round has settled a start, so that a repeated attempt has the same request id until then."""
    operation: str = ""
    operation_since: datetime | None = None
    tries: int = 0
    not_before: datetime | None = None
    because: str = ""
    remedy: str = ""
    reason: str = ""
    gone_since: datetime | None = None
    ready_once: bool = False
    """Whether it was ever as wanted since it was built: a wreck of such a thing is for a person."""
    kept: bool = False
    """Whether it was as wanted in the last round: what other units wait for."""
    applied: str = ""
    """Hash of the spec that was last started and settled: if it still reads back otherwise, a field was not kept."""


@dataclass(frozen=True)
class Status:
    """One unit's status document. Written only by reconcile."""

    unit: Unit
    inventory: Mapping[ResourceKey, Entry] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    report: Mapping[str, str] = field(default_factory=dict)
    observed_generation: int = 0
    next_check_at: datetime | None = None
    version: str = ""
    """The store's own version of the document; empty while it does not exist. Not part of the body."""
