"""What a person may say that asks for no change yet: reads, answered at once, votes, choices, gaps. Made by grammar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.blocks.form import Filled
from shared.domain.intents import Ask


@dataclass(frozen=True)
class Status:
    """How a deployment stands; without a name: the only one, or each in a line."""

    name: str = ""


@dataclass(frozen=True)
class List:
    """Which deployments there are."""


@dataclass(frozen=True)
class Why:
    """What a deployment waits for, or what is wrong with it."""

    name: str = ""
    region: str = ""


@dataclass(frozen=True)
class History:
    """Who changed a deployment, when and how."""

    name: str = ""


@dataclass(frozen=True)
class Incidents:
    """Which incidents are open."""


@dataclass(frozen=True)
class IncidentOf:
    """One incident: by its id, or the newest of a deployment in a region."""

    id: str = ""
    name: str = ""
    region: str = ""


@dataclass(frozen=True)
class Help:
    """How to say it; without a verb: all of it."""

    verb: str = ""


@dataclass(frozen=True)
class Ballot:
    """A typed approve or reject."""

    proposal: str
    approve: bool


@dataclass(frozen=True)
class Snoozing:
    """An incident's suggestions are to be silent for so long."""

    incident: str
    time: timedelta
    reason: str


@dataclass(frozen=True)
class Choosing:
    """One of an incident's suggestions, by the number on its card."""

    incident: str
    number: int


@dataclass(frozen=True)
class DryRun:
    """Only the plan for this is asked for."""

    ask: Ask


@dataclass(frozen=True)
class Gap:
    """A deploy of which something is not said yet: a form asks for it."""

    filled: Filled


Read = Status | List | Why | History | Incidents | IncidentOf | Help
Said = Ask | DryRun | Read | Ballot | Snoozing | Choosing | Gap
