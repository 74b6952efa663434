"""Pub/Sub, Firestore and Cloud Tasks in one running cloud, with a receiver of HTTP posts beside them."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import grpc
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.tasks_v2.services.cloud_tasks import CloudTasksClient
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient

from infra.local.cloud.firestore import Firestore
from infra.local.cloud.firestore_wire import firestore_wire
from infra.local.cloud.pubsub import PubSub
from infra.local.cloud.pubsub_wire import pubsub_wire
from infra.local.cloud.server import Server
from infra.local.cloud.tasks import Tasks, tasks_wire
from infra.local.cloud.world import World
from tests.waiting import let_pass

PROJECT = "projects/demo"
QUEUE = f"{PROJECT}/locations/us-east4/queues/wakeups"


def topic(name: str) -> str:
    return f"{PROJECT}/topics/{name}"


def subscription(name: str) -> str:
    return f"{PROJECT}/subscriptions/{name}"


@dataclass(frozen=True)
class Post:
    """One request that the receiver got."""

    verb: str
    path: str
    headers: dict[str, str]
    raw: bytes
    at: datetime
    """Virtual time."""

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))


class _Listener(http.server.ThreadingHTTPServer):
    # The default of 5 drops connections under a burst, and each dropped one costs a second.
    request_queue_size = 256


class Receiver:
    """Takes posts and answers as told: ``answers`` in turn, then 204."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self.slow = 0.0
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._http = _Listener(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def pauses(self) -> list[float]:
        """Virtual seconds between one post and the next."""
        return [(after.at - before.at).total_seconds() for before, after in pairwise(self.posts)]

    def data(self) -> list[str]:
        return [post.body["message"]["attributes"]["n"] for post in self.posts]

    def _take(self, post: Post) -> int:
        with self._lock:
            self.posts.append(post)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            status = self.answers.pop(0) if self.answers else 204
        time.sleep(self.slow)
        with self._lock:
            self.at_once -= 1
        return status

    def _handler(receiver) -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805 - self is the inner class's
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver._take(Post(self.command, self.path, headers, raw, receiver.clock())))
                self.send_header("content-length", "0")
                self.end_headers()

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None: ...

        return Handler


class Place:
    """The three services, their clients and a receiver."""

    def __init__(self) -> None:
        self.world = World()
        self.firestore, self.pubsub, self.tasks = Firestore(self.world), PubSub(self.world), Tasks(self.world)
        wires = [
            firestore_wire(self.world, self.firestore),
            pubsub_wire(self.world, self.pubsub),
            tasks_wire(self.world, self.tasks),
        ]
        self.server = Server(self.world, wires, {}).start()
        self.receiver = Receiver(lambda: self.world.now)

    def stop(self) -> None:
        self.server.call(self.pubsub.close)
        self.server.call(self.tasks.close)
        self.server.stop()
        self.receiver.stop()

    @cached_property
    def channel(self) -> Any:
        return grpc.insecure_channel(self.server.endpoints["grpc"])

    def client(self, kind: Any, host: str = "", transport: str = "grpc") -> Any:
        if transport == "rest":
            options = ClientOptions(api_endpoint=self.server.endpoints[host])
            return kind(transport="rest", credentials=AnonymousCredentials(), client_options=options)
        return kind(transport=kind.get_transport_class("grpc")(channel=self.channel))

    @cached_property
    def publisher(self) -> Any:
        return self.client(PublisherClient)

    @cached_property
    def subscriber(self) -> Any:
        return self.client(SubscriberClient)

    @cached_property
    def cloud_tasks(self) -> Any:
        return self.client(CloudTasksClient)

    @cached_property
    def database(self) -> Client:
        client = Client("demo", credentials=AnonymousCredentials())
        client._firestore_api_internal = self.client(FirestoreClient)
        return client

    def publish(self, name: str, *numbers: object, key: str = "") -> None:
        messages = [{"attributes": {"n": str(number)}, "ordering_key": key} for number in numbers]
        self.publisher.publish(topic=topic(name), messages=messages)

    def subscribe(self, to: str, name: str, **settings: Any) -> None:
        self.subscriber.create_subscription(request={"name": subscription(name), "topic": topic(to), **settings})

    def push(self, to: str, name: str, **settings: Any) -> None:
        self.subscribe(to, name, push_config={"push_endpoint": self.receiver.url}, **settings)

    def pull(self, name: str, most: int = 10) -> list[Any]:
        return list(self.subscriber.pull(subscription=subscription(name), max_messages=most).received_messages)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, with all that is due in it."""
        let_pass(self.server, self.world, timedelta(seconds=seconds))


@contextmanager
def running() -> Iterator[Place]:
    made = Place()
    try:
        yield made
    finally:
        made.stop()
