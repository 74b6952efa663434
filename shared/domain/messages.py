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


@dataclass(frozen=True)
class RemedyChosen:
    """A person pressed one of an incident's suggestions. propose judges whether it is still for this world."""

    incident: str
    suggestion: str
    user: str
    channel: str
    at: datetime
    id: str
    """Derived from what is unique to one Slack invocation: a request that comes twice is one choice."""


@dataclass(frozen=True)
class SnoozeAsked:
    """A person wants an incident's suggestions to be silent until then."""

    incident: str
    user: str
    channel: str
    until: datetime
    reason: str
    id: str
    """Derived from what is unique to one Slack invocation."""


@dataclass(frozen=True)
class AlertReceived:
    """A notification of Cloud Monitoring was recorded."""

    alert: str
    place: str


@dataclass(frozen=True)
class IncidentDue:
    """Have a look at this incident."""

    incident: str


@dataclass(frozen=True)
class IncidentChanged:
    """What is known of an incident has changed."""

    incident: str


Message = (
    IntentSubmitted
    | VoteCast
    | ProposalMade
    | Decided
    | Wake
    | StatusChanged
    | CardDue
    | Told
    | Tick
    | RemedyChosen
    | SnoozeAsked
    | AlertReceived
    | IncidentDue
    | IncidentChanged
)
