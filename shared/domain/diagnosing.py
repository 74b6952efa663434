"""What is the matter in a region: the first of these that fits, because the later ones mean nothing where it does.

Blind before all, since nothing else can be seen then; faults (hung, a bad release) before limits, since adding servers
does not mend them; wrong settings before real limits, since mending them is cheaper.
"""

from __future__ import annotations

from shared.domain.capacity import Limit
from shared.domain.outlook import Outlook
from shared.domain.releases import slower
from shared.domain.sizing import holds, spare_servers, tuned_down, tuned_up
from shared.domain.suggestions import Diagnosis, Situation

HANGING = 3.0
"""Minutes without a single token, with requests waiting, that make a server hung."""
LOW_KV = 0.6
"""KV share below which the cache is not what requests wait for."""
HIGH_KV = 0.8
"""KV share above which it is."""
FULL_BATCH = 0.97
"""Share of the batch limit at which a batch is full."""
NEAR_LIMIT = 0.8
"""Share of the batch limit from which on the limit admits more than it should, where requests are thrown out."""
NEAR_FULL = 0.95
PREEMPTED = 0.02
"""Requests thrown out per second and server from which on it is no accident: one in 50 s."""


def diagnosis_of(situation: Situation, here: Outlook) -> Diagnosis:
    """Return what is the matter."""
    if here.place.replicas > 0 and (here.reading.missing or here.reading.window.blind):
        return Diagnosis.BLIND
    if _hung(here):
        return Diagnosis.HUNG
    if slower(situation.release, situation.now, here.reading) is not None:
        return Diagnosis.BAD_RELEASE
    if _preempting(here):
        return Diagnosis.PREEMPTING
    if _batch_is_full(here):
        return Diagnosis.BATCH_LIMIT
    if here.hot:
        return _bound(here)
    return Diagnosis.IDLE if spare_servers(here) > 0 and not here.beyond else Diagnosis.HEALTHY


def _hung(here: Outlook) -> bool:
    """Say whether requests wait at servers that generate nothing: they still answer the scrape."""
    window = here.reading.window
    lately = window.tail(HANGING)
    generated, waiting = lately(window.output_tokens), lately(window.waiting)
    held = max((*lately(window.kv), *lately(window.running)), default=0.0)
    silent = len(generated) > 1 and max(generated) <= 0
    return silent and held > 0 and min(waiting, default=0.0) > 0


def _preempting(here: Outlook) -> bool:
    reading = here.reading
    fullest = max(reading.kv or 0.0, reading.kv_max or 0.0)
    crowded = (reading.running or 0.0) >= NEAR_LIMIT * here.limits.most_running
    thrown_out = reading.preemptions / reading.servers >= PREEMPTED
    return thrown_out and fullest >= NEAR_FULL and crowded and tuned_down(here) is not None


def _batch_is_full(here: Outlook) -> bool:
    reading = here.reading
    queued, room = (reading.waiting or 0.0) >= 1.0, (reading.kv or 0.0) < LOW_KV
    full = (reading.running or 0.0) >= FULL_BATCH * here.limits.most_running
    return queued and full and room and holds(here) > here.limits.most_running and tuned_up(here) is not None


def _bound(here: Outlook) -> Diagnosis:
    kv = here.reading.kv or 0.0
    if here.hot_now and kv < LOW_KV and ((here.reading.waiting or 0.0) >= 1.0 or here.late):
        return Diagnosis.PREFILL_BOUND
    if kv >= HIGH_KV or here.crowded or here.limit is not Limit.PREFILL:
        return Diagnosis.KV_BOUND
    return Diagnosis.PREFILL_BOUND
