"""What was seen at an incident's place: the title, the evidence, the figures, the other regions, the alerts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from shared.blocks.incident_figures import known, number, percent, seconds
from shared.blocks.kit import Part, lines, moment, safe, table
from shared.domain.incidents import UNREADABLE, Alarm, Incident, IncidentState
from shared.domain.suggestions import Diagnosis, Slo
from shared.domain.windows import MetricWindow, Series, latest

AGO = timedelta(minutes=10)
_MOST_ALARMS = 5
_CONSOLE = re.compile(r"https://console\.cloud\.google\.com/[A-Za-z0-9/?&=._~%:;,+#@!$()*-]{0,1500}")
Row = tuple[str, str, str, str]
"""Metric, now, threshold, ten minutes ago."""
Say = Callable[[float | None], str]


def name_of(incident: Incident) -> str:
    """Return what an incident is about. Foreign text: escape it before it is shown with mark-up."""
    if incident.place == UNREADABLE:
        return "notifications that could not be read"
    return f"{incident.deployment} in {incident.region}"


def title_of(incident: Incident) -> str:
    """Return the card's title: where, what, how bad."""
    if incident.place == UNREADABLE:
        return "Notifications that could not be read"
    if incident.state is IncidentState.RESOLVED:
        return f"Resolved: {name_of(incident)}"
    return f"{name_of(incident)}: {state_of(incident)}"


def state_of(incident: Incident) -> str:
    """Return how an open incident stands in a few words."""
    if incident.advice is None:
        return "alert received, metrics are being read" if incident.looked_at is None else "no diagnosis yet"
    found, window = incident.advice.diagnosis, incident.window
    if found is Diagnosis.HEALTHY:
        return "measured in order, alert still open" if incident.alarming else "measured in order, not yet resolved"
    if found is Diagnosis.BLIND or window is None:
        return f"{found}, so not known to be healthy" if found is Diagnosis.BLIND else str(found)
    return f"{found}{_how_bad(found, window)}"


def _how_bad(found: Diagnosis, window: MetricWindow) -> str:
    match found:
        case Diagnosis.KV_BOUND | Diagnosis.PREEMPTING | Diagnosis.IDLE:
            kv = known(latest(window.kv))
            return "" if kv is None else f", {percent(kv)} full"
        case Diagnosis.PREFILL_BOUND | Diagnosis.BAD_RELEASE:
            ttft = known(latest(window.ttft))
            return "" if ttft is None else f", first token after {seconds(ttft)}"
        case _:
            waiting = known(latest(window.waiting))
            return f", {number(waiting)} requests waiting" if waiting else ""


def evidence(incident: Incident) -> Part:
    """Return what the diagnosis rests on, a sentence each; before the first look, what the alert itself says."""
    if incident.advice and incident.advice.evidence:
        return Part(lines([sentence(safe(each, 400)) for each in incident.advice.evidence], at_most=6))
    said = [sentence(safe(alarm.summary, 300)) for alarm in incident.alarms.values() if alarm.open and alarm.summary]
    return Part(lines(["Cloud Monitoring raised an alert; the metrics are being read.", *said], at_most=4))


def sentence(text: str) -> str:
    """Return a text as a sentence of its own. A name, such as a region's, keeps its small letter."""
    text = text.strip()
    begins = text.split(" ")[0].rstrip(":,").isalpha()
    begun = f"{text[:1].upper()}{text[1:]}" if begins else text
    return begun if not text or text.endswith((".", "!", "?", "…")) else f"{begun}."


def figures(incident: Incident, slo: Slo) -> Part:
    """Return the table of what is measured, now and ten minutes ago."""
    if incident.window is None:
        return Part("")
    rows = _rows(incident.window, incident.threshold, slo)
    spoken = [_spoken(row) for row in rows]
    head = ("Metric", "Now", "Threshold", "10 min ago")
    return Part(f"*Figures of {moment(incident.window.end)}*\n{lines(spoken, at_most=12)}", table(head, rows))


def _spoken(row: Row) -> str:
    name, now, threshold, ago = row
    limit = f", threshold {threshold}" if threshold else ""
    return f"{name}: {now}{limit}, 10 min ago {ago}"


def _rows(window: MetricWindow, threshold: float, slo: Slo) -> list[Row]:
    def row(name: str, series: Series, form: Say = number, limit: str = "") -> Row:
        return name, form(latest(series)), limit, form(_ago(window, series))

    rows = [
        row("KV cache, mean", window.kv, percent, percent(threshold) if threshold > 0 else ""),
        *([row("KV cache, fullest server", window.kv_max, percent)] if _uneven(window) else []),
        row("Waiting requests", window.waiting),
        row("Running requests", window.running),
        row("First token (p95)", window.ttft, seconds, seconds(slo.ttft)),
        row("Between tokens (p95)", window.gap, seconds, seconds(slo.gap)),
        row("Requests per second", window.requests),
        row("Servers that report", window.replicas),
    ]
    seldom = {"Preempted per second": window.preemptions, "Failed per second": window.failures}
    return rows + [row(name, series) for name, series in seldom.items() if known(latest(series))]


def _uneven(window: MetricWindow) -> bool:
    """Say whether the fullest server tells more than the mean does."""
    return percent(latest(window.kv_max)) != percent(latest(window.kv))


def _ago(window: MetricWindow, series: Series) -> float | None:
    """Return the value of ten minutes before the last; None where the window is shorter, or nothing was measured."""
    steps = round(AGO / window.step) if window.step else 0
    return latest(series[: len(series) - steps]) if 0 < steps < len(series) else None


def elsewhere(incident: Incident) -> Part:
    """Return how full the other regions are, in a line."""
    said = [f"{safe(region, 60)} {_brief(window)}" for region, window in sorted(incident.elsewhere.items())]
    more = f" and {len(said) - 12} more" if len(said) > 12 else ""  # noqa: PLR2004 - enough to read
    return Part(f"*Other regions:* {'; '.join(said[:12])}{more}" if said else "")


def _brief(window: MetricWindow) -> str:
    if window.blind:
        return "metrics are missing, so not known to be healthy"
    return f"KV {percent(latest(window.kv))}, first token {seconds(latest(window.ttft))}"


def alarms(incident: Incident) -> Part:
    """Return what Cloud Monitoring says: each condition with its link, and how many notifications came."""
    found = sorted(incident.alarms.values(), key=lambda alarm: (not alarm.open, alarm.since, alarm.name))
    said = [f"• {_alarm(alarm)}" for alarm in found[:_MOST_ALARMS]]
    said += [f"… and {len(found) - _MOST_ALARMS} more"] if len(found) > _MOST_ALARMS else []
    count = f" ({incident.received} notifications)" if incident.received > 1 else ""
    return Part(f"*Alerts of Cloud Monitoring*{count}\n{lines(said)}" if said else "")


def _alarm(alarm: Alarm) -> str:
    state = "open" if alarm.open else "closed"
    times = f", opened {alarm.times} times" if alarm.times > 1 else ""
    name = safe(alarm.name or "a condition without a name", 120)
    return f"{name}: {state}, since {moment(alarm.since)}{times}{_link(alarm.url)}"


def _link(url: str) -> str:
    """Return a link into Google's console; any other address is none of ours to pass on."""
    return f" (<{url.replace('&', '&amp;')}|open in the console>)" if _CONSOLE.fullmatch(url) else ""


def unreadable(incident: Incident) -> list[Part]:
    """Return what is known of notifications that could not be read or are not for us."""
    count = incident.received
    many = f"{count} notification{'' if count == 1 else 's'}"
    said = [f"• {safe(problem, 400)}" for problem in incident.problems]
    return [
        Part(f"*{many}* could not be read or {'is' if count == 1 else 'are'} not for us. Recorded; nothing was done."),
        Part(f"*What was wrong, newest first*\n{lines(said, at_most=10)}" if said else ""),
    ]
