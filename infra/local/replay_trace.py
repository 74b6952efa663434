"""The load of a replay: how many requests come to each region at each step, from a trace or a week of our own.

A trace is read by the embedded cloud's own readers. Several regions see the same trace, each one shifted in time, as
users in other parts of the world would; the trace wraps around at its end.
"""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from infra.local.cloud.load_shapes import Mark, Shape, day, scaled
from infra.local.cloud.load_traces import TraceError, minutes, requests

__all__ = ["STEP", "Trace", "TraceError", "demand", "read", "synthetic"]

STEP = 30.0
"""Seconds of one step of a replay."""
OUTPUT = 28.0
"""Mean answer where a trace does not tell it: the Azure coding service of 2023, whose week of 2024 tells none."""
_PER_DEVIATION = 2.7
"""Expected range of seven normal values in standard deviations: how the week's lowest and highest minute are read."""
_DAY = 1440.0
_WEEKEND = 0.55
_NOISE = 0.08
_HALF = 2.5
"""Minutes from the beginning of a mark of `day` to its middle."""


@dataclass(frozen=True)
class Trace:
    """A load over days, and the mean lengths of its requests."""

    name: str
    marks: tuple[Mark, ...]
    noise: tuple[float, ...]
    """At each mark: relative standard deviation of the requests of one minute, beyond that of chance arrivals."""
    prompt: float
    output: float

    @property
    def minutes(self) -> float:
        """How long it is."""
        return self.marks[-1].minute + self.marks[0].minute if len(self.marks) > 1 else _DAY


def read(path: Path) -> Trace:
    """Read a trace of minutes or of single requests, gzipped or not. Raises TraceError."""
    try:
        marks, noise = _weekly(path) if _header(path).startswith("minute") else _counted(path)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    total = sum(mark.rate for mark in marks)
    if total <= 0:
        raise TraceError(f"{path} has no requests")
    # Token sums come from coarser readings than the requests: only their mean over the whole trace is trusted.
    prompt, output = (sum(mark.rate * each for mark, each in zip(marks, lengths, strict=True)) / total for lengths in (
        [mark.prompt for mark in marks], [mark.output for mark in marks]
    ))  # fmt: skip
    return Trace(path.name.split(".")[0], marks, noise, prompt, output)


def synthetic(seed: int = 0) -> Trace:
    """Return a week of our own: working days with two peaks, a weekend at 55 % of them, 8 % noise between minutes.

    Each day is the embedded cloud's `day` with another seed; chat-like lengths of 1,200 and 200 tokens.
    """
    marks: list[Mark] = []
    for number in range(7):
        height = _WEEKEND if number >= 5 else 1.0  # noqa: PLR2004 - Saturday and Sunday
        shape = scaled(day(40.0, 1200.0, 200.0, seed=7 * seed + number)[:-1], height)
        marks.extend(replace(mark, minute=number * _DAY + mark.minute + _HALF) for mark in shape)
    return Trace("synthetic week", tuple(marks), (_NOISE,) * len(marks), 1200.0, 200.0)


def demand(
    trace: Trace, regions: int, shift: float, scale: float, dice: Random | None, days: float | None = None
) -> list[tuple[float, ...]]:
    """Return the requests per second of each region at each step; without dice the mean, with them what chance makes.

    ``shift`` is in minutes between one region and the next, ``scale`` multiplies the trace.
    """
    whole = min(trace.minutes, _DAY * days) if days else trace.minutes
    shape, noise = (
        Shape(trace.marks),
        Shape([Mark(m.minute, n, 1, 1) for m, n in zip(trace.marks, trace.noise, strict=True)]),
    )
    held = [0.0] * regions
    found = []
    for step in range(int(whole * 60 / STEP)):
        minute = step * STEP / 60
        rates = []
        for region in range(regions):
            at = (minute + region * shift) % trace.minutes
            rate = scale * shape.at(at).rate
            if dice is not None and step % round(60 / STEP) == 0:
                spread = math.sqrt(noise.at(at).rate ** 2 + 1.0 / max(1e-9, 60 * rate))
                held[region] = max(-0.9, spread * dice.gauss(0, 1))
            rates.append(rate * (1.0 + held[region]))
        found.append(tuple(rates))
    return found


def _header(path: Path) -> str:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return lines.readline()


def _weekly(path: Path) -> tuple[tuple[Mark, ...], tuple[float, ...]]:
    marks = minutes(path, OUTPUT)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return marks, tuple(_noise(row) for row in csv.DictReader(lines))


def _noise(row: dict[str, str]) -> float:
    try:
        return (float(row["rpm_high"]) - float(row["rpm_low"])) / _PER_DEVIATION / float(row["rpm"])
    except (KeyError, ValueError, ZeroDivisionError):
        return 0.0


def _counted(path: Path) -> tuple[tuple[Mark, ...], tuple[float, ...]]:
    """Count single requests by the minute; what varies from minute to minute stands in the counts themselves."""
    asked = requests(path)
    count = max(1, int(asked[-1].at // 60))
    rows: list[list[float]] = [[0.0, 0.0, 0.0] for _ in range(count)]
    for each in asked:
        row = rows[min(count - 1, int(each.at // 60))]
        row[0] += 1
        row[1] += each.prompt
        row[2] += each.output
    marks = tuple(_mark(number + 0.5, *row) for number, row in enumerate(rows))
    return marks, (0.0,) * count


def _mark(minute: float, count: float, prompt: float, output: float) -> Mark:
    return Mark(minute, count / 60, max(1.0, prompt / max(1.0, count)), max(1.0, output / max(1.0, count)))
