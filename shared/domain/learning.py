"""What experience says about our predictions: how far off they were, and how often a kind of remedy helped.

Advice corrects its predictions by a `Lesson` and scores remedies by it; calibration.py keeps three of them for what
one server can bear. Statistics of log(observed / predicted), updated one observation at a time, so a lesson is a
small value in a document and never needs the past again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from shared.domain.intervals import Z80, Interval

HALF_LIFE = 60.0
"""Observations after which an old one counts half: an hour of windows at one a minute."""
PRIOR_WEIGHT = 4.0
"""How many observations the assumption "the prediction is right, give or take PRIOR_SPREAD" is worth."""
PRIOR_SPREAD = 0.15
"""Standard deviation of the logarithm before anything was observed: the figures are good to 10 to 15 %."""
CLIP = 3.0
"""An observation counts as at most so many standard deviations off: one outlier moves a lesson little."""
LEAST_SPREAD = 0.02
"""No prediction is better than two percent, however well the last ones agreed."""
FARTHEST = math.log(8.0)
"""Beyond eight times or an eighth the prediction is about something else."""
_PRIOR_HITS, _PRIOR_TRIES = 4.0, 5.0
_DECAY = 0.5 ** (1.0 / HALF_LIFE)


@dataclass(frozen=True)
class Lesson:
    """How predictions of one kind have done. The default value has learned nothing yet."""

    count: float = 0.0
    """Observations, older ones counted less."""
    mean: float = 0.0
    """Of log(observed / predicted)."""
    spread: float = PRIOR_SPREAD
    """Standard deviation of the same."""
    hits: float = 0.0
    """Remedies of the kind that helped as predicted."""
    tries: float = 0.0
    """Remedies of the kind that were judged."""

    @property
    def factor(self) -> float:
        """By how much a prediction is to be multiplied."""
        return math.exp(self.mean)

    @property
    def success(self) -> float:
        """Chance that a remedy of the kind helps, 0 to 1; four in five before any was tried."""
        return (self.hits + _PRIOR_HITS) / (self.tries + _PRIOR_TRIES)


def learn(lesson: Lesson, predicted: float, observed: float) -> Lesson:
    """Return the lesson after one more observation; unchanged where a figure is not a positive number."""
    if not _usable(predicted) or not _usable(observed):
        return lesson
    off = min(FARTHEST, max(-FARTHEST, math.log(observed / predicted)))
    weight = PRIOR_WEIGHT + lesson.count * _DECAY
    reach = CLIP * max(lesson.spread, LEAST_SPREAD)
    step = min(reach, max(-reach, off - lesson.mean))
    share = 1.0 / (weight + 1.0)
    variance = (1.0 - share) * (lesson.spread**2 + share * step**2)
    return replace(
        lesson,
        count=lesson.count * _DECAY + 1.0,
        mean=lesson.mean + share * step,
        spread=max(LEAST_SPREAD, math.sqrt(variance)),
    )


def judged(lesson: Lesson, *, helped: bool) -> Lesson:
    """Return the lesson after one more remedy was judged."""
    return replace(lesson, tries=lesson.tries * _DECAY + 1.0, hits=lesson.hits * _DECAY + (1.0 if helped else 0.0))


def corrected(interval: Interval, lesson: Lesson) -> Interval:
    """Return a prediction moved by what was learned, and at least as wide as past errors say."""
    wide = math.exp(Z80 * lesson.spread)
    likely = interval.likely * lesson.factor
    return Interval(
        min(interval.low * lesson.factor, likely / wide),
        likely,
        max(interval.high * lesson.factor, likely * wide),
    )


def _usable(value: float) -> bool:
    return math.isfinite(value) and value > 0.0
