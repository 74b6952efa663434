"""What notify remembers of a card, and the pure decision what to do for it next.

Before each effect on Slack the record is claimed for it; after it, settled. Whoever finds a claim older than its
lease knows that somebody died in between, and looks in Slack how far they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.blocks.cards import Saying
from shared.blocks.view import Phase

LEASE = timedelta(minutes=2)
"""A claim is older than this only if whoever made it is dead: far beyond the timeouts of one call to Slack."""
PACE = timedelta(seconds=3)
"""Pause between two edits of one card; Slack's guidance, and its limit over all cards."""
PRIVATE = "private"
"""Stands for the ts of a plan that could not be posted and was told to the asker alone."""
_LIVE = frozenset({Phase.PLAN, Phase.PROGRESS, Phase.DONE, Phase.DELETED})


class Effect(StrEnum):
    """What is done on Slack, one call each."""

    POST = "post"
    FIND = "find"
    EDIT = "edit"
    POINT = "point"
    REPLY = "reply"


@dataclass(frozen=True)
class CardRecord:
    """One card's document. Written only by notify."""

    proposal: str
    """Id of the proposal or incident that it is about: the card's key."""
    channel: str
    ts: str = ""
    said: str = ""
    """Hash of what the message says; empty where that is not known."""
    claimed_at: datetime | None = None
    claimed_for: str = ""
    """Effect, and for a reply its key: ``reply:done``."""
    edited_at: datetime | None = None
    told: tuple[str, ...] = ()
    """Keys of what the thread was told."""
    pointed: bool = False
    """Whether the asker was told where the card is."""
    finished: datetime | None = None
    due: datetime | None = None
    """When it has to be looked at again even if no message comes; None: only when something changes."""
    live: bool = True
    """Whether another proposal may still change what it says."""
    version: str = ""
    """The store's own version. Not part of the body."""

    def claimed(self, step: Step, now: datetime) -> CardRecord:
        """Return the record while this step is being taken."""
        return replace(self, claimed_at=now, claimed_for=step.name, due=now + LEASE)

    def settled(self) -> CardRecord:
        """Return the record without a claim."""
        return replace(self, claimed_at=None, claimed_for="", due=None)


@dataclass(frozen=True)
class Step:
    """The next effect; ``saying`` for a reply."""

    effect: Effect
    saying: Saying | None = None

    @property
    def name(self) -> str:
        """What stands in the record while it is being taken."""
        return f"{self.effect}:{self.saying.key}" if self.saying else str(self.effect)


@dataclass(frozen=True)
class Wait:
    """Nothing may be done before this time."""

    until: datetime


def next_step(
    record: CardRecord, said: str, sayings: Iterable[Saying], now: datetime, *, point: bool
) -> Step | Wait | None:
    """Say what to do for a card next; None when it says what it should and everything was told.

    ``said`` is the hash of what it should say; ``point``: the asker is elsewhere and has to be told where it is.
    """
    if record.claimed_at is not None and now < record.claimed_at + LEASE:
        return Wait(record.claimed_at + LEASE)
    if not record.ts:
        return Step(Effect.FIND if record.claimed_at else Effect.POST)
    if record.ts == PRIVATE:
        return None
    sayings = tuple(sayings)
    if unsure := next((each for each in sayings if record.claimed_for == Step(Effect.REPLY, each).name), None):
        return Step(Effect.REPLY, unsure)
    changed = record.said != said or record.claimed_for == Effect.EDIT
    may_edit = record.edited_at is None or now >= record.edited_at + PACE
    if changed and may_edit:
        return Step(Effect.EDIT)
    if point and not record.pointed:
        return Step(Effect.POINT)
    if saying := next((each for each in sayings if each.key not in record.told), None):
        return Step(Effect.REPLY, saying)
    return Wait(record.edited_at + PACE) if changed and record.edited_at else None


def is_live(phase: Phase) -> bool:
    """Say whether another proposal may still change what a card says."""
    return phase in _LIVE
