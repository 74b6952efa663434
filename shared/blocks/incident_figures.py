"""Figures of an incident in words, rounded so that a card does not flicker: whole percents, seconds in two digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from shared.blocks.money import duration
from shared.domain.intervals import Interval

TO = "\N{EN DASH}"
"""Between the ends of an interval."""
BECOMES = "\N{RIGHTWARDS ARROW}"
UNKNOWN = "unknown"
_LONGEST = 1000.0
"""Seconds and counts beyond it are only said to be more."""
Form = Callable[[float], str]
"""A figure without its unit."""


def known(value: float | None) -> float | None:
    """Return a figure, or None where it is no number at all."""
    return None if value is None or math.isnan(value) else value


def whole(share: float) -> str:
    """Return a share of 1 as whole percents, without the sign."""
    return f"{round(100 * min(max(share, -_LONGEST), _LONGEST))}"


def two_digits(figure: float) -> str:
    """Return a figure in two digits: 0.43, 0.4, 6.1, 61, 610."""
    if abs(figure) > _LONGEST:
        return f"over {_LONGEST:.0f}" if figure > 0 else f"under -{_LONGEST:.0f}"
    if figure == 0 or abs(figure) < 0.005:  # noqa: PLR2004 - nothing is left of it
        return "0"
    places = max(0, min(2, 1 - math.floor(math.log10(abs(figure)))))
    said = f"{float(f'{figure:.1e}'):.{places}f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def percent(share: float | None) -> str:
    """Return a share of 1 as ``93 %``."""
    share = known(share)
    return UNKNOWN if share is None else f"{whole(share)} %"


def seconds(time: float | None) -> str:
    """Return a time as ``6.1 s``."""
    time = known(time)
    return UNKNOWN if time is None else f"{two_digits(time)} s"


def number(figure: float | None) -> str:
    """Return a count or rate in two digits; whole counts up to a thousand as they are."""
    figure = known(figure)
    if figure is None:
        return UNKNOWN
    return f"{figure:.0f}" if float(figure).is_integer() and abs(figure) < _LONGEST else two_digits(figure)


def percents(interval: Interval) -> str:
    """Return an interval of shares as ``55-62 %``, with an en dash."""
    low, high = max(0.0, interval.low), min(1.0, interval.high)
    return _between(Interval(low, interval.likely, high), whole, "%")


def times(interval: Interval) -> str:
    """Return an interval of seconds as ``0.4-0.8 s``, with an en dash."""
    return _between(interval, two_digits, "s")


def _between(interval: Interval, form: Form, unit: str) -> str:
    if known(interval.low) is None or known(interval.high) is None:
        return UNKNOWN
    low, high = form(interval.low), form(interval.high)
    return f"{low} {unit}" if low == high else f"{low}{TO}{high} {unit}"


def effect(kv: float | None, ttft: float | None, kv_then: Interval, ttft_then: Interval) -> str:
    """Say what is predicted: ``KV 93 % -> 55-62 %, first token 6.1 s -> 0.4-0.8 s``."""
    return f"KV {percent(kv)} {BECOMES} {percents(kv_then)}, first token {seconds(ttft)} {BECOMES} {times(ttft_then)}"


def price_of(hourly: float | None) -> str:
    """Say what something costs more an hour."""
    hourly = known(hourly)
    if hourly is None:
        return "price not known"
    if abs(hourly) < 0.005:  # noqa: PLR2004 - half a cent
        return "no extra cost"
    return f"{hourly:+,.2f} USD per hour"


def gpus_of(count: int) -> str:
    """Say how many GPUs something takes more."""
    return "no more GPUs" if count == 0 else f"{count:+d} {'GPU' if abs(count) == 1 else 'GPUs'}"


def within(time: timedelta) -> str:
    """Say when something is felt."""
    return f"felt after {duration(time)}"
