"""How many requests per second a server bears, against the server itself; the shapes of the page's loads."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from infra.local.cloud.engine.physics import Options, Physics, physics_of
from infra.local.cloud.engine.request import Request
from infra.local.cloud.engine.server import Server
from infra.local.cloud.load_shapes import Shape, length
from infra.local.web.load_kinds import LENGTHS, SHAPES, LengthKind, ShapeKind
from infra.local.web.load_pulse import quantile
from infra.local.web.load_rates import SIGMA, Lengths, bears, fitted, longest

SMALL = physics_of(Options("meta-llama/Llama-3.1-8B-Instruct", max_model_len=16_384), "nvidia-l4")
LARGE = physics_of(Options("meta-llama/Llama-3.1-8B-Instruct"), "nvidia-h100-80gb")
SERVERS = [pytest.param(SMALL, id="L4"), pytest.param(LARGE, id="H100")]
MEAN = Lengths(1000, 200)


def waiting_after(physics: Physics, mean: Lengths, rate: float, seconds: float = 1200) -> int:
    """Let requests come at this rate for so long; return how many then wait."""
    server, dice, at = Server(physics), random.Random(7), 0.0  # noqa: S311 - a load, not a secret
    while (at := at + dice.expovariate(rate)) < seconds:
        sizes = [length(dice, each, SIGMA, longest(physics)) for each in (mean.prompt, mean.output)]
        server.advance(at)
        if server.takes(*sizes):
            server.submit(Request(at, *sizes))
    server.advance(seconds)
    return server.waiting


@pytest.mark.parametrize("physics", SERVERS)
@pytest.mark.parametrize("kind", LENGTHS, ids=lambda kind: str(kind.id))
def test_a_server_bears_a_little_less_for_good_and_not_a_little_more(physics: Physics, kind: LengthKind) -> None:
    mean = fitted(kind.mean, physics)
    rate = bears(physics, mean)
    calm, hot = waiting_after(physics, mean, rate * 0.8), waiting_after(physics, mean, rate * 1.3)
    assert calm <= rate * 30
    assert hot > calm + rate * 60


@pytest.mark.parametrize("physics", SERVERS)
def test_longer_requests_are_borne_less_often(physics: Physics) -> None:
    rates = [bears(physics, Lengths(tokens, tokens / 4)) for tokens in (100, 1000, 4000)]
    assert rates == sorted(rates, reverse=True)


def test_a_mean_prompt_is_cut_to_what_a_server_takes() -> None:
    assert fitted(Lengths(100_000, 300), SMALL).prompt < longest(SMALL) < SMALL.max_model_len


@pytest.mark.parametrize("kind", SHAPES, ids=lambda kind: str(kind.id))
def test_a_shape_reaches_its_full_rate_and_goes_only_a_little_beyond(kind: ShapeKind) -> None:
    shape = Shape(kind.marks(10, MEAN, 60), repeat=kind.repeat)
    highest = max(shape.at(minute).rate for minute in range(60))
    assert highest == pytest.approx(10, rel=0.15)


def test_a_ramp_never_falls() -> None:
    (ramp,) = (kind for kind in SHAPES if kind.id == "ramp")
    shape = Shape(ramp.marks(10, MEAN, 30))
    rates = [shape.at(minute).rate for minute in range(30)]
    assert all(old <= new for old, new in pairwise(rates)) and rates[0] < rates[-1]


def test_a_spike_is_over_by_half_time() -> None:
    (spike,) = (kind for kind in SHAPES if kind.id == "spike")
    shape = Shape(spike.marks(10, MEAN, 60))
    assert [shape.at(minute).rate for minute in (5, 20, 40)] == [5, 10, 5]


def test_a_day_comes_again_every_hour() -> None:
    (day,) = (kind for kind in SHAPES if kind.id == "day")
    shape = Shape(day.marks(10, MEAN, 180), repeat=day.repeat)
    assert shape.at(25).rate == pytest.approx(shape.at(85).rate)


def test_a_prompt_heavy_load_changes_its_lengths_and_not_its_rate() -> None:
    (heavy,) = (kind for kind in SHAPES if kind.id == "prompt-heavy")
    shape = Shape(heavy.marks(10, MEAN, 30))
    first, last = shape.at(0), shape.at(30)
    assert first.rate == last.rate
    assert (last.prompt > first.prompt, last.output < first.output) == (True, True)


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        pytest.param([0, 0, 0, 0], None, id="nothing was counted"),
        pytest.param([0, 100, 0, 0], 1.95, id="all in one bucket"),
        pytest.param([90, 10, 0, 0], 1.5, id="half way through the second"),
        pytest.param([0, 0, 0, 1], 4, id="above the last bound"),
    ],
)
def test_a_quantile_lies_straight_within_its_bucket(counts: list[int], value: float | None) -> None:
    assert quantile(0.95, (1, 2, 4), counts) == value
