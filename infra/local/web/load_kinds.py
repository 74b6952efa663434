"""What loads there are to choose from: their shapes over time, and how long their requests are. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infra.local.cloud.load_shapes import Mark, curve, day, steady
from infra.local.web.load_rates import Lengths

Marks = Sequence[Mark]
_CALM, _LULL = 0.25, 0.5
"""Where a ramp begins, and what a spike stands on, against the full rate."""
_MINUTES_OF_A_DAY = 1440
_HOUR = 60
_HEAVY_PROMPT, _HEAVY_OUTPUT = 4.0, 0.25
"""How prompts and answers change in a load that becomes prompt-heavy."""


@dataclass(frozen=True)
class LengthKind:
    """A kind of requests."""

    id: str
    title: str
    mean: Lengths


@dataclass(frozen=True)
class ShapeKind:
    """How a load goes on. ``marks`` are made of the full rate, the mean lengths and the minutes that it lasts."""

    id: str
    title: str
    help: str
    marks: Callable[[float, Lengths, float], Marks]
    repeat: bool = False


LENGTHS = (
    LengthKind("chat", "Chat", Lengths(1150, 210)),
    LengthKind("code", "Code completion", Lengths(2050, 30)),
    LengthKind("long", "Long prompts", Lengths(8000, 300)),
)
"""Chat and code have the means of an hour of two such services of Azure."""


def _steady(rate: float, mean: Lengths, _: float) -> Marks:
    return steady(rate, mean.prompt, mean.output)


def _ramp(rate: float, mean: Lengths, minutes: float) -> Marks:
    return curve([(0, rate * _CALM), (minutes / 3, rate)], mean.prompt, mean.output)


def _spike(rate: float, mean: Lengths, minutes: float) -> Marks:
    low, edge = rate * _LULL, minutes / 60
    points = [(0, low), (minutes / 4, low), (minutes / 4 + edge, rate), (minutes / 2, rate), (minutes / 2 + edge, low)]
    return curve(points, mean.prompt, mean.output)


def _day(rate: float, mean: Lengths, _: float) -> Marks:
    faster = _HOUR / _MINUTES_OF_A_DAY
    return [replace(mark, minute=mark.minute * faster) for mark in day(rate, mean.prompt, mean.output)]


def _prompt_heavy(rate: float, mean: Lengths, minutes: float) -> Marks:
    light = Mark(0, rate, mean.prompt, mean.output)
    heavy = Mark(minutes / 3, rate, mean.prompt * _HEAVY_PROMPT, max(1.0, mean.output * _HEAVY_OUTPUT))
    return [light, heavy]


SHAPES = (
    ShapeKind("steady", "Steady", "The full rate from the first minute to the last.", _steady),
    ShapeKind("ramp", "Ramp", "Grows from a quarter to the full rate in the first third, then stays there.", _ramp),
    ShapeKind("spike", "Spike", "Half of the rate; all of it in the second quarter of the time.", _spike),
    ShapeKind(
        "day",
        "A day in an hour",
        "A working day with its two peaks and its night, once an hour; the full rate is the higher peak.",
        _day,
        repeat=True,
    ),
    ShapeKind(
        "prompt-heavy",
        "Prompt-heavy",
        "The rate stays, but in the first third prompts become four times as long and answers a quarter: the servers "
        "are busy reading while their KV cache stays low.",
        _prompt_heavy,
    ),
)
