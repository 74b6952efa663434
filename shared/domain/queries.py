"""What is asked of Prometheus about one deployment in one region: PromQL as text, for alert policies and for evidence.

An engine calls the same thing by another name from some version on, and during an upgrade both are there. So every
selector asks for each name that the profile knows, joined by ``or``, which keeps one of two series that are the same
but for the name; a sum over a pattern of names would count them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.desired import namespace_of
from shared.domain.engines import Engine

RATE = "2m"
"""Window of rates: eight scrapes of 15 seconds. Under four a rate is noise."""
QUANTILE = "5m"
"""Window of quantiles: a histogram needs more requests than a rate does."""
LONG = "10m"
"""Window of rates over days: points that old lie minutes apart."""
FAILED = 'finished_reason=~"abort|error"'
"""Requests that were given up or answered with an error."""
DONE = 'finished_reason!~"abort|error"'


@dataclass(frozen=True)
class Asking:
    """Builds queries about the servers of one deployment in one region. Meanings are the keys of the profile."""

    engine: Engine
    deployment: str
    region: str

    def gauge(self, meaning: str) -> str:
        """Return the series of a gauge, one per server and engine core."""
        return self._each(meaning, self._pick)

    def highest(self, meaning: str, window: str) -> str:
        """Return the highest value of each series over a window such as ``1h``."""
        return self._each(meaning, lambda name: f"max_over_time({self._pick(name)}[{window}])")

    def earlier(self, meaning: str, ago: str) -> str:
        """Return the series of a gauge as they were so long ago."""
        return self._each(meaning, lambda name: f"{self._pick(name)} offset {ago}")

    def rate(self, meaning: str, more: str = "", window: str = RATE) -> str:
        """Return how fast a counter grows a second, all servers together; ``more`` are further label matchers."""
        return f"sum({self._each(meaning, lambda name: f'rate({self._pick(name, more)}[{window}])')})"

    def quantile(self, meaning: str, share: float, *, keep: str = "") -> str:
        """Return a quantile of a histogram over all servers; ``keep`` names labels that stay."""
        rates = self._each(meaning, lambda name: f"rate({self._pick(f'{name}_bucket')}[{QUANTILE}])")
        by = f"le, {keep}" if keep else "le"
        return f"histogram_quantile({share:g}, sum by ({by}) ({rates}))"

    def _each(self, meaning: str, ask: Callable[[str], str]) -> str:
        asked = [ask(name.text) for name in self.engine.metrics[meaning]]
        return asked[0] if len(asked) == 1 else f"({' or '.join(asked)})"

    def _pick(self, name: str, more: str = "") -> str:
        where = [f'namespace="{namespace_of(self.deployment)}"', f'location="{self.region}"', more]
        return f"{name}{{{', '.join(part for part in where if part)}}}"


WINDOW: Mapping[str, Callable[[Asking], str]] = {
    "replicas": lambda ask: f"count(count by (pod) ({ask.gauge('running')}))",
    "kv": lambda ask: f"avg({ask.gauge('kv')})",
    "kv_max": lambda ask: f"max({ask.gauge('kv')})",
    "waiting": lambda ask: f"sum({ask.gauge('queue')})",
    "running": lambda ask: f"sum({ask.gauge('running')})",
    "ttft": lambda ask: ask.quantile("ttft", 0.95),
    "gap": lambda ask: ask.quantile("itl", 0.95),
    "requests": lambda ask: ask.rate("success", DONE),
    "prompt_tokens": lambda ask: ask.rate("prompt_tokens"),
    "output_tokens": lambda ask: ask.rate("generation_tokens"),
    "preemptions": lambda ask: ask.rate("preemptions"),
    "failures": lambda ask: ask.rate("success", FAILED),
}
"""Field of MetricWindow -> its query."""
HISTORY: Mapping[str, Callable[[Asking], str]] = {
    "ended": lambda ask: ask.rate("success", window=LONG),
    "held": lambda ask: f"{WINDOW['waiting'](ask)} + {WINDOW['running'](ask)}",
}
"""What the load of days is made from: requests that ended per second, well or not, and requests in the servers."""


def cache_facts(ask: Asking) -> str:
    """Return how many engine cores say each size of their KV cache; the labels are the facts.

    The gauge's value is 1. Monitoring may have stored it as a gauge or as untyped; its name finds either.
    """
    return f"count by (num_gpu_blocks, block_size) ({ask.gauge('cache_info')})"
