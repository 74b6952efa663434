"""The charts of an incident: what they show, what they leave out, and the sentence that says the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.blocks.chart import MOST_POINTS, charts
from shared.domain.incidents import Incident
from shared.domain.intervals import Interval
from shared.domain.suggestions import Slo
from tests.unit.blocks.incident_values import (
    ADD,
    ADVICE,
    ADVISED,
    BLIND,
    EMPTY,
    JUST_OPENED,
    OUTCOME,
    RESOLVED,
    ramp,
    window,
)
from tests.unit.blocks.surfaces import wrong_blocks

SLO = Slo()


def drawn(incident: Incident) -> list[dict[str, Any]]:
    return [dict(part.block) for part in charts(incident, SLO) if part.block]


def lines(chart: dict[str, Any]) -> dict[str, list[float]]:
    return {one["name"]: [point["value"] for point in one["data"]] for one in chart["chart"]["series"]}


def sentence(incident: Incident) -> str:
    return "".join(part.text for part in charts(incident, SLO))


def test_two_charts_show_kv_first_token_and_waiting_with_threshold_limit_and_prediction() -> None:
    kv, load = map(lines, drawn(ADVISED))
    assert set(kv) == {"KV", "threshold", "predicted low", "predicted high"}
    assert set(load) == {
        "first token (s)",
        "waiting (tens)",
        "limit (s)",
        "predicted low",
        "predicted high",
    }
    assert (kv["KV"][-1], kv["threshold"][-1], kv["predicted high"][-1]) == (93, 60, 62)
    assert (load["first token (s)"][-1], load["waiting (tens)"][-1], load["limit (s)"][-1]) == (6, 12, 2)


def test_slack_takes_the_charts() -> None:
    assert wrong_blocks(drawn(ADVISED)) == []


def test_half_an_hour_fits_into_the_points_that_slack_takes_and_ends_now() -> None:
    categories = drawn(ADVISED)[0]["chart"]["axis_config"]["categories"]
    assert len(categories) == MOST_POINTS
    assert (categories[0], categories[-2:]) == ("-28.5", ["-1.5", "now"])


def test_a_short_window_is_shown_step_by_step() -> None:
    chart = drawn(replace(ADVISED, window=window(ramp(0.4, 0.5, 5))))[0]
    assert chart["chart"]["axis_config"]["categories"] == ["-2", "-1.5", "-1", "-0.5", "now"]


def test_the_sentence_says_what_the_charts_show() -> None:
    assert sentence(ADVISED) == (
        "KV cache rose from 41 % to 93 % in 30 minutes; threshold 60 %. "
        "The first token rose from 0.4 s to 6 s in 30 minutes; waiting requests rose from 0 to 120 in 30 minutes."
    )


def test_what_falls_and_what_stays_is_said_so() -> None:
    calm = replace(ADVISED, threshold=0.0, window=window(ramp(0.8, 0.3), waiting=(0.0,) * 60, ttft=(0.4,) * 60))
    assert sentence(calm) == (
        "KV cache fell from 80 % to 30 % in 30 minutes. "
        "The first token stayed at 0.4 s for 30 minutes; waiting requests stayed at 0 for 30 minutes."
    )


@pytest.mark.parametrize(
    ("course", "said"),
    [
        pytest.param(
            (*ramp(0.0, 0.98, 30), *ramp(0.98, 0.0, 30)), "returned to 0 % in 30 minutes", id="there and back"
        ),
        pytest.param((*ramp(0.0, 0.98, 30), *ramp(0.98, 0.2, 30)), "rose from 0 % to 20 % in 30 minutes", id="higher"),
    ],
)
def test_a_peak_in_between_is_told(course: tuple[float, ...], said: str) -> None:
    peaked = replace(ADVISED, threshold=0.0, window=window(course))
    assert sentence(peaked).startswith(f"KV cache {said}, at most 98 % in between.")


def test_a_gap_is_left_out_of_the_chart_and_said() -> None:
    gap = replace(ADVISED, window=window((*ramp(0.41, 0.6, 30), *(None,) * 9, *ramp(0.7, 0.93, 21))))
    assert len(lines(drawn(gap)[0])["KV"]) == MOST_POINTS - 3
    assert sentence(gap).endswith("9 of 60 readings are missing.")


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(JUST_OPENED, id="not looked yet"),
        pytest.param(replace(ADVISED, window=window(())), id="an empty window"),
    ],
)
def test_where_nothing_was_measured_there_is_neither_chart_nor_sentence(incident: Incident) -> None:
    assert charts(incident, SLO) == []


def test_a_blind_region_has_no_chart_but_says_that_readings_are_missing() -> None:
    assert (drawn(replace(ADVISED, window=BLIND)), sentence(replace(ADVISED, window=BLIND))) == (
        [],
        "60 of 60 readings are missing.",
    )


def test_without_a_first_token_the_waiting_requests_stand_alone() -> None:
    assert set(lines(drawn(replace(ADVISED, window=window(ttft=EMPTY)))[1])) == {"waiting requests"}


def test_the_prediction_is_that_of_what_was_chosen() -> None:
    other = replace(ADD, kv=Interval(0.2, 0.25, 0.3))
    chosen = replace(ADVISED, advice=replace(ADVICE, suggestions=(*ADVICE.suggestions, other)), chosen={"s-2": "p-1"})
    pinned = replace(chosen, pinned={"s-2": other})
    assert lines(drawn(pinned)[0])["predicted high"][0] == 30


def test_the_prediction_of_what_was_applied_stays_until_it_is_judged() -> None:
    applied = replace(ADVISED, outcomes=(replace(OUTCOME, kv=Interval(0.3, 0.35, 0.4)),))
    assert lines(drawn(applied)[0])["predicted high"][0] == 40
    assert "predicted high" not in lines(drawn(RESOLVED)[0])


def test_a_prediction_without_bounds_does_not_press_the_chart_flat() -> None:
    endless = replace(ADVICE.suggestions[0], ttft=Interval(3, 9, 900))
    chart = drawn(replace(ADVISED, advice=replace(ADVICE, suggestions=(endless,))))[1]
    assert set(lines(chart)) == {"first token (s)", "waiting (tens)", "limit (s)"}


@pytest.mark.parametrize(
    ("waiting", "name"),
    [
        (5.0, "waiting requests"),
        (120.0, "waiting (tens)"),
        (900.0, "waiting (hundreds)"),
        (1e6, "waiting (thousands)"),
    ],
)
def test_waiting_requests_are_scaled_to_be_seen_beside_seconds(waiting: float, name: str) -> None:
    assert name in lines(drawn(replace(ADVISED, window=window(waiting=ramp(0, waiting))))[1])
