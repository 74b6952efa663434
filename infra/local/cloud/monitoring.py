"""Cloud Monitoring: time series that the rest of the cloud writes and the product reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from google.api import metric_pb2
from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError, not_found
from infra.local.cloud.monitoring_filter import parse
from infra.local.cloud.monitoring_math import Sample
from infra.local.cloud.monitoring_query import DELTA, NO_ALIGNER, Row, rows
from infra.local.cloud.monitoring_series import milliseconds
from infra.local.cloud.monitoring_store import Scraped, Store
from infra.local.cloud.routes import paged
from infra.local.cloud.wire import Handler
from infra.local.cloud.world import World

_Kinds = metric_pb2.MetricDescriptor
_View = monitoring_v3.ListTimeSeriesRequest.TimeSeriesView


class Monitoring:
    """All time series of the project."""

    def __init__(self, world: World, project: str = "demo") -> None:
        self.world = world
        self.project = project
        self.store = Store()
        self.on_data: Callable[[], None] | None = None
        """Called after points were added; must be a method of something that can be kept."""

    @property
    def now(self) -> int:
        """The time in milliseconds since 1970."""
        return milliseconds(self.world.now)

    def scrape(self, target: Mapping[str, str], samples: Iterable[Scraped]) -> None:
        """Add one point per sample now.

        ``target`` has the labels of a prometheus_target: project_id, location, cluster, namespace, job, instance.
        """
        self.store.scrape(self.now, target, samples)
        self._told()

    def write(self, metric_type: str, resource: Mapping[str, str], labels: Mapping[str, str], value: float) -> None:
        """Add a point now. ``resource`` has ``type`` beside its labels; names ending in _total count up."""
        self.store.write(self.now, metric_type, resource, labels, value)
        self._told()

    def handlers(self) -> dict[str, Handler]:
        """Return the RPCs that are answered."""
        return {
            "ListTimeSeries": self._list,
            "ListMetricDescriptors": self._descriptors,
            "GetMetricDescriptor": self._descriptor,
        }

    def snapshot(self) -> dict[str, object]:
        """Return which metrics exist; their points are times and values, not settings."""
        return {"metrics": sorted({one.metric for one in self.store})}

    def _told(self) -> None:
        if self.on_data is not None:
            self.on_data()

    def _mine(self, name: str) -> None:
        if name.split("/")[:2] != ["projects", self.project]:
            raise ApiError("PERMISSION_DENIED", f"Permission denied for {name}.", "forbidden")

    def _list(self, ask: Any) -> Any:
        self._mine(ask.name)
        end = ask.interval.end_time
        if end is None:
            raise ApiError("INVALID_ARGUMENT", "Field interval.endTime is required.", "badRequest")
        steps = [ask.aggregation, ask.secondary_aggregation]
        found = rows(self.store, ask.filter, ask.interval.start_time or end, end, [how for how in steps if how])
        some, token = paged(found, ask.page_size, ask.page_token, 100_000)
        shown = [_shown(one, ask.aggregation) for one in some]
        if ask.view == _View.HEADERS:
            for series in shown:
                series.points = []
        return monitoring_v3.ListTimeSeriesResponse(time_series=shown, next_page_token=token)

    def _kinds(self) -> list[metric_pb2.MetricDescriptor]:
        found = {one.metric: one for one in self.store}
        return [
            _Kinds(
                name=f"projects/{self.project}/metricDescriptors/{one.metric}",
                type=one.metric,
                metric_kind=_Kinds.CUMULATIVE if one.cumulative else _Kinds.GAUGE,
                value_type=_Kinds.DISTRIBUTION if one.kind == "histogram" else _Kinds.DOUBLE,
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


def _shown(one: Row, how: Any) -> Any:
    """Return a series as the API does: the newest point first."""
    kind = _Kinds.CUMULATIVE if one.cumulative else _Kinds.GAUGE
    if how.per_series_aligner != NO_ALIGNER:
        kind = _Kinds.DELTA if how.per_series_aligner == DELTA else _Kinds.GAUGE
    return monitoring_v3.TimeSeries(
        metric={"type": one.names["metric.type"], "labels": one.labels("metric")},
        resource={"type": one.names["resource.type"], "labels": one.labels("resource")},
        metric_kind=kind,
        value_type=_Kinds.DOUBLE,
        points=[
            {"interval": _interval(one, sample, kind, how), "value": {"double_value": sample.value}}
            for sample in reversed(one.samples)
        ],
    )


def _interval(one: Row, sample: Sample, kind: int, how: Any) -> dict[str, datetime]:
    """Return since when a point counts, if it counts at all, and until when."""
    since = {
        _Kinds.CUMULATIVE: {"start_time": one.since},
        _Kinds.DELTA: {"start_time": sample.at - (how.alignment_period or timedelta())},
    }
    return {**since.get(kind, {}), "end_time": sample.at}
