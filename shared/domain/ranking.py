"""From remedies to ranked suggestions: what each does, and whether that is worth what it costs.

score = requests saved x chance that it works - USD per hour x REQUESTS_PER_USD

Requests saved: those within the next hour that would be beyond the SLO with nothing done and are not with the remedy,
from the moment that it is felt. In each five minutes the requests beyond the SLO are all of them times the chance that
the load is more than what is borne: once it is, the queue grows and everyone waits in it. To do nothing scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from shared.domain.codec import plain
from shared.domain.intervals import Z80, Interval
from shared.domain.learning import Lesson, corrected
from shared.domain.names import short_hash
from shared.domain.offers import Offer
from shared.domain.outlook import COVER, Outlook
from shared.domain.phrases import seconds, share, shares, usd
from shared.domain.suggestions import RemedyKind, Situation, Suggestion

REQUESTS_PER_USD = 100.0
"""The exchange rate: a request beyond the SLO is worth a cent."""
UNKNOWN_GPU_PRICE = 5.0
"""USD per GPU and hour that a remedy of unknown price is ranked by: dearer than most, so that it does not win by it."""
MOST_OFFERED = 4
"""Suggestions at once, to do nothing among them."""
_STEP = 5.0
_NORMAL = NormalDist()


def ranked(situation: Situation, here: Outlook, offers: Sequence[Offer]) -> tuple[Suggestion, ...]:
    """Return the suggestions, best first; to do nothing comes last unless all others cost more than they save."""
    judged = [_suggestion(situation, here, offer) for offer in offers]
    # Where a release is to blame its rollback is the only remedy of the cause, whatever the rest would save.
    judged.sort(key=lambda one: (one.kind is not RemedyKind.ROLLBACK, -one.score, one.hourly_delta or 0.0, one.id))
    idle = [one for one in judged if one.kind is RemedyKind.NOTHING]
    acting = [one for one in judged if one.kind is not RemedyKind.NOTHING][: MOST_OFFERED - len(idle)]
    nothing_is_best = acting and idle and acting[0].kind is not RemedyKind.ROLLBACK and acting[0].score < idle[0].score
    return tuple(idle + acting if nothing_is_best else acting + idle)


def suggestion_id(situation: Situation, offer: Offer) -> str:
    """Return the id: the same for the same advice on the same generation."""
    ask = [situation.region, offer.kind.value] if offer.ask is None else plain(offer.ask)
    return f"s-{short_hash([situation.deployment, situation.generation, ask], 12)}"


def _suggestion(situation: Situation, here: Outlook, offer: Offer) -> Suggestion:
    kv, ttft = here.effect(offer.load, offer.servers, offer.mended)
    lesson = situation.lessons.get(offer.kind)
    kv = kv if lesson is None else _capped(corrected(kv, lesson))
    saved = saved_requests(here, offer)
    return Suggestion(
        id=suggestion_id(situation, offer),
        kind=offer.kind,
        ask=offer.ask,
        title=offer.title,
        why=offer.why,
        why_not_more=offer.why_not_more,
        risk=offer.risk,
        kv=kv,
        ttft=ttft,
        hourly_delta=offer.hourly,
        gpu_delta=offer.gpus,
        relief=offer.relief,
        score=_score(offer, saved, lesson or Lesson()),
        figures=(*offer.figures, *_figures(here, offer, kv, ttft), *_harm(here, offer, saved, lesson or Lesson())),
    )


def _capped(kv: Interval) -> Interval:
    return Interval(min(1.0, kv.low), min(1.0, kv.likely), min(1.0, kv.high))


def saved_requests(here: Outlook, offer: Offer) -> float:
    """Return the requests that the remedy brings within the SLO while it is judged; below 0: it costs some."""
    first, saved = offer.relief.total_seconds() / 60, 0.0
    for at, load, now in here.course:
        if first <= at < offer.until:
            beyond = chance_above(load, now) - chance_above(load, offer.capacity) + offer.spared
            saved += _STEP * 60 * load.likely * beyond
    return saved


def chance_above(load: Interval, capacity: float) -> float:
    """Return the chance that a load is more than that: a normal distribution on each side of the likely value."""
    side = load.high - load.likely if capacity >= load.likely else load.likely - load.low
    if side <= 0:
        return 1.0 if load.likely > capacity else 0.0
    return 1.0 - _NORMAL.cdf((capacity - load.likely) * Z80 / side)


def _price(offer: Offer) -> float:
    return UNKNOWN_GPU_PRICE * offer.gpus if offer.hourly is None else offer.hourly


def _score(offer: Offer, saved: float, lesson: Lesson) -> float:
    if offer.kind is RemedyKind.NOTHING:
        return 0.0
    chance = offer.sure * lesson.success if saved > 0 else 1.0
    return saved * chance - _price(offer) * REQUESTS_PER_USD


def _figures(here: Outlook, offer: Offer, kv: Interval, ttft: Interval) -> tuple[tuple[str, str], ...]:
    each = offer.load.likely / offer.servers if offer.servers > 0 else 0.0
    return (
        ("load of a server then", f"{offer.load.likely:.2f} / {offer.servers:.0f} = {each:.2f} requests/s"),
        ("KV share then", shares(kv)),
        ("time to first token then", f"{seconds(ttft.likely)} ({seconds(ttft.low)} to {seconds(ttft.high)})"),
        ("KV share now", "not measured" if here.reading.kv is None else share(here.reading.kv)),
    )


def _harm(here: Outlook, offer: Offer, saved: float, lesson: Lesson) -> tuple[tuple[str, str], ...]:
    coming = sum(_STEP * 60 * load.likely for _, load, _ in here.course)
    lost = sum(_STEP * 60 * load.likely * chance_above(load, now) for _, load, now in here.course)
    chance, price = share(offer.sure * lesson.success), usd(offer.hourly)
    return (
        ("requests in the next hour", f"{coming:,.0f}, of which {lost:,.0f} beyond the SLO with nothing done"),
        ("requests saved", f"{saved:,.0f} within {min(offer.until, COVER):.0f} min"),
        ("score", f"requests saved x {chance} - {price} x {REQUESTS_PER_USD:.0f} requests"),
    )
