"""Figures in words, the same in every sentence of advice."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.capacity import CEILING
from shared.domain.intervals import Interval

_TWO_MINUTES, _TWO_HOURS = 120.0, 7200.0


def share(part: float) -> str:
    """Return a part of one in percent."""
    return f"{100 * part:.0f} %"


def shares(interval: Interval) -> str:
    """Return an interval of parts of one."""
    return f"{share(interval.likely)} ({100 * interval.low:.0f} to {share(interval.high)})"


def seconds(value: float) -> str:
    """Return a time in seconds; the model's ceiling means that queues grow without bound."""
    return f"over {CEILING:.0f} s" if value >= CEILING else f"{value:.2f} s"


def rate(value: float) -> str:
    """Return requests per second."""
    return f"{value:.1f} requests/s"


def usd(hourly: float | None) -> str:
    """Return a price; one that is not known is said, never counted as nothing."""
    return "a price that is not known" if hourly is None else f"{hourly:.2f} USD/h"


def span(time: timedelta) -> str:
    """Return how long something takes."""
    value = time.total_seconds()
    if value < _TWO_MINUTES:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < _TWO_HOURS else f"{value / 3600:.1f} h"


def bearing(servers: int) -> str:
    """Return so many servers as those that bear something."""
    return f"{count(servers, 'server')} {'bears' if servers == 1 else 'bear'}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s for its plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
