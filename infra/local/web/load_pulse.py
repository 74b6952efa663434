"""What model servers do just now, region by region: rates over the last minute, and what stands in them.

It is read off the servers themselves and not off Monitoring, so it is true even where metrics vanish.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.engine.histograms import FIRST_TOKEN
from infra.local.cloud.kube.controllers.engines import Replica
from infra.local.web.clusters import OURS
from infra.local.web.load_places import replicas

_EVERY, _WINDOW = 5.0, 60.0
"""Seconds of the cloud's time between two looks, and over which rates are taken."""
_QUANTILE = 0.95
_Key = tuple[str, str]
"""Cluster and pod."""


@dataclass(frozen=True)
class _Count:
    """What one server had done at one time."""

    served: int
    first: tuple[int, ...]
    """Requests by the bounds of their time to the first token."""

    def since(self, before: _Count | None) -> _Count:
        """Return what was done since; a server that was started again began with nothing."""
        if before is None or before.served > self.served or sum(before.first) > sum(self.first):
            return self
        first = tuple(new - old for new, old in zip(self.first, before.first, strict=True))
        return _Count(self.served - before.served, first)


class Pulse:
    """Remembers a minute of the servers' counters. ``look`` is called inside the cloud's loop."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._looks = deque[tuple[float, Mapping[_Key, _Count]]]()

    def look(self) -> dict[_Key, dict[str, Any]]:
        """Return what the page shows of the servers of each deployment and region."""
        now = self._cloud.controllers.engines.now
        if not self._looks or now - self._looks[-1][0] >= _EVERY:
            self._looks.append((now, {(one.cluster, one.pod): _count(one) for one in self._cloud.controllers.engines}))
            # The first one stays as long as the second is not a whole window old.
            while len(self._looks) > 1 and self._looks[1][0] <= now - _WINDOW:
                self._looks.popleft()
        found = replicas(self._cloud).items()
        return {(space.removeprefix(OURS), region): self._shown(here) for (space, region), here in found}

    def _shown(self, here: Sequence[Replica]) -> dict[str, Any]:
        (begun, before), (ended, after) = self._looks[0], self._looks[-1]
        keys = [(one.cluster, one.pod) for one in here]
        done = [after[key].since(before.get(key)) for key in keys if key in after and ended > begun]
        first = [sum(counts) for counts in zip(*(one.first for one in done), strict=True)]
        servers = [one.server for one in here]
        return {
            "served": short(sum(one.served for one in done) / (ended - begun)) if done else 0.0,
            "first_token": quantile(_QUANTILE, FIRST_TOKEN, first),
            "kv": round(sum(one.kv_usage for one in servers) / len(servers), 2),
            "running": sum(one.running for one in servers),
            "waiting": sum(one.waiting for one in servers),
            "hung": sum(one.hung for one in servers),
        }


def _count(replica: Replica) -> _Count:
    server = replica.server
    return _Count(server.successes["stop"], tuple(server.first_token.counts))


def quantile(share: float, bounds: Sequence[float], counts: Sequence[int]) -> float | None:
    """Return below which value this share of all lies, straight within a bucket; None without any.

    What lies above the last bound counts as it.
    """
    rank, seen = share * sum(counts), 0
    if not rank:
        return None
    for (low, high), count in zip(pairwise((0.0, *bounds)), counts, strict=False):
        if count and seen + count >= rank:
            return short(low + (high - low) * (rank - seen) / count)
        seen += count
    return bounds[-1]


def short(value: float) -> float:
    """Return a figure with as many digits as tell enough."""
    return float(f"{value:.3g}")
