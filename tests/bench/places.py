"""Running hosts to measure on, and counting what is asked of the embedded cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.pubsub_v1 import SubscriberClient

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.slack_store import Message
from infra.local.host import Host
from shared.adapters.google import grpc_client
from shared.domain.topics import SUBSCRIBERS

ASKER, APPROVER = "ana", "ben"
CARD_TIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Deployed:
    """A change that was carried through: its proposal, when it was approved, and all that its card ever said."""

    proposal: str
    approved: datetime
    card: Message

    @property
    def done(self) -> datetime:
        """When the card first said so."""
        return next(version.at for version in self.card.versions if version.content.text.startswith("Done"))


def propose(host: Host, text: str) -> str:
    """Ask for a change; return the proposal once its card stands."""
    proposal = host.people.proposal_in(host.people.say(ASKER, f"/infer {text}"))
    if not host.wait(lambda: bool(host.people.card(proposal)), CARD_TIME):
        raise RuntimeError(f"no card of {text}")
    return proposal


def carry_through(host: Host, text: str) -> Deployed:
    """Ask, approve, and wait for the end. RuntimeError where it does not come."""
    proposal = propose(host, text)
    approved = host.cloud.world.now
    host.people.click(APPROVER, "approve", proposal)
    if not host.wait(lambda: host.people.card(proposal).startswith("Done")):
        raise RuntimeError(f"{text} did not end well: {host.people.card(proposal)}")
    return Deployed(proposal, approved, _card(host.cloud, proposal))


def at_rest(host: Host) -> None:
    """Wait until no unit has anything left to look after."""

    def rests() -> bool:
        return not any(status["next_check_at"] for status in host.documents("statuses").values())

    if not host.wait(rests):
        raise RuntimeError("some unit never came to rest")


def _card(cloud: Cloud, proposal: str) -> Message:
    found = cloud.server.run(lambda: cloud.slack.messages("infer-ops"))
    return next(m for m in found if not m.in_thread and f"Proposal `{proposal}`" in m.text)


def silence(host: Host) -> None:
    """Take every function off its topic: what is published from now on is kept by Pub/Sub and costs nobody time."""
    subscriber = grpc_client(SubscriberClient, host.settings.pubsub_endpoint)
    for topic, targets in SUBSCRIBERS.items():
        for target in targets:
            name = f"projects/{host.settings.project}/subscriptions/{topic}-{target}"
            subscriber.delete_subscription(subscription=name)


@contextmanager
def counting(cloud: Cloud) -> Iterator[Counter[str]]:
    """Count what is asked meanwhile: ``service/RPC`` for Google's APIs, ``host`` for plain HTTP, and Firestore's own
    ``documents/read`` and ``documents/write``. What was asked never more than before is not in it.
    """
    before, asked = cloud.server.run(lambda: _asked(cloud)), Counter[str]()
    yield asked
    asked.update(cloud.server.run(lambda: _asked(cloud)) - before)


def _asked(cloud: Cloud) -> Counter[str]:
    wires = cloud.server.wires
    named = {f"{wire.name}/{rpc}": count for wire in wires for rpc, count in wire.calls.items()}
    plain = cloud.server.requests.keys() - {wire.name for wire in wires}
    hosts = {name: cloud.server.requests[name] for name in plain}
    documents = {f"documents/{kind}": cloud.firestore.counts[kind] for kind in ("read", "write", "delete")}
    return Counter({**named, **hosts, **documents})
