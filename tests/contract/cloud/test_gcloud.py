"""The embedded cloud as the real gcloud meets it. Skipped where gcloud is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.cloud import gcloud_place
from tests.contract.cloud.gcloud_place import REGION, Place

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on PATH")

CLUSTERS = ("container", "clusters")
POOLS = ("container", "node-pools")
OPERATIONS = ("container", "operations")
OF_EAST = ("--cluster", "east", *REGION)
EAST = "projects/demo/locations/us-east4/clusters/east"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with gcloud_place.running(tmp_path_factory.mktemp("gcloud")) as running:
        yield running


@pytest.fixture(scope="module")
def east(place: Place) -> Any:
    """A cluster that gcloud made and waited for."""
    return place.shown(*CLUSTERS, "create", "east", *REGION, "--num-nodes", "1", "--enable-fleet")[0]


# Clusters ------------------------------------------------------------------------------------------------


def test_a_cluster_is_waited_for_until_it_runs(east: Any) -> None:
    assert (east["name"], east["status"], east["currentNodeCount"]) == ("east", "RUNNING", 3)


def test_clusters_of_every_location_are_listed(place: Place, east: Any) -> None:
    assert [(one["name"], one["location"]) for one in place.shown(*CLUSTERS, "list")] == [("east", east["location"])]


@pytest.mark.usefixtures("east")
def test_a_cluster_is_described(place: Place) -> None:
    found = place.shown(*CLUSTERS, "describe", "east", *REGION)
    assert found["selfLink"] == f"https://container.googleapis.com/v1/{EAST}"
    assert [pool["name"] for pool in found["nodePools"]] == ["default-pool"]
    assert found["fleet"]["membership"] == "//gkehub.googleapis.com/projects/demo/locations/us-east4/memberships/east"


@pytest.mark.usefixtures("east")
def test_a_cluster_that_exists_is_named_when_it_is_created_again(place: Place) -> None:
    assert f"code=409, message=Already exists: {EAST}." in place.refused(*CLUSTERS, "create", "east", *REGION)


def test_an_absent_cluster_is_named(place: Place) -> None:
    said = place.refused(*CLUSTERS, "describe", "west", *REGION)
    assert "code=404, message=Not found: projects/demo/locations/us-east4/clusters/west." in said


def test_a_cluster_can_be_created_in_the_background_and_deleted(place: Place) -> None:
    with place.held():
        made = place.shown(*CLUSTERS, "create", "later", *REGION, "--num-nodes", "1", "--async")
        assert made["status"] == "PROVISIONING"
        working = place.shown(*OPERATIONS, "list", *REGION, "--filter=targetLink:later")
        assert [(one["operationType"], one["status"] != "DONE") for one in working] == [("CREATE_CLUSTER", True)]
    place.said(*OPERATIONS, "wait", working[0]["name"], *REGION)
    assert place.shown(*OPERATIONS, "describe", working[0]["name"], *REGION)["status"] == "DONE"
    place.said(*CLUSTERS, "delete", "later", *REGION)
    assert "later" not in place.cloud.server.run(lambda: [one.name for one in place.cloud.gke.clusters()])


@pytest.mark.usefixtures("east")
def test_credentials_lead_to_the_dns_endpoint(place: Place) -> None:
    place.said(*CLUSTERS, "update", "east", *REGION, "--enable-dns-access")
    place.said(*CLUSTERS, "get-credentials", "east", *REGION, "--dns-endpoint")
    # gcloud always writes https; the embedded API server speaks plain HTTP, so kubectl is not asked here.
    where = place.cloud.endpoints["kubernetes"].replace("http://", "https://")
    assert f"server: {where}/{EAST}" in place.kubeconfig.read_text()


def test_the_versions_that_can_be_had_are_told(place: Place) -> None:
    channels = place.shown("container", "get-server-config", *REGION)["channels"]
    assert {"RAPID", "REGULAR", "STABLE"} <= {one["channel"] for one in channels}


# Node pools ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("east")
def test_a_node_pool_lives_and_dies(place: Place) -> None:
    machine = ("--machine-type", "e2-standard-4", "--num-nodes", "1")
    place.said(*POOLS, "create", "more", *OF_EAST, *machine)
    found = place.shown(*POOLS, "describe", "more", *OF_EAST)
    assert (found["status"], found["config"]["machineType"]) == ("RUNNING", "e2-standard-4")
    place.said(*CLUSTERS, "resize", "east", *REGION, "--node-pool", "more", "--num-nodes", "2")
    pools = place.cloud.server.run(lambda: place.cloud.gke.pools("demo", "us-east4", "east"))
    assert {pool.name: len(pool.nodes) for pool in pools} == {"default-pool": 3, "more": 6}
    place.said(*POOLS, "delete", "more", *OF_EAST)
    assert [pool["name"] for pool in place.shown(*POOLS, "list", *OF_EAST)] == ["default-pool"]


@pytest.mark.usefixtures("east")
def test_an_absent_node_pool_is_named(place: Place) -> None:
    assert f'nodePool "{EAST}/nodePools/gpu" not found' in place.refused(*POOLS, "describe", "gpu", *OF_EAST)


@pytest.mark.usefixtures("east")
def test_a_machine_type_that_the_zone_does_not_have_is_named(place: Place) -> None:
    machine = ("--machine-type", "a4-highgpu-8g", "--node-locations", "us-east4-a")
    assert 'Invalid machine type "a4-highgpu-8g"' in place.refused(*POOLS, "create", "gpu", *OF_EAST, *machine)


# The fleet -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("east")
def test_the_cluster_is_a_member_of_the_fleet_and_can_be_the_config_cluster(place: Place) -> None:
    [member] = place.shown("container", "fleet", "memberships", "list")
    assert member["endpoint"]["gkeCluster"]["resourceLink"] == f"//container.googleapis.com/{EAST}"
    described = place.shown("container", "fleet", "memberships", "describe", "east", "--location", "us-east4")
    assert (described["name"], described["state"]["code"]) == (member["name"], "READY")
    place.said("container", "fleet", "ingress", "enable", "--config-membership", member["name"])
    feature = place.shown("container", "fleet", "ingress", "describe")
    assert feature["spec"]["multiclusteringress"]["configMembership"] == member["name"]
    assert feature["state"]["state"]["code"] == "OK"


# Compute -------------------------------------------------------------------------------------------------


def test_a_network_lives_and_dies(place: Place) -> None:
    networks, subnets = ("compute", "networks"), ("compute", "networks", "subnets")
    place.said(*networks, "create", "inner", "--subnet-mode", "custom")
    place.said(*subnets, "create", "inner-1", *REGION, "--network", "inner", "--range", "10.0.0.0/24")
    assert [one["name"] for one in place.shown(*subnets, "list", "--filter=network:inner")] == ["inner-1"]
    said = place.refused(*networks, "delete", "inner")
    assert "'projects/demo/global/networks/inner' is already being used by" in said
    assert "'projects/demo/regions/us-east4/subnetworks/inner-1'" in said
    place.said(*subnets, "delete", "inner-1", *REGION)
    place.said(*networks, "delete", "inner")
    assert [one["name"] for one in place.shown(*networks, "list")] == ["default"]
    operations = place.shown("compute", "operations", "list", "--filter=targetLink:inner-1")
    assert sorted((one["operationType"], one["status"]) for one in operations) == [
        ("delete", "DONE"),
        ("insert", "DONE"),
    ]


@pytest.mark.usefixtures("east")
def test_a_network_in_which_a_cluster_is_cannot_be_deleted(place: Place) -> None:
    said = place.refused("compute", "networks", "delete", "default")
    assert "'projects/demo/global/networks/default' is already being used by" in said


def test_an_absent_network_is_named(place: Place) -> None:
    said = place.refused("compute", "networks", "describe", "nowhere")
    assert "'projects/demo/global/networks/nowhere' was not found" in said


def test_regions_have_zones_and_quotas(place: Place) -> None:
    assert "us-east4" in [one["name"] for one in place.shown("compute", "regions", "list")]
    found = place.shown("compute", "regions", "describe", "us-east4")
    assert [zone.rsplit("/", 1)[1] for zone in found["zones"]] == ["us-east4-a", "us-east4-b", "us-east4-c"]
    assert {"metric": "NVIDIA_L4_GPUS", "limit": 64.0, "usage": 0.0} in found["quotas"]


def test_machine_types_are_listed_by_zone_and_everywhere(place: Place) -> None:
    types = ("compute", "machine-types", "list")
    assert "a3-highgpu-8g" in [one["name"] for one in place.shown(*types, "--zones", "us-east4-a")]
    found = place.shown(*types, "--filter=name=a4-highgpu-8g")
    assert {one["zone"] for one in found} >= {"us-east4-b", "europe-west4-b"}


# The rest ------------------------------------------------------------------------------------------------


def test_a_message_goes_through_a_topic(place: Place) -> None:
    topics, subscriptions = ("pubsub", "topics"), ("pubsub", "subscriptions")
    place.said(*topics, "create", "talk")
    place.said(*subscriptions, "create", "ears", "--topic", "talk")
    assert [one["name"] for one in place.shown(*topics, "list")] == ["projects/demo/topics/talk"]
    assert [one["topic"] for one in place.shown(*subscriptions, "list")] == ["projects/demo/topics/talk"]
    place.said(*topics, "publish", "talk", "--message", "hello", "--attribute", "to=you")
    [got] = place.shown(*subscriptions, "pull", "ears", "--auto-ack")
    assert (got["message"]["data"], got["message"]["attributes"]) == ("aGVsbG8=", {"to": "you"})


def test_an_absent_topic_is_named(place: Place) -> None:
    assert "projects/demo/topics/nobody" in place.refused("pubsub", "topics", "describe", "nobody")


def test_services_are_enabled(place: Place) -> None:
    found = place.shown("services", "list", "--filter=config.name=container.googleapis.com")
    assert [(one["config"]["name"], one["state"]) for one in found] == [("container.googleapis.com", "ENABLED")]


def test_gcloud_sent_nothing_that_the_cloud_does_not_know(place: Place) -> None:
    assert [said for wire in place.cloud.server.wires for said in wire.refused] == []
