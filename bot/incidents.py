"""What people ask about incidents, and do about them: read, choose a suggestion, snooze. Others decide what counts."""

from __future__ import annotations

from datetime import datetime

from bot.reads import Choosing, IncidentOf, Snoozing
from bot.services import BotServices
from bot.submit import NotHeardError, Speaker
from bot.words import refusal
from shared.blocks.incident import incident_card, incident_line
from shared.blocks.incident_evidence import name_of
from shared.blocks.incident_options import choices, is_snoozed
from shared.blocks.kit import lines, moment, safe
from shared.blocks.reading import MOST
from shared.domain.errors import TerminalError
from shared.domain.incidents import Head, Incident, IncidentState, place_of
from shared.domain.intents import intent_id
from shared.domain.messages import Message, RemedyChosen, SnoozeAsked
from shared.domain.proposals import proposal_id
from shared.domain.records import INCIDENTS, head_path, incident_path
from shared.domain.suggestions import Suggestion
from shared.domain.topics import Topic
from shared.ports import Readable
from shared.store import read

_LIST = "`/infer incidents` lists those that are open"


def open_incidents(documents: Readable) -> str:
    """Return one line for each open incident, the newest first."""
    found = documents.find(INCIDENTS, {"state": str(IncidentState.OPEN)})
    there = sorted((each for d in found if (each := read(Incident, d))), key=lambda one: one.opened_at, reverse=True)
    if not there:
        return "No incident is open. `/infer incident NAME REGION` shows the last one of a place."
    return lines(["*Open incidents*, newest first:", *map(incident_line, there)], MOST)


def incident_text(asked: IncidentOf, documents: Readable, now: datetime) -> str:
    """Return what stands on an incident's card. Raises TerminalError where there is none."""
    return incident_card(_found(asked, documents), now).text


def _found(asked: IncidentOf, documents: Readable) -> Incident:
    if asked.id:
        return incident_of(asked.id, documents)
    head = read(Head, documents.get([head_path(place_of(asked.name, asked.region))])[0])
    if head is None:
        message = f"there has been no incident of {asked.name} in {asked.region}; {_LIST}"
        raise refusal(message, "UnknownIncident", "name")
    return incident_of(head.incident, documents)


def incident_of(name: str, documents: Readable) -> Incident:
    """Return a stored incident. Raises TerminalError where there is none."""
    found = read(Incident, documents.get([incident_path(name)])[0])
    if found is None:
        raise refusal(f"there is no incident {name}; {_LIST}", "UnknownIncident", "id")
    return found


def open_incident(name: str, documents: Readable) -> Incident:
    """Return an incident that is not over. Raises TerminalError."""
    found = incident_of(name, documents)
    if found.state is not IncidentState.OPEN:
        raise refusal(f"the incident {name} is resolved; {_LIST}", "IncidentOver", "id")
    return found


def choose_number(choice: Choosing, speaker: Speaker, services: BotServices) -> str:
    """Publish the choice of the option with this number. Raises TerminalError, NotHeardError."""
    incident = open_incident(choice.incident, services.documents)
    chosen = _numbered(choice.number, incident, services.clock())
    heard = choose(incident.id, chosen.id, speaker, services)
    return f"{safe(chosen.title, 150)}, for {safe(name_of(incident), 120)}. {heard}"


def _numbered(number: int, incident: Incident, now: datetime) -> Suggestion:
    offered = choices(incident)
    if incident.shadow:
        raise _not_offered("suggestions for it are only recorded (shadow mode)")
    if is_snoozed(incident, now):
        raise _not_offered("suggestions for it are snoozed; its card says until when")
    if number > len(offered):
        there = "; ".join(f"{n}: {each.title}" for n, each in enumerate(offered, start=1))
        raise _not_offered(f"there is no option {number}; there is: {there or 'none'}")
    found = offered[number - 1]
    if made := incident.chosen.get(found.id):
        raise _not_offered(f"option {number} is chosen already, as proposal {made}")
    return found


def _not_offered(because: str) -> TerminalError:
    return refusal(because, "NotOffered", "number")


def choose(incident: str, suggestion: str, speaker: Speaker, services: BotServices) -> str:
    """Publish the choice of a suggestion and return what the person is told. Raises NotHeardError.

    The same choice of the same person is the same message, and becomes one proposal, whose id is known already.
    """
    one = intent_id(speaker.team, speaker.trigger)
    chosen = RemedyChosen(incident, suggestion, speaker.user, speaker.channel, services.clock(), one)
    _publish(chosen, one, services)
    return f"Heard: if it still fits, it becomes proposal `{proposal_id(one)}`, whose card says who must agree."


def snooze(wish: Snoozing, speaker: Speaker, services: BotServices) -> str:
    """Publish the wish for silence and return what the person is told. Raises TerminalError, NotHeardError."""
    incident = open_incident(wish.incident, services.documents)
    until, one = services.clock() + wish.time, intent_id(speaker.team, speaker.trigger)
    _publish(SnoozeAsked(incident.id, speaker.user, speaker.channel, until, wish.reason, one), one, services)
    return (
        f"Heard: no suggestions for {safe(name_of(incident), 120)} until {moment(until)}, once its card says so. "
        "Alerts are still recorded."
    )


def _publish(message: Message, one: str, services: BotServices) -> None:
    try:
        services.bus.publish(Topic.INTENTS, message)
    except Exception as error:
        raise NotHeardError(one) from error
