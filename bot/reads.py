"""What a person may say that asks for no change yet: reads, answered at once, votes, gaps. Made by grammar."""

from __future__ import annotations

from dataclasses import dataclass

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
class Help:
    """How to say it; without a verb: all of it."""

    verb: str = ""


@dataclass(frozen=True)
class Ballot:
    """A typed approve or reject."""

    proposal: str
    approve: bool


@dataclass(frozen=True)
class DryRun:
    """Only the plan for this is asked for."""

    ask: Ask


@dataclass(frozen=True)
class Gap:
    """A deploy of which something is not said yet: a form asks for it."""

    filled: Filled


Read = Status | List | Why | History | Help
Said = Ask | DryRun | Read | Ballot | Gap
