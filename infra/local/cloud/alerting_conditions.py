"""What an alert condition finds at one moment: which series there are, and which of them violate it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud import monitoring_v3

from infra.local.cloud.monitoring_math import Sample
from infra.local.cloud.monitoring_query import NO_ALIGNER, Row, picked, rows
from infra.local.cloud.monitoring_series import Series, milliseconds, moment
from infra.local.cloud.monitoring_store import TARGET, Store
from infra.local.cloud.promql_eval import LOOKBACK, Evaluator, select
from infra.local.cloud.promql_groups import written
from infra.local.cloud.promql_nodes import NAME, Selector, walk
from infra.local.cloud.promql_parse import parse
from infra.local.cloud.promql_typing import follows_the_clock, reach
from infra.local.cloud.promql_vectors import Element

PLACES = ("project_id", "location", "cluster", "namespace", "job", "instance")
"""The labels of a Prometheus series that belong to its resource."""
_Condition = monitoring_v3.AlertPolicy.Condition
_ACTIVE = _Condition.EvaluationMissingData.EVALUATION_MISSING_DATA_ACTIVE
_INACTIVE = _Condition.EvaluationMissingData.EVALUATION_MISSING_DATA_INACTIVE
_GREATER = monitoring_v3.ComparisonType.COMPARISON_GT
_DAY = timedelta(days=1)
Key = tuple[tuple[str, str], ...]
"""The labels of a series, sorted."""


@dataclass(frozen=True)
class Reading:
    """One series as a condition sees it."""

    resource_type: str
    resource: Mapping[str, str]
    """The labels of the monitored resource."""
    metric_type: str
    metric: Mapping[str, str]
    """The labels of the metric."""
    value: float | None = None
    """None where there is nothing to observe."""

    @property
    def key(self) -> Key:
        """What tells this series from the others of the condition."""
        places = {f"resource.{name}": text for name, text in self.resource.items()}
        return tuple(sorted({**self.metric, **places}.items()))


@dataclass(frozen=True)
class Found:
    """What a condition found."""

    violating: Mapping[Key, Reading]
    seen: Mapping[Key, Reading]
    """Every series with data, violating or not."""
    missing: str = "false"
    """What a series without data counts as: ``false``, ``true``, or ``as before``."""


def look(condition: Any, store: Store, now: datetime, project: str, since: datetime) -> Found:
    """Return what a condition finds now; ``since`` is when it became what it is. Raises EvaluationError."""
    match condition.WhichOneof("condition"):
        case "condition_threshold":
            return _threshold(condition.condition_threshold, store, now)
        case "condition_absent":
            return _absent(condition.condition_absent, store, now, since)
    return _query(condition.condition_prometheus_query_language, store, now, project)


def duration(condition: Any) -> timedelta:
    """Return for how long a series must violate the condition; an absence has that in its own test already."""
    if condition.WhichOneof("condition") == "condition_absent":
        return timedelta()
    found: timedelta = getattr(condition, condition.WhichOneof("condition")).duration.ToTimedelta()
    return found


def interval(condition: Any) -> int:
    """Return every how many seconds a condition is evaluated."""
    asked = condition.condition_prometheus_query_language
    return asked.evaluation_interval.seconds or 30


def settled_after(condition: Any) -> timedelta | None:
    """Return how long after the last data nothing about a condition can change any more; None: it always may."""
    which = condition.WhichOneof("condition")
    asked = getattr(condition, which)
    if which == "condition_prometheus_query_language":
        node = parse(asked.query)
        if follows_the_clock(node):
            return None
        back = timedelta(milliseconds=reach(node, LOOKBACK))
    else:
        periods = [one.alignment_period.ToTimedelta() for one in asked.aggregations]
        back = 2 * sum(periods, timedelta(milliseconds=LOOKBACK))
    long: timedelta = asked.duration.ToTimedelta()
    return back + long + 2 * timedelta(seconds=interval(condition))


def last_data(condition: Any, reading: Reading, store: Store) -> datetime | None:
    """Return when anything was last measured of what a condition looks at, as far as one reading is about it."""
    own = {**reading.resource, **reading.metric}
    last = max((int(one.last) for one in _watched(condition, store) if _of_one(one, own)), default=0)
    return moment(last) if last else None


def _watched(condition: Any, store: Store) -> list[Series]:
    which = condition.WhichOneof("condition")
    asked = getattr(condition, which)
    if which == "condition_prometheus_query_language":
        parts = walk(parse(asked.query))
        return [series for one in parts if isinstance(one, Selector) for series in select(store, one)]
    return picked(store, asked.filter)


def _of_one(series: Series, labels: Mapping[str, str]) -> bool:
    """Say whether no label of a series is another one there: a reading may have been summed up from many."""
    names = series.bare
    return all(names.get(name, text) == text for name, text in labels.items())


# PromQL --------------------------------------------------------------------------------------------------------


def _query(asked: Any, store: Store, now: datetime, project: str) -> Found:
    node = parse(asked.query)
    value = Evaluator(store).value(node, milliseconds(now))
    # A scalar is a vector of one element without labels, as in Prometheus' own rules.
    elements = value if isinstance(value, list) else [Element({}, float(value))]
    metric = metric_type(asked.query, store)
    found = {}
    for labels, number in elements:
        more = {name: _filled(text, labels, number) for name, text in asked.labels.items()}
        reading = _reading({**labels, **more}, number, metric, project)
        found[reading.key] = reading
    return Found(found, found)


def metric_type(query: str, store: Store) -> str:
    """Return the type of the first metric that a query names; empty if it names none."""
    name = next((one.name for one in walk(parse(query)) if isinstance(one, Selector) and one.name), "")
    return next(
        (series.metric for series in store.named(name)), f"prometheus.googleapis.com/{name}/unknown" * bool(name)
    )


def _filled(text: str, labels: Mapping[str, str], value: float) -> str:
    known = {**labels, "value": written(value)}
    return re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], ""), text)


def _reading(labels: Mapping[str, str], value: float, metric: str, project: str) -> Reading:
    places = {"project_id": project, **{name: labels[name] for name in PLACES if name in labels}}
    rest = {name: text for name, text in labels.items() if name not in {*PLACES, NAME, "monitored_resource"}}
    return Reading(labels.get("monitored_resource", TARGET), places, metric, rest, value)


# Filters -------------------------------------------------------------------------------------------------------


def _of_row(row: Row, value: float | None) -> Reading:
    resource, metric = row.names.get("resource.type", ""), row.names["metric.type"]
    return Reading(resource, row.labels("resource"), metric, row.labels("metric"), value)


def _threshold(asked: Any, store: Store, now: datetime) -> Found:
    steps = [monitoring_v3.Aggregation.wrap(one) for one in asked.aggregations]
    aligned = [one for one in steps if one.per_series_aligner != NO_ALIGNER]
    period = max((one.alignment_period for one in aligned), default=timedelta(milliseconds=LOOKBACK))
    # A growth needs the point before the period too.
    found = rows(store, asked.filter, now - 2 * period - timedelta(milliseconds=LOOKBACK), now, steps)
    seen = {}
    for row in found:
        value = _newest(row.samples, now - period)
        if value is not None:
            reading = _of_row(row, value)
            seen[reading.key] = reading
    limit, up = asked.threshold_value, asked.comparison == _GREATER
    violating = {key: one for key, one in seen.items() if _beyond(one.value, limit, up=up)}
    missing = {_ACTIVE: "true", _INACTIVE: "false"}.get(asked.evaluation_missing_data, "as before")
    return Found(violating, seen, missing)


def _beyond(value: float | None, limit: float, *, up: bool) -> bool:
    return value is not None and (value > limit if up else value < limit)


def _newest(samples: Sequence[Sample], after: datetime) -> float | None:
    return samples[-1].value if samples and samples[-1].at > after else None


def _absent(asked: Any, store: Store, now: datetime, since: datetime) -> Found:
    """Return the groups of series of which no member has had data for so long.

    As with the real one, a series counts only if it was measured at least once since the condition is what it is.
    """
    kept = [name.replace(".label.", ".labels.") for how in asked.aggregations for name in how.group_by_fields]
    reduced = any(how.cross_series_reducer for how in asked.aggregations)
    last: dict[Key, tuple[Reading, datetime]] = {}
    for series in picked(store, asked.filter):
        names = series.names()
        if reduced:
            names = {name: text for name, text in names.items() if name in {"metric.type", "resource.type", *kept}}
        at = moment(series.last)
        reading = _of_row(Row(names, series.cumulative, at, []), None)
        before = last.get(reading.key)
        last[reading.key] = (reading, max(at, before[1]) if before else at)
    measured = {key: (one, at) for key, (one, at) in last.items() if at >= since and at > now - 8 * _DAY}
    gone = now - asked.duration.ToTimedelta()
    violating = {key: one for key, (one, at) in measured.items() if at <= gone}
    return Found(violating, {key: one for key, (one, _) in measured.items()})


class Watch:
    """One condition over time: since when each series violates it."""

    def __init__(self) -> None:
        self.met: dict[Key, Reading] = {}
        """The series that have violated the condition for long enough."""
        self.since: dict[Key, datetime] = {}
        """When the violation of each series began."""
        self._last: dict[Key, Reading] = {}

    def take(self, condition: Any, found: Found, now: datetime) -> None:
        """Take in what was found now."""
        violating = dict(found.violating)
        if found.missing != "false":
            silent = self._last.keys() - found.seen.keys()
            wanted = silent if found.missing == "true" else silent & self.since.keys()
            violating |= {key: self._last[key] for key in wanted}
            self._last |= found.seen
        self.since = {key: self.since.get(key, now) for key in violating}
        long = duration(condition)
        met = {key: one for key, one in violating.items() if now - self.since[key] >= long}
        self.met = met if len(met) >= _needed(condition, len(found.seen)) else {}

    def restart(self, key: Key) -> None:
        """Let the violation of a series begin anew when it is seen again, after its incident was closed."""
        for known in (self.met, self.since, self._last):
            known.pop(key, None)


def _needed(condition: Any, total: int) -> float:
    which = condition.WhichOneof("condition")
    if which == "condition_prometheus_query_language":
        return 1
    trigger = getattr(condition, which).trigger
    return max(1.0, float(trigger.count), float(trigger.percent) / 100 * total)
