"""How many servers advice asks for, and how much a region is to spill."""

from __future__ import annotations

import pytest

from shared.domain.advice import diagnose
from shared.domain.intents import Balance, Scale
from shared.domain.outlook import look, planned
from shared.domain.shifting import spill_point
from shared.domain.suggestions import Diagnosis, Place, RemedyKind, Slo
from tests.unit.domain.examples import EU, minutes
from tests.unit.domain.situations import bears, calm, hot, outlook, place, situation


def wanted(here: Place) -> int | None:
    """Return how many servers the best suggestion that scales asks for."""
    asks = [one.ask for one in diagnose(situation(here)).suggestions]
    return next((ask.replicas for ask in asks if isinstance(ask, Scale)), None)


def test_few_servers_leave_more_room_for_bursts_than_many() -> None:
    # load + 0.213 root(load) = capacity: 1.0 of 1.213, and 100 of 102.13.
    assert planned(1.213) == pytest.approx(1.0, abs=0.001)
    assert planned(102.13) == pytest.approx(100.0, abs=0.01)


def test_a_load_that_goes_on_rising_after_the_hour_gets_servers_for_that_too() -> None:
    rising, level = outlook(2.9 * bears(), 4.9 * bears()), outlook(4.9 * bears())
    more, enough = wanted(place(2.9 * bears(), forecast=rising)), wanted(place(2.9 * bears(), forecast=level))
    assert more is not None and enough is not None and more > enough


def test_one_step_adds_at_most_as_many_as_there_are_and_two() -> None:
    assert wanted(hot(replicas=2, share=9.0)) == 6


def test_while_load_still_falls_a_few_servers_are_kept_for_one_greater_step_at_its_end() -> None:
    load = 10 * 0.5 * bears(replicas=10)
    assert wanted(place(load, replicas=10)) == 7
    falling = place(load, replicas=10, later=0.6 * load)
    assert diagnose(situation(falling)).diagnosis is Diagnosis.HEALTHY


def test_half_of_the_servers_are_given_back_at_once_though_load_still_falls() -> None:
    load = 10 * 0.3 * bears(replicas=10)
    assert wanted(place(load, replicas=10, later=0.5 * load)) == 4


def test_for_a_load_to_come_that_servers_can_meet_they_rank_before_a_shift() -> None:
    coming = place(2.6 * bears(), later=4.5 * bears())
    assert diagnose(situation(coming, calm())).suggestions[0].kind is RemedyKind.NODES


def test_what_is_only_forecast_and_passes_by_itself_is_not_worth_a_card() -> None:
    soon = outlook(2.85 * bears(), 1.0 * bears(), spread=0.3)
    advice = diagnose(situation(place(2.85 * bears(), forecast=soon, lead_nodes=minutes(50))))
    assert advice.suggestions == () and "the peak passes by itself" in advice.quiet


def test_a_region_spills_only_as_much_as_others_have_room_for() -> None:
    here, half_full = hot(share=1.15), calm(EU, share=0.53)
    free, tight = (diagnose(situation(here, other)).suggestions[0].ask for other in (calm(EU, 9, share=0.3), half_full))
    assert isinstance(free, Balance) and isinstance(tight, Balance) and free.percent < tight.percent


@pytest.mark.parametrize(
    ("kv", "set_at", "part"),
    [
        pytest.param(0.5, 80, 1.0, id="usage below what is set: the share aimed at"),
        pytest.param(0.9, 80, 80 / 90, id="above: lower in proportion"),
        pytest.param(0.9, 30, 0.7, id="far above: but not for ever"),
    ],
)
def test_a_percentage_that_does_not_hold_usage_is_lowered(kv: float, set_at: int, part: float) -> None:
    here = look(hot(kv=kv, utilization=set_at), Slo())
    kept = here.bears(3)
    assert spill_point(here, kept) == pytest.approx(100 * part * here.kv_at(kept, 3), abs=1)


def test_servers_at_their_end_below_what_the_model_says_bear_what_they_serve() -> None:
    load = 0.6 * 3 * bears()
    seen = look(place(load, kv=0.97, waiting=30.0, ttft=9.0), Slo())
    assert seen.most == pytest.approx(load / 3)
