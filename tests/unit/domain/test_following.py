"""How an incident goes on: resolved only when measured, one outcome a remedy, advice that keeps still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.following import GIVE_UP, KEEP_ADVICE, SETTLE, SURE, Applied, Look, follow
from shared.domain.incidents import Alarm, Incident, IncidentState
from shared.domain.intents import Balance
from shared.domain.intervals import Interval
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind, Suggestion
from shared.domain.windows import MetricWindow, Series

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
US, EU = "us-east4", "europe-west3"
MINUTE = timedelta(minutes=1)
SHIFT_RELIEF = timedelta(seconds=60)


def window(kv: float | None, region: str = US, steps: int = 20) -> MetricWindow:
    series: Series = (kv,) * steps
    others: Series = (None if kv is None else 1.0,) * steps
    return MetricWindow("chat", region, T0, timedelta(seconds=30), others, series, *(others for _ in range(10)))


def suggestion(kind: RemedyKind = RemedyKind.SHIFT, sign: str = "s-1") -> Suggestion:
    ask = None if kind is RemedyKind.NOTHING else Balance(40, "chat", US)
    kv, ttft = Interval(0.5, 0.55, 0.6), Interval(0.2, 0.3, 0.5)
    return Suggestion(sign, kind, ask, "Shift", "why", "more", "risk", kv, ttft, 0.0, 0, SHIFT_RELIEF, 1.0)


def advice(diagnosis: Diagnosis = Diagnosis.KV_BOUND, *found: Suggestion) -> Advice:
    return Advice(diagnosis, ("KV 93 %",), found)


def alarm(*, is_open: bool = True) -> dict[str, Alarm]:
    return {"c/1": Alarm("KV cache hot", T0, is_open, "", "", 1)}


INCIDENT = Incident("chat.us-east4.1", "chat.us-east4", "chat", US, T0)
HOT = Look(alarm(), 1, {US: window(0.93)}, advice(Diagnosis.KV_BOUND, suggestion()), 7, 0.6)
WELL = Look(alarm(is_open=False), 2, {US: window(0.4)}, advice(Diagnosis.HEALTHY), 7, 0.6)


def after(*looks: tuple[float, Look], incident: Incident = INCIDENT) -> Incident:
    for minutes, look in looks:
        incident = follow(incident, look, T0 + minutes * MINUTE)
    return incident


def changed(look: Look, **fields: Any) -> Look:
    return replace(look, **fields)


def test_what_was_seen_and_advised_is_remembered() -> None:
    seen = after((0, HOT))
    assert seen.suggestion("s-1") == suggestion() and seen.window is not None and seen.state is IncidentState.OPEN


def test_it_is_over_when_monitoring_closed_it_and_the_metric_was_read_again() -> None:
    assert after((0, HOT), (5, WELL)).state is IncidentState.RESOLVED


def test_a_close_while_it_is_still_hot_ends_nothing() -> None:
    timed_out = after((0, HOT), (30, changed(HOT, alarms=alarm(is_open=False))))
    assert timed_out.state is IncidentState.OPEN and "not over" in timed_out.note


def test_a_close_while_nothing_is_measured_ends_nothing() -> None:
    blind = after((0, HOT), (30, changed(WELL, windows={US: window(None)}, advice=advice(Diagnosis.BLIND))))
    assert blind.state is IncidentState.OPEN and "not known" in blind.note


def test_a_close_while_monitoring_cannot_be_read_ends_nothing() -> None:
    away = after((0, HOT), (5, changed(WELL, windows={}, advice=None, trouble="the metrics could not be read: away")))
    assert away.state is IncidentState.OPEN and away.note.endswith("away")


def test_a_well_metric_does_not_end_what_monitoring_still_calls_open() -> None:
    assert after((0, HOT), (5, changed(WELL, alarms=alarm()))).state is IncidentState.OPEN


def test_a_close_that_is_lost_does_not_keep_an_incident_for_ever() -> None:
    still_open = changed(WELL, alarms=alarm())
    seen = after((0, HOT), (5, still_open), (5 + SURE / MINUTE, still_open))
    assert seen.state is IncidentState.RESOLVED and "has not closed" in seen.note


def test_a_deployment_that_is_gone_has_no_incident() -> None:
    gone = Look(alarm(is_open=False), 1, gone=True, generation=8)
    assert after((0, HOT), (1, gone)).state is IncidentState.RESOLVED


def test_it_is_looked_at_again_until_it_is_over() -> None:
    assert after((0, HOT)).next_check_at == T0 + timedelta(seconds=30)
    assert after((0, HOT), (5, WELL)).next_check_at is None


@pytest.mark.parametrize(
    ("minutes", "diagnosis", "seconds"),
    [(0, Diagnosis.KV_BOUND, 30), (61, Diagnosis.KV_BOUND, 120), (0, Diagnosis.HEALTHY, 60), (0, Diagnosis.IDLE, 600)],
)
def test_what_burns_is_looked_at_more_often(minutes: float, diagnosis: Diagnosis, seconds: int) -> None:
    seen = after((minutes, changed(HOT, advice=advice(diagnosis))))
    assert seen.next_check_at == T0 + minutes * MINUTE + timedelta(seconds=seconds)


def test_buttons_do_not_move_under_a_thumb() -> None:
    other = changed(HOT, advice=advice(Diagnosis.KV_BOUND, suggestion(sign="s-2")))
    assert after((0, HOT), (1, other)).suggestion("s-1") is not None
    assert after((0, HOT), (KEEP_ADVICE / MINUTE, other)).suggestion("s-2") is not None


@pytest.mark.parametrize(
    "moved", [{"generation": 8}, {"advice": advice(Diagnosis.PREFILL_BOUND, suggestion(sign="s-2"))}]
)
def test_another_world_or_another_diagnosis_is_advised_upon_at_once(moved: dict[str, Any]) -> None:
    other = changed(HOT, advice=advice(Diagnosis.KV_BOUND, suggestion(sign="s-2")))
    assert after((0, HOT), (1, changed(other, **moved))).suggestion("s-2") is not None


def test_only_new_suggestions_count_as_offered() -> None:
    assert len(after((0, HOT), (3, HOT), (6, HOT)).offered) == 1


def chosen() -> Incident:
    seen = after((0, HOT)).choosing("s-1", "p-1")
    return after((1, changed(HOT, chosen={"s-1": "p-1"})), incident=seen)


def applied(minutes: float = 2) -> Look:
    done = Applied(suggestion(), "p-1", "dev", T0 + minutes * MINUTE)
    return changed(HOT, generation=8, applied=(done,), advice=advice(Diagnosis.KV_BOUND, suggestion(sign="s-3")))


def test_a_chosen_suggestion_stays_known_while_its_proposal_is_open() -> None:
    assert chosen().pinned == {"s-1": suggestion()}


def test_what_was_applied_is_judged_when_it_should_be_felt() -> None:
    due = 2 + (SHIFT_RELIEF + SETTLE) / MINUTE
    early = after((2, applied()), (due - 1, WELL), incident=chosen())
    assert not early.outcomes[0].judged
    late = after((due, changed(WELL, windows={US: window(0.57)})), incident=early)
    assert (late.outcomes[0].kv_before, late.outcomes[0].kv_after, late.outcomes[0].held) == (0.93, 0.57, True)


def test_an_outcome_beside_the_prediction_says_so() -> None:
    late = after((2, applied()), (10, changed(HOT, windows={US: window(0.8)})), incident=chosen())
    assert late.outcomes[0].held is False


def test_a_judgement_waits_for_metrics_and_then_gives_up() -> None:
    blind = changed(WELL, windows={US: window(None)}, advice=advice(Diagnosis.BLIND))
    waiting = after((2, applied()), (10, blind), incident=chosen())
    assert not waiting.outcomes[0].judged
    given_up = after((10 + GIVE_UP / MINUTE, blind), incident=waiting)
    assert given_up.outcomes[0].blind and given_up.outcomes[0].held is None


def test_it_is_not_over_before_the_remedy_was_judged() -> None:
    assert after((2, applied()), (3, WELL), incident=chosen()).state is IncidentState.OPEN


def test_one_remedy_is_one_outcome_however_often_it_is_looked_at() -> None:
    assert len(after((2, applied()), (2.5, applied()), (3, applied()), incident=chosen()).outcomes) == 1


def test_in_shadow_mode_the_prediction_of_doing_nothing_is_judged() -> None:
    nothing = suggestion(RemedyKind.NOTHING, "s-0")
    shadow = changed(HOT, shadow=True, advice=advice(Diagnosis.KV_BOUND, nothing))
    seen = after((0, shadow), (10, changed(shadow, windows={US: window(0.58)})))
    assert [(each.kind, each.held) for each in seen.outcomes][:1] == [(RemedyKind.NOTHING, True)]


def test_doing_nothing_is_not_judged_once_something_was_done() -> None:
    nothing = suggestion(RemedyKind.NOTHING, "s-0")
    shadow = changed(HOT, shadow=True, advice=advice(Diagnosis.KV_BOUND, nothing))
    moved = changed(shadow, generation=8, advice=advice(Diagnosis.HEALTHY))
    assert after((0, shadow), (1, moved)).outcomes == ()
