"""To send a hot region's excess elsewhere: at once and for nothing, where others have room for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shared.domain.intents import Balance
from shared.domain.intervals import Interval
from shared.domain.offers import Offer, sums
from shared.domain.outlook import COVER, REACTION, SPILL, Outlook
from shared.domain.phrases import rate, share
from shared.domain.suggestions import RemedyKind, Situation

_SURE = 0.95
_LOWEST = 0.7
"""Times the share that is aimed at, below which the percentage is never set: it would drift down with every burst."""
_LEAST = 0.02
"""Share of the region's load below which moving it is not worth a click."""


def shift(situation: Situation, here: Outlook, others: Sequence[Outlook]) -> Offer | str:
    """Return the shift of what is too much here, or why there is none."""
    region, moment = here.place.region, _moment(here)
    peak, spare = here.peak(0.0, moment), sum(other.spare for other in others)
    excess, kept = peak - here.bears(here.serving), max(here.bears(here.serving, SPILL), peak - spare)
    if not others:
        return f"{region} is the only region that serves it, so no traffic can be shifted"
    if kept <= 0:
        return f"no shift: not one request in {region} can be within the SLO by the model of capacity"
    if excess <= _LEAST * peak:
        return f"{region} carries no more than it can, so there is nothing to shift"
    if excess > spare:
        room = ", ".join(_fullness(other) for other in others)
        return f"no shift: {rate(excess)} would have to move and others have room for {rate(spare)} ({room})"
    if spill_point(here, kept) >= here.place.utilization:
        return f"no shift: traffic spills from {region} at {here.place.utilization} % of KV already"
    return _offer(situation, here, others, kept)


def spill_point(here: Outlook, kept: float) -> int:
    """Return the KV percentage at which the region keeps that load.

    Where usage stands above the percentage that is set, the balancer does not hold it there (it weighs all regions
    by it once all are above); then the percentage is lowered in the proportion that is wanted.
    """
    now, set_at = here.reading.kv or 0.0, here.place.utilization / 100
    target = here.kv_at(kept, here.serving)
    if now > max(set_at, target):
        target = min(target, max(_LOWEST * target, set_at * target / now))
    return max(1, min(100, math.floor(100 * target + 1e-9)))


def _moment(here: Outlook) -> float:
    """Return the minutes to look ahead: five, or for a load that is still to come until servers could be there."""
    return 5.0 if here.hot_now else max(5.0, here.lead)


def _fullness(other: Outlook) -> str:
    region = other.place.region
    if other.reading.missing:
        return f"{region} is not measured"
    bears, peak = other.bears(other.serving), other.peak(0.0, max(5.0, other.lead))
    part = f"{share(peak / bears)} of what it bears" if bears > 0 else "more than it bears"
    kv = "" if other.reading.kv is None else f", KV {share(other.reading.kv)}"
    return f"{region} is to carry up to {part}{kv}"


def _offer(situation: Situation, here: Outlook, others: Sequence[Outlook], kept: float) -> Offer:
    region, moment, percent = here.place.region, _moment(here), spill_point(here, kept)
    load, peak = here.load(moment), here.peak(0.0, moment)
    moved, spare = peak - kept, sum(other.spare for other in others)
    where = " and ".join(other.place.region for other in others if other.spare > 0)
    return Offer(
        kind=RemedyKind.SHIFT,
        ask=Balance(percent, situation.deployment, region),
        title=f"Shift traffic from {region}: spill at {percent} % of KV instead of {here.place.utilization} %",
        why=(
            f"{region} carries {rate(kept)} without strain and up to {rate(peak)} are to come: up to "
            f"{rate(moved)} ({share(moved / peak)}) move to {where}, where there is room"
        ),
        why_not_more=f"at {percent} % {region} carries what it can; lower would leave paid servers idle there",
        risk="; ".join(
            (*_after(others, moved, spare, moment), "moved requests find no prefix cache and travel farther")
        ),
        load=_limited(load, kept),
        servers=here.serving,
        capacity=here.most * here.serving + spare,
        relief=REACTION,
        sure=_SURE,
        # For a load that is still to come it only bridges the time until servers can be there.
        until=COVER if here.hot_now else max(5.0, here.lead),
        figures=(*sums(here, moment), ("moved", f"up to {peak:.2f} - {kept:.2f} = {rate(moved)}")),
    )


def _limited(load: Interval, most: float) -> Interval:
    return Interval(min(load.low, most), min(load.likely, most), min(load.high, most))


def _after(others: Sequence[Outlook], moved: float, spare: float, moment: float) -> list[str]:
    """Say how full the others will be: each takes its share by the room it has."""
    said = []
    for other in others:
        taken = moved * other.spare / spare
        load = other.load(moment)
        then = Interval(load.low, load.likely + taken / 2, load.high + taken)
        kv, _ = other.effect(then, other.serving)
        now = "" if other.reading.kv is None else f"from {share(other.reading.kv)} "
        said.append(f"KV in {other.place.region} goes {now}to {share(kv.likely)}, at most {share(kv.high)}")
    return said
