"""Alerts, decisions and time → incidents: one a place and episode, looked at until it is over and judged.

It reads, advises and remembers; what people choose becomes a proposal by propose, like any other ask. Nothing here can
write desired state. Killed at any line, the next message or the sweep looks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from functions.looking import again, fields_of, look
from shared.domain.incidents import (
    UNREADABLE,
    Alert,
    AlertState,
    Head,
    Incident,
    IncidentState,
    Snooze,
)
from shared.domain.messages import (
    AlertReceived,
    Decided,
    IncidentChanged,
    IncidentDue,
    ProposalMade,
    SnoozeAsked,
    Told,
)
from shared.domain.names import short_hash
from shared.domain.policy import describe, roles_of
from shared.domain.proposals import Proposal
from shared.domain.records import INCIDENTS, alert_path, head_path, incident_path, proposal_path
from shared.domain.topics import Topic
from shared.ports import ConflictError
from shared.services import Services
from shared.store import Commit, directory, load, read

PAUSE = timedelta(seconds=5)
"""Between two looks that alerts cause: a storm is looked at once in so long."""
REOPENS = timedelta(minutes=15)
"""A place that alarms again so soon is in the same incident."""
SHARED = timedelta(hours=1)
"""So long unreadable notifications share one incident."""
ACTS = 12
"""What an episode knows of the acts before it."""
LONGEST_SNOOZE = timedelta(hours=24)
Heard = AlertReceived | IncidentDue | Decided | ProposalMade | SnoozeAsked


def handle(message: Heard, services: Services) -> None:
    """Look at what the message concerns. Raises ConflictError where somebody else was at it: it comes again."""
    match message:
        case AlertReceived():
            _alerted(message, services)
        case IncidentDue(incident):
            _due(incident, services)
        case ProposalMade(proposal) | Decided(proposal=proposal):
            for each in _concerned(proposal, services):
                look(each, services)
        case SnoozeAsked():
            _snooze(message, services)


def _alerted(message: AlertReceived, services: Services) -> None:
    alert = load(services.documents, Alert, alert_path(message.alert))
    if alert is None:
        return
    head = load(services.documents, Head, head_path(message.place))
    current = load(services.documents, Incident, incident_path(head.incident)) if head else None
    if current is None or _over(current, alert):
        if _opens(alert, services):
            look(_opened(alert, head, current, services), services)
        return
    if current.looked_at is not None and alert.received_at < current.looked_at:
        return  # that look saw it
    if current.looked_at is not None and services.clock() < current.looked_at + PAUSE:
        again(replace(current, next_check_at=current.looked_at + PAUSE), services)
        return
    look(current, services)


def _over(incident: Incident, alert: Alert) -> bool:
    if incident.place == UNREADABLE:
        return alert.received_at - incident.opened_at > SHARED
    ended = incident.ended_at
    return incident.state is IncidentState.RESOLVED and (ended is None or alert.received_at - ended > REOPENS)


def _opens(alert: Alert, services: Services) -> bool:
    """Say whether an alert begins something: not a close, nor an open whose close came first."""
    if alert.state is AlertState.CLOSED:
        return False
    closed = short_hash([alert.incident_id, alert.condition, AlertState.CLOSED], 20)
    return alert.state is AlertState.UNREADABLE or services.documents.get([alert_path(closed)])[0] is None


def _opened(alert: Alert, head: Head | None, before: Incident | None, services: Services) -> Incident:
    """Open the next episode of a place; whoever else does so at this moment conflicts."""
    now, episode = services.clock(), head.episode + 1 if head else 1
    deployment, _, region = alert.place.partition(".")
    own = alert.place != UNREADABLE
    made = Incident(
        id=f"{alert.place}.{episode}",
        place=alert.place,
        deployment=deployment if own else "",
        region=region if own else "",
        opened_at=alert.received_at,
        offered=before.offered if before else (),
        acts=before.all_acts[-ACTS:] if before else (),
    )
    commit = Commit("incidents", made.id, now)
    commit.put(head_path(alert.place), Head(alert.place, episode, made.id), head.version if head else "")
    # Due at once: whoever dies before the first look leaves it to the sweep.
    due = replace(made, next_check_at=now)
    commit.put(incident_path(made.id), due, fields=fields_of(due))
    commit.audit("opened", alert=alert.id, condition=alert.condition_name)
    _, version = commit.run(services.documents, services.bus)
    return replace(due, version=version)


def _due(incident: str, services: Services) -> None:
    found = load(services.documents, Incident, incident_path(incident))
    if found is not None and found.next_check_at is not None and services.clock() >= found.next_check_at:
        look(found, services)


def _concerned(proposal: str, services: Services) -> Iterable[Incident]:
    """Return the open incidents that a proposal has to do with: the one it comes from, and all of its deployment."""
    made = load(services.documents, Proposal, proposal_path(proposal))
    if made is None or made.dry_run:
        return []
    where = {"deployment": made.deployment, "state": str(IncidentState.OPEN)}
    incidents = [each for d in services.documents.find(INCIDENTS, where) if (each := read(Incident, d))]
    remedy = made.intent.remedy
    return [
        each.choosing(remedy.suggestion, made.id) if remedy and remedy.incident == each.id else each
        for each in incidents
    ]


def _snooze(asked: SnoozeAsked, services: Services) -> None:
    incident, now = load(services.documents, Incident, incident_path(asked.incident)), services.clock()
    because = _refusal(asked, incident, services, now)
    commit = Commit("incidents", asked.incident, now)
    if because or incident is None:
        commit.audit("snooze refused", user=asked.user, because=because, asked=asked.id)
        commit.send(Topic.INCIDENTS, Told(asked.id, asked.user, asked.channel, f"{because}. Nothing was changed."))
    else:
        snoozed = replace(incident, snooze=Snooze(asked.user, asked.until, asked.reason[:300]))
        commit.put(incident_path(incident.id), snoozed, incident.version, fields_of(snoozed))
        commit.audit("snoozed", user=asked.user, until=asked.until, reason=asked.reason[:300])
        commit.send(Topic.INCIDENTS, IncidentChanged(incident.id))
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        if not because:
            raise


def _refusal(asked: SnoozeAsked, incident: Incident | None, services: Services, now: datetime) -> str:
    """Say why suggestions may not be silenced; empty where they may."""
    policy, who = services.policy(), directory(services.documents)
    if incident is None or incident.state is not IncidentState.OPEN:
        return f"there is no open incident {asked.incident}; /infer incidents lists them"
    if who.stale(now):
        return (
            "the directory of Slack groups is older than 15 minutes, so roles cannot be judged; try again in 5 minutes"
        )
    if not roles_of(asked.user, policy, who):
        return f"refused by rule 'a role to snooze': you have no role. Who could: {describe(policy.roles, policy)}"
    if not now < asked.until <= now + LONGEST_SNOOZE:
        return "a snooze lasts between a minute and 24 hours, for example 2h"
    return ""
