"""An incident: what Cloud Monitoring said of one place, what was measured and advised there, and what came of it.

Values, and the pure folding of notifications into alarms. ``following.py`` decides how an incident goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.intervals import Interval
from shared.domain.suggestions import Act, Advice, RemedyKind, Suggestion
from shared.domain.windows import MetricWindow

_POINTS = 0.02
UNREADABLE = "unreadable"
"""The place of notifications that could not be read or are not for us."""


class AlertState(StrEnum):
    """What a notification says."""

    OPEN = "open"
    CLOSED = "closed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Alert:
    """One notification of Cloud Monitoring, as far as it could be read. Recorded once, never changed."""

    id: str
    """Derived from Monitoring's incident id and the state: a repeated delivery is the same alert."""
    place: str
    """``DEPLOYMENT.REGION``, or ``unreadable``."""
    state: AlertState
    received_at: datetime
    incident_id: str = ""
    """Monitoring's own: the same from open to close, new each time it opens."""
    condition: str = ""
    """``projects/P/alertPolicies/A/conditions/C``."""
    condition_name: str = ""
    summary: str = ""
    url: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    observed: float | None = None
    threshold: float | None = None
    problem: str = ""
    """Why it could not be read or is not acted upon."""


@dataclass(frozen=True)
class Alarm:
    """One condition of the alert policy in this episode: however often it opened and closed."""

    name: str
    since: datetime
    open: bool
    url: str
    summary: str
    times: int
    """How often it opened."""


@dataclass(frozen=True)
class Outcome:
    """What a remedy, or doing nothing, did: predicted against observed. Judged once, at ``judge_at``."""

    suggestion: str
    kind: RemedyKind
    title: str
    region: str
    at: datetime
    """When it was applied."""
    judge_at: datetime
    kv: Interval
    ttft: Interval
    kv_before: float | None
    ttft_before: float | None
    proposal: str = ""
    by: str = ""
    kv_after: float | None = None
    ttft_after: float | None = None
    judged: bool = False
    blind: bool = False
    """Whether there was nothing to judge by."""

    @property
    def held(self) -> bool | None:
        """Whether KV came out as predicted, give or take two points; None while that is not known."""
        if self.kv_after is None:
            return None
        return self.kv.low - _POINTS <= self.kv_after <= self.kv.high + _POINTS


@dataclass(frozen=True)
class Snooze:
    """Suggestions are silent until then."""

    by: str
    until: datetime
    reason: str


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Incident:
    """One episode at one place. Written only by incidents."""

    id: str
    """``DEPLOYMENT.REGION.N``."""
    place: str
    deployment: str
    region: str
    opened_at: datetime
    state: IncidentState = IncidentState.OPEN
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    """By condition."""
    received: int = 0
    """Notifications in this episode."""
    problems: tuple[str, ...] = ()
    """Of unreadable notifications: the last few, newest first."""
    looked_at: datetime | None = None
    window: MetricWindow | None = None
    """The region as it was when last looked at; at most 60 steps."""
    elsewhere: Mapping[str, MetricWindow] = field(default_factory=dict)
    """The other regions, the last few steps."""
    threshold: float = 0.0
    """KV share at which the deployment's region counts as full."""
    advice: Advice | None = None
    generation: int = 0
    """Of the deployment, when it was advised."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Suggestion → proposal that came of it and is not decided yet."""
    pinned: Mapping[str, Suggestion] = field(default_factory=dict)
    """The suggestions that were chosen, as people saw them."""
    advised_at: datetime | None = None
    """Since when the suggestions stand as they do."""
    offered: tuple[datetime, ...] = ()
    """When a new round of suggestions was shown here, in this episode and those before."""
    acts: tuple[Act, ...] = ()
    """What was done in earlier episodes."""
    outcomes: tuple[Outcome, ...] = ()
    snooze: Snooze | None = None
    shadow: bool = False
    """Whether advice is only recorded and scored."""
    well_since: datetime | None = None
    """Since when nothing has been wrong in what was measured; None: something is, or nothing is measured."""
    note: str = ""
    """What a person should know of the state: closed by time-out, metrics missing, monitoring away."""
    ended_at: datetime | None = None
    next_check_at: datetime | None = None
    version: str = ""
    """The store's own version. Not part of the body."""

    @property
    def alarming(self) -> bool:
        """Whether Monitoring says that anything is wrong now."""
        return any(alarm.open for alarm in self.alarms.values())

    def suggestion(self, wanted: str) -> Suggestion | None:
        """Return a suggestion of the advice as it stands; None where it is no longer part of it."""
        found = self.advice.suggestions if self.advice else ()
        return next((each for each in found if each.id == wanted), None)

    @property
    def all_acts(self) -> tuple[Act, ...]:
        """What was done here, oldest first: what was only predicted and watched is none."""
        own = (each for each in self.outcomes if each.proposal)
        return (*self.acts, *(Act(each.kind, each.region, each.at, each.held) for each in own))

    def choosing(self, wanted: str, proposal: str) -> Incident:
        """Return the incident once a proposal came of a suggestion; the same where that is known or it is unknown."""
        found = self.suggestion(wanted)
        if found is None or self.chosen.get(wanted) == proposal:
            return self
        chosen, pinned = {**self.chosen, wanted: proposal}, {**self.pinned, wanted: found}
        return replace(self, chosen=chosen, pinned=pinned)


@dataclass(frozen=True)
class Head:
    """Which episode a place is in: whoever opens the next one replaces the head it found."""

    place: str
    episode: int
    incident: str
    version: str = ""
    """The store's own version. Not part of the body."""


def place_of(deployment: str, region: str) -> str:
    """Return the name of a deployment's region."""
    return f"{deployment}.{region}"


def alarms_of(alerts: Iterable[Alert]) -> Mapping[str, Alarm]:
    """Fold notifications into alarms, whatever order they came in and however often.

    One that was closed stays closed: a late "open" of the same Monitoring incident is older news. A condition is open
    while any of its Monitoring incidents is.
    """
    by_condition: dict[str, dict[str, list[Alert]]] = {}
    for alert in sorted(alerts, key=lambda each: (each.started_at or each.received_at, each.id)):
        if alert.state is not AlertState.UNREADABLE:
            by_condition.setdefault(alert.condition, {}).setdefault(alert.incident_id, []).append(alert)
    return {condition: _alarm(list(episodes.values())) for condition, episodes in by_condition.items()}


def _alarm(episodes: list[list[Alert]]) -> Alarm:
    newest = episodes[-1][-1]
    return Alarm(
        name=newest.condition_name,
        since=min(alert.started_at or alert.received_at for alerts in episodes for alert in alerts),
        open=any(all(alert.state is AlertState.OPEN for alert in alerts) for alerts in episodes),
        url=newest.url,
        summary=newest.summary,
        times=len(episodes),
    )
