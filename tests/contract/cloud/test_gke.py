"""GKE, asked by the real client over gRPC, and over REST where that may differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1, container_v1
from google_place import EAST, GKE, Place, autoscaled, h100, running, until

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


# Clusters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_a_cluster_is_provisioned_and_then_running(place: Place, transport: str) -> None:
    asked = getattr(place, transport)(GKE)
    place.hold()
    spec = container_v1.Cluster(name="east", initial_node_count=1, release_channel={"channel": "RAPID"})
    operation = asked.create_cluster(parent=EAST, cluster=spec)
    assert operation.operation_type.name == "CREATE_CLUSTER"
    assert asked.get_cluster(name=f"{EAST}/clusters/east").status.name == "PROVISIONING"
    place.go_on()
    assert not place.ended(operation).error.message
    made = asked.get_cluster(name=f"{EAST}/clusters/east")
    assert (made.status.name, made.current_node_count, made.location) == ("RUNNING", 3, "us-east4")


def test_a_cluster_s_endpoint_is_where_its_kubernetes_api_is(place: Place) -> None:
    made = client(place).get_cluster(name=place.cluster())
    assert made.control_plane_endpoints_config.dns_endpoint_config.endpoint == "127.0.0.1:9/demo/us-east4/east"


def test_creation_takes_some_minutes_of_virtual_time(place: Place) -> None:
    begun = place.world.now
    place.cluster()
    assert 300 <= (place.world.now - begun).total_seconds() <= 540


def test_a_name_that_is_taken_is_refused(place: Place) -> None:
    place.cluster()
    with pytest.raises(exceptions.AlreadyExists):
        client(place).create_cluster(parent=EAST, cluster={"name": "east", "initial_node_count": 1})


def test_a_regional_cluster_is_not_found_under_its_zone(place: Place) -> None:
    place.cluster()
    with pytest.raises(exceptions.NotFound):
        client(place).get_cluster(name="projects/demo/locations/us-east4-a/clusters/east")


def test_all_locations_are_listed_at_once_and_those_down_are_named(place: Place) -> None:
    place.cluster()
    every = "projects/demo/locations/-"
    assert [one.name for one in client(place).list_clusters(parent=every).clusters] == ["east"]
    place.world.faults.unavailable.add("gke/us-east4")
    blind = client(place).list_clusters(parent=every)
    assert (list(blind.clusters), list(blind.missing_zones)) == ([], ["us-east4"])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"name": "e" * 41}, "at most 40", id="name too long"),
        pytest.param({"network": "nowhere"}, 'Network "nowhere" does not exist', id="no such network"),
        pytest.param({"subnetwork": "nowhere"}, "is not valid for Network", id="no such subnetwork"),
        pytest.param({"initial_cluster_version": "1.20"}, "is unsupported", id="version too old"),
        pytest.param(
            {"network_config": {"enable_multi_networking": True}}, "ADVANCED_DATAPATH", id="multi-networking alone"
        ),
        pytest.param({"initial_node_count": 0}, "greater than zero", id="no nodes at all"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(place: Place, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=text):
        client(place).create_cluster(parent=EAST, cluster={"name": "east", "initial_node_count": 1, **fields})


def test_a_failed_cluster_remains_in_error(place: Place) -> None:
    place.world.faults.failing["CREATE_CLUSTER"] = 1
    operation = client(place).create_cluster(parent=EAST, cluster={"name": "east", "initial_node_count": 1})
    assert place.ended(operation).error.code == 13
    assert status(place, f"{EAST}/clusters/east") == "ERROR"


def test_a_deleted_cluster_gives_everything_back(place: Place) -> None:
    before = place.run(place.compute.snapshot)
    cluster = place.cluster()
    place.ended(client(place).delete_cluster(name=cluster))
    assert place.run(place.gke.snapshot) == {}
    assert place.run(place.compute.snapshot) == before


def test_a_cluster_keeps_its_network_alive(place: Place) -> None:
    place.cluster()
    networks = place.rest(compute_v1.NetworksClient)
    failed = place.done(networks.delete_unary(project="demo", network="default"))
    assert failed.error.errors[0].code == "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"


def test_the_pod_range_is_taken_in_the_network(place: Place) -> None:
    taken = client(place).get_cluster(name=place.cluster()).cluster_ipv4_cidr
    body = {"name": "clash", "network": "global/networks/default", "ip_cidr_range": taken.replace("/14", "/23")}
    subnets = place.rest(compute_v1.SubnetworksClient)
    with pytest.raises(exceptions.BadRequest, match="conflicts with existing subnetwork 'default'"):
        subnets.insert_unary(project="demo", region="us-east4", subnetwork_resource=body)


def test_the_rapid_default_is_new_enough_for_the_gateway(place: Place) -> None:
    channels = client(place).get_server_config(name=EAST).channels
    rapid = next(one for one in channels if one.channel.name == "RAPID")
    assert rapid.default_version.startswith("1.35.")


# Updates -------------------------------------------------------------------------------------------------


def test_one_setting_is_updated_per_request(place: Place) -> None:
    cluster = place.cluster()
    update = {"desired_gateway_api_config": {"channel": "CHANNEL_STANDARD"}}
    place.ended(client(place).update_cluster(request={"name": cluster, "update": update}))
    made = client(place).get_cluster(name=cluster)
    assert made.network_config.gateway_api_config.channel.name == "CHANNEL_STANDARD"


def test_two_settings_at_once_are_refused(place: Place) -> None:
    cluster, update = place.cluster(), {"desired_enable_multi_networking": True, "desired_locations": ["us-east4-a"]}
    with pytest.raises(exceptions.InvalidArgument, match="Exactly one update"):
        client(place).update_cluster(request={"name": cluster, "update": update})


def test_an_update_for_an_old_state_is_refused(place: Place) -> None:
    cluster = place.cluster()
    update = {"desired_locations": ["us-east4-a"], "etag": "old"}
    with pytest.raises(exceptions.Aborted):
        client(place).update_cluster(request={"name": cluster, "update": update})


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


def test_extra_networks_of_a_pool_cannot_be_changed(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100())
    request = {"name": f"{cluster}/nodePools/gpu", "node_network_config": EXTRA}
    with pytest.raises(exceptions.InvalidArgument, match="create another pool"):
        client(place).update_node_pool(request=request)


# What may run together -----------------------------------------------------------------------------------


def test_pools_are_made_side_by_side(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    for name in ("one", "two"):
        client(place).create_node_pool(parent=cluster, node_pool={"name": name, **h100()})
    assert [status(place, f"{cluster}/nodePools/{name}") for name in ("one", "two")] == ["PROVISIONING"] * 2


def test_one_cluster_operation_excludes_all_others(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    client(place).update_cluster(request={"name": cluster, "update": {"desired_locations": ["us-east4-a"]}})
    with pytest.raises(exceptions.FailedPrecondition, match="running incompatible operation operation-"):
        client(place).create_node_pool(parent=cluster, node_pool={"name": "gpu", **h100()})
    assert status(place, cluster) == "RECONCILING"


def test_a_cluster_is_not_deleted_while_a_pool_is_made(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    client(place).create_node_pool(parent=cluster, node_pool={"name": "gpu", **h100()})
    with pytest.raises(exceptions.FailedPrecondition, match="is currently creating a node pool for cluster east"):
        client(place).delete_cluster(name=cluster)


def test_over_rest_a_busy_cluster_is_a_bad_request(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    client(place).delete_cluster(name=cluster)
    with pytest.raises(exceptions.BadRequest) as caught:
        place.rest(GKE).delete_cluster(name=cluster)
    assert caught.value.errors[0]["reason"] == "failedPrecondition"


def test_a_sixth_pool_operation_is_too_many(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    for number in range(5):
        client(place).create_node_pool(parent=cluster, node_pool={"name": f"p{number}", **h100()})
    with pytest.raises(exceptions.ResourceExhausted, match="hits the concurrent operations quota 5"):
        client(place).create_node_pool(parent=cluster, node_pool={"name": "p5", **h100()})


def test_a_cancelled_creation_leaves_a_wreck(place: Place) -> None:
    cluster = place.cluster()
    place.hold()
    operation = client(place).create_node_pool(parent=cluster, node_pool={"name": "gpu", **h100()})
    client(place).cancel_operation(name=f"{EAST}/operations/{operation.name}")
    place.go_on()
    assert place.ended(operation).error.code == 1
    assert status(place, f"{cluster}/nodePools/gpu") == "ERROR"


def test_operations_are_found_by_what_they_work_on(place: Place) -> None:
    cluster = place.cluster()
    place.pool(cluster, **h100())
    found = client(place).list_operations(parent="projects/demo/locations/-").operations
    assert [one.operation_type.name for one in found] == ["CREATE_CLUSTER", "CREATE_NODE_POOL"]
    assert found[1].target_link.endswith("/locations/us-east4/clusters/east/nodePools/gpu")


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


def test_a_lost_answer_has_its_effect(place: Place) -> None:
    place.world.faults.answer_lost["gke"] = 1
    with pytest.raises(exceptions.DeadlineExceeded):
        client(place).create_cluster(parent=EAST, cluster={"name": "east", "initial_node_count": 1})
    assert client(place).get_cluster(name=f"{EAST}/clusters/east").name == "east"


def test_worlds_of_one_seed_run_alike() -> None:
    ends = []
    for _ in range(2):
        with running() as place:
            place.cluster()
            ends.append(place.world.now)
    assert ends[0] == ends[1]
