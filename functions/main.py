"""The functions' targets: one CloudEvent in, one step, no state. What raises is delivered again by Pub/Sub.

Each target is deployed by itself; a message that is not for it (a topic may carry several) is left alone.
"""

from __future__ import annotations

import base64
from functools import lru_cache

import functions_framework
from cloudevents.http import CloudEvent

from shared.adapters.pubsub import unpack
from shared.domain.messages import (
    AlertReceived,
    CardDue,
    Decided,
    IncidentChanged,
    IncidentDue,
    IntentSubmitted,
    Message,
    ProposalMade,
    RemedyChosen,
    SnoozeAsked,
    StatusChanged,
    Tick,
    Told,
    VoteCast,
    Wake,
)
from shared.logs import log, start_logging
from shared.services import Services
from shared.settings import read_settings
from shared.wiring import services


@lru_cache(maxsize=1)
def _services() -> Services:
    settings = read_settings()
    start_logging(settings.log_level)
    return services(settings)


def _heard(event: CloudEvent, target: str) -> Message:
    """Read the message and log that it came."""
    works = _services()
    message = unpack(base64.b64decode(event.data["message"]["data"]))
    log("invoked", function=target, type=type(message).__name__, subject=_subject(message), channel=works.channel)
    return message


def _subject(message: Message) -> str:
    match message:
        case IntentSubmitted(intent=intent):
            return intent.id
        case VoteCast(proposal=proposal) | ProposalMade(proposal) | Decided(proposal=proposal) | CardDue(proposal):
            return proposal
        case Wake(unit) | StatusChanged(unit):
            return str(unit)
        case Told(id=telling):
            return telling
        case RemedyChosen(incident) | SnoozeAsked(incident) | IncidentDue(incident) | IncidentChanged(incident):
            return incident
        case AlertReceived(alert):
            return alert
        case Tick():
            return ""


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # the framework ships no types
def propose(event: CloudEvent) -> None:
    """Answer an intent with a proposal or a refusal."""
    from functions import propose as room  # noqa: PLC0415 - each target pays for its own room only

    match _heard(event, "propose"):
        case IntentSubmitted() as message:
            room.propose(message, _services())
        case RemedyChosen() as message:
            room.choose(message, _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def decide(event: CloudEvent) -> None:
    """Count a vote, or apply what needs none."""
    from functions import decide as room  # noqa: PLC0415 - as above

    match _heard(event, "decide"):
        case VoteCast() | ProposalMade() as message:
            room.decide(message, _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def reconcile(event: CloudEvent) -> None:
    """Do one round of a unit, or of each unit that was decided on."""
    from functions import reconcile as room  # noqa: PLC0415 - as above

    match _heard(event, "reconcile"):
        case Wake() | Decided() as message:
            room.reconcile(message, _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def notify(event: CloudEvent) -> None:
    """Tell Slack."""
    from functions import notify as room  # noqa: PLC0415 - as above

    match _heard(event, "notify"):
        case ProposalMade() | Decided() | StatusChanged() | CardDue() | Told() | IncidentChanged() as message:
            room.handle(message, _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def alerts(event: CloudEvent) -> None:
    """Record a notification of Cloud Monitoring, whose form is not ours."""
    from functions import alerts as room  # noqa: PLC0415 - as above

    log("invoked", function="alerts", subject=event["id"], channel=_services().channel)
    room.receive(base64.b64decode(event.data["message"].get("data", "")), _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def incidents(event: CloudEvent) -> None:
    """Look at an incident, or open one."""
    from functions import incidents as room  # noqa: PLC0415 - as above

    match _heard(event, "incidents"):
        case AlertReceived() | IncidentDue() | Decided() | ProposalMade() | SnoozeAsked() as message:
            room.handle(message, _services())


@functions_framework.cloud_event  # type: ignore[untyped-decorator]  # as above
def sweep(event: CloudEvent) -> None:
    """Do what a minute brings."""
    from functions import sweep as room  # noqa: PLC0415 - as above

    match _heard(event, "sweep"):
        case Tick() as message:
            room.sweep(message, _services())
