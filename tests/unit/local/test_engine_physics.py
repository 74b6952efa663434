"""What a replica can do, held to published figures."""

from __future__ import annotations

import pytest

from infra.local.cloud.engine.physics import Options, Physics, physics_of

L4, A100_40, A100, H100, H200, B200 = (
    "nvidia-l4", "nvidia-tesla-a100", "nvidia-a100-80gb", "nvidia-h100-80gb", "nvidia-h200-141gb", "nvidia-b200",
)  # fmt: skip
EIGHT, SEVENTY = "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"


@pytest.mark.parametrize(
    ("model", "gpu", "gpus", "thousands"),
    [
        (EIGHT, L4, 1, 31), (EIGHT, L4, 2, 185), (EIGHT, A100_40, 1, 156), (EIGHT, A100, 1, 451),
        (EIGHT, H100, 1, 448), (EIGHT, H200, 1, 896), (EIGHT, B200, 1, 1181),
        (SEVENTY, H100, 2, 26), (SEVENTY, H100, 4, 483), (SEVENTY, H200, 2, 384), (SEVENTY, L4, 8, 61),
        ("google/gemma-3-27b-it", H100, 1, 39), ("Qwen/Qwen3-32B", H100, 1, 36),
        ("deepseek-ai/DeepSeek-R1", H200, 8, 644),
    ],
)  # fmt: skip
def test_the_kv_cache_holds_what_the_arithmetic_says(model: str, gpu: str, gpus: int, thousands: float) -> None:
    assert physics_of(Options(model, gpus=gpus), gpu).tokens / 1000 == pytest.approx(thousands, rel=0.02, abs=1)


@pytest.mark.parametrize(
    ("model", "gpu", "gpus", "gap"),
    [
        (EIGHT, A100, 1, 0.071), (EIGHT, H100, 1, 0.028), (EIGHT, H200, 1, 0.025), (EIGHT, B200, 1, 0.014),
        (SEVENTY, A100, 4, 0.170), (SEVENTY, H100, 4, 0.070), (SEVENTY, H200, 2, 0.104), (SEVENTY, B200, 2, 0.062),
    ],
)  # fmt: skip
def test_the_gap_at_128_running_is_within_a_fifth_of_the_estimate(model: str, gpu: str, gpus: int, gap: float) -> None:
    found = physics_of(Options(model, gpus=gpus), gpu)
    # Each of 128 requests has 1200 tokens of prompt for 200 of output: 768 prompt tokens a step.
    assert found.step(128, 128 * 1300, 128 * 1200 / 200) == pytest.approx(gap, rel=0.2)


def test_the_fit_of_an_8b_model_on_an_h100() -> None:
    found = physics_of(Options(EIGHT), H100)
    assert found.per_prompt == pytest.approx(18.5e-6, rel=0.01)
    assert found.base == pytest.approx(6.1e-3, rel=0.01)
    assert found.per_request == pytest.approx(10e-6, rel=0.01)
    assert found.per_cached == pytest.approx(131_072 / 2.9e12, rel=0.01)


def test_a_model_that_is_not_listed_is_guessed_from_its_name() -> None:
    known, guessed = physics_of(Options(EIGHT), H100), physics_of(Options("acme/wonder-8b-chat"), H100)
    assert guessed.tokens == pytest.approx(known.tokens, rel=0.02)
    assert guessed.base == pytest.approx(known.base, rel=0.02)


def test_eight_bit_weights_leave_more_room_and_are_read_faster() -> None:
    whole, half = physics_of(Options(EIGHT), H100), physics_of(Options(EIGHT, quantization="fp8"), H100)
    assert half.tokens > whole.tokens
    assert half.base < whole.base


def test_what_does_not_fit_has_no_cache() -> None:
    assert physics_of(Options(SEVENTY), L4).blocks == 0


@pytest.mark.parametrize(("gpu", "seqs", "tokens"), [(L4, 256, 2048), (A100, 256, 2048), (H100, 1024, 8192)])
def test_batches_have_the_engines_own_defaults(gpu: str, seqs: int, tokens: int) -> None:
    found = physics_of(Options(EIGHT), gpu)
    assert (found.max_num_seqs, found.max_num_batched_tokens) == (seqs, tokens)


def test_options_are_taken_over() -> None:
    options = Options(EIGHT, max_model_len=4096, max_num_seqs=8, max_num_batched_tokens=512, gpu_memory_utilization=0.5)
    found: Physics = physics_of(options, H100)
    assert (found.max_model_len, found.max_num_seqs, found.max_num_batched_tokens) == (4096, 8, 512)
    assert found.tokens < physics_of(Options(EIGHT), H100).tokens
