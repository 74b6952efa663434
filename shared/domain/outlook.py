"""One region between its load and what its servers bear, now and in the next hour: what "hot" is judged by.

KV usage is not linear in load, and on some cards never gets high. So load is compared with what the servers bear
within the SLO; KV, queue and time to the first token are evidence. Where the servers are plainly at their end below
what the model of capacity says, what they serve is what they bear: ``strain`` is how far the model was off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from shared.domain.capacity import CEILING, Limit, ServerLimits, effect, most_rate, steady
from shared.domain.intervals import Interval
from shared.domain.readings import Reading, read
from shared.domain.suggestions import Place, Slo

FULL = 0.9
"""Share of what a server bears that is planned with. The rest is for what the model of capacity does not know."""
SPILL = 0.75
"""Share at which a region that spills is to be held: the balancer follows 30 s behind, and overshoots."""
BURST = 1.65 / math.sqrt(60.0)
"""Requests that come at random come in bursts: in 19 of 20 minutes no more than BURST x root(load) above the mean."""
COVER = 60.0
"""Minutes ahead that added servers are to suffice for, so that a rising load does not need one click after another."""
PERSON = timedelta(minutes=3)
"""From the suggestion to the click: the median that the replay assumes."""
REACTION = timedelta(seconds=90)
"""Until shifted traffic is felt: the load balancer's 30 s, and 60 s for what is running to drain."""
QUEUE = 3.0
"""Requests waiting at each server from which on it is at its end whatever the rest says."""
KV_FULL = 0.9
"""Mean KV share from which on servers are at their end."""
CROWDED = 1.25
"""So many times the KV share at which servers reach their limit are more than the model's own doubt."""
HALF_FULL = 0.6
"""KV share below which a large batch alone is no trouble yet."""
FARTHEST_OFF = 3.0
"""How far the model of capacity may be off at most; more is a fault of the servers and no matter of capacity."""
_FAR = 10.0
_NO_FIGURE = 1e12
_NOTHING = ServerLimits(1.0, 1.0, 60.0, 1.0, 1.0)
_HORIZONS = (5.0, 15.0, 30.0, COVER)


@dataclass(frozen=True)
class Outlook:
    """A region's load and what it bears."""

    place: Place
    limits: ServerLimits
    reading: Reading
    slo: Slo
    most: float
    """Requests per second that one server bears within the SLO; 0: none at all, or not known."""
    strain: float
    """By how much more a request weighs than the model of capacity says; 1: as it says."""

    def load(self, minutes: float) -> Interval:
        """Return the requests per second to expect then, those that are held up now included."""
        known, extra = self.place.forecast.at(minutes), self._unforeseen
        likely = _positive(known.likely) + extra
        return Interval(min(likely, _positive(known.low) + extra), likely, max(likely, _positive(known.high) + extra))

    @cached_property
    def _unforeseen(self) -> float:
        """What comes now beyond the forecast, where requests are held up: a steep rise is older than its mean."""
        if not (self.saturated or self.crowded):
            return 0.0
        return max(0.0, self.reading.served + self.reading.held_up - _positive(self.place.forecast.now.likely))

    def peak(self, start: float, end: float = COVER) -> float:
        """Return the greatest upper bound of the load between these minutes."""
        return max(self.load(at).high for at in (start, *(h for h in _HORIZONS if start < h < end), max(start, end)))

    def bears(self, servers: float, part: float = FULL) -> float:
        """Return the load that so many servers are planned with: bursts included it is that part of what they bear."""
        return planned(part * self.most * max(0.0, servers))

    def needed(self, start: float, part: float = FULL) -> int:
        """Return the fewest servers that bear the upper bound of the load from that minute on; 0: no number does."""
        if self.most <= 0:
            return 0
        peak = self.peak(start) + self._rise
        return max(1, math.ceil(min(1e6, (peak + BURST * math.sqrt(peak)) / (part * self.most)) - 1e-9))

    def effect(self, load: Interval, servers: float, mended: ServerLimits | None = None) -> tuple[Interval, Interval]:
        """Return KV share and time to the first token of so many servers under a load, uncertain as both are.

        ``mended`` is what a server bears once what strains it is put right.
        """
        if servers <= 0:
            return Interval(0.0, 1.0, 1.0), Interval(0.0, CEILING, CEILING)
        limits, strain = (self.limits, self.strain) if mended is None else (mended, 1.0)
        low, likely, high = (
            effect(limits, self.reading.workload, each * strain / servers)
            for each in (load.low, load.likely, load.high)
        )
        return _joined(low[0], likely[0], high[0], 1.0), _joined(low[1], likely[1], high[1], CEILING)

    @property
    def _rise(self) -> float:
        """By how much the load is still growing when the forecast ends: the next half hour is likely to go on so."""
        return max(0.0, self.load(COVER).likely - self.load(COVER / 2).likely)

    def kv_at(self, load: float, servers: float) -> float:
        """Return the KV share of so many servers under a load."""
        each = load * self.strain / servers if servers > 0 else 0.0
        return min(1.0, _positive(steady(self.limits, self.reading.workload, each).kv))

    @cached_property
    def kv_target(self) -> float:
        """The KV share at which servers carry as much as is planned with: by model, card and lengths, no fixed one."""
        return self.kv_at(self.bears(self.serving), self.serving)

    @cached_property
    def limit(self) -> Limit:
        """Which resource of a server ends first with these lengths."""
        return steady(self.limits, self.reading.workload, 0.0).limit

    @cached_property
    def saturated(self) -> bool:
        """Whether the servers are seen to be at their end."""
        return saturated(self.reading, self.slo)

    @cached_property
    def beyond(self) -> bool:
        """Whether servers hold clearly more in their caches than they hold at their limit."""
        return (self.reading.kv or 0.0) > CROWDED * self.kv_target > 0

    @cached_property
    def crowded(self) -> bool:
        """Whether they do, and the queue or the cache is filling.

        By Little's law more comes then than they bear, though what they finished so far does not show it yet.
        """
        return self.beyond and ((self.reading.kv or 0.0) >= HALF_FULL or (self.reading.waiting or 0.0) >= 1.0)

    @property
    def late(self) -> bool:
        """Whether the first token takes longer than users should wait."""
        return (self.reading.ttft or 0.0) > self.slo.ttft

    @property
    def serving(self) -> float:
        """Servers that carry load now: no more than report, nor than are wanted."""
        return max(0.0, min(self.reading.servers, float(self.place.replicas)))

    @property
    def lead(self) -> float:
        """Minutes until more servers would help, a person's click included."""
        place = self.place
        return _minutes((place.lead_warm if place.warm > 0 else place.lead_nodes) + PERSON)

    @cached_property
    def hot_now(self) -> bool:
        """Whether there is more load than is planned with."""
        return self.saturated or self.late or self.crowded or self.load(0).likely > self.bears(self.serving)

    @cached_property
    def hot_ahead(self) -> bool:
        """Whether the upper bound of the load is more than the wanted servers bear before more could help."""
        return self.peak(5.0, max(5.0, self.lead)) > self.bears(self.place.replicas)

    @property
    def hot(self) -> bool:
        """Whether something should be done."""
        return self.hot_now or self.hot_ahead

    @cached_property
    def course(self) -> tuple[tuple[float, Interval, float], ...]:
        """The next hour in steps of five minutes: the minute, the load, and what is borne with nothing done."""
        middles = (2.5 + 5.0 * step for step in range(int(COVER / 5)))
        wanted, serving = self.most * self.place.replicas, self.most * self.serving
        return tuple((at, self.load(at), wanted if at >= self.lead else serving) for at in middles)

    @cached_property
    def spare(self) -> float:
        """Requests per second that could be sent here without making it hot, nor full enough to spill again."""
        if self.reading.missing or self.hot:
            return 0.0
        accepted = min(1.0, self.place.utilization / 100 / max(0.01, self.kv_target))
        return max(0.0, self.bears(self.serving) * accepted - self.peak(0.0, max(5.0, self.lead)))


def planned(capacity: float) -> float:
    """Return the load that fills a capacity with its bursts: few servers have to leave more room for them than many.

    load + BURST x root(load) = capacity
    """
    return ((math.sqrt(BURST**2 + 4 * capacity) - BURST) / 2) ** 2


def look(place: Place, slo: Slo) -> Outlook:
    """Return what a region looks forward to."""
    place = _possible(place)
    reading = read(place.window, place.replicas)
    limits = _sound(place.limits.measured(reading.window.kv_tokens))
    most = _positive(most_rate(limits, reading.workload, slo.ttft, slo.gap))
    strain = _strain(reading, most, slo)
    return Outlook(place, limits, reading, slo, most / strain, strain)


def _possible(place: Place) -> Place:
    """Return the place with counts and times that can be."""
    return replace(
        place,
        replicas=max(0, place.replicas),
        warm=max(0, place.warm),
        replicas_per_node=max(1, place.replicas_per_node),
        lead_warm=max(timedelta(0), place.lead_warm),
        lead_nodes=max(timedelta(0), place.lead_nodes),
    )


def _sound(limits: ServerLimits) -> ServerLimits:
    """Return the limits, or such as bear nothing where one of them is no figure at all."""
    figures = (
        *(limits.kv_tokens, limits.seconds_per_prompt_token, limits.step_base),
        *(limits.step_per_running, limits.step_per_cached_token),
    )
    return limits if all(0 <= figure < _NO_FIGURE for figure in figures) else _NOTHING


def saturated(reading: Reading, slo: Slo) -> bool:
    """Say whether servers are at their end: full, or with a queue that users feel."""
    waiting, late = reading.waiting or 0.0, (reading.ttft or 0.0) > slo.ttft
    return (reading.kv or 0.0) >= KV_FULL or waiting >= QUEUE or (late and waiting >= 1.0)


def _strain(reading: Reading, most: float, slo: Slo) -> float:
    seen = reading.served / reading.servers
    if seen <= 0 or not saturated(reading, slo):
        return 1.0
    return min(FARTHEST_OFF, max(1.0, most / seen))


def _joined(low: Interval, likely: Interval, high: Interval, most: float) -> Interval:
    """Return a figure with both doubts, of the load and of the model: independent ones add by their squares.

    Factors, not differences, and never beyond what both at their worst would make it.
    """
    middle = _bounded(likely.likely, most)
    below = math.hypot(_factor(middle, low.likely), _factor(middle, likely.low))
    above = math.hypot(_factor(high.likely, middle), _factor(likely.high, middle))
    return Interval(
        min(middle, max(_bounded(low.low, most), middle * math.exp(-below))),
        middle,
        max(middle, min(_bounded(high.high, most), middle * math.exp(above))),
    )


def _factor(value: float, other: float) -> float:
    """Return the logarithm of how many times as great the value is; of what makes no sense, a great one."""
    sound = 0.0 < other <= value < math.inf
    return math.log(value / other) if sound else 0.0 if value == other else _FAR


def _bounded(value: float, most: float) -> float:
    return min(most, max(0.0, value)) if math.isfinite(value) else most


def _positive(value: float) -> float:
    return value if math.isfinite(value) and value > 0 else 0.0


def _minutes(time: timedelta) -> float:
    return max(0.0, time.total_seconds() / 60)
