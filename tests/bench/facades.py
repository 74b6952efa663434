"""The embedded cloud's own speed: one call after the other by the real clients, which run in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable

from infra.local.cloud.cloud import BOT_TOKEN, Cloud
from shared.adapters.firestore import FirestoreDocuments, connect
from shared.adapters.gke import Gke
from shared.adapters.google import nobody
from shared.adapters.kube import Kube
from shared.adapters.slack import SlackChat
from shared.domain.names import Kind
from shared.ports import Card, Put
from tests.bench.figures import Figure, median, percentile
from tests.bench.guide import until

CALLS, WARMING = 200, 20
BUDGET = 0.002
REGION, CLUSTER = "us-east4", "bench"


def calls() -> list[Figure]:
    """Measure one call of each protocol that the product speaks most."""
    cloud = Cloud().start()
    try:
        cloud.world.pause()
        return [_figure(name, call) for name, call in _asked(cloud).items()]
    finally:
        cloud.stop()


def _asked(cloud: Cloud) -> dict[str, Callable[[], object]]:
    at, project = cloud.endpoints, cloud.project.name
    gke, kube = Gke(at["grpc"], project), Kube(nobody)
    gke.create_cluster(REGION, {"name": CLUSTER, "initial_node_count": 1})
    until(cloud, lambda: cloud.gke.running(project, REGION, CLUSTER))
    path = f"projects/{project}/locations/{REGION}/clusters/{CLUSTER}"
    documents = FirestoreDocuments(connect(project, "(default)", at["grpc"]))
    documents.commit([Put("statuses/bench", {"schema": 1, "text": "x" * 2_000})])
    chat = SlackChat(BOT_TOKEN, f"{at['slack']}/api/")
    # Slack's own limit is one post a second; here the wire is measured, not the limit.
    cloud.slack.buckets.limits.pop("chat.postMessage")
    return {
        "GKE GetCluster, gRPC": lambda: gke._client.get_cluster(name=path),
        "Firestore read, gRPC": lambda: documents.get(["statuses/bench"]),
        "Kubernetes GET": lambda: kube.get(f"{at['kubernetes']}/{path}", Kind.NAMESPACE, "", "default"),
        "Slack post": lambda: chat.post("C0INFEROPS", Card("measured")),
    }


def _figure(name: str, call: Callable[[], object]) -> Figure:
    times = [_timed(call) for _ in range(WARMING + CALLS)][WARMING:]
    found = median(times)
    text = f"{found * 1e3:.1f} ms (p99 {percentile(times, 0.99) * 1e3:.1f} ms)"
    return Figure(f"One call of the embedded cloud: {name}", text, "< 2 ms", found < BUDGET)


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
