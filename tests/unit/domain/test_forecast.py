"""Forecasts: intervals that keep their word on days held out, made-up and recorded; gaps, queues and odd series."""

from __future__ import annotations

import csv
import gzip
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.forecast import HORIZONS, Forecast, forecast
from shared.domain.intervals import Interval
from shared.domain.windows import History, MetricWindow

END = datetime(2026, 11, 2, tzinfo=UTC)
TRACES = Path(__file__).parents[4] / "shared/data/traces"
STEP = 5.0


def history(series: list[float | None], minutes: float = STEP) -> History:
    return History("chat", "us-east4", END, timedelta(minutes=minutes), tuple(series))


def days(count: int, seed: int = 0, noise: float = 0.05, drift: float = 0.25) -> list[float]:
    """Days with two peaks, each a little different, with a slow wander and noise from step to step."""
    rng, wander, found = random.Random(seed), 0.0, []  # noqa: S311 - a test's chance
    per_day = round(1440 / STEP)
    for at in range(count * per_day):
        hour = (at % per_day) / per_day * 24
        shape = 4 + 6 * math.exp(-((hour - 10) ** 2) / 8) + 8 * math.exp(-((hour - 16) ** 2) / 10)
        wander = 0.98 * wander + rng.gauss(0, drift * 0.2 * math.sqrt(STEP / 60))
        found.append(shape * math.exp(wander + rng.gauss(0, noise)))
    return found


def coverage(series: list[float], minutes: float, first_day: float, stride: int) -> dict[int, float]:
    """Return which share of held-out figures lay in their interval, by horizon: each forecast sees only its past."""
    per_day, inside = 1440 / minutes, dict.fromkeys(HORIZONS, 0)
    origins = range(round(first_day * per_day), len(series) - round(60 / minutes) - 1, stride)
    for at in origins:
        told = forecast(history(list(series[: at + 1]), minutes), None)
        for far in HORIZONS:
            inside[far] += series[at + max(1, round(far / minutes))] in told.ahead[far]
    return {far: count / len(origins) for far, count in inside.items()}


def window(requests: list[float], waiting: list[float], end: datetime = END) -> MetricWindow:
    flat = (0.0,) * len(requests)
    return MetricWindow(
        "chat", "us-east4", end, timedelta(minutes=1), (3.0,) * len(requests), flat, flat, tuple(waiting), flat, flat,
        flat, tuple(requests), flat, flat, flat, flat,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_intervals_hold_eight_of_ten_on_days_held_out(seed: int) -> None:
    shares = coverage(days(8, seed), STEP, first_day=3, stride=11)
    assert sum(shares.values()) / len(shares) == pytest.approx(0.80, abs=0.05)
    assert all(0.70 <= share <= 0.90 for share in shares.values()), shares


@pytest.mark.parametrize("name", ["azure2024_conv_week.csv.gz", "azure2024_code_week.csv.gz"])
def test_intervals_hold_eight_of_ten_on_recorded_weeks(name: str) -> None:
    if not (TRACES / name).exists():
        pytest.skip(f"{name} of the recorded traces is not beside the repository")
    with gzip.open(TRACES / name, "rt", encoding="utf-8") as lines:
        rates = [float(row["rpm"]) / 60 for row in csv.DictReader(lines)]
    shares = coverage(rates, 10_080 / len(rates), first_day=2, stride=4)
    assert all(0.75 <= share <= 0.85 for share in shares.values()), shares


def test_a_daily_peak_is_seen_coming() -> None:
    series = days(6, noise=0.03, drift=0.05)
    before_peak = 5 * 288 + 8 * 12
    told, later = forecast(history([*series[:before_peak]]), None), series[before_peak - 1 + 12]
    assert told.ahead[60].likely == pytest.approx(later, rel=0.12)
    assert told.ahead[60].likely > 1.2 * told.now.likely


def test_little_history_makes_wide_intervals() -> None:
    series = days(7, drift=0.1)
    short, long = forecast(history([*series[-12:]]), None).ahead[60], forecast(history([*series]), None).ahead[60]
    assert short.high / short.low > 2 * long.high / long.low


@pytest.mark.parametrize("minutes", [5, 10, 20, 40])
def test_a_load_that_begins_from_nothing_is_not_expected_to_go_on_leaping(minutes: int) -> None:
    told = forecast(history([0.0] * 90 + [2.0] * minutes, 1), None)
    assert all(each.high < 8 for each in told.ahead.values())


def test_farther_is_less_certain() -> None:
    told = forecast(history([*days(7)]), None)
    widths = [each.high / each.low for each in (told.ahead[5], told.ahead[60])]
    assert widths[0] < widths[1]


def test_nothing_known_is_said_honestly() -> None:
    assert forecast(history([None] * 20), None).ahead[60].low == 0.0
    assert forecast(history([]), None).now.high > 0


def test_the_last_minutes_count_before_the_history_holds_them() -> None:
    told = forecast(history([10.0] * 600), window([20.0] * 10, [0.0] * 10, END + timedelta(minutes=10)))
    assert told.now.likely == pytest.approx(20.0, rel=0.1)


def test_what_piles_up_has_arrived_too() -> None:
    piling = window([10.0] * 15, [300.0 * minute for minute in range(15)], END + timedelta(minutes=10))
    assert forecast(history([10.0] * 600), piling).now.likely == pytest.approx(15.0, rel=0.1)


def test_gaps_are_bridged() -> None:
    series: list[float | None] = [*days(4)]
    series[900:910] = [None] * 10
    told = forecast(history(series), None)
    assert 0 < told.ahead[30].low < told.ahead[30].high < 60


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=400), st.sampled_from([1.0, 5.0, 7.22]))
def test_a_forecast_is_ordered_and_never_negative(series: list[float | None], minutes: float) -> None:
    told = forecast(history(series, minutes), None)
    for each in (told.now, *told.ahead.values()):
        assert 0 <= each.low <= each.likely <= each.high < math.inf


def test_between_horizons_it_is_in_proportion() -> None:
    told = Forecast(Interval.exactly(10.0), {30: Interval.exactly(20.0), 60: Interval.exactly(60.0)})
    assert [told.at(far).likely for far in (-5, 0, 15, 30, 45, 60, 500)] == [10, 10, 15, 20, 40, 60, 60]
