"""A store of series with known values, asked in PromQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.cloud.monitoring_store import Scraped, Store
from infra.local.cloud.promql_eval import Evaluator
from infra.local.cloud.promql_parse import parse

START = 1_767_603_600_000
"""Milliseconds since 1970; a whole hour."""


class Metrics:
    """Series whose points are 15 seconds apart, the first at ``START``; ``at`` counts seconds from there."""

    def __init__(self) -> None:
        self.store = Store()

    def add(
        self, name: str, values: Sequence[float | None], *, since: float = 0, every: float = 15, **labels: str
    ) -> None:
        """Write the values of one series; None leaves a gap."""
        for index, value in enumerate(values):
            if value is not None:
                at = START + round((since + index * every) * 1000)
                self.store.scrape(at, {}, [Scraped(name, "gauge", labels, value)])

    def histogram(self, name: str, buckets: Mapping[str, float], **labels: str) -> None:
        """Write one point of each bucket."""
        for bound, count in buckets.items():
            self.add(f"{name}_bucket", [count], le=bound, **labels)

    def value(self, query: str, at: float = 0) -> Any:
        """Return a scalar, or a vector as labels (without names for what has none) -> value."""
        found = Evaluator(self.store).value(parse(query), START + round(at * 1000))
        if isinstance(found, list):
            return {_shown(one.labels): one.value for one in found}
        return found

    def only(self, query: str, at: float = 0) -> float:
        """Return the value of a vector's one element."""
        (value,) = self.value(query, at).values()
        return float(value)


def _shown(labels: Mapping[str, str]) -> str:
    name = labels.get("__name__", "")
    inside = ",".join(f"{key}={text}" for key, text in sorted(labels.items()) if key != "__name__")
    return f"{name}{{{inside}}}" if inside or not name else name


def same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12) or (math.isnan(a) and math.isnan(b))
