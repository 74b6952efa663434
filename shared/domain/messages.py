"""What travels between bot and functions. A message says "look there"; documents hold the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.intents import Intent
from shared.domain.inventory import Unit


@dataclass(frozen=True)
class IntentSubmitted:
    """A person asked for something."""

    intent: Intent


@dataclass(frozen=True)
class VoteCast:
    """A person pressed a button or typed approve or reject. decide judges whether it counts."""

    proposal: str
    digest: str
    user: str
    approve: bool
    at: datetime
    channel: str
    id: str
    """Derived from what is unique to one Slack invocation: a request that comes twice is one vote."""


@dataclass(frozen=True)
class ProposalMade:
    """A proposal was written."""

    proposal: str


@dataclass(frozen=True)
class Decided:
    """A proposal was applied or voided, or a vote was counted."""

    proposal: str
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True)
class Wake:
    """Have a look at this unit."""

    unit: Unit


@dataclass(frozen=True)
class StatusChanged:
    """A unit's conditions or report changed."""

    unit: Unit


@dataclass(frozen=True)
class CardDue:
    """A card has to be looked at again: after a rate limit, or because its proposal's clock ran out."""

    proposal: str


@dataclass(frozen=True)
class Told:
    """One person is told something privately. ``id`` makes a repeated delivery one telling."""

    id: str
    user: str
    channel: str
    text: str


@dataclass(frozen=True)
class Tick:
    """A minute has passed."""


Message = IntentSubmitted | VoteCast | ProposalMade | Decided | Wake | StatusChanged | CardDue | Told | Tick
