"""What was measured of one deployment in one region over some minutes: the evidence that advice rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Series = tuple[float | None, ...]
"""One value a step, oldest first; None where nothing was measured, which is unknown and not zero."""


@dataclass(frozen=True)
class MetricWindow:
    """Series of equal length over one region of one deployment; the last value is the one at ``end``."""

    deployment: str
    region: str
    end: datetime
    step: timedelta
    replicas: Series
    """How many servers reported."""
    kv: Series
    """Mean share of KV blocks in use, 0 to 1."""
    kv_max: Series
    """The fullest server's share."""
    waiting: Series
    """Requests in the servers' queues, all servers together."""
    running: Series
    """Requests in the servers' batches, all servers together."""
    ttft: Series
    """95th percentile of the time to the first token, seconds."""
    gap: Series
    """95th percentile of the time between two tokens, seconds."""
    requests: Series
    """Requests finished per second."""
    prompt_tokens: Series
    """Prompt tokens processed per second."""
    output_tokens: Series
    """Tokens generated per second."""
    preemptions: Series
    """Requests thrown out of the batch per second."""
    failures: Series
    """Requests per second that ended in an error or were given up."""
    kv_tokens: float | None = None
    """KV cache of one server in tokens, as the servers themselves say; None where none says."""

    @property
    def blind(self) -> bool:
        """Whether nothing at all was measured lately: that is not the same as nothing to do."""
        return latest(self.replicas, 4) in (None, 0.0) and latest(self.kv, 4) is None

    def tail(self, minutes: float) -> Callable[[Series], tuple[float, ...]]:
        """Return what cuts a series to its last minutes, without the gaps."""
        steps = max(1, round(minutes * 60 / self.step.total_seconds()))
        return lambda series: tuple(value for value in series[-steps:] if value is not None)


def latest(series: Sequence[float | None], within: int = 2) -> float | None:
    """Return the newest value, at most so many steps old; None where there is none."""
    return next((value for value in reversed(series[-within:]) if value is not None), None)


@dataclass(frozen=True)
class History:
    """The load of one region over days, for the forecast: requests that came per second, finished or not."""

    deployment: str
    region: str
    end: datetime
    step: timedelta
    requests: Series
