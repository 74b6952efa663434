"""When Cloud Monitoring speaks up about a deployment's region, and the channel it speaks through.

Thresholds and durations follow what saturation does to a model server: KV cache above the point where traffic spills
means that the spill no longer keeps up; KV alone is blind to long prompts, so queue and first token stand beside it;
and a series that vanished is an alert of its own, because its silence looks like health.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shared.domain.compile_frame import Frame
from shared.domain.compile_place import cloud_labels
from shared.domain.graph import Resource
from shared.domain.names import GLOBAL, MANAGER, Kind, ResourceKey
from shared.domain.queries import Asking
from shared.domain.site import Site
from shared.domain.topics import Topic

KV_HOT, KV_FULL, WAITING = "KV cache hot", "KV cache full", "Requests waiting"
FIRST_TOKEN, MISSING, IDLE = "First token slow", "Metrics missing", "Idle"
REGION_LABEL = "inferops-region"
CHANNEL_KEY = ResourceKey(GLOBAL, Kind.NOTIFICATION_CHANNEL, str(Topic.ALERTS))
HOT_MARGIN = 1 / 8
"""Of what is left above the region's spill target: 65 % for the usual 60 %. The balancer holds a region about its
target as long as others have room, so the target itself would fire while all is well. On a small card 65 % is about
four fifths of what the servers bear, on a large one more than nine tenths: later is too late for new nodes."""
FULL, QUEUE, SECONDS_TO_FIRST, IDLE_BELOW = 0.90, 3, 2, 0.20
AUTO_CLOSE = "3600s"
"""An incident whose data stopped is closed after this; the smallest that Monitoring takes is half of it."""
_BY = "by (location, cluster, namespace)"
_BY_POD = "by (location, cluster, namespace, pod)"


def labels_of(key: ResourceKey, site: Site) -> dict[str, str]:
    """Return the user labels that mark what belongs to a key: our only way to find what the server named."""
    if key.kind is Kind.NOTIFICATION_CHANNEL:
        return cloud_labels(site)
    return {**cloud_labels(site, key.name), REGION_LABEL: key.location}


def title_of(key: ResourceKey) -> str:
    """Return what Monitoring's own pages call it."""
    return (
        f"{MANAGER} {key.name}" if key.kind is Kind.NOTIFICATION_CHANNEL else f"{MANAGER}: {key.name} in {key.location}"
    )


def notification_channel(site: Site, needs: Iterable[ResourceKey]) -> Resource:
    """Return the channel that all policies speak through: our own topic, which functions/alerts hears."""
    spec = {
        "type_": "pubsub",
        "display_name": title_of(CHANNEL_KEY),
        "labels": {"topic": f"projects/{site.project}/topics/{Topic.ALERTS}"},
        "user_labels": labels_of(CHANNEL_KEY, site),
        "enabled": True,
        "copies": 1,
    }
    return Resource(CHANNEL_KEY, spec, frozenset(needs))


def alert_policy(frame: Frame, needs: Iterable[ResourceKey]) -> Resource:
    """Return the policy of one region. It needs what it watches, or it would miss their metrics before they serve.

    ``notification_channels`` names our channel by its key's name; only the server knows its full one.
    """
    key = ResourceKey(frame.region, Kind.ALERT_POLICY, frame.name)
    spec = {
        "display_name": title_of(key),
        "documentation": {"content": _words(frame), "mime_type": "text/markdown"},
        "user_labels": labels_of(key, frame.site),
        "conditions": sorted(_conditions(frame), key=lambda condition: str(condition["display_name"])),
        "combiner": "OR",
        "enabled": True,
        "notification_channels": [CHANNEL_KEY.name],
        "alert_strategy": {"auto_close": AUTO_CLOSE, "notification_prompts": ["OPENED", "CLOSED"]},
        "severity": "WARNING",
        "copies": 1,
    }
    return Resource(key, spec, frozenset({CHANNEL_KEY, *needs}))


def hot_above(percent: int) -> float:
    """Return the mean KV share above which a region that spills at ``percent`` is hot."""
    target = percent / 100
    return round(target + (1 - target) * HOT_MARGIN, 3)


def _words(frame: Frame) -> str:
    return (
        f"inferops watches {frame.name} in {frame.region} and posts an incident with suggestions in Slack. "
        f"Ask `/infer why {frame.name} {frame.region}` for what it knows."
    )


def _conditions(frame: Frame) -> Iterator[dict[str, Any]]:
    ask = Asking(frame.engine, frame.name, frame.region)
    kv, queue, running = ask.gauge("kv"), ask.gauge("queue"), ask.gauge("running")
    hot = hot_above(frame.spec.spills_at(frame.region))
    first = ask.quantile("ttft", 0.95, keep="location, cluster, namespace")
    yield _condition(KV_HOT, f"avg {_BY} ({kv}) > {hot:g}", 120)
    yield _condition(KV_FULL, f"max {_BY_POD} ({kv}) > {FULL:g}", 60)
    yield _condition(WAITING, f"avg {_BY} ({queue}) > {QUEUE}", 60)
    yield _condition(FIRST_TOKEN, f"{first} > {SECONDS_TO_FIRST}", 120)
    yield _condition(MISSING, f"absent({running})", 300)
    if frame.spec.regions[frame.region].replicas > 1:  # the last one cannot be taken away
        yield _condition(IDLE, _idle(ask), 1800)


def _idle(ask: Asking) -> str:
    """Return what holds where an hour's peak stayed low and nobody waits: an hour that was measured from its start."""
    peak = f"avg {_BY} ({ask.highest('kv', '1h')}) < {IDLE_BELOW:g}"
    nobody = f"sum {_BY} ({ask.gauge('queue')}) == 0"
    return f"{peak} and {nobody} and count {_BY} ({ask.earlier('running', '1h')})"


def _condition(name: str, query: str, seconds: int) -> dict[str, Any]:
    """Return a condition that fires once its query has returned a series for so long.

    The metrics of a fresh project are unknown to Monitoring until a server was scraped: they must not be validated.
    """
    asked = {
        "query": query,
        "duration": f"{seconds}s",
        "evaluation_interval": "30s",
        "disable_metric_validation": True,
    }
    return {"display_name": name, "condition_prometheus_query_language": asked}
