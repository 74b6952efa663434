"""GKE, asked by the real client over gRPC, and over REST where that may differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1, container_v1
from google_place import EAST, GKE, Place, h100, running


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


# Accidents -----------------------------------------------------------------------------------------------


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
