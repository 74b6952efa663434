"""What is left when all is quiet: gathered from the world and the stored documents as plain values, for the judge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from infra.local.chaos import Chaos, RoughHost
from infra.local.cloud.cloud import Cloud

OURS = "inferops"
CHECKS = frozenset({"Api", "Grant", "Bucket", "GatewayClass", "GCPInferencePoolImport"})
"""Kinds that are only looked at: others make them."""
COLLECTIONS = ("intents", "proposals", "votes", "decisions", "platform", "deployments", "statuses", "cards", "outbox")
LONG = timedelta(minutes=3)
"""Whatever the minute's tick set in motion has been worked off by then."""
_KINDS = {"Job": "SmokeTest", "Network": "DeviceNetwork"}
"""Kubernetes kinds that are called otherwise in inventories."""
_COMPUTE = {"networks": "Network", "subnetworks": "Subnetwork", "firewalls": "Firewall"}


@dataclass(frozen=True)
class Post:
    """One message of ours that was ever posted: what its metadata calls it, and whether it has been removed."""

    key: str
    text: str
    gone: bool = False


@dataclass(frozen=True)
class Evidence:
    """Everything that is judged."""

    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Collection -> id -> body."""
    posts: tuple[Post, ...] = ()
    tellings: tuple[tuple[str, str], ...] = ()
    """(person, text) of all that people were told privately."""
    published: frozenset[str] = frozenset()
    """Ids of the intents that the bot published."""
    approvers: frozenset[str] = frozenset()
    speaker_killed: int = 0
    """Kills of notify."""
    answers_lost: int = 0
    exists: frozenset[str] = frozenset()
    """What stands in the clouds and is ours, one line each."""
    orphans: frozenset[str] = frozenset()
    """Load balancers' parts whose Gateway is gone."""
    built: Mapping[str, int] = field(default_factory=dict)
    """Cluster or node pool -> how often its building was started."""
    undelivered: Mapping[str, int] = field(default_factory=dict)
    """Subscription -> messages that nobody acknowledged; dead letters among them."""
    given_up: int = 0
    """Timers that were given up."""


def gather(host: RoughHost, chaos: Chaos) -> Evidence:
    """Look at everything at one quiet moment."""
    cloud, slack = host.cloud, host.cloud.slack
    snapshot = cloud.snapshot()
    works = cloud.server.run(lambda: list(cloud.gke.ledger.works.values()))
    approvers = slack.workspace.group("approvers")
    exists = frozenset(_exists(snapshot))
    return Evidence(
        documents={collection: host.documents(collection) for collection in COLLECTIONS},
        posts=cloud.server.run(lambda: tuple(_posts(cloud))),
        tellings=cloud.server.run(lambda: tuple((one.user, one.text) for one in slack.store.ephemerals)),
        published=_published(cloud),
        approvers=frozenset(approvers.members if approvers else ()),
        speaker_killed=sum(kill.target == "notify" for kill in chaos.kills),
        answers_lost=cloud.world.faults.seen["answer_lost"],
        exists=exists,
        orphans=frozenset(_gateways_of_children(snapshot)) - exists,
        built=Counter(work.target for work in works if work.kind.startswith("CREATE_")),
        undelivered=undelivered(cloud),
        given_up=cloud.tasks.counts["given_up"],
    )


def undelivered(cloud: Cloud) -> dict[str, int]:
    """Return subscription -> messages that have waited there for long; dead letters wait for ever."""

    def look() -> dict[str, int]:
        names: Any = cloud.pubsub.snapshot()["subscriptions"]
        waiting = {name.rpartition("/")[2]: cloud.pubsub.backlog(name) for name in names}
        late = cloud.world.now - LONG
        return {name: sum(one.published < late for one in held) for name, held in waiting.items()}

    return {name: count for name, count in cloud.server.run(look).items() if count}


def remembered(documents: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the inventories name, in the words of ``Evidence.exists``."""
    for status in documents.values():
        for key in status["inventory"]:
            location, kind, name, within = key.split("|")
            if kind not in CHECKS:
                yield f"{kind} {name} in {within or location}"


def _published(cloud: Cloud) -> frozenset[str]:
    """Return the ids of the intents on the bus. Raises RuntimeError where Pub/Sub no longer remembers all of them."""
    sent = cloud.server.run(lambda: list(cloud.pubsub.published))
    found = [json.loads(message.data)["intent"]["id"] for message in sent if message.topic.endswith("/intents")]
    if len(found) != cloud.pubsub.counts["publish/intents"]:
        raise RuntimeError("the story was too long for Pub/Sub's memory: what was published cannot be judged")
    return frozenset(found)


def _posts(cloud: Cloud) -> Iterator[Post]:
    for messages in cloud.slack.store.messages.values():
        for message in messages.values():
            payload = (message.versions[0].content.metadata or {}).get("event_payload", {})
            if payload.get("key"):
                yield Post(payload["key"], message.text, message.deleted)


def _exists(snapshot: Mapping[str, Any]) -> Iterator[str]:
    yield from _machines(snapshot["gke"])
    for path, body in snapshot["compute"]["resources"].items():
        *_, place, collection, name = path.split("/")
        if collection in _COMPUTE and str(body.get("description", "")).startswith(f"{OURS}:"):
            yield f"{_COMPUTE[collection]} {name} in {place}"
    for path, body in snapshot["fleet"].items():
        *_, place, collection, name = path.split("/")
        if body.get("labels", {}).get("managed-by") == OURS:
            yield f"{collection.capitalize().removesuffix('s')} {name} in {place}"
    yield from _alerting(snapshot["alerting"])
    for cluster, objects in snapshot["kubernetes"].items():
        yield from _objects(cluster, objects)


def _alerting(snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Yield policies and channels by what they are for; a second of the same is one that nobody remembers."""
    seen: Counter[str] = Counter()
    for body in [*snapshot["policies"].values(), *snapshot["channels"].values()]:
        labels = body.get("userLabels", {})
        if labels.get("managed-by") == OURS:
            where = f"AlertPolicy {labels.get('inferops-deployment')} in {labels.get('inferops-region')}"
            topic = body.get("labels", {}).get("topic", "").rpartition("/")[2]
            line = f"NotificationChannel {topic} in global" if topic else where
            seen[line] += 1
            yield line if seen[line] == 1 else f"{line}, number {seen[line]}"


def _machines(clusters: Mapping[str, Any]) -> Iterator[str]:
    for path, cluster in clusters.items():
        *_, place, _, name = path.split("/")
        if cluster["spec"].get("resourceLabels", {}).get("managed-by") == OURS:
            yield f"Cluster {name} in {place}"
            yield from (f"NodePool {pool} in {place}/{name}" for pool in cluster["pools"] if pool != "system")


def _objects(cluster: str, objects: Mapping[str, Any]) -> Iterator[str]:
    """Yield the objects that bear our mark and that no controller has made."""
    *_, place, _, name = cluster.split("/")
    for path, body in objects.items():
        metadata = body["metadata"]
        if metadata.get("labels", {}).get("app.kubernetes.io/managed-by") == OURS and "ownerReferences" not in metadata:
            kind, _, rest = path.partition("/")
            kind = kind.partition(".")[0]
            yield f"{_KINDS.get(kind, kind)} {rest.removeprefix('/')} in {place}/{name}"


def _gateways_of_children(snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Yield the Gateways that some load balancer's part belongs to."""
    for path in snapshot["compute"]["children"]:
        cluster, namespace, name, *_ = path.partition("/gateways/")[2].split("/")
        *_, place, _, held = cluster.split("~")
        yield f"Gateway {namespace}/{name} in {place}/{held}"
