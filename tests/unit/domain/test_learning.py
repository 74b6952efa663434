"""Lessons from predictions and what came of them, and what windows teach about a server."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calibration import learn_limits, workload_of
from shared.domain.capacity import ServerLimits, Workload, steady
from shared.domain.intervals import Interval
from shared.domain.learning import FARTHEST, LEAST_SPREAD, Lesson, corrected, judged, learn
from shared.domain.windows import MetricWindow

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LIMITS = ServerLimits(31_000, 150e-6, 0.0624, 10e-6, 5e-7, most_running=256, step_tokens=2048)
TRUE = ServerLimits(31_000, 180e-6, 0.075, 10e-6, 5e-7, most_running=256, step_tokens=2048)
CHAT = Workload(800, 200)


def taught(lesson: Lesson, ratios: list[float]) -> Lesson:
    for ratio in ratios:
        lesson = learn(lesson, 1.0, ratio)
    return lesson


def window(rate: float, load: Workload = CHAT, servers: int = 3, points: int = 20, **changed: object) -> MetricWindow:
    seen = steady(TRUE, load, rate)
    running = rate * (load.output * seen.gap + load.prompt * TRUE.seconds_per_prompt_token)
    kv = running * load.context * 1.1 / TRUE.kv_tokens
    flat = {
        "replicas": float(servers), "kv": kv, "kv_max": kv, "waiting": 0.0, "running": running * servers,
        "ttft": seen.ttft, "gap": seen.gap, "requests": rate * servers, "prompt_tokens": rate * servers * load.prompt,
        "output_tokens": rate * servers * load.output, "preemptions": 0.0, "failures": 0.0,
    }  # fmt: skip
    series: dict[str, object] = {name: (value,) * points for name, value in flat.items()}
    return MetricWindow("chat", "us-east4", NOON, timedelta(minutes=1), **{**series, **changed})  # type: ignore[arg-type] - as it comes, by name


def test_nothing_learned_changes_nothing_but_the_width() -> None:
    assert corrected(Interval(0.5, 0.6, 0.7), Lesson()).likely == 0.6


def test_a_steady_error_becomes_the_factor() -> None:
    lesson = taught(Lesson(), [1.3] * 100)
    assert lesson.factor == pytest.approx(1.3, rel=0.02) and lesson.spread < 0.1


def test_the_spread_is_that_of_the_errors() -> None:
    rng = random.Random(4)  # noqa: S311 - a test's chance
    lesson = taught(Lesson(), [math.exp(rng.gauss(0.1, 0.2)) for _ in range(400)])
    assert lesson.spread == pytest.approx(0.2, rel=0.3)


def test_a_corrected_interval_holds_eight_of_ten() -> None:
    rng = random.Random(5)  # noqa: S311 - a test's chance
    draws = [math.exp(rng.gauss(0.2, 0.15)) for _ in range(1000)]
    interval = corrected(Interval.exactly(1.0), taught(Lesson(), draws[:300]))
    assert sum(each in interval for each in draws[300:]) / 700 == pytest.approx(0.8, abs=0.06)


def test_one_outlier_moves_a_lesson_little() -> None:
    settled = taught(Lesson(), [1.0] * 50)
    assert learn(settled, 1.0, 50.0).factor < 1.02


def test_what_was_true_long_ago_is_forgotten() -> None:
    lesson = taught(taught(Lesson(), [2.0] * 300), [1.0] * 300)
    assert lesson.factor == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("odd", [0.0, -1.0, math.nan, math.inf])
def test_figures_without_a_logarithm_teach_nothing(odd: float) -> None:
    assert learn(Lesson(), odd, 1.0) == learn(Lesson(), 1.0, odd) == Lesson()


@given(st.lists(st.floats(1e-300, 1e300), max_size=60))
def test_a_lesson_stays_within_reason(observed: list[float]) -> None:
    lesson = taught(Lesson(), observed)
    assert abs(lesson.mean) <= FARTHEST and LEAST_SPREAD <= lesson.spread <= 2 * FARTHEST


def test_success_moves_from_a_first_guess_to_what_happened() -> None:
    lesson = Lesson()
    for helped in [False] * 30:
        lesson = judged(lesson, helped=helped)
    assert Lesson().success == pytest.approx(0.8) and lesson.success < 0.2


def test_a_slower_server_is_learned_from_its_windows() -> None:
    limits = LIMITS
    for _ in range(30):
        limits = learn_limits(learn_limits(limits, window(0.5)), window(2.2, Workload(1200, 30)))
    assert limits.decode.factor == pytest.approx(0.075 / 0.0624, rel=0.05)
    assert limits.prefill.factor == pytest.approx(180 / 150, rel=0.05)
    assert limits.cache.factor == pytest.approx(1.1, rel=0.05)


def test_a_first_token_that_comes_later_than_predicted_is_learned_where_requests_wait() -> None:
    late, idle = LIMITS, LIMITS
    for _ in range(30):
        late = learn_limits(late, window(0.7, ttft=(2.0 * steady(TRUE, CHAT, 0.7).ttft,) * 20))
        idle = learn_limits(idle, window(0.2, ttft=(5.0,) * 20))
    assert steady(late, CHAT, 0.7).ttft == pytest.approx(2.0 * steady(TRUE, CHAT, 0.7).ttft, rel=0.15)
    assert idle.first_token == LIMITS.first_token


def test_what_was_learned_predicts_a_load_not_seen_yet() -> None:
    limits = LIMITS
    for _ in range(30):
        limits = learn_limits(limits, window(0.5))
    assert steady(limits, CHAT, 0.7).gap == pytest.approx(steady(TRUE, CHAT, 0.7).gap, rel=0.1)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"replicas": (None,) * 20, "kv": (None,) * 20}, id="blind"),
        pytest.param({"requests": tuple(float(each) for each in range(1, 21))}, id="load that grows fast"),
        pytest.param({"waiting": (9.0,) * 20}, id="a queue"),
        pytest.param({"replicas": (2.0,) * 18 + (3.0,) * 2}, id="a replica that has just come"),
        pytest.param({"preemptions": (0.5,) * 20}, id="preemptions"),
        pytest.param({"kv": (None,) * 17 + (0.5,) * 3}, id="gaps"),
    ],
)
def test_a_window_that_is_no_steady_state_teaches_nothing(changed: dict[str, object]) -> None:
    assert learn_limits(LIMITS, window(0.5, **changed)) == LIMITS


def test_a_window_with_hardly_a_request_teaches_nothing() -> None:
    assert learn_limits(LIMITS, window(0.01)) == LIMITS


def test_the_servers_own_cache_size_counts_even_then() -> None:
    assert learn_limits(LIMITS, window(0.01, kv_tokens=29_000.0)).kv_tokens == 29_000.0


def test_the_lengths_of_requests_are_read_from_the_window() -> None:
    assert workload_of(window(0.5)) == Workload(pytest.approx(800), pytest.approx(200))
    assert workload_of(window(0.0)) is None
