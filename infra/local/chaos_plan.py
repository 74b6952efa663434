"""What goes wrong, drawn from the seed before anything happens: whom to kill when, and what to break on the way.

Only the moment on the clock is left to the machine; the order and kind of everything follow from the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from shared.domain.topics import Topic

_LASTS: Mapping[str, float] = {
    "bot": 0.01,
    "propose": 0.05,
    "decide": 0.05,
    "reconcile": 0.05,
    "notify": 0.03,
    "sweep": 0.02,
}
"""Target -> wall seconds that its invocations take, about: it is killed within this time after a delivery came in."""
_EVERY: Mapping[str, tuple[int, int]] = {
    "bot": (4, 4),
    "propose": (6, 3),
    "decide": (8, 4),
    "reconcile": (50, 160),
    "notify": (30, 40),
    "sweep": (16, 24),
}
"""Target -> effects, and deliveries, between two kills at most: as often as its share in the story bears."""
_TOPICS = tuple(str(topic) for topic in Topic)
_SERVICES = ("slack", "slack", "firestore", "firestore", "pubsub", "tasks", "gke", "fleet", "compute", "kubernetes")
_METHODS = ("chat.postMessage", "chat.update", "chat.postEphemeral", "conversations.history", "usergroups.list")
TARGETS = tuple(_EVERY)


@dataclass(frozen=True)
class Strike:
    """One kill to come: at the ``count``-th effect from now, or ``delay`` s after the ``count``-th delivery came in."""

    count: int
    delay: float | None = None


@dataclass(frozen=True)
class Mishap:
    """One thing that breaks: ``kind`` as ``Faults`` calls it, of what, how much, and after how many more deliveries."""

    kind: str
    key: str
    amount: float
    after: int


def strikes(dice: Random, target: str) -> Iterator[Strike]:
    """Yield the kills of one target, without end. The first comes early, so that each target meets one."""
    effects, deliveries = (-(-most // 3) for most in _EVERY[target])
    while True:
        if dice.random() < 0.6:  # noqa: PLR2004 - most between two effects, where dying is most awkward
            yield Strike(dice.randint(1, effects))
        else:
            yield Strike(dice.randint(1, deliveries), dice.uniform(0, _LASTS[target]))
        effects, deliveries = _EVERY[target]


def mishaps(dice: Random) -> Iterator[Mishap]:
    """Yield what else goes wrong, without end: messages doubled and late, answers lost, Slack short of breath."""
    while True:
        after = dice.randint(5, 50)
        match dice.choice(("duplicate", "duplicate", "late", "answer_lost", "answer_lost", "rate_limited")):
            case "duplicate":
                yield Mishap("duplicate", dice.choice(_TOPICS), dice.randint(1, 3), after)
            case "late":
                yield Mishap("late", dice.choice(_TOPICS), dice.choice((1.0, 7.0, 45.0, 100.0)), after)
            case "answer_lost":
                yield Mishap("answer_lost", dice.choice(_SERVICES), 1, after)
            case limited:
                yield Mishap(limited, dice.choice(_METHODS), dice.randint(1, 2), after)
