"""How well advice has done for one deployment, and what its servers taught about themselves. Written by incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.capacity import ServerLimits
from shared.domain.incidents import Outcome
from shared.domain.learning import Lesson, judged, learn
from shared.domain.suggestions import RemedyKind


@dataclass(frozen=True)
class Score:
    """Lessons by kind of remedy, and limits by region, model and machine."""

    deployment: str
    lessons: Mapping[RemedyKind, Lesson] = field(default_factory=dict)
    limits: Mapping[str, ServerLimits] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    """Outcomes that are in it already, the last few: an invocation that runs twice teaches once."""
    version: str = ""
    """The store's own version. Not part of the body."""


_REMEMBERED = 100


def scored(score: Score, incident: str, outcomes: tuple[Outcome, ...]) -> Score:
    """Return the score with what these outcomes teach; each teaches once."""
    for outcome in outcomes:
        sign = f"{incident}/{outcome.suggestion}/{int(outcome.at.timestamp())}"
        if not outcome.judged or outcome.kv_after is None or sign in score.judged:
            continue
        lesson = learn(score.lessons.get(outcome.kind) or Lesson(), outcome.kv.likely, outcome.kv_after)
        lessons = {**score.lessons, outcome.kind: judged(lesson, helped=bool(outcome.held))}
        score = replace(score, lessons=lessons, judged=(*score.judged, sign)[-_REMEMBERED:])
    return score
