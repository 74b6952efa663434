"""Reads the store the way Monitoring's own API does: picked by a filter, aligned, reduced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError
from infra.local.cloud.monitoring_filter import parse
from infra.local.cloud.monitoring_math import Sample, align, reduce
from infra.local.cloud.monitoring_series import Series, moment
from infra.local.cloud.monitoring_store import Store

NO_ALIGNER = monitoring_v3.Aggregation.Aligner.ALIGN_NONE
DELTA = monitoring_v3.Aggregation.Aligner.ALIGN_DELTA
NO_REDUCER = monitoring_v3.Aggregation.Reducer.REDUCE_NONE
_METRIC = re.compile(r'metric\.type\s*=\s*"([^"]*)"')


@dataclass(frozen=True)
class Row:
    """One line of an answer: what it is about, under the names that filters use, and its points, oldest first."""

    names: Mapping[str, str]
    cumulative: bool
    since: datetime
    samples: Sequence[Sample]

    def labels(self, of: str) -> dict[str, str]:
        """Return the labels of ``metric`` or of ``resource``."""
        start = f"{of}.labels."
        return {name.removeprefix(start): text for name, text in self.names.items() if name.startswith(start)}


def rows(store: Store, text: str, start: datetime, end: datetime, steps: Iterable[Any] = ()) -> list[Row]:
    """Return what a filter picks in an interval, through the steps of aggregation. INVALID_ARGUMENT, UNIMPLEMENTED."""
    found = [
        Row(series.names(), series.cumulative, moment(series.since), samples)
        for series in picked(store, text)
        if (samples := series.samples(start, end))
    ]
    for how in steps:
        found = _aggregated(found, how, end)
    return found


def picked(store: Store, text: str) -> list[Series]:
    """Return the series that a filter picks; INVALID_ARGUMENT if it names no metric type."""
    if "metric.type" not in text:
        what = "Field filter had an invalid value: it must name one metric.type."
        raise ApiError("INVALID_ARGUMENT", what, "badRequest")
    wanted, metric = parse(text), _METRIC.search(text)
    found = [one for one in store if (not metric or one.metric == metric[1]) and wanted(one.names())]
    if any(one.kind == "histogram" for one in found):
        what = "distributions are not simulated in this API: ask for their parts with PromQL"
        raise ApiError("UNIMPLEMENTED", what, "notImplemented")
    return found


def _aggregated(found: Sequence[Row], how: Any, end: datetime) -> list[Row]:
    """Align each series, then put together those that agree in the labels to group by."""
    period = how.alignment_period or timedelta()
    aligned = [replace(one, samples=align(one.samples, how.per_series_aligner, period, end)) for one in found]
    if how.cross_series_reducer == NO_REDUCER:
        return aligned
    kept = ["metric.type", "resource.type", *(name.replace(".label.", ".labels.") for name in how.group_by_fields)]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for one in aligned:
        groups.setdefault(tuple(one.names.get(name, "") for name in kept), []).append(one)
    return [
        replace(
            group[0],
            names=dict(zip(kept, values, strict=True)),
            samples=reduce([one.samples for one in group], how.cross_series_reducer),
        )
        for values, group in groups.items()
    ]
