"""Node pools, their machines and their autoscaling, asked by the real client over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google_place import GKE, Place, autoscaled, h100, running, until

L4 = {"accelerator_type": "nvidia-l4", "accelerator_count": 1}
EXTRA = {"additional_node_network_configs": [{"network": "x", "subnetwork": "x"}]}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def client(place: Place) -> Any:
    return place.grpc(GKE)


def status(place: Place, name: str) -> str:
    if "/nodePools/" in name:
        return str(client(place).get_node_pool(name=name).status.name)
    return str(client(place).get_cluster(name=name).status.name)


def l4(**fields: Any) -> dict[str, Any]:
    config = {"machine_type": "g2-standard-8", "accelerators": [L4]}
    return {"locations": ["us-east4-a", "us-east4-c"], "config": config, **fields}


# Pools ---------------------------------------------------------------------------------------------------


def test_a_gpu_pool_brings_nodes_that_a_scheduler_can_use(place: Place) -> None:
    assert not place.pool(place.cluster(), **h100(initial_node_count=1)).error.message
    node = next(node for node in place.nodes() if node.pool == "gpu")
    assert (node.zone, node.gpus, node.cpu, node.ready) == ("us-east4-a", 2, 52, True)
    assert node.labels["cloud.google.com/gke-accelerator"] == "nvidia-h100-80gb"
    assert node.labels["cloud.google.com/gke-spot"] == "true"
    assert {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"} in node.taints


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param(l4(locations=["us-east4-b"]), r"g2-standard-8.*us-east4-b", id="not sold in the zone"),
        pytest.param({**h100(), "config": {**h100()["config"], "spot": False}}, "on demand", id="not sold on demand"),
        pytest.param({**l4(), "config": {"machine_type": "g2-standard-8"}}, "requires exactly 1", id="no accelerator"),
        pytest.param(h100(network_config=EXTRA), "multi-networking", id="extra networks need multi-networking"),
        pytest.param(
            h100(autoscaling={"enabled": True, "max_node_count": 1, "total_max_node_count": 1}),
            "Only one of",
            id="both kinds of limits",
        ),
        pytest.param(
            {**h100(initial_node_count=1), "config": {**h100()["config"], "spot": False, "flex_start": True}},
            "flexStart requires",
            id="flex-start begins empty",
        ),
        pytest.param({"name": "p" * 41}, "at most 40", id="name too long"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(place: Place, fields: dict[str, Any], text: str) -> None:
    cluster = place.cluster()
    with pytest.raises(exceptions.InvalidArgument, match=text):
        client(place).create_node_pool(parent=cluster, node_pool={"name": "gpu", **fields})


def test_a_stock_out_ends_in_an_error_after_half_an_hour_and_leaves_a_half_filled_pool(place: Place) -> None:
    cluster, begun = place.cluster(), place.world.now
    place.world.faults.stockout.add("us-east4-a/g2-standard-8")
    operation = place.pool(cluster, **l4(initial_node_count=1))
    assert "[GCE_STOCKOUT]" in operation.error.message
    assert (place.world.now - begun).total_seconds() > 2000
    assert [node.zone for node in place.nodes() if node.pool == "gpu"] == ["us-east4-c"]
    pool = client(place).get_node_pool(name=f"{cluster}/nodePools/gpu")
    assert (pool.status.name, pool.conditions[0].code.name) == ("ERROR", "GCE_STOCKOUT")


def test_a_quota_that_is_too_small_fails_fast(place: Place) -> None:
    cluster, begun = place.cluster(), place.world.now
    place.world.faults.quota["us-east4", "NVIDIA_L4_GPUS"] = 1
    operation = place.pool(cluster, **l4(initial_node_count=1))
    assert "[GCE_QUOTA_EXCEEDED]" in operation.error.message
    assert "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-east4." in operation.error.message
    assert (place.world.now - begun).total_seconds() < 100


def test_a_wreck_can_be_deleted_and_made_again(place: Place) -> None:
    cluster = place.cluster()
    place.world.faults.failing["CREATE_NODE_POOL"] = 1
    assert place.pool(cluster, **h100()).error.code == 13
    with pytest.raises(exceptions.AlreadyExists):
        place.pool(cluster, **h100())
    place.ended(client(place).delete_node_pool(name=f"{cluster}/nodePools/gpu"))
    assert not place.pool(cluster, **h100()).error.message


def test_a_pool_is_resized_per_zone(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **l4(initial_node_count=1))
    name = f"{cluster}/nodePools/gpu"
    place.ended(client(place).set_node_pool_size(request={"name": name, "node_count": 2}))
    assert sorted(node.zone for node in place.nodes() if node.pool == "gpu") == ["us-east4-a"] * 2 + ["us-east4-c"] * 2


def test_labels_of_a_pool_reach_its_nodes(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100(initial_node_count=1))
    request = {"name": f"{cluster}/nodePools/gpu", "labels": {"labels": {"team": "search"}}}
    place.ended(client(place).update_node_pool(request=request))
    assert [node.labels.get("team") for node in place.nodes() if node.pool == "gpu"] == ["search"]


def test_a_boot_disk_the_machine_does_not_take_is_refused_later_too(place: Place) -> None:
    cluster = place.cluster()
    accelerators = [{"accelerator_type": "nvidia-h200-141gb", "accelerator_count": 8}]
    config = {"machine_type": "a3-ultragpu-8g", "spot": True, "accelerators": accelerators}
    assert not place.pool(cluster, locations=["us-east4-b"], config=config).error.message
    with pytest.raises(exceptions.InvalidArgument, match="use hyperdisk-balanced"):
        client(place).update_node_pool(request={"name": f"{cluster}/nodePools/gpu", "disk_type": "pd-ssd"})


def test_extra_networks_of_a_pool_cannot_be_changed(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100())
    request = {"name": f"{cluster}/nodePools/gpu", "node_network_config": EXTRA}
    with pytest.raises(exceptions.InvalidArgument, match="create another pool"):
        client(place).update_node_pool(request=request)


# Autoscaling ---------------------------------------------------------------------------------------------


def want(place: Place, count: int) -> int:
    return int(place.run(lambda: place.gke.want_nodes("demo", "us-east4", "east", "gpu", count)))


def gpu_nodes(place: Place) -> list[str]:
    return [node.name for node in place.nodes() if node.pool == "gpu"]


def test_a_pool_grows_as_wanted_up_to_its_limit(place: Place) -> None:
    place.pool(place.cluster(), **h100(autoscaling=autoscaled(3)))
    begun = place.world.now
    assert want(place, 9) == 3
    until(lambda: gpu_nodes(place), lambda nodes: len(nodes) == 3)
    assert 120 <= (place.world.now - begun).total_seconds() <= 180


def test_growth_out_of_stock_is_an_event_and_no_nodes(place: Place) -> None:
    place.pool(place.cluster(), **h100(autoscaling=autoscaled()))
    place.world.faults.stockout.add("us-east4-a")
    assert want(place, 2) == 0
    events = place.gke.pools("demo", "us-east4", "east")[1].events
    assert [event.split(":")[0] for event in events] == ["GCE_STOCKOUT"]


def test_a_pool_in_error_does_not_grow(place: Place) -> None:
    place.pool(place.cluster(), **h100(autoscaling=autoscaled()))
    place.run(lambda: place.gke.wreck_pool("demo", "us-east4", "east", "gpu"))
    assert want(place, 2) == 0


def test_an_idle_node_is_given_back_by_name(place: Place) -> None:
    place.pool(place.cluster(), **h100(autoscaling=autoscaled(), initial_node_count=2))
    idle, kept = gpu_nodes(place)
    place.run(lambda: place.gke.drop_node("demo", "us-east4", "east", "gpu", idle))
    assert gpu_nodes(place) == [kept]


def test_nodes_in_use_are_not_scaled_away(place: Place) -> None:
    place.pool(place.cluster(), **h100(autoscaling=autoscaled(), initial_node_count=3))
    kept = gpu_nodes(place)[2]
    place.run(lambda: place.gke.set_in_use(lambda *_: {kept}))
    want(place, 0)
    assert gpu_nodes(place) == [kept]


def test_a_lower_maximum_gives_up_idle_nodes(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100(autoscaling=autoscaled(), initial_node_count=3))
    request = {"name": f"{cluster}/nodePools/gpu", "autoscaling": autoscaled(1)}
    place.ended(client(place).set_node_pool_autoscaling(request=request))
    assert len(gpu_nodes(place)) == 1


def test_listeners_hear_of_new_nodes(place: Place) -> None:
    heard: list[int] = []
    place.gke.on_change.append(lambda: heard.append(len(place.gke.nodes("demo", "us-east4", "east"))))
    place.cluster()
    assert heard[-1] == 3


# Fault scripts -------------------------------------------------------------------------------------------


def test_a_wrecked_pool_is_in_error_without_nodes(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100(initial_node_count=2))
    place.run(lambda: place.gke.wreck_pool("demo", "us-east4", "east", "gpu"))
    assert status(place, f"{cluster}/nodePools/gpu") == "ERROR"
    assert not gpu_nodes(place)


def test_preempted_nodes_come_again_under_another_name(place: Place) -> None:
    place.pool(place.cluster(), **h100(initial_node_count=1))
    gone = place.run(lambda: place.gke.preempt("demo", "us-east4", "east", "gpu"))
    assert until(lambda: gpu_nodes(place), len) != gone


def test_a_cluster_deleted_by_hand_is_gone_with_its_operations(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    operation = client(place).create_node_pool(parent=cluster, node_pool={"name": "gpu", **h100()})
    place.run(lambda: place.gke.delete_by_hand("demo", "us-east4", "east"))
    with pytest.raises(exceptions.NotFound):
        client(place).get_cluster(name=cluster)
    assert place.ended(operation).error.code == 10
