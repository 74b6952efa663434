"""Speaks: the one function that says anything in Slack. What it says is read from documents when it is said.

Messages only say where to look. One card per proposal lives in its channel; people are told privately once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.card_facts import proposals_of
from functions.living_card import refresh
from shared.blocks.kit import private
from shared.domain.codec import encode
from shared.domain.errors import InferError, RetryableError
from shared.domain.messages import CardDue, Decided, IncidentChanged, Message, ProposalMade, StatusChanged, Told
from shared.domain.names import short_hash
from shared.domain.records import CARDS, card_path, decision_path
from shared.domain.topics import Topic
from shared.ports import Put, RateLimitedError
from shared.services import Services
from shared.store import load

_LOG = logging.getLogger(__name__)
_TOLD = "told-"
AGAIN = timedelta(seconds=30)
"""Pause after Slack did not answer."""


@dataclass(frozen=True)
class Telling:
    """The document of one private telling: a repeated message finds it told. Written only by notify."""

    told: Told
    due: datetime | None = None
    """When to try again; None once it was told."""
    version: str = ""
    """The store's own version. Not part of the body."""


def handle(message: Message, services: Services) -> None:
    """Bring what Slack shows in line with what is stored. Raises ConflictError: the message then comes again."""
    match message:
        case Told():
            _tell(message, services)
        case CardDue(proposal) if proposal.startswith(_TOLD):
            _tell_again(proposal, services)
        case ProposalMade(proposal) | CardDue(proposal):
            refresh(proposal, services)
        case Decided(proposal):
            refresh(proposal, services)
            _wake_others(proposal, services)
        case IncidentChanged(incident):
            refresh(incident, services)
        case StatusChanged(unit):
            for proposal in proposals_of(unit, services.documents):
                refresh(proposal, services)
        case _:
            return  # for other functions


def _wake_others(decided: str, services: Services) -> None:
    """Have the cards looked at that a decision may have overtaken; each on its own, so that none waits."""
    if services.documents.get([decision_path(decided)])[0] is None:
        return  # a vote was counted, no more
    for document in services.documents.find(CARDS, {"live": True}):
        other = document.path.partition("/")[2]
        if other != decided:
            name = f"card-{other}-after-{short_hash([decided, document.version], 10)}"
            services.timers.at(services.clock(), name, Topic.CARDS, CardDue(other))


def _tell(told: Told, services: Services) -> None:
    if load(services.documents, Telling, card_path(f"{_TOLD}{told.id}")) is None:
        _try_to_tell(Telling(told), services)


def _tell_again(name: str, services: Services) -> None:
    telling = load(services.documents, Telling, card_path(name))
    if telling is not None and telling.due is not None:
        _try_to_tell(telling, services)


def _try_to_tell(telling: Telling, services: Services) -> None:
    told = telling.told
    try:
        services.chat.tell(told.user, told.channel, private(told.text))
    except RateLimitedError as limited:
        _put_off(telling, timedelta(seconds=limited.after), services)
    except RetryableError:
        _put_off(telling, AGAIN, services)
    except InferError as refused:
        _LOG.error("A person could not be told: %s (%s)", refused, refused.remedy, extra={"values": {"told": told.id}})
        _put(replace(telling, due=None), services)
    else:
        _put(replace(telling, due=None), services)


def _put_off(telling: Telling, pause: timedelta, services: Services) -> None:
    due = services.clock() + pause
    _put(replace(telling, due=due), services)
    name = f"{_TOLD}{telling.told.id}"
    services.timers.at(due, f"card-{name}-{int(due.timestamp())}", Topic.CARDS, CardDue(name))


def _put(telling: Telling, services: Services) -> None:
    fields = {"due": None if telling.due is None else telling.due.timestamp()}
    path = card_path(f"{_TOLD}{telling.told.id}")
    services.documents.commit([Put(path, encode(telling), fields, telling.version)])
