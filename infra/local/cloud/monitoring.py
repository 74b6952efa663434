"""Cloud Monitoring: time series that the rest of the cloud writes and the product reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from google.api import metric_pb2
from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError, not_found
from infra.local.cloud.monitoring_filter import parse
from infra.local.cloud.monitoring_math import Sample, align, reduce
from infra.local.cloud.routes import paged
from infra.local.cloud.wire import Handler
from infra.local.cloud.world import World

KEPT = 20_000
"""Points of one series; older ones are forgotten."""
_Kinds = metric_pb2.MetricDescriptor
_View = monitoring_v3.ListTimeSeriesRequest.TimeSeriesView
_NO_ALIGNER = monitoring_v3.Aggregation.Aligner.ALIGN_NONE
_DELTA = monitoring_v3.Aggregation.Aligner.ALIGN_DELTA
_NO_REDUCER = monitoring_v3.Aggregation.Reducer.REDUCE_NONE


@dataclass
class Series:
    """One time series: what is measured, on what, and its points, oldest first."""

    metric: str
    resource: str
    labels: dict[str, str]
    """All of it under the names that filters use."""
    cumulative: bool = False
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=KEPT))


class Monitoring:
    """All time series of the project."""

    def __init__(self, world: World, project: str = "demo") -> None:
        self.world = world
        self._project = project
        self._series: dict[tuple[str, frozenset[tuple[str, str]]], Series] = {}

    def write(self, metric_type: str, resource: Mapping[str, str], labels: Mapping[str, str], value: float) -> None:
        """Add a point now. ``resource`` has ``type`` beside its labels; names ending in _total count up."""
        names = {"metric.type": metric_type, "resource.type": resource.get("type", "global")}
        names |= {f"metric.labels.{key}": text for key, text in labels.items()}
        names |= {f"resource.labels.{key}": text for key, text in resource.items() if key != "type"}
        key = (metric_type, frozenset(names.items()))
        if key not in self._series:
            counts = metric_type.endswith(("_total", "/counter"))
            self._series[key] = Series(metric_type, names["resource.type"], names, counts)
        self._series[key].samples.append(Sample(self.world.now, float(value)))

    def handlers(self) -> dict[str, Handler]:
        """Return the RPCs that are answered."""
        return {
            "ListTimeSeries": self._list,
            "ListMetricDescriptors": self._descriptors,
            "GetMetricDescriptor": self._descriptor,
        }

    def snapshot(self) -> dict[str, object]:
        """Return which metrics exist; their points are times and values, not settings."""
        return {"metrics": sorted({one.metric for one in self._series.values()})}

    def _mine(self, name: str) -> None:
        if name.split("/")[:2] != ["projects", self._project]:
            raise ApiError("PERMISSION_DENIED", f"Permission denied for {name}.", "forbidden")

    def _list(self, ask: Any) -> Any:
        self._mine(ask.name)
        if "metric.type" not in ask.filter:
            what = "Field filter had an invalid value: it must name one metric.type."
            raise ApiError("INVALID_ARGUMENT", what, "badRequest")
        start = ask.interval.start_time or ask.interval.end_time
        end = ask.interval.end_time
        if end is None:
            raise ApiError("INVALID_ARGUMENT", "Field interval.endTime is required.", "badRequest")
        wanted, picked = parse(ask.filter), []
        for one in self._series.values():
            inside = [sample for sample in one.samples if start <= sample.at <= end]
            if inside and wanted(one.labels):
                picked.append((one, inside))
        shown = _aggregated(picked, ask.aggregation, end)
        some, token = paged(shown, ask.page_size, ask.page_token, 100_000)
        if ask.view == _View.HEADERS:
            for series in some:
                series.points = []
        return monitoring_v3.ListTimeSeriesResponse(time_series=some, next_page_token=token)

    def _kinds(self) -> list[metric_pb2.MetricDescriptor]:
        found = {one.metric: one for one in self._series.values()}
        return [
            _Kinds(
                name=f"projects/{self._project}/metricDescriptors/{one.metric}",
                type=one.metric,
                metric_kind=_Kinds.CUMULATIVE if one.cumulative else _Kinds.GAUGE,
                value_type=_Kinds.DOUBLE,
            )
            for _, one in sorted(found.items())
        ]

    def _descriptors(self, ask: Any) -> Any:
        self._mine(ask.name)
        wanted = parse(ask.filter)
        found = [one for one in self._kinds() if wanted({"metric.type": one.type})]
        some, token = paged(found, ask.page_size, ask.page_token, 10_000)
        return monitoring_v3.ListMetricDescriptorsResponse(metric_descriptors=some, next_page_token=token)

    def _descriptor(self, ask: Any) -> Any:
        self._mine(ask.name)
        found = next((one for one in self._kinds() if one.name == ask.name), None)
        if found is None:
            raise not_found(f"metric descriptor {ask.name}")
        return found


def _aggregated(picked: list[tuple[Series, list[Sample]]], how: Any, end: datetime) -> list[Any]:
    """Align each series, then put together those that agree in the labels to group by."""
    period = how.alignment_period or timedelta()
    aligned = [(one, align(samples, how.per_series_aligner, period, end)) for one, samples in picked]
    if how.cross_series_reducer == _NO_REDUCER:
        return [_shown(one, one.labels, samples, how) for one, samples in aligned]
    kept = ["metric.type", *(name.replace(".label.", ".labels.") for name in how.group_by_fields)]
    groups: dict[tuple[str, ...], list[tuple[Series, list[Sample]]]] = {}
    for one, samples in aligned:
        groups.setdefault(tuple(one.labels.get(name, "") for name in kept), []).append((one, samples))
    return [
        _shown(
            group[0][0],
            dict(zip(kept, values, strict=True)),
            reduce([samples for _, samples in group], how.cross_series_reducer),
            how,
        )
        for values, group in groups.items()
    ]


def _part(labels: Mapping[str, str], of: str) -> dict[str, str]:
    start = f"{of}.labels."
    return {name.removeprefix(start): text for name, text in labels.items() if name.startswith(start)}


def _shown(one: Series, labels: Mapping[str, str], samples: list[Sample], how: Any) -> Any:
    """Return a series as the API does: the newest point first."""
    kind = _Kinds.CUMULATIVE if one.cumulative else _Kinds.GAUGE
    if how.per_series_aligner != _NO_ALIGNER:
        kind = _Kinds.DELTA if how.per_series_aligner == _DELTA else _Kinds.GAUGE
    return monitoring_v3.TimeSeries(
        metric={"type": one.metric, "labels": _part(labels, "metric")},
        resource={"type": one.resource, "labels": _part(labels, "resource")},
        metric_kind=kind,
        value_type=_Kinds.DOUBLE,
        points=[
            {"interval": _interval(one, sample, kind, how), "value": {"double_value": sample.value}}
            for sample in reversed(samples)
        ],
    )


def _interval(one: Series, sample: Sample, kind: int, how: Any) -> dict[str, datetime]:
    """Return since when a point counts, if it counts at all, and until when."""
    since = {
        _Kinds.CUMULATIVE: {"start_time": one.samples[0].at},
        _Kinds.DELTA: {"start_time": sample.at - (how.alignment_period or timedelta())},
    }
    return {**since.get(kind, {}), "end_time": sample.at}
