"""The charts of an incident: KV cache, time to the first token and waiting requests, with thresholds and prediction.

Slack's own charts take at most 20 points, the same ones for every series, and have no text for who cannot see them:
so a sentence says the same, and the table beside it has the figures. A prediction is drawn as two level lines, because
nobody has measured what comes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.blocks.incident_figures import known, number, percent, seconds, two_digits, whole
from shared.blocks.incident_options import seen
from shared.blocks.kit import CHART, Block, Part
from shared.domain.incidents import Incident, Outcome
from shared.domain.intervals import Interval
from shared.domain.suggestions import RemedyKind, Slo, Suggestion
from shared.domain.windows import MetricWindow, Series

MOST_POINTS = 20
_LEAST_POINTS = 2
_SAME = 0.02
"""A share that moved by less has stayed."""
_PEAK = 1.25
"""A peak of more times the higher end is told beside the two ends."""
_FAR = 4.0
"""A prediction beyond so many times what is shown would press the rest of the chart flat."""
_ALONE = 450.0
"""Beside nothing waiting requests need no other scale."""
_SCALES = {1: "waiting requests", 10: "waiting (tens)", 100: "waiting (hundreds)", 1000: "waiting (thousands)"}
Points = tuple[float | None, ...]
Say = Callable[[float | None], str]
Round = Callable[[float], float]


@dataclass(frozen=True)
class Drawn:
    """One line of a chart; a single value is a level line."""

    name: str
    points: Points
    measured: bool = True
    """Whether it was measured, and is no level that was set or predicted."""


def charts(incident: Incident, slo: Slo) -> list[Part]:
    """Return the sentence about what was measured, and the charts that show it; nothing where there is nothing."""
    window = incident.window
    if window is None:
        return []
    said = " ".join(each for each in (_kv_said(window, incident.threshold), _load_said(window), _gaps(window)) if each)
    drawn = [_kv_chart(incident, window), _load_chart(incident, window, slo)]
    return [Part(said), *(Part("", block) for block in drawn if block)] if said else []


def _predicted(incident: Incident) -> tuple[Interval, Interval] | None:
    """Return what is predicted of what was chosen, else of what was applied and waits for its verdict, else best."""
    offered = incident.advice.suggestions if incident.advice else ()
    acts = [each for each in offered if each.ask is not None]
    chosen = [found for each in incident.chosen if (found := seen(incident, each))]
    waiting = [each for each in incident.outcomes if not each.judged and each.kind is not RemedyKind.NOTHING]
    ranked: list[Suggestion | Outcome] = [*chosen, *reversed(waiting), *acts]
    return (ranked[0].kv, ranked[0].ttft) if ranked else None


def _kv_chart(incident: Incident, window: MetricWindow) -> Block | None:
    shown = _thinned(window.kv)
    levels = {"threshold": incident.threshold or None, **_band(_predicted(incident), 0, 1.0)}
    drawn = [Drawn("KV", shown), *_levels(levels, len(shown))]
    return _chart("KV cache in use, %", drawn, window, lambda value: float(whole(value)))


def _load_chart(incident: Incident, window: MetricWindow, slo: Slo) -> Block | None:
    ttft, waiting = _thinned(window.ttft), _thinned(window.waiting)
    most = max([slo.ttft, *_there(ttft)])
    scale = _scale(max(_there(waiting), default=0.0), most if _there(ttft) else _ALONE)
    drawn = [Drawn("first token (s)", ttft)] if _there(ttft) else []
    drawn += [Drawn(_SCALES[scale], tuple(None if each is None else each / scale for each in waiting))]
    levels = {"limit (s)": slo.ttft, **_band(_predicted(incident), 1, most * _FAR)} if _there(ttft) else {}
    return _chart("First token and waiting requests", [*drawn, *_levels(levels, len(ttft))], window, _rounded)


def _rounded(value: float) -> float:
    return float(two_digits(max(0.0, min(value, 999.0))))


def _scale(waiting: float, beside: float) -> int:
    """Return by how much waiting requests are divided, so that both lines can be seen on one axis."""
    return next((scale for scale in _SCALES if waiting / scale <= 2 * max(beside, 5.0)), max(_SCALES))


def _band(predicted: tuple[Interval, Interval] | None, which: int, most: float) -> Mapping[str, float | None]:
    found = predicted[which] if predicted else None
    if found is None or not 0 <= found.low <= found.high <= most:
        return {}
    return {"predicted low": found.low, "predicted high": found.high}


def _levels(levels: Mapping[str, float | None], count: int) -> list[Drawn]:
    return [Drawn(name, (value,) * count, measured=False) for name, value in levels.items() if value is not None]


def _chart(title: str, drawn: Sequence[Drawn], window: MetricWindow, rounded: Round) -> Block | None:
    """Return the block; None where too little was measured. Points at which a line has no value are left out."""
    kept = [line for line in drawn if _there(line.points)]
    labels = _labels(window)
    at = [n for n in range(len(labels)) if all(line.points[n] is not None for line in kept)]
    if not any(line.measured for line in kept) or len(at) < _LEAST_POINTS or len(set(labels)) < len(labels):
        return None
    series = [
        {"name": line.name, "data": [{"label": labels[n], "value": rounded(line.points[n] or 0.0)} for n in at]}
        for line in kept
    ]
    axes = {"categories": [labels[n] for n in at], "x_label": "minutes before the figures below"}
    return {
        "type": CHART,
        "title": title,
        "chart": {"type": "line", "series": series, "axis_config": axes},
    }


def _thinned(series: Series) -> Points:
    """Return at most so many points, the newest value of as many steps each; the last one is the last step's."""
    each = _steps_a_point(len(series))
    ends = range(len(series), 0, -each)
    newest = [
        next((v for v in map(known, reversed(series[max(0, end - each) : end])) if v is not None), None) for end in ends
    ]
    return tuple(reversed(newest))


def _steps_a_point(count: int) -> int:
    return max(1, math.ceil(count / MOST_POINTS))


def _labels(window: MetricWindow) -> list[str]:
    """Return how long before the end each point is, in minutes."""
    count, each = len(_thinned(window.kv)), _steps_a_point(len(window.kv))
    return [_label(n * each * window.step) for n in reversed(range(count))]


def _label(before: timedelta) -> str:
    return f"-{before / timedelta(minutes=1):.4g}" if before else "now"


def _there(points: Sequence[float | None]) -> list[float]:
    return [value for value in points if value is not None]


def _kv_said(window: MetricWindow, threshold: float) -> str:
    moved = _moved(window.kv, window.step, percent, lambda first, last: abs(last - first) < _SAME)
    limit = f"; threshold {percent(threshold)}" if threshold > 0 else ""
    return f"KV cache {moved}{limit}." if moved else ""


def _load_said(window: MetricWindow) -> str:
    def alike(first: float, last: float) -> bool:
        return two_digits(first) == two_digits(last)

    ttft = _moved(window.ttft, window.step, seconds, alike)
    waiting = _moved(window.waiting, window.step, number, alike)
    said = [f"the first token {ttft}"] if ttft else []
    said += [f"waiting requests {waiting}"] if waiting else []
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _moved(series: Series, step: timedelta, say: Say, alike: Callable[[float, float], bool]) -> str:
    """Say how a series went: ``rose from 41 % to 93 % in 12 minutes``."""
    found = [(n, value) for n, value in enumerate(map(known, series)) if value is not None]
    if not found:
        return ""
    (began, first), (ended, last) = found[0], found[-1]
    minutes = round((ended - began) * step / timedelta(minutes=1))
    time = f" in {minutes} {'minute' if minutes == 1 else 'minutes'}" if minutes else ""
    peak, higher = max(value for _, value in found), max(first, last)
    between = f", at most {say(peak)} in between" if peak > _PEAK * higher and not alike(peak, higher) else ""
    if not alike(first, last):
        return f"{'rose' if last > first else 'fell'} from {say(first)} to {say(last)}{time}{between}"
    if between:
        return f"returned to {say(last)}{time}{between}"
    return f"stayed at {say(last)}{time.replace(' in ', ' for ')}"


def _gaps(window: MetricWindow) -> str:
    missing = sum(known(value) is None for value in window.kv)
    return f"{missing} of {len(window.kv)} readings are missing." if missing else ""
