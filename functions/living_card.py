"""Keeps one card, of a proposal or an incident: posts it once, edits it, tells its thread each outcome once.

Called by notify for every message about it. Killed at any line, the next call goes on from the record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from functions.card_record import PRIVATE, CardRecord, Effect, Step, Wait, next_step
from functions.card_subjects import Subject, subject_of
from shared.blocks.cards import Saying
from shared.blocks.chart_pictures import pictures, with_pictures
from shared.blocks.kit import plain, without_charts
from shared.domain.codec import encode
from shared.domain.errors import InferError, NeedsHumanError, RetryableError, TerminalError
from shared.domain.messages import CardDue
from shared.domain.names import short_hash
from shared.domain.records import card_path
from shared.domain.topics import Topic
from shared.ports import BlocksRefusedError, Card, Chat, Put, RateLimitedError
from shared.services import Services

_LOG = logging.getLogger(__name__)
MOST_STEPS = 8
"""Effects of one call; whatever is left is due at once."""
T = TypeVar("T")
REFUSED = timedelta(minutes=5)
"""Pause after Slack refused a message in a way that only a person can mend."""


@dataclass(frozen=True)
class Draft:
    """What the card should say, and its hash."""

    card: Card
    said: str


def refresh(key: str, services: Services) -> None:
    """Bring the card up to date. Raises ConflictError where somebody else was at it: the message comes again."""
    subject = subject_of(key, services)
    if subject is None:
        return
    record, card = subject.record, subject.card
    draft = Draft(card, short_hash([card.text, [dict(block) for block in card.blocks]], 16))
    point = subject.asker is not None
    for _ in range(MOST_STEPS):
        step = next_step(record, draft.said, subject.sayings, services.clock(), point=point)
        if not isinstance(step, Step):
            _rest(record, subject, step, services)
            return
        before, record = record, _put(record.claimed(step, services.clock()), services)
        try:
            record = _take(step, before, record, subject, draft, services)
        except (RateLimitedError, InferError) as failed:
            _put_off(failed, before, record, services)
            return
    _later(record, timedelta(), services)


def _put_off(failed: RateLimitedError | InferError, before: CardRecord, record: CardRecord, services: Services) -> None:
    """Leave the rest for later. The record goes back to before its claim only where surely nothing happened."""
    free = replace(before, version=record.version)
    match failed:
        case RateLimitedError():
            _later(free, timedelta(seconds=failed.after), services)
        case RetryableError():
            _timer(record, services)
        case _:
            _LOG.error(
                "Slack refused a card: %s (%s)", failed, failed.remedy, extra={"values": {"card": record.proposal}}
            )
            _later(free, REFUSED, services)


def _take(
    step: Step, before: CardRecord, record: CardRecord, subject: Subject, draft: Draft, services: Services
) -> CardRecord:
    """Do what the step says and return the settled record; it is stored with the next claim, or at rest."""
    now, chat, done = services.clock(), services.chat, record.settled()
    match step.effect:
        case Effect.FIND:
            return replace(done, ts=_found(record, subject, services), said="")
        case Effect.POST:
            return replace(done, ts=_post(record, subject, draft.card, services), said=draft.said, edited_at=now)
        case Effect.EDIT:
            there = _fallback(draft.card, chat, partial(chat.edit, record.channel, record.ts))
            return replace(done, said=draft.said, edited_at=now) if there else replace(done, ts="", said="")
        case Effect.POINT:
            _point(subject, services)
            return replace(done, pointed=True)
        case Effect.REPLY:
            return replace(done, told=(*done.told, _reply(step, before, record, subject, services)))


def _found(record: CardRecord, subject: Subject, services: Services) -> str:
    """Somebody died while posting: look whether it stands in the channel, and leave only one."""
    found = services.chat.look_up(record.channel, record.proposal, subject.since)
    for twin in found[1:]:
        services.chat.remove(record.channel, twin)
    return found[0] if found else ""


def _post(record: CardRecord, subject: Subject, card: Card, services: Services) -> str:
    try:
        return _fallback(card, services.chat, partial(services.chat.post, record.channel, key=record.proposal))
    except (NeedsHumanError, TerminalError):
        alone = subject.alone
        if alone is None:
            raise
        # A plan goes to where it was asked for, and the app need not be in that channel.
        services.chat.tell(alone.user, alone.channel, alone.text)
        return PRIVATE


def _fallback(card: Card, chat: Chat, say: Callable[[Card], T]) -> T:
    """Say it with the best blocks that this workspace takes."""
    for made in _ladder(card, chat):
        try:
            return say(made)
        except BlocksRefusedError:
            continue
    return say(Card(card.text))


def _ladder(card: Card, chat: Chat) -> Iterator[Card]:
    """Yield the card, then what says the same to a workspace that knows less; pictures are made only when needed."""
    yield card
    if found := pictures(card):
        with suppress(NeedsHumanError, TerminalError):  # the app may not upload files here
            yield with_pictures(card, [chat.picture("chart.png", each.png, each.alt) for each in found])
        yield without_charts(card)
    yield plain(card)


def _point(subject: Subject, services: Services) -> None:
    asker = subject.asker
    with suppress(TerminalError):  # whoever cannot be told was told the proposal's id by the command's own answer
        if asker:
            services.chat.tell(asker.user, asker.channel, asker.text)


def _reply(step: Step, before: CardRecord, record: CardRecord, subject: Subject, services: Services) -> str:
    """Tell the thread, unless somebody did so and died; return the saying's key."""
    saying = step.saying or Saying("", "")
    key = f"{record.proposal}/{saying.key}"
    unsure = before.claimed_for == step.name
    if not (unsure and services.chat.look_up(record.channel, key, subject.since)):
        services.chat.post(record.channel, Card(saying.text), key=key, thread=record.ts)
    return saying.key


def _rest(record: CardRecord, subject: Subject, step: Wait | None, services: Services) -> None:
    """Store what is not stored yet, and say when to look again."""
    if step and record.claimed_at is not None:
        _timer(record, services)  # somebody else is at it, or died a moment ago
        return
    rested = replace(record.settled(), due=step.until if step else subject.deadline)
    if rested != subject.stored:
        record = _put(rested, services)
    if step:
        _timer(record, services)


def _later(record: CardRecord, pause: timedelta, services: Services) -> None:
    _timer(_put(replace(record, due=services.clock() + pause), services), services)


def _timer(record: CardRecord, services: Services) -> None:
    """Have the card looked at when it is due. The timer only makes it sooner than the sweep would."""
    if record.due is not None:
        name = f"card-{record.proposal.replace('.', '_')}-{int(record.due.timestamp())}"
        services.timers.at(record.due, name, Topic.CARDS, CardDue(record.proposal))


def _put(record: CardRecord, services: Services) -> CardRecord:
    due = None if record.due is None else record.due.timestamp()
    fields = {"proposal": record.proposal, "live": record.live, "due": due}
    [version] = services.documents.commit([Put(card_path(record.proposal), encode(record), fields, record.version)])
    return replace(record, version=version)
