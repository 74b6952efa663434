"""Whether a release made servers slower, where load is not even and chance plays along."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from shared.domain.readings import Reading, read
from shared.domain.releases import LATELY, Slower, slower
from shared.domain.suggestions import Release
from shared.domain.windows import MetricWindow, Series
from tests.unit.domain.examples import T0, minutes
from tests.unit.domain.situations import LENGTH, NEW_IMAGE, OLD_IMAGE, STEP, bears, flat, window

RATE, SLOW = 1.5 * bears(), 0.17
"""Half of what three servers are planned with; a gap between tokens more than twice the usual one."""
RECENT = round(timedelta(minutes=LATELY) / STEP)


def since(before: MetricWindow | None = None, ago: float = 20) -> Release:
    return Release(T0 - minutes(ago), OLD_IMAGE, NEW_IMAGE, before or window(RATE))


def seen(rate: float = RATE, **bent: object) -> Reading:
    return read(window(rate, **{"gap": SLOW, **bent}), 3)


def found(release: Release, reading: Reading) -> Slower | None:
    return slower(release, T0, reading)


def late(value: float, steps: int, before: float) -> Series:
    return flat(before, LENGTH - steps) + flat(value, steps)


def test_servers_are_slower_at_the_same_load() -> None:
    assert found(since(), seen()) is not None


def test_servers_as_fast_as_before_are_not() -> None:
    same = window(RATE)
    assert found(since(same), read(same, 3)) is None


def test_load_that_began_shortly_before_the_release_counts_as_it_was_and_not_with_the_silence_before_it() -> None:
    steps = RECENT + 2
    began = window(RATE, requests=late(RATE, steps, 0.0), prompt_tokens=late(RATE * 1000, steps, 0.0))
    assert found(since(began), seen(prompt_tokens=RATE * 1000)) is not None


def test_the_minutes_in_which_the_old_servers_still_ran_do_not_hide_the_new_ones() -> None:
    fast = window(RATE).gap[0] or 0.0
    assert found(since(ago=20), seen(gap=late(SLOW, RECENT, fast))) is not None


def test_more_load_than_before_excuses_a_release() -> None:
    assert found(since(), seen(rate=1.5 * RATE)) is None


@pytest.mark.parametrize("seed", range(20))
def test_what_chance_makes_of_an_even_load_does_not(seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - chance of a test, no secret
    few = 0.5
    # A rate over two minutes, as it is measured: so many requests as chance has it.
    noisy = lambda: tuple(sum(dice.random() < few / 10 for _ in range(1200)) / 120 for _ in range(LENGTH))  # noqa: E731 - twice the same
    before = replace(window(few), requests=noisy())
    assert found(since(before), read(replace(window(few, gap=SLOW), requests=noisy()), 3)) is not None


def test_what_more_load_explains_is_not_the_releases_fault() -> None:
    usual = window(RATE).gap[0] or 0.0
    release, more = since(), 1.08 * RATE
    assert found(release, seen(gap=1.35 * usual)) is not None
    assert found(release, seen(rate=more, gap=1.35 * usual)) is None


def test_right_after_a_release_nothing_can_be_said_of_it() -> None:
    assert found(since(ago=1), seen()) is None
