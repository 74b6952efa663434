"""When to keep quiet: after an act until it is felt, between two suggestions, and when a day has had enough of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shared.domain.outlook import REACTION, Outlook
from shared.domain.phrases import count, rate, share, span
from shared.domain.suggestions import Act, Diagnosis, Place, RemedyKind, Situation

MOST_A_DAY = 8
"""New suggestions in a region within 24 hours."""
KEPT_FOR_TROUBLE = 2
"""Of these, how many are never spent on giving servers back."""
MIN_PAUSE = timedelta(minutes=15)
"""Between two new suggestions in a region."""
SETTLE = timedelta(minutes=3)
"""From the moment that an act should be felt until it is judged: what a median over some minutes lags behind."""
SNOOZE = timedelta(minutes=30)
"""After somebody chose to do nothing."""
KEEP_UP = timedelta(hours=1)
"""From adding servers until any may be given back."""
KEEP_DOWN = timedelta(minutes=30)
"""From giving servers back until more are added for a forecast alone."""
_NEW_REGION = timedelta(minutes=30)
_DAY = timedelta(hours=24)
_UP = frozenset({RemedyKind.WARM, RemedyKind.NODES, RemedyKind.REGION})
_DOWN = frozenset({RemedyKind.LESS})
_FAULTS = frozenset({Diagnosis.HUNG, Diagnosis.BAD_RELEASE})
"""What no earlier act excuses, and what does not wait for a pause: the suggestion before it was of another matter."""


def quiet(situation: Situation, here: Outlook, diagnosis: Diagnosis) -> str:
    """Return why nothing is to be suggested now; empty where something may be."""
    if diagnosis is Diagnosis.BLIND:
        return f"nothing is suggested blind: find out why {here.place.region} is not measured"
    if diagnosis is Diagnosis.HEALTHY:
        return _healthy(here)
    reasons = (
        "" if diagnosis in _FAULTS else _cooling(situation, here.place),
        _too_soon(situation, here, diagnosis),
        _enough(situation, diagnosis),
    )
    return next((reason for reason in reasons if reason), "")


def _healthy(here: Outlook) -> str:
    peak, bears = here.peak(0.0), here.most * here.place.replicas
    if bears <= 0:
        return "nothing is wrong that can be seen, and what the servers bear is not known"
    return f"the load is at most {share(peak / bears)} of what is borne within the next hour"


def _cooling(situation: Situation, place: Place) -> str:
    until = {act: act.at + felt_after(act.kind, place) for act in situation.acts if act.region == place.region}
    running = [act for act, end in until.items() if act.at <= situation.now < end]
    if not running:
        return ""
    last = max(running, key=lambda act: until[act])
    return f"{_done(last)}; the effect is awaited until {until[last]:%H:%M} UTC"


def _done(act: Act) -> str:
    what = "it was decided to do nothing" if act.kind is RemedyKind.NOTHING else f"an act ({act.kind.value})"
    return f"{what} at {act.at:%H:%M} UTC"


def felt_after(kind: RemedyKind, place: Place) -> timedelta:
    """Return how long after the click nothing more is suggested: until it is felt, and has settled."""
    relief: Mapping[RemedyKind, timedelta] = {
        RemedyKind.SHIFT: REACTION,
        RemedyKind.WARM: place.lead_warm,
        RemedyKind.NODES: place.lead_nodes,
        RemedyKind.REGION: max(_NEW_REGION, place.lead_nodes),
        RemedyKind.TUNE: place.lead_warm,
        RemedyKind.ROLLBACK: place.lead_warm,
        RemedyKind.LESS: REACTION,
        RemedyKind.NOTHING: SNOOZE,
    }
    return relief[kind] + SETTLE


def _too_soon(situation: Situation, here: Outlook, diagnosis: Diagnosis) -> str:
    if diagnosis is Diagnosis.IDLE and _done_within(situation, _UP, KEEP_UP):
        return f"servers were added less than {span(KEEP_UP)} ago, so none is given back yet"
    if diagnosis is not Diagnosis.IDLE and not here.hot_now and _done_within(situation, _DOWN, KEEP_DOWN):
        forecast, bears = rate(here.peak(0.0, here.lead)), rate(here.bears(here.place.replicas))
        ago = f"servers were given back less than {span(KEEP_DOWN)} ago"
        return f"up to {forecast} are forecast and {bears} planned with, but it is not hot yet and {ago}"
    return ""


def _done_within(situation: Situation, kinds: frozenset[RemedyKind], time: timedelta) -> bool:
    done = [act.at for act in situation.acts if act.region == situation.region and act.kind in kinds]
    return any(timedelta(0) <= situation.now - at < time for at in done)


def _enough(situation: Situation, diagnosis: Diagnosis) -> str:
    recent = [at for at in situation.offered if situation.now - at < _DAY]
    most = MOST_A_DAY - KEPT_FOR_TROUBLE if diagnosis is Diagnosis.IDLE else MOST_A_DAY
    if len(recent) >= most:
        kept = f"; {KEPT_FOR_TROUBLE} of {MOST_A_DAY} are kept for trouble" if diagnosis is Diagnosis.IDLE else ""
        return f"{count(len(recent), 'suggestion')} within 24 h are enough for a region{kept}"
    if diagnosis not in _FAULTS and recent and situation.now - max(recent) < MIN_PAUSE:
        return f"the last suggestion is less than {span(MIN_PAUSE)} old"
    return ""
