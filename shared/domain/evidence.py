"""The evidence of a diagnosis: sentences with figures, that of the diagnosis first."""

from __future__ import annotations

from shared.domain.outlook import COVER, Outlook
from shared.domain.phrases import bearing, rate, seconds, share
from shared.domain.releases import slower
from shared.domain.sizing import holds
from shared.domain.suggestions import Diagnosis, Situation

_NAMES = {"kv": "KV usage", "waiting": "number of waiting requests"}


def evidence(situation: Situation, here: Outlook, diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return what speaks for the diagnosis."""
    if diagnosis is Diagnosis.BLIND:
        return _blind(here)
    # What hung servers bear says nothing.
    load = () if diagnosis is Diagnosis.HUNG else (_load(here), _ahead(here))
    said = (_reason(situation, here, diagnosis), _cache(here), _users(here), *load, _servers(here))
    return tuple(sentence for sentence in said if sentence)


def _blind(here: Outlook) -> tuple[str, ...]:
    place, missing = here.place, here.reading.missing
    what = (
        "no series at all" if here.reading.window.blind else f"no {' and no '.join(map(_NAMES.__getitem__, missing))}"
    )
    minutes = 4 * here.reading.window.step.total_seconds() / 60
    return (
        f"{what} of {place.region} in the last {minutes:.0f} min, where {place.replicas} servers are wanted",
        "this is not known to be healthy: the servers, their scrape or the metrics' names may be at fault",
    )


def _reason(situation: Situation, here: Outlook, diagnosis: Diagnosis) -> str:
    reading, most = here.reading, here.limits.most_running
    match diagnosis:
        case Diagnosis.HUNG:
            return (
                f"not one token was generated in the last minutes while {_each(reading.waiting)} requests a server wait"
            )
        case Diagnosis.BAD_RELEASE:
            return _slower(situation, here)
        case Diagnosis.PREEMPTING:
            return (
                f"{reading.preemptions:.2f} requests/s are thrown out of the batch: {_each(reading.running)} run a "
                f"server of at most {most}, and its cache holds {holds(here)} at full length"
            )
        case Diagnosis.BATCH_LIMIT:
            return f"{_each(reading.running)} run a server and {most} may; the cache would hold {holds(here)}"
        case Diagnosis.PREFILL_BOUND | Diagnosis.KV_BOUND:
            return f"with these lengths a server reaches its limit at KV {share(here.kv_target)}"
        case _:
            return ""


def _slower(situation: Situation, here: Outlook) -> str:
    found, release = slower(situation.release, situation.now, here.reading), situation.release
    if found is None or release is None:
        return ""
    gaps = (
        f"{found.before.gap or 0:.3f} s a token before and {found.after.gap or 0:.3f} s since"
        if found.before.gap and found.after.gap
        else f"{found.before.tokens:.0f} tokens/s a server before and {found.after.tokens:.0f} since"
    )
    loads = f"{found.before.load:.2f} and {found.after.load:.2f} requests/s a server"
    return f"released at {release.at:%H:%M} UTC: {gaps}, at {loads}"


def _cache(here: Outlook) -> str:
    reading = here.reading
    if reading.kv is None:
        return ""
    fullest = "" if reading.kv_max is None else f", {share(reading.kv_max)} in the fullest server"
    batch = f"{_each(reading.waiting)} waiting and {_each(reading.running)} running a server"
    return f"KV cache {share(reading.kv)} in use{fullest}; {batch}"


def _users(here: Outlook) -> str:
    reading, slo = here.reading, here.slo
    if reading.ttft is None:
        return ""
    gap = "" if reading.gap is None else f", {reading.gap:.3f} s between tokens (limit {slo.gap:.2f} s)"
    return f"time to the first token {seconds(reading.ttft)} at the 95th percentile (limit {slo.ttft:.1f} s){gap}"


def _load(here: Outlook) -> str:
    if here.most <= 0:
        return "by the model of capacity not one such request can be within the limits"
    borne, planned = here.most * here.serving, here.bears(here.serving)
    held = f", {rate(here.reading.held_up)} of them held up" if here.saturated and here.reading.held_up > 0 else ""
    off = f", {here.strain:.1f} times less than the model of capacity says" if here.strain > 1 else ""
    return (
        f"load {rate(here.load(0).likely)}{held}; {bearing(round(here.serving))} {rate(borne)} "
        f"({here.most:.2f} each{off}) at the very most, and {rate(planned)} are planned with"
    )


def _ahead(here: Outlook) -> str:
    near, far = max(5.0, here.lead), COVER
    soon, later = rate(here.load(near).high), rate(here.load(far).high)
    return f"forecast: up to {soon} in {near:.0f} min, up to {later} in {far:.0f} min"


def _servers(here: Outlook) -> str:
    wanted, seen = here.place.replicas, here.reading.servers
    return f"only {seen:.0f} of {wanted} servers report" if seen < wanted else ""


def _each(value: float | None) -> str:
    return "an unknown number" if value is None else f"{value:.1f}"
