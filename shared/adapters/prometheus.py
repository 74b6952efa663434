"""The door to the servers' metrics: Cloud Monitoring's Prometheus API over HTTP. Keeps ``ports.Metrics``.

All queries of one question are asked side by side. A step at which nothing was measured is None, never zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.classify import KNOWN, classify
from shared.adapters.rest import Rest
from shared.domain.conditions import Reason
from shared.domain.engines import Engine
from shared.domain.errors import RetryableError
from shared.domain.queries import HISTORY, WINDOW, Asking, cache_facts
from shared.domain.windows import History, MetricWindow, Series

ROLE = "roles/monitoring.viewer"
STEP, LONG_STEP = timedelta(seconds=30), timedelta(minutes=5)
_DAY = timedelta(days=1)
_WORKERS = 8


class Prometheus:
    """One project's metrics under the names of this engine. Safe to share between threads.

    ``endpoint`` is empty for Google's own host, else ``http://HOST:PORT``.
    """

    def __init__(self, endpoint: str, project: str, engine: Engine, workers: int = _WORKERS) -> None:
        self._rest = Rest(endpoint, "monitoring.googleapis.com", workers)
        self._base = f"/v1/projects/{project}/location/global/prometheus/api/v1"
        self._engine = engine
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prometheus")

    def window(self, deployment: str, region: str, end: datetime, minutes: int) -> MetricWindow:
        """Return the last minutes of one deployment in one region. Raises InferError where they cannot be read."""
        ask, count = Asking(self._engine, deployment, region), round(timedelta(minutes=minutes) / STEP)
        facts = self._pool.submit(self._cache, ask, end)
        series = self._series(ask, {name: query(ask) for name, query in WINDOW.items()}, end, STEP, count)
        return MetricWindow(deployment, region, end, STEP, **series, kv_tokens=facts.result())

    def history(self, deployment: str, region: str, end: datetime, days: int) -> History:
        """Return what came per second over the last days. Raises InferError where it cannot be read.

        Requests that ended, and by how many more the servers hold: an overloaded region ends fewer than come.
        """
        ask, count = Asking(self._engine, deployment, region), round(days * _DAY / LONG_STEP)
        series = self._series(ask, {name: query(ask) for name, query in HISTORY.items()}, end, LONG_STEP, count + 1)
        return History(deployment, region, end, LONG_STEP, _arrived(series["ended"], series["held"]))

    def _series(
        self, ask: Asking, queries: Mapping[str, str], end: datetime, step: timedelta, count: int
    ) -> dict[str, Series]:
        found = self._pool.map(lambda query: self._range(ask, query, end, step, count), queries.values())
        return dict(zip(queries, found, strict=True))

    def _range(self, ask: Asking, query: str, end: datetime, step: timedelta, count: int) -> Series:
        seconds, last = step.total_seconds(), end.timestamp()
        first = last - (count - 1) * seconds
        when = {"start": f"{first:.3f}", "end": f"{last:.3f}", "step": f"{seconds:g}"}
        values: list[float | None] = [None] * count
        for series in self._ask("query_range", {"query": query, **when}, ask):
            for at, text in series["values"]:
                values[round((float(at) - first) / seconds)] = _number(text)
        return tuple(values)

    def _cache(self, ask: Asking, end: datetime) -> float | None:
        """Return the KV cache of one server in tokens, as most of them say."""
        sizes: Counter[float] = Counter()
        for series in self._ask("query", {"query": cache_facts(ask), "time": f"{end.timestamp():.3f}"}, ask):
            blocks, size = (_number(series["metric"].get(name, "")) for name in ("num_gpu_blocks", "block_size"))
            if blocks and size:
                sizes[blocks * size] += int(_number(series["value"][1]) or 0)
        return min(sizes, key=lambda tokens: (-sizes[tokens], tokens), default=None)

    def _ask(self, how: str, what: Mapping[str, str], ask: Asking) -> Sequence[Mapping[str, Any]]:
        doing = f"read metrics of {ask.deployment} in {ask.region}"
        try:
            answer = self._rest.get(f"{self._base}/{how}", what)
        except KNOWN as error:
            raise classify(error, doing, role=ROLE) from error
        match answer:
            case {"status": "success", "data": {"result": [*series]}}:
                return series
            case _:
                raise RetryableError(f"{doing}: the answer is none of Prometheus", reason=Reason.INTERNAL)


def _arrived(ended: Series, held: Series) -> Series:
    """Return what came per second in each step but the first, which only says what was held before."""
    steps = zip(ended[1:], held[:-1], held[1:], strict=True)
    return tuple(None if done is None else max(0.0, done + _growth(before, after)) for done, before, after in steps)


def _growth(before: float | None, after: float | None) -> float:
    return 0.0 if before is None or after is None else (after - before) / LONG_STEP.total_seconds()


def _number(text: str) -> float | None:
    """Prometheus writes numbers as text; NaN is what a quantile of nothing is."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
