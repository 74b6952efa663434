"""gRPC and REST are two doors to one room: the same call has the same answer over both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import gkehub_v1
from google_place import EAST, GKE, GLOBAL, HUB, Place, h100, running

CLUSTER, MEMBER = f"{EAST}/clusters/east", f"{EAST}/memberships/east"
FEATURE = f"{GLOBAL}/features/multiclusteringress"
INGRESS = gkehub_v1.Feature(spec={"multiclusteringress": {"config_membership": MEMBER}})
BAD = {"name": "x", "config": {"machine_type": "e2-quick-8"}}
Call = Callable[[Any], Any]
_WHERE = re.compile(r"^[A-Z]+ http\S+: ")
"""What the REST client puts in front of a message."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A cluster of a fleet with a pool of its own, and time standing still."""
    with running() as made:
        made.pool(made.cluster(fleet={"project": "demo"}), **h100(initial_node_count=1))
        made.grpc(HUB).create_feature(parent=GLOBAL, feature_id="multiclusteringress", resource=INGRESS).result()
        made.grpc(GKE).delete_node_pool(name=f"{CLUSTER}/nodePools/default-pool")
        made.hold()
        yield made


def plain(answer: Any) -> Any:
    """What an answer says: a message, or the messages of a pager, or of the operation behind a future."""
    if hasattr(answer, "operation"):
        answer = answer.operation
    return list(answer) if hasattr(answer, "pages") else answer


READS: dict[str, tuple[Any, Call]] = {
    "clusters": (GKE, lambda client: client.list_clusters(parent="projects/demo/locations/-")),
    "a cluster": (GKE, lambda client: client.get_cluster(name=CLUSTER)),
    "node pools": (GKE, lambda client: client.list_node_pools(parent=CLUSTER)),
    "a node pool": (GKE, lambda client: client.get_node_pool(name=f"{CLUSTER}/nodePools/gpu")),
    "operations of GKE": (GKE, lambda client: client.list_operations(parent=EAST)),
    "versions": (GKE, lambda client: client.get_server_config(name=EAST)),
    "memberships": (HUB, lambda client: client.list_memberships(parent="projects/demo/locations/-")),
    "a membership": (HUB, lambda client: client.get_membership(name=MEMBER)),
    "features": (HUB, lambda client: client.list_features(parent=GLOBAL)),
    "a feature": (HUB, lambda client: client.get_feature(name=FEATURE)),
}


@pytest.mark.parametrize("what", READS)
def test_what_is_read_is_the_same(place: Place, what: str) -> None:
    kind, call = READS[what]
    over_grpc, over_rest = plain(call(place.grpc(kind))), plain(call(place.rest(kind)))
    assert over_grpc
    assert over_grpc == over_rest


REFUSED: dict[str, tuple[Any, Call]] = {
    "an absent cluster": (GKE, lambda client: client.get_cluster(name=f"{EAST}/clusters/west")),
    "a taken name": (GKE, lambda client: client.create_cluster(parent=EAST, cluster={"name": "east"})),
    "a bad machine": (GKE, lambda client: client.create_node_pool(parent=CLUSTER, node_pool=BAD)),
    "a busy pool": (GKE, lambda client: client.delete_node_pool(name=f"{CLUSTER}/nodePools/default-pool")),
    "an absent operation": (GKE, lambda client: client.get_operation(name=f"{EAST}/operations/none")),
    "an absent membership": (HUB, lambda client: client.get_membership(name=f"{EAST}/memberships/west")),
    "a taken feature": (
        HUB,
        lambda client: client.create_feature(parent=GLOBAL, feature_id="multiclusteringress", resource=INGRESS),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_refused_in_the_same_words(place: Place, what: str) -> None:
    kind, call = REFUSED[what]
    said = []
    for client in (place.grpc(kind), place.rest(kind)):
        with pytest.raises(exceptions.GoogleAPICallError) as refused:
            call(client)
        said.append((refused.value.code, _WHERE.sub("", refused.value.message)))
    assert said[0] == said[1]


WRITES: tuple[tuple[Any, Call], ...] = (
    (GKE, lambda client: client.create_cluster(parent=EAST, cluster={"name": "east", "initial_node_count": 1})),
    (GKE, lambda client: client.create_node_pool(parent=CLUSTER, node_pool={"name": "gpu", **h100()})),
    (GKE, lambda client: client.set_node_pool_size({"name": f"{CLUSTER}/nodePools/gpu", "node_count": 1})),
    (GKE, lambda client: client.update_cluster(name=CLUSTER, update={"desired_fleet": {"project": "demo"}})),
    (HUB, lambda client: client.create_feature(parent=GLOBAL, feature_id="multiclusteringress", resource=INGRESS)),
    (HUB, lambda client: client.delete_feature(name=FEATURE)),
    (GKE, lambda client: client.delete_node_pool(name=f"{CLUSTER}/nodePools/gpu")),
    (GKE, lambda client: client.delete_cluster(name=CLUSTER)),
)


def written(transport: str) -> list[Any]:
    """Make the same changes in a world of its own, and return what was answered."""
    with running() as place:
        answers = []
        for kind, call in WRITES:
            client = getattr(place, transport)(kind)
            place.hold()
            answers.append(plain(call(client)))
            place.settle()
        return answers


def test_what_is_begun_is_the_same() -> None:
    assert written("grpc") == written("rest")
