"""Monitoring with its alert policies and Pub/Sub in one running cloud, and servers that are scraped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any

import grpc
import httpx
from google.cloud import monitoring_v3
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient

from infra.local.cloud.alerting import Alerting
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_store import Scraped
from infra.local.cloud.monitoring_wire import monitoring_wire
from infra.local.cloud.promql_api import Prometheus
from infra.local.cloud.pubsub import PubSub
from infra.local.cloud.pubsub_wire import pubsub_wire
from infra.local.cloud.server import Server
from infra.local.cloud.world import World
from tests.waiting import eventually

PROJECT = "projects/demo"
TOPIC, SUBSCRIPTION = f"{PROJECT}/topics/alerts", f"{PROJECT}/subscriptions/alerts"
EAST = {"project_id": "demo", "location": "us-east4", "cluster": "east", "namespace": "llama", "job": "vllm"}
KV = "vllm:kv_cache_usage_perc"
HOT = f"avg by (location, cluster, namespace, model_name) ({KV}) > 0.6"


class Scraping:
    """Writes what it is told of one server every 15 seconds of the world's time; may stop."""

    def __init__(self, place: Place, **labels: str) -> None:
        self._place = place
        self._labels = {"pod": "a", "model_name": "llama", **labels}
        self.values: dict[str, float] = {}
        self.on = False

    def start(self, **values: float) -> None:
        """Show these values from now on; a name's double underscore is a colon."""
        self.values |= {name.replace("__", ":"): value for name, value in values.items()}
        if not self.on:
            self.on = True
            self._place.run(self._scrape)

    def _scrape(self) -> None:
        if self.on:
            samples = [Scraped(name, "gauge", self._labels, value) for name, value in self.values.items()]
            target = {**EAST, "instance": self._labels["pod"]}
            self._place.monitoring.scrape(target, samples)
            self._place.world.after(timedelta(seconds=15), self._scrape)


class Place:
    """Time stands still but for ``pass_time``."""

    def __init__(self) -> None:
        self.world = World()
        self.world.pause()
        self.monitoring, self.pubsub = Monitoring(self.world), PubSub(self.world)
        self.alerting = Alerting(self.world, self.monitoring, self.pubsub.publish)
        wires = [monitoring_wire(self.world, self.monitoring, self.alerting), pubsub_wire(self.world, self.pubsub)]
        hosts = {"prometheus": Prometheus(self.world, self.monitoring).answer}
        self.server = Server(self.world, wires, hosts).start()
        self._servers: dict[str, Scraping] = {}

    def stop(self) -> None:
        self.server.call(self.pubsub.close)
        self.server.stop()

    def run(self, what: Callable[[], Any]) -> Any:
        return self.server.run(what)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, with all that is due in it."""
        self.run(lambda: self.world.step(timedelta(seconds=seconds)))
        eventually(lambda: self.world.paused)

    def scraped(self, pod: str = "a", **labels: str) -> Scraping:
        """Return a server that is scraped once it is started."""
        return self._servers.setdefault(pod, Scraping(self, pod=pod, **labels))

    # Clients -------------------------------------------------------------------------------------------------

    @cached_property
    def _channel(self) -> Any:
        return grpc.insecure_channel(self.server.endpoints["grpc"])

    def _client(self, kind: Any) -> Any:
        return kind(transport=kind.get_transport_class("grpc")(channel=self._channel))

    @cached_property
    def policies(self) -> Any:
        return self._client(monitoring_v3.AlertPolicyServiceClient)

    @cached_property
    def channels(self) -> Any:
        return self._client(monitoring_v3.NotificationChannelServiceClient)

    def prometheus(self, path: str, *, project: str = "demo", location: str = "global", **query: Any) -> httpx.Response:
        base = f"{self.server.endpoints['prometheus']}/v1/projects/{project}/location/{location}/prometheus/api/v1"
        return httpx.get(f"{base}/{path}", params=query, trust_env=False)

    # Alerts --------------------------------------------------------------------------------------------------

    def subscribe(self) -> None:
        """Make the topic and a subscription that is pulled from."""
        self._client(PublisherClient).create_topic(name=TOPIC)
        self._client(SubscriberClient).create_subscription(name=SUBSCRIPTION, topic=TOPIC)

    def channel(self, **fields: Any) -> str:
        """Make a channel to the topic; return its name."""
        asked = {"type_": "pubsub", "display_name": "alerts", "labels": {"topic": TOPIC}, **fields}
        return str(self.channels.create_notification_channel(name=PROJECT, notification_channel=asked).name)

    def policy(self, query: str = HOT, *, seconds: float = 0, **fields: Any) -> Any:
        """Make a policy with one condition in PromQL."""
        condition = {
            "display_name": "KV cache hot",
            "condition_prometheus_query_language": {
                "query": query,
                "duration": timedelta(seconds=seconds),
                "disable_metric_validation": True,
            },
        }
        asked = {"display_name": "KV hot", "combiner": "OR", "conditions": [condition], **fields}
        return self.policies.create_alert_policy(name=PROJECT, alert_policy=asked)

    def notified(self) -> list[dict[str, Any]]:
        """Return the incidents that arrived since the last look, as the messages tell of them, in their order."""
        return [body["incident"] for body in self.bodies()]

    def bodies(self) -> list[dict[str, Any]]:
        """Return the whole messages that arrived since the last look."""
        client, found = self._client(SubscriberClient), list[dict[str, Any]]()
        while got := client.pull(subscription=SUBSCRIPTION, max_messages=100).received_messages:
            client.acknowledge(subscription=SUBSCRIPTION, ack_ids=[one.ack_id for one in got])
            found += [json.loads(one.message.data) for one in got]
        return found

    def states(self) -> list[str]:
        """Return the states that arrived since the last look."""
        return [incident["state"] for incident in self.notified()]


@contextmanager
def running() -> Iterator[Place]:
    made = Place()
    try:
        yield made
    finally:
        made.stop()
