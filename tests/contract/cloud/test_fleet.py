"""Fleet, asked by the real GKE Hub client over both transports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google.api_core import exceptions
from google.api_core.future.polling import DEFAULT_POLLING
from google.cloud import gkehub_v1
from google_place import EAST, GKE, GLOBAL, HUB, Place, running

FEATURE = f"{GLOBAL}/features/multiclusteringress"
OFTEN = DEFAULT_POLLING.with_delay(initial=0.01, maximum=0.05)
ONE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def membership(cluster: str) -> dict[str, Any]:
    return {"endpoint": {"gke_cluster": {"resource_link": f"//container.googleapis.com/{cluster}"}}}


def feature(config: str) -> gkehub_v1.Feature:
    return gkehub_v1.Feature(spec={"multiclusteringress": {"config_membership": config}})


def register(place: Place, cluster: str, name: str = "east") -> Any:
    asked = {"parent": EAST, "membership_id": name, "resource": membership(cluster)}
    return place.grpc(HUB).create_membership(request=asked).result(timeout=10, polling=OFTEN)


def enable(place: Place, config: str) -> Any:
    client = place.grpc(HUB)
    asked = {"parent": GLOBAL, "feature_id": "multiclusteringress", "resource": feature(config)}
    return client.create_feature(request=asked).result(timeout=10, polling=OFTEN)


def own_fleet(place: Place) -> str:
    """Make a cluster that registers itself, and return its membership's name."""
    cluster = place.cluster(fleet={"project": "demo"})
    return str(place.grpc(GKE).get_cluster(name=cluster).fleet.membership.removeprefix("//gkehub.googleapis.com/"))


# Memberships ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_a_membership_is_ready_when_its_operation_is_done(place: Place, transport: str) -> None:
    cluster, client = place.cluster(), getattr(place, transport)(HUB)
    place.hold()
    asked = {"parent": EAST, "membership_id": "east", "resource": membership(cluster)}
    operation = client.create_membership(request=asked)
    assert client.get_membership(name=f"{EAST}/memberships/east").state.code.name == "CREATING"
    place.go_on()
    assert operation.result(timeout=10, polling=OFTEN).state.code.name == "READY"


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_an_operation_is_found_by_its_name(place: Place, transport: str) -> None:
    cluster, client = place.cluster(), getattr(place, transport)(HUB)
    asked = {"parent": EAST, "membership_id": "east", "resource": membership(cluster)}
    operation = client.create_membership(request=asked)
    operation.result(timeout=10, polling=OFTEN)
    assert client.transport.operations_client.get_operation(operation.operation.name).done


def test_the_same_request_id_is_the_same_operation(place: Place) -> None:
    cluster, client = place.cluster(), place.grpc(HUB)
    place.hold()
    asked = {"parent": EAST, "membership_id": "east", "resource": membership(cluster), "request_id": ONE}
    first, second = (client.create_membership(request=asked).operation.name for _ in range(2))
    assert first == second


def test_a_failed_registration_leaves_nothing(place: Place) -> None:
    cluster = place.cluster()
    place.world.faults.failing["memberships.create"] = 1
    with pytest.raises(exceptions.GoogleAPICallError):
        register(place, cluster)
    with pytest.raises(exceptions.NotFound):
        place.grpc(HUB).get_membership(name=f"{EAST}/memberships/east")


def test_a_cluster_addressed_by_its_zone_is_not_found(place: Place) -> None:
    place.cluster()
    with pytest.raises(exceptions.InvalidArgument, match="was not found"):
        register(place, "projects/demo/locations/us-east4-a/clusters/east")


def test_a_cluster_that_names_a_fleet_registers_itself_in_its_region(place: Place) -> None:
    assert own_fleet(place) == f"{EAST}/memberships/east"
    found = place.grpc(HUB).get_membership(name=f"{EAST}/memberships/east")
    assert found.endpoint.gke_cluster.resource_link == f"//container.googleapis.com/{EAST}/clusters/east"


def test_a_membership_outlives_its_cluster_and_says_so(place: Place) -> None:
    cluster = place.cluster()
    register(place, cluster)
    place.ended(place.grpc(GKE).delete_cluster(name=cluster))
    found = place.grpc(HUB).get_membership(name=f"{EAST}/memberships/east")
    assert found.endpoint.gke_cluster.cluster_missing


def test_a_membership_that_came_with_its_cluster_goes_with_it(place: Place) -> None:
    own_fleet(place)
    place.ended(place.grpc(GKE).delete_cluster(name=f"{EAST}/clusters/east"))
    assert not list(place.grpc(HUB).list_memberships(parent="projects/demo/locations/-"))


def test_labels_of_a_membership_are_updated_and_the_rest_is_kept(place: Place) -> None:
    client, name = place.grpc(HUB), own_fleet(place)
    resource = gkehub_v1.Membership(labels={"owner": "inferops"})
    client.update_membership(name=name, resource=resource, update_mask={"paths": ["labels"]}).result(
        timeout=10, polling=OFTEN
    )
    found = client.get_membership(name=name)
    assert dict(found.labels) == {"owner": "inferops"}
    assert found.endpoint.gke_cluster.resource_link


def test_a_deleted_membership_is_gone(place: Place) -> None:
    client, name = place.rest(HUB), own_fleet(place)
    client.delete_membership(name=name).result(timeout=10, polling=OFTEN)
    with pytest.raises(exceptions.NotFound):
        client.get_membership(name=name)


def test_v1beta_shows_the_same_memberships(place: Place) -> None:
    name = own_fleet(place)
    first, beta = (
        httpx.get(f"{place.server.endpoints['fleet']}/{version}/{name}", trust_env=False).json()
        for version in ("v1", "v1beta")
    )
    assert first["name"] == name
    assert first == beta


# The multi-cluster ingress feature -----------------------------------------------------------------------


def test_the_feature_is_active_and_well(place: Place) -> None:
    enable(place, own_fleet(place))
    found = place.rest(HUB).get_feature(name=FEATURE)
    assert found.resource_state.state.name == "ACTIVE"
    assert (found.state.state.code.name, found.state.state.description) == ("OK", "Ready to use")


def test_the_states_of_memberships_are_keyed_by_project_number(place: Place) -> None:
    enable(place, own_fleet(place))
    states = place.grpc(HUB).get_feature(name=FEATURE).membership_states
    assert list(states) == ["projects/123456789012/locations/us-east4/memberships/east"]


def test_a_feature_is_enabling_at_first(place: Place) -> None:
    config = own_fleet(place)
    place.hold()
    place.grpc(HUB).create_feature(parent=GLOBAL, feature_id="multiclusteringress", resource=feature(config))
    assert place.grpc(HUB).get_feature(name=FEATURE).resource_state.state.name == "ENABLING"
    assert place.run(lambda: place.fleet.config_cluster("demo")) is None


def test_without_the_service_agent_s_role_the_feature_does_not_work(place: Place) -> None:
    place.granted[0] = False
    enable(place, own_fleet(place))
    state = place.grpc(HUB).get_feature(name=FEATURE).state.state
    assert state.code.name == "ERROR"
    assert "roles/container.admin" in state.description
    assert place.run(lambda: place.fleet.config_cluster("demo")) is None


def test_the_config_cluster_is_that_of_the_config_membership(place: Place) -> None:
    enable(place, own_fleet(place))
    assert place.run(lambda: place.fleet.config_cluster("demo")) == ("us-east4", "east")


def test_a_config_cluster_deleted_by_hand_breaks_the_feature(place: Place) -> None:
    enable(place, own_fleet(place))
    place.run(lambda: place.gke.delete_by_hand("demo", "us-east4", "east"))
    assert place.grpc(HUB).get_feature(name=FEATURE).state.state.code.name == "ERROR"


def test_the_config_membership_can_be_changed(place: Place) -> None:
    enable(place, own_fleet(place))
    other = register(place, place.cluster("other"), "other").name
    client, mask = place.rest(HUB), {"paths": ["spec"]}
    client.update_feature(name=FEATURE, resource=feature(other), update_mask=mask).result(timeout=10, polling=OFTEN)
    assert place.run(lambda: place.fleet.config_cluster("demo")) == ("us-east4", "other")


def test_a_config_membership_must_exist(place: Place) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="is not a membership"):
        enable(place, f"{EAST}/memberships/nobody")


def test_a_deleted_feature_is_gone(place: Place) -> None:
    enable(place, own_fleet(place))
    place.grpc(HUB).delete_feature(name=FEATURE).result(timeout=10, polling=OFTEN)
    assert not list(place.grpc(HUB).list_features(parent=GLOBAL))
