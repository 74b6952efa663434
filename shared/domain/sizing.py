"""How many servers, and how large a batch: the sums behind scaling and tuning."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from shared.domain.capacity import most_rate
from shared.domain.intents import MOST_REPLICAS, SEQUENCES
from shared.domain.outlook import COVER, FULL, Outlook
from shared.domain.phrases import count, usd
from shared.domain.readings import busiest
from shared.domain.suggestions import NewPlace, Place, Room

LONG = 30.0
"""Minutes that a load must have been low before servers are given back."""
LEFT = 0.8
"""Share of what the remaining servers bear that the load's upper bound may reach after a scale-down.

Below FULL, and that is what keeps scaling up and down from chasing each other: what was just added to bear a load with
FULL can never be given back at the same load with LEFT.
"""
FAR = 0.25
"""Share of the servers that must be too many before any is given back: a single one of a dozen is not worth a click."""
FALLING = 0.9
"""Times the load of now, below which the forecast's end makes it a load that is still falling."""
FALLING_FAR = 0.5
"""FAR while load is falling: one step at the end of it is worth more than three on the way, as steps are limited."""
KV_FILL = 0.95
"""Share of the cache that a tuned batch may hold when every request is at its full length."""


@dataclass(frozen=True)
class Growth:
    """Servers that may be added in one place."""

    added: int
    short: str
    """What forbids more; empty where nothing does."""


def nodes(replicas: int, per_node: int) -> int:
    """Return how many nodes so many replicas need."""
    return -(-max(0, replicas) // max(1, per_node))


def grown(place: Place | NewPlace, before: int, added: int) -> tuple[int, float | None]:
    """Return the GPUs and the USD per hour that so many more replicas take, as the plan will count them."""
    more = nodes(before + added, place.replicas_per_node) - nodes(before, place.replicas_per_node)
    price = None if place.node_price is None or not math.isfinite(place.node_price) else place.node_price
    return more * place.gpus_per_node, 0.0 if more == 0 else None if price is None else round(more * price, 4)


def allowed(place: Place, added: int, room: Room) -> Growth:
    """Return how many of these replicas caps, quota and the greatest number of a region leave."""
    short = ""
    for size in range(max(0, added), 0, -1):
        said = _forbidden(place, size, room)
        if not said:
            return Growth(size, short)
        short = said
    return Growth(0, short)


def _forbidden(place: Place, added: int, room: Room) -> str:
    new_nodes = nodes(added - place.warm, place.replicas_per_node)
    if place.replicas + added > MOST_REPLICAS:
        return f"a region has at most {MOST_REPLICAS} replicas"
    if place.nodes_left is not None and new_nodes > max(0, place.nodes_left):
        return f"quota leaves {count(max(0, place.nodes_left), 'node')} in {place.region}"
    return over_caps(*grown(place, place.replicas, added), room)


def over_caps(gpus: int, hourly: float | None, room: Room) -> str:
    """Say which cap a change with so many GPUs and USD per hour more would break; empty where none."""
    if gpus <= 0 and hourly is not None and hourly <= 0:
        return ""
    if room.step_gpus is not None and gpus > room.step_gpus:
        return f"one change may add {count(max(0, room.step_gpus), 'GPU')}"
    if room.gpus is not None and gpus > room.gpus:
        return f"the cap leaves {count(max(0, room.gpus), 'GPU')}"
    if room.hourly is not None and hourly is None:
        return "no price is known, so nobody can tell whether the cap on cost holds"
    if room.hourly is not None and hourly is not None and hourly > room.hourly:
        return f"the cap leaves {usd(max(0.0, room.hourly))}"
    return ""


def spare_servers(here: Outlook) -> int:
    """Return how many servers could go: the load was low for long, and is forecast to stay so. 0: none."""
    replicas, seen = here.place.replicas, busiest(here.reading.window, LONG)
    if replicas < 2 or here.most <= 0 or seen is None:  # noqa: PLR2004 - the last one stays
        return 0
    was = math.ceil(min(1e6, seen / (LEFT * here.most)) - 1e-9)
    spare = replicas - max(1, was, here.needed(0.0, LEFT))
    far = FALLING_FAR if here.load(COVER).likely < FALLING * here.load(0.0).likely else FAR
    return spare if spare >= max(1, math.ceil(far * replicas)) else 0


def holds(here: Outlook) -> int:
    """Return how many requests of full length one server's cache holds."""
    mix = here.reading.workload
    room = KV_FILL * here.limits.kv_tokens / max(1.0, mix.prompt + mix.output)
    return math.floor(min(float(SEQUENCES[1]), max(0.0, room))) if math.isfinite(room) else 0


def tuned_down(here: Outlook) -> int | None:
    """Return the batch limit that the cache holds, where that is less than now and still bears the load."""
    fitting = holds(here)
    if not SEQUENCES[0] <= fitting < here.limits.most_running:
        return None
    return fitting if bears_with(here, fitting) >= here.peak(0.0, max(5.0, here.lead)) else None


def tuned_up(here: Outlook) -> int | None:
    """Return the least larger batch limit that bears the load, or the greatest that helps; None: none does."""
    now, most = here.limits.most_running, holds(here)
    sizes = sorted({min(most, max(now + 1, round(now * step))) for step in (1.25, 1.5, 2, 3, 4, 8)})
    useful = [size for size in sizes if size > now and bears_with(here, size) > bears_with(here, now)]
    peak = here.peak(0.0)
    return next((size for size in useful if bears_with(here, size) >= peak), useful[-1] if useful else None)


def bears_with(here: Outlook, batch: int) -> float:
    """Return the requests per second that the servers are planned with at another batch limit."""
    each = most_rate(replace(here.limits, most_running=batch), here.reading.workload, here.slo.ttft, here.slo.gap)
    return FULL * each * here.serving if math.isfinite(each) else 0.0
