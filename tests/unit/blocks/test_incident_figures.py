"""Figures in words: rounded the same way everywhere, and what is not known is never a number."""

from __future__ import annotations

import math

import pytest

from shared.blocks.incident_figures import gpus_of, number, percent, percents, price_of, seconds, times
from shared.domain.intervals import Interval


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (0.0, "0 s"),
        (0.004, "0 s"),
        (0.031, "0.03 s"),
        (0.4, "0.4 s"),
        (0.426, "0.43 s"),
        (0.996, "1 s"),
        (6.04, "6 s"),
        (6.06, "6.1 s"),
        (61.4, "61 s"),
        (614.0, "610 s"),
        (math.inf, "over 1000 s"),
        (math.nan, "unknown"),
        (None, "unknown"),
    ],
)
def test_seconds_have_two_digits(time: float | None, said: str) -> None:
    assert seconds(time) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0 %"), (0.934, "93 %"), (1.0, "100 %"), (None, "unknown"), (math.nan, "unknown")]
)
def test_shares_are_whole_percents(share: float | None, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("figure", "said"), [(0.0, "0"), (120.0, "120"), (12.34, "12"), (0.25, "0.25"), (None, "unknown")]
)
def test_whole_counts_stay_as_they_are(figure: float | None, said: str) -> None:
    assert number(figure) == said


def test_an_interval_whose_ends_round_to_the_same_is_one_figure() -> None:
    assert (percents(Interval(0.551, 0.552, 0.554)), times(Interval(0.4, 0.4, 0.4))) == ("55 %", "0.4 s")


def test_an_interval_of_shares_stays_between_nothing_and_all() -> None:
    assert percents(Interval(-0.2, 0.5, 1.4)) == "0\N{EN DASH}100 %"


def test_an_interval_that_is_none_is_unknown() -> None:
    assert times(Interval(math.nan, math.nan, math.nan)) == "unknown"


@pytest.mark.parametrize(
    ("hourly", "said"),
    [(None, "price not known"), (0.0, "no extra cost"), (12.4, "+12.40 USD per hour"), (-3.0, "-3.00 USD per hour")],
)
def test_a_price_that_is_not_known_is_not_nothing(hourly: float | None, said: str) -> None:
    assert price_of(hourly) == said


@pytest.mark.parametrize(("count", "said"), [(0, "no more GPUs"), (1, "+1 GPU"), (8, "+8 GPUs"), (-1, "-1 GPU")])
def test_gpus_are_counted(count: int, said: str) -> None:
    assert gpus_of(count) == said
