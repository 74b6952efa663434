"""What a server bears, held against published figures. Sources as quoted at each table."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.load import load
from shared.domain.capacity import (
    CEILING,
    KV_ROOM,
    Limit,
    ServerLimits,
    Workload,
    effect,
    limits_of,
    most_rate,
    steady,
)
from shared.domain.errors import TerminalError
from shared.domain.learning import Lesson

CATALOG = load()
CHAT, CODE = Workload(1636, 109), Workload(2645, 28)
NO_LIMIT = 1000.0

loads = st.floats(0.0, 200.0)
workloads = st.builds(Workload, prompt=st.floats(1, 30_000), output=st.floats(1, 4_000))
servers = st.builds(
    ServerLimits,
    kv_tokens=st.floats(1_000, 3e6),
    seconds_per_prompt_token=st.floats(1e-6, 1e-3),
    step_base=st.floats(1e-3, 0.2),
    step_per_running=st.floats(1e-6, 1e-4),
    step_per_cached_token=st.floats(1e-9, 1e-6),
    most_running=st.integers(1, 1024),
    step_tokens=st.sampled_from([2048, 8192]),
)


def limits(model: str, machine: str) -> ServerLimits:
    found = CATALOG.model(model)
    option = next(each for each in found.options if each.machine == machine)
    return limits_of(found, option, CATALOG.machine(machine).accelerator)


H100, L4 = limits("llama-3.1-8b", "a3-highgpu-2g"), limits("llama-3.1-8b", "g2-standard-12")


def test_an_8b_model_on_h100_has_the_constants_that_fit_the_published_estimates() -> None:
    # d = 6.1 ms + 10 us b + context x KV bytes / 2.9 TB/s, g = 18.5 us: fit to aiconfigurator 0.12 for vLLM 0.24
    assert H100.seconds_per_prompt_token == pytest.approx(18.5e-6, rel=0.02)
    assert H100.step_base == pytest.approx(6.1e-3, rel=0.02)
    assert H100.step_per_running == pytest.approx(10e-6, rel=0.02)
    assert H100.step_per_cached_token == pytest.approx(131_072 / 2.9e12, rel=0.02)


@pytest.mark.parametrize(
    ("model", "machine", "running", "gap_ms"),
    [
        # aiconfigurator 0.12, vLLM 0.24, 1200 / 200 tokens
        ("llama-3.1-8b", "a2-ultragpu-1g", 128, 71),
        ("llama-3.1-8b", "a3-highgpu-2g", 128, 28),
        ("llama-3.1-8b", "a3-ultragpu-8g", 128, 25),
        ("llama-3.1-8b", "a4-highgpu-8g", 128, 14),
        ("llama-3.1-70b", "a2-ultragpu-4g", 128, 170),
        ("llama-3.1-70b", "a3-highgpu-4g", 128, 70),
        ("llama-3.1-70b", "a3-ultragpu-8g", 128, 104),
        ("llama-3.1-70b", "a4-highgpu-8g", 128, 62),
    ],
)
def test_the_gap_at_a_batch_is_within_a_fifth_of_the_published_estimate(
    model: str, machine: str, running: int, gap_ms: float
) -> None:
    server, load_ = limits(model, machine), Workload(1200, 200)
    rate = running / (load_.output * gap_ms / 1000)
    found = next(r for r in (rate * k / 100 for k in range(1, 300)) if steady(server, load_, r).running >= running)
    assert steady(server, load_, found).gap * 1000 == pytest.approx(gap_ms, rel=0.2)


@pytest.mark.parametrize(
    ("server", "gap", "load_", "published"),
    [
        # KV percent at 50, 80, 90, 100 % of capacity (gap 50 ms on H100, 120 ms on L4, KV at most 80 to 85 %):
        # own arithmetic of the reference, from the same fit with prompt + output as context
        pytest.param(H100, 0.05, CODE, (2, 5, 8, 15), id="H100 coding"),
        pytest.param(H100, 0.05, CHAT, (5, 16, 25, 49), id="H100 chat 2024"),
        pytest.param(H100, 0.05, Workload(1155, 211), (9, 26, 42, 80), id="H100 chat 2023"),
        pytest.param(H100, 0.05, Workload(8000, 300), (10, 29, 45, 80), id="H100 long prompts"),
        pytest.param(H100, 0.05, Workload(1268, 1527), (16, 40, 55, 80), id="H100 reasoning"),
        pytest.param(L4, 0.12, CODE, (11, 22, 27, 32), id="L4 coding"),
        pytest.param(L4, 0.12, CHAT, (31, 59, 71, 85), id="L4 chat 2024"),
        pytest.param(L4, 0.12, Workload(1155, 211), (35, 62, 73, 85), id="L4 chat 2023"),
        pytest.param(L4, 0.12, Workload(8000, 300), (36, 63, 74, 85), id="L4 long prompts"),
        pytest.param(L4, 0.12, Workload(1268, 1527), (38, 65, 75, 85), id="L4 reasoning"),
    ],
)
def test_the_kv_share_on_the_way_to_capacity_is_as_published_within_seven_points(
    server: ServerLimits, gap: float, load_: Workload, published: tuple[int, ...]
) -> None:
    capacity = most_rate(server, load_, NO_LIMIT, gap)
    shares = [100 * steady(server, load_, capacity * part).kv for part in (0.5, 0.8, 0.9, 1.0)]
    assert shares == pytest.approx(published, abs=7)


@pytest.mark.parametrize(
    ("server", "load_", "limit"),
    [
        pytest.param(H100, CODE, Limit.PREFILL, id="long prompts, short answers, much memory"),
        pytest.param(L4, Workload(1268, 1527), Limit.KV, id="long answers on a small card"),
        pytest.param(replace(H100, most_running=8), CHAT, Limit.BATCH, id="a small batch limit"),
    ],
)
def test_the_resource_that_ends_first_is_found(server: ServerLimits, load_: Workload, limit: Limit) -> None:
    beyond = steady(server, load_, 1000.0)
    assert (beyond.limit, beyond.stable, beyond.ttft) == (limit, False, CEILING)
    assert beyond.kv == pytest.approx(1.0) if limit is Limit.KV else beyond.kv < 0.95


def test_kv_stays_low_where_prefill_ends_first_so_kv_alone_is_blind() -> None:
    assert steady(H100, CODE, most_rate(H100, CODE, NO_LIMIT, 0.05)).kv < 0.2


def test_the_first_token_takes_the_prompt_and_a_step_where_nobody_waits() -> None:
    alone = steady(H100, CHAT, 0.001)
    prompt = CHAT.prompt * H100.seconds_per_prompt_token
    assert prompt + H100.step_base < alone.ttft < 3 * prompt + 3 * H100.step_base


def test_the_time_to_the_first_token_blows_up_as_the_limit_is_approached() -> None:
    capacity = most_rate(H100, CODE, NO_LIMIT, NO_LIMIT)
    times = [steady(H100, CODE, capacity * part).ttft for part in (0.5, 0.9, 0.99, 0.999)]
    assert times[3] > 10 * times[0] and times == sorted(times)


@given(servers, workloads, loads, loads)
def test_more_load_never_makes_it_better(server: ServerLimits, load_: Workload, one: float, other: float) -> None:
    less, more = (steady(server, load_, rate) for rate in sorted((one, other)))
    assert less.kv <= more.kv * (1 + 1e-9)
    assert less.gap <= more.gap * (1 + 1e-9)
    assert less.ttft <= more.ttft * (1 + 1e-9)
    assert less.running <= more.running * (1 + 1e-9)
    assert less.stable or not more.stable


@given(servers, workloads, loads, st.integers(1, 63), st.integers(1, 63))
def test_more_replicas_never_make_it_worse(
    server: ServerLimits, load_: Workload, total: float, some: int, more: int
) -> None:
    before, after = steady(server, load_, total / some), steady(server, load_, total / (some + more))
    assert after.kv <= before.kv * (1 + 1e-9) and after.ttft <= before.ttft * (1 + 1e-9)


@given(servers, workloads, loads)
def test_figures_are_in_their_ranges(server: ServerLimits, load_: Workload, rate: float) -> None:
    seen = steady(server, load_, rate)
    assert 0 <= seen.kv <= 1 and 0 <= seen.prefill <= 1 and 0 <= seen.ttft <= CEILING and seen.gap > 0


@given(servers, workloads, loads)
def test_littles_law_holds_below_the_limit(server: ServerLimits, load_: Workload, rate: float) -> None:
    seen = steady(server, load_, rate)
    assert not seen.stable or seen.running == pytest.approx(rate * load_.output * seen.gap, rel=1e-6, abs=1e-9)


@given(servers, workloads, st.floats(0.05, 60), st.floats(0.01, 2))
def test_the_most_it_bears_is_within_every_limit_and_a_little_more_is_not(
    server: ServerLimits, load_: Workload, ttft: float, gap: float
) -> None:
    rate = most_rate(server, load_, ttft, gap)
    within, beyond = steady(server, load_, rate), steady(server, load_, rate * 1.02 + 1e-6)
    if rate > 0:
        assert within.ttft <= ttft * 1.001 and within.gap <= gap * 1.001 and within.kv <= KV_ROOM * 1.001
    assert not beyond.stable or beyond.ttft > ttft or beyond.gap > gap or beyond.kv > KV_ROOM


@given(servers, workloads, loads)
def test_an_effect_holds_its_middle_between_its_ends(server: ServerLimits, load_: Workload, rate: float) -> None:
    for each in effect(server, load_, rate):
        assert each.low <= each.likely <= each.high


def test_an_effect_is_narrower_where_predictions_have_proved_right() -> None:
    sure = Lesson(count=50, spread=0.03)
    known = replace(L4, cache=sure, decode=sure, prefill=sure)
    (vague, _), (narrow, _) = effect(L4, CHAT, 0.8), effect(known, CHAT, 0.8)
    assert narrow.high - narrow.low < (vague.high - vague.low) / 2


def test_what_was_learned_moves_the_figures() -> None:
    slower = replace(L4, decode=Lesson(mean=math.log(1.3)))
    assert steady(slower, CHAT, 0.3).gap > 1.25 * steady(L4, CHAT, 0.3).gap


def test_the_servers_own_cache_size_replaces_the_estimate() -> None:
    assert L4.measured(62_000.0).kv_tokens == 62_000.0
    assert L4.measured(None) == L4.measured(math.nan) == L4.measured(0.0) == L4


@pytest.mark.parametrize("odd", [math.nan, math.inf, -1.0])
def test_odd_figures_count_as_no_load(odd: float) -> None:
    assert steady(L4, CHAT, odd).running == 0.0
    assert math.isfinite(steady(L4, Workload(odd, odd), 1.0).ttft)


def test_a_card_without_a_data_sheet_is_not_guessed() -> None:
    model, gb200 = CATALOG.model("llama-3.1-8b"), CATALOG.machine("a4x-highgpu-4g").accelerator
    with pytest.raises(TerminalError, match="no data sheet of nvidia-gb200"):
        limits_of(model, model.options[0], gb200)


def test_every_option_of_the_catalogue_bears_something() -> None:
    for model in CATALOG.models.values():
        for option in model.options:
            server = limits_of(model, option, CATALOG.machine(option.machine).accelerator)
            assert most_rate(server, Workload(500, 100), 10.0, 0.5) > 0, (model.id, option.machine)
