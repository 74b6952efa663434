"""One look at an incident: read everything, advise, remember, tell notify. Used by incidents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.situations import gather, taught
from shared.domain.desired import DeploymentSpec, deployment_path
from shared.domain.errors import InferError
from shared.domain.following import Applied, Look
from shared.domain.incidents import UNREADABLE, Alert, AlertState, Incident, alarms_of
from shared.domain.incidents import Outcome as Judged
from shared.domain.messages import IncidentChanged, IncidentDue
from shared.domain.proposals import Decision, Outcome, Proposal
from shared.domain.records import ALERTS, PROPOSALS, decision_path, incident_path, score_path
from shared.domain.scores import Score, scored
from shared.domain.suggestions import Suggestion
from shared.domain.topics import Topic
from shared.ports import Documents
from shared.services import Services
from shared.store import Commit, desired_at, load, read

PROBLEMS = 5
"""Unreadable notifications that are shown; the rest is counted."""


@dataclass(frozen=True)
class _Found:
    """What a look found, and the score with what it taught."""

    look: Look
    score: Score


def look(incident: Incident, services: Services) -> None:
    """Bring an incident up to date. Raises ConflictError where somebody else was at it: the message comes again."""
    now = services.clock()
    alerts = alerts_since(incident, services.documents)
    if incident.place == UNREADABLE:
        _save(_unread(incident, alerts, now), incident, None, services)
        return
    score = load(services.documents, Score, score_path(incident.deployment)) or Score(incident.deployment)
    found = _found(incident, alerts, score, services)
    after = services.decisions.follow(incident, found.look, now)
    learned = scored(found.score, incident.id, after.outcomes)
    _save(after, incident, learned if learned != score else None, services)


def alerts_since(incident: Incident, documents: Documents) -> list[Alert]:
    """Return the notifications of an episode."""
    since = {"newest": -incident.opened_at.timestamp()}
    found = documents.find(ALERTS, {"place": incident.place}, at_most=since)
    return [alert for document in found if (alert := read(Alert, document))]


def _unread(incident: Incident, alerts: list[Alert], now: datetime) -> Incident:
    newest = sorted(alerts, key=lambda alert: alert.received_at, reverse=True)
    problems = tuple(dict.fromkeys(alert.problem for alert in newest))[:PROBLEMS]
    return replace(incident, received=len(alerts), problems=problems, looked_at=now)


def _found(incident: Incident, alerts: list[Alert], score: Score, services: Services) -> _Found:
    desired = desired_at(services.documents.get([deployment_path(incident.deployment)])[0], incident.deployment)
    spec = desired.spec if isinstance(desired.spec, DeploymentSpec) else None
    problems = tuple(dict.fromkeys(each.problem for each in alerts if each.state is AlertState.UNREADABLE))
    base = Look(
        alarms=alarms_of(alerts),
        received=len(alerts),
        generation=desired.generation,
        problems=problems[:PROBLEMS],
        shadow=incident.deployment in services.policy().shadow,
    )
    if spec is None or incident.region not in spec.regions:
        return _Found(replace(base, gone=True), score)
    chosen, applied = _choices(incident, desired.generation, services)
    base = replace(base, threshold=spec.spills_at(incident.region) / 100, chosen=chosen, applied=applied)
    try:
        gathered = gather(incident, spec, desired.generation, score, services)
    except InferError as error:
        return _Found(replace(base, trouble=f"the metrics could not be read: {error}"), score)
    advice = services.decisions.diagnose(gathered.situation)
    return _Found(replace(base, windows=gathered.windows, advice=advice), taught(score, gathered.limits))


def _choices(incident: Incident, generation: int, services: Services) -> tuple[dict[str, str], tuple[Applied, ...]]:
    """Return what was chosen and still waits, and what of it was applied.

    Two people may choose the same in one moment: each is a proposal of its own, and only one of them is applied.
    """
    waiting: dict[str, str] = {}
    applied = []
    for made, known in _chosen(incident, services.documents):
        decision = load(services.documents, Decision, decision_path(made.id))
        if decision is not None and decision.outcome is Outcome.APPLIED:
            applied.append(Applied(known, made.id, made.intent.user, decision.at))
        elif decision is None and services.clock() < made.gate.approve_by and _stands(made, generation):
            waiting[known.id] = made.id
    return waiting, tuple(applied)


def _chosen(incident: Incident, documents: Documents) -> Iterator[tuple[Proposal, Suggestion]]:
    """Yield the proposals that came of an incident's suggestions, with those as people saw them."""
    if not incident.pinned:
        return
    for document in documents.find(PROPOSALS, {"deployment": incident.deployment}):
        made = read(Proposal, document)
        remedy = made.intent.remedy if made else None
        if made and remedy and remedy.incident == incident.id and remedy.suggestion in incident.pinned:
            yield made, incident.pinned[remedy.suggestion]


def _stands(proposal: Proposal, generation: int) -> bool:
    """Say whether the deployment is still what the proposal was made for."""
    remedy = proposal.intent.remedy
    return remedy is not None and remedy.generation == generation


def _save(after: Incident, before: Incident, score: Score | None, services: Services) -> None:
    """Write what changed, tell notify of it, and have it looked at again in time."""
    now = services.clock()
    commit = Commit("incidents", after.id, now)
    commit.put(incident_path(after.id), after, after.version, fields_of(after))
    if score is not None:
        commit.put(score_path(score.deployment), score, score.version)
    for what, details in lines_of(before, after):
        commit.audit(what, **details)
    commit.send(Topic.INCIDENTS, IncidentChanged(after.id))
    commit.run(services.documents, services.bus)
    again(after, services)


def again(incident: Incident, services: Services) -> None:
    """Have it looked at when it is due; the sweep would, a little later."""
    if incident.next_check_at is not None:
        name = f"incident-{incident.id.replace('.', '_')}-{int(incident.next_check_at.timestamp())}"
        services.timers.at(incident.next_check_at, name, Topic.INCIDENTS, IncidentDue(incident.id))


def fields_of(incident: Incident) -> dict[str, Any]:
    """Return what incidents are found by."""
    due = None if incident.next_check_at is None else incident.next_check_at.timestamp()
    return {"deployment": incident.deployment, "state": str(incident.state), "due": due}


def lines_of(before: Incident, after: Incident) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the record has to keep of a look: advice as it was offered, outcomes, the end."""
    if after.offered != before.offered and after.advice is not None:
        offered = [{"id": each.id, "title": each.title, "kv": each.kv} for each in after.advice.suggestions]
        yield "advised", {"diagnosis": after.advice.diagnosis, "suggestions": offered, "shadow": after.shadow}
    for outcome in after.outcomes:
        if outcome.judged and not any(was.judged and _same(was, outcome) for was in before.outcomes):
            yield "judged", {"kind": outcome.kind, "predicted": outcome.kv, "observed": outcome.kv_after}
    if after.state is not before.state:
        yield str(after.state), {"note": after.note}


def _same(one: Judged, other: Judged) -> bool:
    return (one.suggestion, one.at) == (other.suggestion, other.at)
