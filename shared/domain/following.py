"""How an incident goes on, given what was seen: its alarms, its measurements, fresh advice, and what was done. Pure.

Called by incidents for every look. It says resolved only of what was measured, and judges each remedy once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean

from shared.domain.incidents import Alarm, Incident, IncidentState, Outcome
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind, Suggestion
from shared.domain.windows import MetricWindow, Series

SETTLE = timedelta(minutes=3)
"""After a remedy should be felt, until it is judged: the metrics' own windows have to fill."""
GIVE_UP = timedelta(minutes=10)
"""How much longer a judgement waits for metrics that are missing."""
SURE = timedelta(minutes=15)
"""So long all must have been well before an incident ends whose close never came."""
KEEP_ADVICE = timedelta(minutes=2)
"""Advice of the same diagnosis stays at least so long: buttons do not move under a thumb."""
DOING_NOTHING = timedelta(minutes=10)
"""After that it is looked what doing nothing led to."""
ACTIVE, CALM, LASTING, IDLING = (
    timedelta(seconds=30),
    timedelta(seconds=60),
    timedelta(minutes=2),
    timedelta(minutes=10),
)
"""How often an incident is looked at: while it is hot, while it ends, once it is old, and while nothing burns."""
OLD = timedelta(hours=1)
_WELL = frozenset({Diagnosis.HEALTHY, Diagnosis.IDLE})
_SHOWN, _ELSEWHERE, _OFFERS, _OUTCOMES = 60, 4, 24, 12


@dataclass(frozen=True)
class Applied:
    """A remedy whose proposal was applied."""

    suggestion: Suggestion
    proposal: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Look:
    """What one look at an incident found."""

    alarms: Mapping[str, Alarm]
    received: int
    windows: Mapping[str, MetricWindow] = field(default_factory=dict)
    """By region; empty where Monitoring could not be read."""
    advice: Advice | None = None
    generation: int = 0
    threshold: float = 0.0
    problems: tuple[str, ...] = ()
    trouble: str = ""
    """Why nothing could be measured; empty where it could."""
    gone: bool = False
    """Whether the deployment does not serve in that region any more."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Suggestion → proposal that is still open."""
    applied: tuple[Applied, ...] = ()
    shadow: bool = False


def follow(incident: Incident, look: Look, now: datetime) -> Incident:
    """Return the incident after a look."""
    window = look.windows.get(incident.region)
    seen = replace(
        incident,
        alarms=look.alarms,
        received=look.received,
        problems=look.problems,
        looked_at=now,
        window=window and _cut(window, _SHOWN),
        elsewhere={r: _cut(w, _ELSEWHERE) for r, w in look.windows.items() if r != incident.region},
        threshold=look.threshold,
        shadow=look.shadow,
        chosen=look.chosen,
        pinned={known: each for known, each in incident.pinned.items() if known in look.chosen},
        well_since=_well_since(incident, look, now),
    )
    acted = _with_outcomes(seen, look, window, now)
    return _ended(_advised(acted, look, now), look, now)


def _well_since(incident: Incident, look: Look, now: datetime) -> datetime | None:
    window = look.windows.get(incident.region)
    well = window is not None and not window.blind and look.advice is not None and look.advice.diagnosis in _WELL
    return (incident.well_since or now) if well else None


def _advised(incident: Incident, look: Look, now: datetime) -> Incident:
    """Take the fresh advice, unless the standing one is as good and was shown a moment ago."""
    if look.advice is None:
        return replace(incident, advice=None) if look.gone else incident
    standing, advice = incident.advice, look.advice
    same = (
        standing is not None
        and incident.generation == look.generation
        and standing.diagnosis is advice.diagnosis
        and bool(standing.suggestions)
    )
    if same and standing and incident.advised_at and now - incident.advised_at < KEEP_ADVICE:
        return replace(incident, advice=replace(advice, suggestions=standing.suggestions, quiet=""))
    # Sharper figures of the same round are shown in place; only a new round asks for attention.
    new = bool(advice.suggestions) and not same
    offered = (*incident.offered, now)[-_OFFERS:] if new else incident.offered
    return replace(incident, advice=advice, generation=look.generation, offered=offered, advised_at=now)


def _with_outcomes(incident: Incident, look: Look, window: MetricWindow | None, now: datetime) -> Incident:
    known = {(outcome.suggestion, outcome.proposal) for outcome in incident.outcomes}
    new = [
        _outcome(each.suggestion, each.at, window, incident.region, each.proposal, each.by)
        for each in look.applied
        if (each.suggestion.id, each.proposal) not in known
    ]
    new += _nothing_done(incident, look, window, now)
    kept = incident.outcomes
    if look.generation != incident.generation:
        # What doing nothing leads to cannot be told any more once something was done.
        kept = tuple(each for each in kept if each.judged or each.kind is not RemedyKind.NOTHING)
    judged = tuple(_judged(each, window, now) for each in (*kept, *new))
    return replace(incident, outcomes=judged[-_OUTCOMES:])


def _nothing_done(incident: Incident, look: Look, window: MetricWindow | None, now: datetime) -> list[Outcome]:
    """In shadow mode the prediction of doing nothing is what can be judged; elsewhere people act."""
    if not look.shadow or look.advice is None or any(not each.judged for each in incident.outcomes):
        return []
    nothing = next((each for each in look.advice.suggestions if each.kind is RemedyKind.NOTHING), None)
    if nothing is None:
        return []
    outcome = _outcome(nothing, now, window, incident.region, "", "")
    return [replace(outcome, judge_at=now + DOING_NOTHING)]


def _outcome(
    suggestion: Suggestion, at: datetime, window: MetricWindow | None, region: str, proposal: str, by: str
) -> Outcome:
    return Outcome(
        suggestion=suggestion.id,
        kind=suggestion.kind,
        title=suggestion.title,
        region=region,
        at=at,
        judge_at=at + suggestion.relief + SETTLE,
        kv=suggestion.kv,
        ttft=suggestion.ttft,
        kv_before=_mean(window, window.kv) if window else None,
        ttft_before=_mean(window, window.ttft) if window else None,
        proposal=proposal,
        by=by,
    )


def _judged(outcome: Outcome, window: MetricWindow | None, now: datetime) -> Outcome:
    if outcome.judged or now < outcome.judge_at:
        return outcome
    kv = _mean(window, window.kv) if window else None
    if kv is None:
        return replace(outcome, judged=True, blind=True) if now >= outcome.judge_at + GIVE_UP else outcome
    return replace(outcome, judged=True, kv_after=kv, ttft_after=_mean(window, window.ttft) if window else None)


def _mean(window: MetricWindow, series: Series) -> float | None:
    found = window.tail(2)(series)
    return fmean(found) if found else None


def _ended(incident: Incident, look: Look, now: datetime) -> Incident:
    """Say whether it is over, and when to look again."""
    pending = any(not outcome.judged for outcome in incident.outcomes)
    if look.gone:  # whatever an alert says that came late
        return _resolved(incident, "the deployment does not serve here any more", now)
    well = incident.well_since is not None
    if well and not pending and not incident.alarming:
        return _resolved(incident, "", now)
    if incident.well_since is not None and not pending and now - incident.well_since >= SURE:
        return _resolved(incident, "Cloud Monitoring has not closed its alert, but all has been well since", now)
    return replace(
        incident,
        state=IncidentState.OPEN,
        ended_at=None,
        note=look.trouble or _still(incident, look),
        next_check_at=now + _period(incident, now, pending=pending),
    )


def _period(incident: Incident, now: datetime, *, pending: bool) -> timedelta:
    diagnosis = incident.advice.diagnosis if incident.advice else None
    if pending:
        return ACTIVE
    if diagnosis is Diagnosis.IDLE:
        return IDLING
    if now - incident.opened_at > OLD:
        return LASTING
    return ACTIVE if incident.alarming and diagnosis is not Diagnosis.HEALTHY else CALM


def _still(incident: Incident, look: Look) -> str:
    window = look.windows.get(incident.region)
    if window is not None and window.blind:
        return "no metrics arrive from here: whether it is well is not known"
    if incident.alarming or incident.well_since is not None or not incident.alarms:
        return ""
    return "Cloud Monitoring has closed its alert, but what is measured is not well: it is not over"


def _resolved(incident: Incident, note: str, now: datetime) -> Incident:
    return replace(
        incident, state=IncidentState.RESOLVED, ended_at=now, note=note, next_check_at=None, advice=incident.advice
    )


def _cut(window: MetricWindow, steps: int) -> MetricWindow:
    names = [name for name, value in vars(window).items() if isinstance(value, tuple)]
    return replace(window, **{name: getattr(window, name)[-steps:] for name in names})
