"""What a card is about: a proposal or an incident, read at the moment it is drawn. Used by living_card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.card_facts import Facts, facts_of
from functions.card_record import CardRecord, is_live
from shared.blocks.cards import Saying, card_of, sayings_of
from shared.blocks.incident import incident_card, incident_sayings
from shared.blocks.kit import safe
from shared.blocks.view import Phase
from shared.domain.incidents import Incident, IncidentState
from shared.domain.proposals import State
from shared.domain.records import card_path, incident_path, score_path
from shared.domain.scores import Score
from shared.ports import Card
from shared.services import Services
from shared.store import read

_EARLIER = timedelta(minutes=5)
"""Clocks differ: a card is looked for from a little before there was anything to say."""


@dataclass(frozen=True)
class Person:
    """Somebody who is told privately."""

    user: str
    channel: str
    text: str


@dataclass(frozen=True)
class Subject:
    """What a card should say now, and its record with what is noted of that."""

    stored: CardRecord
    record: CardRecord
    card: Card
    sayings: tuple[Saying, ...]
    since: datetime
    """It cannot have been posted before."""
    deadline: datetime | None = None
    """When time alone changes what it says."""
    asker: Person | None = None
    """Who asked from elsewhere and is told where the card is."""
    alone: Person | None = None
    """Who is told the whole of it where the channel takes no card."""


def subject_of(key: str, services: Services) -> Subject | None:
    """Return what a card should say; None for one about nothing."""
    return _proposal(key, services) if key.startswith("p-") else _incident(key, services)


def _proposal(key: str, services: Services) -> Subject | None:
    facts = facts_of(key, services)
    if facts is None:
        return None
    view, intent, card = facts.view, facts.view.proposal.intent, card_of(facts.view)
    elsewhere = intent.channel not in {"", facts.record.channel}
    return Subject(
        stored=facts.record,
        record=_with_end(facts),
        card=card,
        sayings=tuple(sayings_of(view)),
        since=view.proposal.created_at - _EARLIER,
        deadline=_deadline(facts),
        asker=Person(intent.user, intent.channel, _pointer(facts)) if elsewhere else None,
        alone=Person(intent.user, intent.channel, card.text) if intent.dry_run else None,
    )


def _with_end(facts: Facts) -> CardRecord:
    """Note when it was finished: a repair later on must not change what the card says of that."""
    ended = facts.view.phase in {Phase.DONE, Phase.DELETED}
    finished = facts.view.finished_at if ended else facts.record.finished
    return replace(facts.record, finished=finished, live=is_live(facts.view.phase))


def _deadline(facts: Facts) -> datetime | None:
    gate = facts.view.proposal.gate
    return {State.OPEN: gate.approve_by, State.APPROVED: gate.run_by}.get(facts.view.state)


def _pointer(facts: Facts) -> str:
    proposal = facts.view.proposal
    return f"Your plan for {safe(proposal.deployment)} is in <#{proposal.channel}>, as proposal `{proposal.id}`."


def _incident(key: str, services: Services) -> Subject | None:
    first = services.documents.get([card_path(key), incident_path(key)])
    incident = read(Incident, first[1])
    if incident is None:
        return None
    score = read(Score, services.documents.get([score_path(incident.deployment)])[0]) if incident.deployment else None
    stored = read(CardRecord, first[0]) or CardRecord(key, services.channel, live=False)
    return Subject(
        stored=stored,
        record=stored,
        card=incident_card(incident, services.clock(), score.lessons if score else {}),
        sayings=tuple(incident_sayings(incident)),
        since=incident.opened_at - _EARLIER,
        deadline=_snoozed_until(incident, services.clock()),
    )


def _snoozed_until(incident: Incident, now: datetime) -> datetime | None:
    """Return when a snooze is over: what it hid is then shown."""
    snooze = incident.snooze
    silent = snooze is not None and incident.state is IncidentState.OPEN and snooze.until > now
    return snooze.until if silent and snooze else None
