"""Advice neither nags nor oscillates: when it keeps quiet although something could be suggested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.advice import diagnose
from shared.domain.suggestions import Act, Advice, Diagnosis, RemedyKind, Situation
from tests.unit.domain.examples import EU, T0, US, minutes
from tests.unit.domain.situations import bears, calm, hot, place, situation

HOT, IDLE = situation(hot(), calm()), situation(calm(US, 6, share=0.3))
SOON = situation(place(2.6 * bears(), later=4.5 * bears()), calm())
"""Not hot yet, by the forecast's upper bound alone."""


def after(seen: Situation, kind: RemedyKind, ago: float, region: str = US) -> Advice:
    """Return the advice so many minutes after a remedy was applied."""
    return diagnose(replace(seen, acts=(Act(kind, region, T0 - minutes(ago)),)))


def offered(seen: Situation, *ago: float) -> Advice:
    return diagnose(replace(seen, offered=tuple(T0 - minutes(each) for each in ago)))


@pytest.mark.parametrize(
    ("kind", "felt"),
    [
        (RemedyKind.SHIFT, 1.5),
        (RemedyKind.WARM, 4),
        (RemedyKind.NODES, 9),
        (RemedyKind.REGION, 30),
        (RemedyKind.TUNE, 4),
        (RemedyKind.ROLLBACK, 4),
        (RemedyKind.LESS, 1.5),
        (RemedyKind.NOTHING, 30),
    ],
)
def test_after_an_act_nothing_is_suggested_until_it_is_felt_and_has_settled(kind: RemedyKind, felt: float) -> None:
    assert "awaited" in after(HOT, kind, felt + 2).quiet
    assert after(HOT, kind, felt + 4).suggestions


def test_an_act_in_another_region_is_no_reason_to_wait() -> None:
    assert after(HOT, RemedyKind.NODES, 2, region=EU).suggestions


def test_a_hung_server_is_told_of_in_spite_of_an_act() -> None:
    assert after(situation(hot(output_tokens=0.0, requests=0.0)), RemedyKind.NODES, 2).suggestions


def test_servers_that_were_just_added_are_not_given_back() -> None:
    advice = after(IDLE, RemedyKind.NODES, 50)
    assert (advice.diagnosis, advice.suggestions) == (Diagnosis.IDLE, ())
    assert after(IDLE, RemedyKind.NODES, 61).suggestions


def test_for_a_forecast_alone_servers_that_were_just_given_back_are_not_added_again() -> None:
    assert not after(SOON, RemedyKind.LESS, 20).suggestions
    assert after(SOON, RemedyKind.LESS, 31).suggestions


def test_where_it_is_hot_they_are_added_again() -> None:
    assert after(HOT, RemedyKind.LESS, 20).suggestions


def test_a_fault_is_told_of_without_a_pause_after_the_last_suggestion() -> None:
    assert offered(situation(hot(output_tokens=0.0, requests=0.0)), 1).suggestions


def test_between_two_suggestions_is_a_pause() -> None:
    assert not offered(HOT, 14).suggestions
    assert offered(HOT, 16).suggestions


def test_eight_a_day_are_enough() -> None:
    day = [60 * hour for hour in range(1, 9)]
    assert "8 suggestions within 24 h are enough" in offered(HOT, *day).quiet
    assert offered(HOT, *day[:7]).suggestions


def test_yesterdays_do_not_count() -> None:
    assert offered(HOT, *(24 * 60 + each for each in range(8))).suggestions


def test_some_of_a_day_are_kept_for_trouble() -> None:
    six = [60 * hour for hour in range(1, 7)]
    assert "kept for trouble" in offered(IDLE, *six).quiet
    assert offered(IDLE, *six[:5]).suggestions


def test_where_all_is_well_it_says_how_much_room_there_is() -> None:
    assert "of what is borne" in diagnose(situation(calm(US, share=0.85))).quiet
