"""Which region a request goes to: the global load balancer's side of a multi-cluster Gateway. Pure.

The model. The proxies of each client region keep shares: which part of their requests goes to which region. All goes
to the own region at first. Every 10 seconds they look at each region's utilisation, the mean of the exported gauge over
its endpoints, half of it old and half new. A region is full at target x capacity scaler.

- The own region above that: its share is cut in proportion, so that it would just be full.
- Below 90 % of that: its share comes back slowly, by at most a tenth a look, since KV usage tells too late how near the
  edge a server is.
- What the own region does not get goes to the others in proportion to their room, endpoints x (full - used).
- When nobody has room, all is spread in proportion to capacity, endpoints x full.

A look moves at most a third of all requests, so that a change takes up to 30 seconds, as Google says of it. A region
without healthy endpoints, or with a capacity scaler of nothing, gets nothing, at once. Without a signal a region counts
as idle: nothing ever spills from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOOK = 10.0
"""Seconds between two looks."""
STEP = 1 / 3
"""The largest part of all requests that one look moves."""
_BACK, _BACK_BELOW = 0.1, 0.9
_NEW = 0.5


@dataclass(frozen=True)
class Region:
    """One region as the balancer sees it."""

    endpoints: int
    """Healthy ones."""
    utilization: float | None
    """Mean of the gauge over the endpoints; None without a signal."""
    target: float = 0.8
    scaler: float = 1.0

    @property
    def capacity(self) -> float:
        """What it may carry, in endpoints that are fully utilised."""
        return self.endpoints * self.target * self.scaler


class Balancer:
    """The proxies of one client region, for one backend."""

    def __init__(self, own: str) -> None:
        self.own = own
        self.shares: dict[str, float] = {}
        """Region -> part of the requests; empty when nobody is there."""
        self._seen: dict[str, float] = {}
        self._credit: dict[str, float] = {}
        self._due = float("-inf")

    def look(self, regions: Mapping[str, Region], now: float) -> None:
        """Look at the regions if it is time to, or if one has come or gone."""
        there = {name: one for name, one in regions.items() if one.capacity > 0}
        if now < self._due and there.keys() == self._seen.keys():
            return
        self._due = now + LOOK
        self._seen = {name: self._smooth(name, one.utilization or 0.0) for name, one in there.items()}
        if self.own in there and self.own not in self.shares:
            self.shares = {self.own: 1.0}  # at first, and when it is back
        self.shares = _moved(self.shares, self._wanted(there)) if there else {}

    def choose(self) -> str | None:
        """Return the region of the next request, each in its turn by its share; None when nobody is there."""
        for name, share in self.shares.items():
            self._credit[name] = self._credit.get(name, 0.0) + share
        chosen = max(self.shares, key=lambda name: self._credit[name], default=None)
        if chosen is not None:
            self._credit[chosen] -= 1
        return chosen

    def _smooth(self, name: str, utilization: float) -> float:
        return _NEW * utilization + (1 - _NEW) * self._seen.get(name, utilization)

    def _wanted(self, there: Mapping[str, Region]) -> dict[str, float]:
        capacity = {name: one.capacity for name, one in there.items()}
        used = {name: one.endpoints * self._seen[name] for name, one in there.items()}
        room = {name: max(0.0, capacity[name] - used[name]) for name in there if name != self.own}
        full = used[self.own] / capacity[self.own] if self.own in there else 0.0
        if not any(room.values()) and (full > 1 or self.own not in there):
            return _shared(1.0, capacity)
        keep = self._kept(full) if self.own in there else 0.0
        others = room if any(room.values()) else {name: capacity[name] for name in room}
        own = {self.own: keep if others else 1.0} if self.own in there else {}
        return {**_shared(1 - keep, others), **own}

    def _kept(self, full: float) -> float:
        """Return the part of the requests that the own region is to have."""
        share = self.shares.get(self.own, 0.0)
        if full > 1:
            return share / full
        return min(1.0, share + _BACK * (1 - full)) if full < _BACK_BELOW else share


def _shared(whole: float, weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: whole * weight / total for name, weight in weights.items() if total}


def _moved(shares: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    """Return the shares, a bounded step nearer to the wanted ones; what those had who are gone moves at once."""
    left = {name: share for name, share in shares.items() if name in wanted}
    whole = sum(left.values())
    if not whole:
        return dict(wanted)
    now = {name: left.get(name, 0.0) / whole for name in wanted}
    more = sum(max(0.0, wanted[name] - now[name]) for name in wanted)
    part = min(1.0, STEP / more) if more else 1.0
    return {name: now[name] + part * (wanted[name] - now[name]) for name in wanted}
