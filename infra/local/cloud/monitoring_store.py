"""The one store of time series: scraped and written here, read by ListTimeSeries, by PromQL and by alert policies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from infra.local.cloud.monitoring_series import DAY, HOUR, KEPT, Series

PROMETHEUS = "prometheus.googleapis.com/"
TARGET = "prometheus_target"
MOST_POINTS = 5_000_000
"""Points of all series together, of 16 bytes each; beyond it the oldest go first."""
_LOOK_EVERY = 250_000
_PARTS = ("_bucket", "_sum", "_count")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")


@dataclass(frozen=True)
class Scraped:
    """One line of an exposition: a Prometheus name as exposed, its labels, its value.

    Histograms come as NAME_bucket with the label ``le``, NAME_sum and NAME_count.
    """

    name: str
    kind: str
    """``gauge``, ``counter`` or ``histogram``."""
    labels: Mapping[str, str]
    value: float


class Store:
    """All series, found by their Prometheus name or by their metric type."""

    def __init__(self) -> None:
        self.newest = 0
        """When the newest point of all was, in milliseconds since 1970."""
        self._by_name: dict[str, dict[frozenset[tuple[str, str]], Series]] = {}
        self._targets: dict[tuple[tuple[str, str], ...], dict[tuple[object, ...], Series]] = {}
        self._added = 0

    def scrape(self, now: int, target: Mapping[str, str], samples: Iterable[Scraped]) -> None:
        """Add one point for each sample of a scraped target."""
        known = self._targets.setdefault(tuple(target.items()), {})
        for one in samples:
            key = (one.name, *one.labels.items())
            series = known.get(key)
            if series is None:
                series = known[key] = self._scraped(target, one)
            series.add(now, one.value)
            self._added += 1
        self._noted(now)

    def write(
        self, now: int, metric: str, resource: Mapping[str, str], labels: Mapping[str, str], value: float
    ) -> None:
        """Add one point of a metric type; ``resource`` has ``type`` beside its labels."""
        if metric.startswith(PROMETHEUS):
            name = metric.removeprefix(PROMETHEUS).rsplit("/", 1)[0]
            flat = _flat(name, {key: text for key, text in resource.items() if key != "type"}, labels, "exported_")
        else:
            flat = _of_google(metric, resource, labels)
        self._series(metric, resource, labels, flat).add(now, float(value))
        self._added += 1
        self._noted(now)

    def named(self, name: str) -> Iterable[Series]:
        """Return the series of a Prometheus name."""
        return self._by_name.get(name, {}).values()

    def names(self) -> Iterable[str]:
        """Return every Prometheus name."""
        return self._by_name.keys()

    def __iter__(self) -> Iterator[Series]:
        for held in self._by_name.values():
            yield from held.values()

    def _scraped(self, target: Mapping[str, str], one: Scraped) -> Series:
        family = one.name
        if one.kind == "histogram":
            family = next((one.name.removesuffix(part) for part in _PARTS if one.name.endswith(part)), one.name)
        metric = f"{PROMETHEUS}{family}/{one.kind}"
        flat = _flat(one.name, target, one.labels, "exported_")
        return self._series(metric, {"type": TARGET, **target}, one.labels, flat)

    def _series(
        self, metric: str, resource: Mapping[str, str], labels: Mapping[str, str], flat: Mapping[str, str]
    ) -> Series:
        held = self._by_name.setdefault(flat["__name__"], {})
        key = frozenset({**flat, "": metric}.items())
        if key not in held:
            held[key] = Series(metric, resource, labels, flat)
        return held[key]

    def _noted(self, now: int) -> None:
        self.newest = max(self.newest, now)
        if self._added >= _LOOK_EVERY:
            self._added = 0
            self._tidy(now)

    def _tidy(self, now: int) -> None:
        """Forget series that ended long ago; while there are too many points, forget the oldest of all."""
        for series in self:
            series.thin(now)
        for kept in (KEPT, KEPT // 2, 2 * DAY, DAY, 6 * HOUR, HOUR):
            for series in self:
                series.forget(now - kept)
            if sum(map(len, self)) <= MOST_POINTS:
                break
        for name, held in list(self._by_name.items()):
            left = {key: series for key, series in held.items() if len(series)}
            self._by_name[name] = left
            if not left:
                del self._by_name[name]
        self._targets.clear()


def _flat(name: str, resource: Mapping[str, str], labels: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Put the labels of a metric beside those of its resource; one of the same name gets a prefix."""
    own = {prefix + key if key in resource else key: text for key, text in labels.items()}
    return {"__name__": name, **{key: text for key, text in (dict(resource) | own).items() if text}}


def _of_google(metric: str, resource: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Name a metric of Google's own as PromQL knows it: ``compute_googleapis_com:instance_cpu_utilization``."""
    domain, _, path = metric.partition("/")
    name = _NOT_IN_NAMES.sub("_", domain) + (f":{_NOT_IN_NAMES.sub('_', path)}" if path else "")
    places = {"monitored_resource" if key == "type" else key: text for key, text in resource.items()}
    return _flat(name, places, labels, "metric_")
