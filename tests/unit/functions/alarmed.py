"""A place whose first region is full, and short ways to alarm, to choose and to look at what came of it."""

from __future__ import annotations

from typing import Any

from shared.domain.incidents import Head, Incident
from shared.domain.messages import RemedyChosen
from shared.domain.proposals import Proposal
from shared.domain.records import INCIDENTS, PROPOSALS, head_path, incident_path
from shared.domain.suggestions import RemedyKind, Suggestion
from shared.domain.topics import Topic
from shared.store import load, read
from tests.notifications import notification
from tests.simulation.setting import ANA
from tests.unit.functions.place import EU, US, Place, served

CHAT_US = "chat.us-east4"
HOT, WELL = 60.0, 25.0


def hot(*regions: str) -> Place:
    """Return a place where chat serves two regions, the first of which has more load than it bears."""
    place = served(US, EU)
    for region in regions or (US,):
        place.metrics.rates["chat", region] = HOT
    return place


def alerted(place: Place, **fields: Any) -> Incident:
    """Let a notification come and be worked off; return the place's incident."""
    place.publish(Topic.ALERTS, notification(**fields))
    place.drain()
    return incident(place)


def incident(place: Place, where: str = CHAT_US) -> Incident:
    head = load(place.documents, Head, head_path(where))
    assert head is not None
    found = load(place.documents, Incident, incident_path(head.incident))
    assert found is not None
    return found


def incidents(place: Place) -> list[Incident]:
    found = (read(Incident, document) for document in place.documents.find(INCIDENTS) if document.fields)
    return [each for each in found if each]


def offered(place: Place, kind: RemedyKind) -> Suggestion:
    advice = incident(place).advice
    assert advice is not None
    return next(each for each in advice.suggestions if each.kind is kind)


def choose(place: Place, suggestion: Suggestion, user: str = ANA, sign: str = "i-0000000000000001") -> None:
    chosen = RemedyChosen(incident(place).id, suggestion.id, user, "C1", place.now(), sign)
    place.publish(Topic.INTENTS, chosen)
    place.drain()


def later(place: Place, minutes: float) -> None:
    for _ in range(int(minutes * 2)):
        place.seconds += 30
        place.drain()


def asks(place: Place) -> list[Suggestion]:
    advice = incident(place).advice
    assert advice is not None
    return [each for each in advice.suggestions if each.ask]


def proposals(place: Place) -> list[Any]:
    return [p for d in place.documents.find(PROPOSALS) if (p := read(Proposal, d))]


def told(place: Place) -> str:
    return "\n".join(text for _, text in place.chat.told)
