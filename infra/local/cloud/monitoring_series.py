"""One time series and its points: fine near now, thinned out further back, bounded in all."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from infra.local.cloud.monitoring_math import Sample

SECOND, MINUTE = 1000, 60_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
KEPT = 8 * DAY
"""Milliseconds after which points are forgotten."""
_TIERS = ((HOUR, MINUTE, MINUTE), (DAY, 5 * MINUTE, 2 * MINUTE))
"""Beyond this age one point for so long a time; the last for what counts up.

A rate over five minutes needs two points in every five minutes.
"""
_SLACK = 15 * MINUTE
"""How far a tier may overrun its age, so that thinning is rare."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(at: datetime) -> int:
    """Return a time as whole milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def moment(at: int) -> datetime:
    """Return milliseconds since 1970 as a time."""
    return _EPOCH + timedelta(milliseconds=at)


class Tier:
    """Points in the order of their times."""

    __slots__ = ("times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values = array("d")

    def cut(self, before: int) -> tuple[array[int], array[float]]:
        """Take out the points that are older."""
        end = bisect_right(self.times, before)
        taken = self.times[:end], self.values[:end]
        del self.times[:end], self.values[:end]
        return taken

    def extend(self, times: Sequence[int], values: Sequence[float], every: int) -> None:
        """Add points, of each span of time the last one alone."""
        for at, value in zip(times, values, strict=True):
            if self.times and self.times[-1] // every == at // every:
                self.times[-1], self.values[-1] = at, value
            else:
                self.times.append(at)
                self.values.append(value)


class Series:
    """What is measured, on what, and its points. ``labels`` are Prometheus', flat and with ``__name__``."""

    __slots__ = ("bare", "cumulative", "kind", "labels", "metric", "metric_labels", "resource", "since", "tiers")

    def __init__(
        self, metric: str, resource: Mapping[str, str], metric_labels: Mapping[str, str], labels: Mapping[str, str]
    ) -> None:
        self.metric = metric
        """Cloud Monitoring's metric type, such as ``prometheus.googleapis.com/up/gauge``."""
        self.resource = dict(resource)
        """The labels of the monitored resource, and its ``type``."""
        self.metric_labels = dict(metric_labels)
        self.labels = dict(labels)
        self.bare = {name: text for name, text in labels.items() if name != "__name__"}
        """The labels without the name."""
        self.kind = metric.rsplit("/", 1)[1] if metric.startswith("prometheus.googleapis.com/") else ""
        self.cumulative = metric.endswith(("_total", "/counter", "/histogram"))
        self.since = 0
        """When the first point of all was."""
        self.tiers = [Tier()]
        """The newest points first."""

    def add(self, at: int, value: float) -> None:
        """Add the newest point; one at the same time as the last replaces it."""
        newest = self.tiers[0]
        times = newest.times
        if not times:
            self.since = self.since or at
        elif times[-1] >= at:
            newest.values[-1] = value
            return
        times.append(at)
        newest.values.append(value)
        if at - times[0] > HOUR + _SLACK:
            self.thin(at)

    def thin(self, now: int) -> None:
        """Move what has grown old to coarser tiers, and forget what is too old."""
        for index, (age, *every) in enumerate(_TIERS):
            times, values = self.tiers[index].cut(now - age)
            if len(self.tiers) == index + 1:
                if not times:
                    return
                self.tiers.append(Tier())
            self.tiers[index + 1].extend(times, values, every[self.cumulative])
        self.forget(now - KEPT)

    def forget(self, before: int) -> None:
        """Drop the points that are older."""
        for tier in self.tiers:
            tier.cut(before)

    def __len__(self) -> int:
        return sum(len(tier.times) for tier in self.tiers)

    @property
    def last(self) -> int:
        """When the newest point was; 0 if there is none any more."""
        return next((tier.times[-1] for tier in self.tiers if tier.times), 0)

    def at(self, when: int, back: int) -> float | None:
        """Return the newest value that is not after ``when`` and less than ``back`` before it."""
        for tier in self.tiers:
            index = bisect_right(tier.times, when) - 1
            if index >= 0:
                return tier.values[index] if tier.times[index] > when - back else None
        return None

    def between(self, after: int, until: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return times and values after the one time, up to and with the other; oldest first."""
        newest = self.tiers[0]
        start = bisect_right(newest.times, after)
        end = bisect_right(newest.times, until, start)
        times, values = newest.times[start:end], newest.values[start:end]
        if start or len(self.tiers) == 1:
            return times, values
        for tier in self.tiers[1:]:
            start, end = bisect_right(tier.times, after), bisect_right(tier.times, until)
            times, values = tier.times[start:end] + times, tier.values[start:end] + values
        return times, values

    def samples(self, start: datetime, end: datetime) -> list[Sample]:
        """Return the points of an interval, both ends included."""
        # Times are kept in whole milliseconds, rounded down.
        times, values = self.between(milliseconds(start) - 1, milliseconds(end))
        return [Sample(moment(at), value) for at, value in zip(times, values, strict=True)]

    def names(self) -> dict[str, str]:
        """Return all labels under the names that Monitoring's filters use."""
        found = {"metric.type": self.metric, "resource.type": self.resource.get("type", "global")}
        found |= {f"metric.labels.{key}": text for key, text in self.metric_labels.items()}
        return found | {f"resource.labels.{key}": text for key, text in self.resource.items() if key != "type"}
