"""The card of an incident, and what its thread is told. Called by notify; reads at three in the morning on a phone."""

from __future__ import annotations

from datetime import datetime

from shared.blocks.cards import Saying
from shared.blocks.chart import charts
from shared.blocks.incident_evidence import (
    alarms,
    elsewhere,
    evidence,
    figures,
    name_of,
    state_of,
    title_of,
    unreadable,
)
from shared.blocks.incident_figures import percent, seconds
from shared.blocks.incident_options import choices, is_offered, options, seen
from shared.blocks.incident_outcomes import Scores, applied, outcomes, score, verdict
from shared.blocks.kit import Button, Part, Parts, card, lines, moment, person, safe
from shared.blocks.money import duration
from shared.blocks.progress import undo_button
from shared.domain.incidents import UNREADABLE, Incident, IncidentState, Outcome
from shared.domain.names import short_hash
from shared.domain.suggestions import Diagnosis, RemedyKind, Slo
from shared.domain.windows import latest
from shared.ports import Card

WHY, SNOOZE = "why-remedy", "snooze-incident"
"""Action ids of the buttons; the value is the incident's id."""
SLO = Slo()
NO_SCORES: Scores = {}


def incident_card(incident: Incident, now: datetime, scores: Scores = NO_SCORES, slo: Slo = SLO) -> Card:
    """Return the card that shows an incident as it stands. ``now`` only tells whether a snooze is over."""
    if incident.place == UNREADABLE:
        return card(Parts(title_of(incident), unreadable(incident), (), _footer(incident)))
    parts = [
        _resolved(incident),
        Part("" if incident.state is IncidentState.RESOLVED else evidence(incident).text),
        _note(incident),
        *charts(incident, slo),
        figures(incident, slo),
        elsewhere(incident),
        *options(incident, now),
        outcomes(incident),
        score(scores),
        alarms(incident),
    ]
    return card(Parts(title_of(incident), parts, _buttons(incident, now), _footer(incident)))


def _resolved(incident: Incident) -> Part:
    if incident.state is not IncidentState.RESOLVED:
        return Part("")
    return Part(f"*Resolved*{_ended(incident)}{_after(incident)}. {_reread(incident)}")


def _ended(incident: Incident) -> str:
    return f" {moment(incident.ended_at)}" if incident.ended_at else ""


def _after(incident: Incident) -> str:
    return f", after {duration(incident.ended_at - incident.opened_at)}" if incident.ended_at else ""


def _reread(incident: Incident) -> str:
    if incident.window is None:
        return ""
    kv, ttft = latest(incident.window.kv), latest(incident.window.ttft)
    return f"The metrics were read again: KV {percent(kv)}, first token {seconds(ttft)}."


def _note(incident: Incident) -> Part:
    said = [f"*Note:* {safe(incident.note, 600)}"] if incident.note else []
    if incident.state is IncidentState.OPEN and not incident.alarming and incident.alarms:
        said.append(
            "*Not resolved:* Cloud Monitoring has closed its alert, but the metrics do not say yet that all is well."
        )
    return Part("\n".join(said))


def _buttons(incident: Incident, now: datetime) -> tuple[Button, ...]:
    name, found = name_of(incident), []
    if incident.advice and (incident.advice.suggestions or incident.advice.evidence):
        found.append(
            Button(WHY, "Why", incident.id, f"Why: figures and formulas for {name}", f"/infer incident {incident.id}")
        )
    if is_offered(incident, now):
        typed = f"/infer snooze {incident.id} 2h REASON"
        found.append(Button(SNOOZE, "Snooze", incident.id, f"Snooze suggestions for {name}", typed))
    if any(outcome.kind is not RemedyKind.NOTHING for outcome in incident.outcomes):
        found.append(undo_button(incident.deployment))
    return tuple(found)


def _footer(incident: Incident) -> str:
    looked = f" · looked at {moment(incident.looked_at)}" if incident.looked_at else ""
    return f"Incident `{safe(incident.id, 90)}` · opened {moment(incident.opened_at)}{looked}"


def incident_sayings(incident: Incident) -> list[Saying]:
    """Return what the thread has to have been told by now, oldest first. An edit of the card notifies nobody."""
    if incident.place == UNREADABLE:
        return []
    told = [Saying("opened", f"Opened: {safe(name_of(incident), 120)}, {safe(_first(incident), 400)}.")]
    told += _advised(incident)
    told += [_noted(incident)] if incident.note else []
    if incident.snooze:
        until, who = incident.snooze.until, person(incident.snooze.by)
        text = f"Snoozed until {moment(until)} by {who}: {safe(incident.snooze.reason, 600)}"
        told.append(Saying(f"snoozed-{int(until.timestamp())}", text))
    told += [_chosen(incident, each, proposal) for each, proposal in incident.chosen.items()]
    told += [saying for outcome in incident.outcomes for saying in _done(outcome)]
    if incident.state is IncidentState.RESOLVED:
        told.append(Saying("resolved", f"{_resolved(incident).text}"))
    return told


def _first(incident: Incident) -> str:
    names = [alarm.name for alarm in incident.alarms.values() if alarm.name]
    return f"alert {', '.join(names[:3])}" if names else "alert received"


def _advised(incident: Incident) -> list[Saying]:
    """Say once for each diagnosis that there is one, and what can be chosen: the card alone would show it silently."""
    if incident.advice is None or incident.advice.diagnosis is Diagnosis.HEALTHY:
        return []
    listed = [] if incident.shadow else choices(incident)
    said = [f"{number}. {safe(each.title, 150)}" for number, each in enumerate(listed, start=1)]
    head = f"{safe(state_of(incident)[:1].upper() + state_of(incident)[1:], 200)}."
    return [Saying(f"diagnosis-{incident.advice.diagnosis.name.lower()}", lines([head, *said]))]


def _noted(incident: Incident) -> Saying:
    return Saying(f"note-{short_hash(incident.note, 10)}", f"Note: {safe(incident.note, 1000)}")


def _chosen(incident: Incident, suggestion: str, proposal: str) -> Saying:
    found = seen(incident, suggestion)
    what = safe(found.title, 150) if found else f"suggestion `{safe(suggestion, 60)}`"
    return Saying(
        f"chosen-{short_hash([suggestion, proposal], 10)}", f"Chosen: {what}, as proposal `{safe(proposal, 40)}`."
    )


def _done(outcome: Outcome) -> list[Saying]:
    key = short_hash([outcome.suggestion, outcome.at.isoformat()], 10)
    told = [Saying(f"applied-{key}", applied(outcome).removeprefix("• "))]
    if outcome.judged:
        text = f"{safe(outcome.title, 150)}: {verdict(outcome).strip()}"
        told.append(Saying(f"judged-{key}", text))
    return told


def incident_line(incident: Incident) -> str:
    """Return an incident in one line, for a list."""
    what = "notifications that could not be read" if incident.place == UNREADABLE else state_of(incident)
    count = len(choices(incident))
    offered = f"; {count} option{'' if count == 1 else 's'}" if count and not incident.shadow else ""
    since = f"since {moment(incident.opened_at)}"
    return f"• `{safe(incident.id, 90)}` *{safe(name_of(incident), 120)}*: {safe(what, 200)}, {since}{offered}"
