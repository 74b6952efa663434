"""A remedy before it is judged: what it asks for, and the load and the servers of the region once it is felt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.capacity import ServerLimits
from shared.domain.intents import Ask
from shared.domain.intervals import Interval
from shared.domain.outlook import BURST, COVER, FULL, Outlook
from shared.domain.phrases import bearing, count, rate, share
from shared.domain.suggestions import RemedyKind

Figures = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Offer:
    """One remedy. ranking.py predicts what it does and judges it."""

    kind: RemedyKind
    ask: Ask | None
    title: str
    why: str
    why_not_more: str
    risk: str
    load: Interval
    """Requests per second that the region's servers then carry."""
    servers: float
    """That carry them."""
    capacity: float
    """Requests per second of this region's users that are then within the SLO."""
    relief: timedelta
    hourly: float | None = 0.0
    """USD per hour more; None: not known."""
    gpus: int = 0
    sure: float = 1.0
    """Chance that it comes about as planned, 0 to 1, beside what lessons say of its kind."""
    spared: float = 0.0
    """Share of all requests that are no longer slowed down."""
    until: float = COVER
    """Minutes ahead to which it is judged."""
    mended: ServerLimits | None = None
    """What one server bears then, where the remedy puts that right."""
    figures: Figures = ()


def sums(here: Outlook, moment: float) -> Figures:
    """Return the figures that every remedy rests on, with the load so many minutes ahead."""
    place, load = here.place, here.load(moment)
    bears = (
        f"{place.replicas} x {rate(here.most)} x {FULL:.1f}, less {BURST:.2f} x root(load) for bursts = "
        f"{rate(here.bears(place.replicas))}"
    )
    off = f" (servers are at their end {here.strain:.2f} times earlier than the model says)" if here.strain > 1 else ""
    mix = here.reading.workload
    return (
        ("lengths", f"{mix.prompt:.0f} prompt and {mix.output:.0f} output tokens on the mean"),
        ("load now", rate(here.load(0).likely)),
        (f"load in {moment:.0f} min", f"{rate(load.likely)} ({load.low:.1f} to {load.high:.1f}, 80 % interval)"),
        ("one server bears", f"{rate(here.most)} within {here.slo.ttft:.1f} s and {here.slo.gap:.2f} s a token{off}"),
        ("servers bear", bears),
        ("KV share at that load", share(here.kv_target)),
        ("KV share", "rate x output x step time x (prompt + output / 2) / KV tokens of a server"),
    )


def balance_sheet(here: Outlook, servers: int, start: float) -> str:
    """Return why so many servers: the peak against what now and then is borne."""
    peak, replicas = here.peak(start), here.place.replicas
    return (
        f"up to {rate(peak)} are forecast within the hour; {bearing(replicas)} "
        f"{rate(here.bears(replicas))}, {count(servers, 'server')} {rate(here.bears(servers))}"
    )
