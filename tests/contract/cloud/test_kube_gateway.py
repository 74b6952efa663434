"""The fleet's Inference Gateway: classes, imports, programming, policies, and who answers a request."""

from __future__ import annotations

import pytest

from infra.local.cloud.kube.validation import violations
from tests.contract.cloud.clusters_place import (
    CLASSES,
    EAST,
    GATEWAY,
    IMPORT,
    POOL,
    REGIONS,
    ROUTE,
    WEST,
    Object,
    condition,
    put,
)
from tests.contract.cloud.fleet_place import (
    BACKEND,
    HEALTH,
    TARGET,
    Fleet,
    export,
    gateway,
    health,
    route,
    serve,
)

US, EUROPE = REGIONS[EAST], REGIONS[WEST]


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def deployed() -> Fleet:
    fleet = Fleet()
    fleet.deploy()
    return fleet


# What appears by itself ------------------------------------------------------------------------------------


def test_the_classes_appear_on_the_config_cluster_only(fleet: Fleet) -> None:
    took = fleet.wait_for(lambda: len(fleet.west.list(CLASSES)) == 5)
    assert 60 <= took.total_seconds() <= 180
    assert {condition(c, "Accepted")["status"] for c in fleet.west.list(CLASSES)} == {"True"}
    assert fleet.east.list(CLASSES) == []


def test_the_classes_go_with_the_feature(fleet: Fleet) -> None:
    fleet.pass_time(minutes=5)
    fleet.config = None
    fleet.controllers.fleet_changed()
    fleet.pass_time(minutes=5)
    assert fleet.west.list(CLASSES) == []


def test_an_exported_pool_is_imported_within_minutes(fleet: Fleet) -> None:
    fleet.pass_time(minutes=5)
    export(fleet.east)
    took = fleet.wait_for(lambda: fleet.west.get(IMPORT, "default", "llm") is not None)
    assert 60 <= took.total_seconds() <= 240


@pytest.mark.parametrize("said", ["true", "TRUE", "ClusterSet", ""])
def test_only_the_exact_annotation_exports(fleet: Fleet, said: str) -> None:
    export(fleet.east, said=said)
    fleet.pass_time(minutes=30)
    assert fleet.west.list(IMPORT) == []


def test_an_import_goes_when_nobody_exports_any_more(fleet: Fleet) -> None:
    for objects in (fleet.west, fleet.east):
        export(objects)
    fleet.pass_time(minutes=10)
    fleet.east.delete(POOL, "default", "llm")
    fleet.pass_time(minutes=10)
    assert len(fleet.west.list(IMPORT)) == 1
    fleet.members.remove(WEST)
    fleet.controllers.fleet_changed()
    fleet.pass_time(minutes=10)
    assert fleet.west.list(IMPORT) == []


def test_a_pool_whose_picker_is_missing_says_so(fleet: Fleet) -> None:
    export(fleet.east)
    fleet.pass_time(minutes=5)
    fleet.east.delete("Service", "default", "llm-epp")
    fleet.pass_time(minutes=5)
    said = (fleet.east.get(POOL, "default", "llm") or {})["status"]["parents"][0]["conditions"]
    assert {c["type"]: c["reason"] for c in said} == {"Accepted": "Accepted", "ResolvedRefs": "InvalidExtensionRef"}


# Gateways --------------------------------------------------------------------------------------------------


def front(fleet: Fleet) -> Object:
    return fleet.west.get(GATEWAY, "default", "front") or {}


def programmed(fleet: Fleet) -> bool:
    return condition(front(fleet), "Programmed").get("status") == "True"


def test_a_gateway_is_programmed_in_five_to_ten_minutes_with_an_address_per_region(fleet: Fleet) -> None:
    fleet.pass_time(minutes=5)
    gateway(fleet.west, EUROPE, US)
    took = fleet.wait_for(lambda: programmed(fleet))
    assert 300 <= took.total_seconds() <= 600
    assert condition(front(fleet), "networking.gke.io/GatewayHealthy")["reason"] == "Healthy"
    prefixes = [a["value"].rsplit(".", 2)[0] for a in front(fleet)["status"]["addresses"]]
    assert prefixes == ["10.156", "10.150"]


def test_a_gateway_on_another_cluster_belongs_to_nobody(fleet: Fleet) -> None:
    gateway(fleet.east, US)
    fleet.pass_time(minutes=30)
    assert condition(fleet.east.get(GATEWAY, "default", "front"), "Programmed")["reason"] == "Pending"


def test_a_deployed_fleet_comes_to_rest(deployed: Fleet) -> None:
    deployed.pass_time(hours=1)
    assert deployed.quiet()


def test_a_region_without_proxy_subnet_stops_the_gateway_until_it_has_one(fleet: Fleet) -> None:
    fleet.proxies = {EUROPE}
    gateway(fleet.west, EUROPE, US)
    fleet.pass_time(minutes=15)
    said = condition(front(fleet), "Programmed")
    assert (said["status"], said["reason"]) == ("False", "Invalid")
    assert "GWCER106" in said["message"]
    assert US in said["message"]
    fleet.proxies.add(US)
    fleet.controllers.outside_changed()
    fleet.pass_time(minutes=15)
    assert programmed(fleet)


def test_a_gateway_becomes_compute_resources(deployed: Fleet) -> None:
    kinds = [kind for children in deployed.children.values() for kind, _ in children]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "backendServices": 1, "firewalls": 1, "forwardingRules": 2, "healthChecks": 1, "networkEndpointGroups": 2,
        "targetHttpProxies": 1, "urlMaps": 1,
    }  # fmt: skip


def test_a_region_that_stops_exporting_leaves_the_backend(deployed: Fleet) -> None:
    deployed.east.delete(POOL, "default", "llm")
    deployed.pass_time(minutes=1)
    (children,) = deployed.children.values()
    assert [kind for kind, _ in children].count("networkEndpointGroups") == 1


def test_a_deleted_gateway_is_gone_after_a_minute_with_its_resources(deployed: Fleet) -> None:
    deployed.west.delete(GATEWAY, "default", "front")
    assert "deletionTimestamp" in front(deployed)["metadata"]
    took = deployed.wait_for(lambda: not front(deployed))
    assert 60 <= took.total_seconds() <= 120
    assert deployed.children == {}


def test_resources_leak_when_the_config_cluster_goes_first(deployed: Fleet) -> None:
    deployed.controllers.detach(WEST)
    deployed.config = None
    deployed.controllers.fleet_changed()
    deployed.pass_time(hours=1)
    assert deployed.children


# Routes and policies ---------------------------------------------------------------------------------------


def test_a_good_route_is_accepted_resolved_and_reconciled(deployed: Fleet) -> None:
    kinds = ("Accepted", "ResolvedRefs", "Reconciled")
    generation = (deployed.west.get(ROUTE, "default", "llm") or {})["metadata"]["generation"]
    said = [deployed.route_condition(kind) for kind in kinds]
    assert [(c["status"], c["observedGeneration"]) for c in said] == [("True", generation)] * 3
    assert front(deployed)["status"]["listeners"][0]["attachedRoutes"] == 1


def test_a_route_with_timeouts_is_not_reconciled(deployed: Fleet) -> None:
    route(deployed.west, timeouts={"request": "600s"})
    deployed.pass_time(minutes=5)
    said = deployed.route_condition("Reconciled")
    assert (said["status"], said["reason"]) == ("False", "ReconciliationFailed")
    assert "GWCER104" in said["message"]


def test_a_route_to_a_missing_import_is_resolved_once_it_is_there(fleet: Fleet) -> None:
    gateway(fleet.west, EUROPE)
    route(fleet.west)
    fleet.pass_time(minutes=20)
    assert fleet.route_condition("ResolvedRefs")["reason"] == "BackendNotFound"
    export(fleet.east)
    fleet.pass_time(minutes=10)
    assert fleet.route_condition("ResolvedRefs")["status"] == "True"
    assert fleet.route_condition("Reconciled")["status"] == "False", "no pods are selected yet"
    serve(fleet.east)
    fleet.pass_time(minutes=2)
    assert fleet.route_condition("Reconciled")["status"] == "True"


def test_a_policy_waits_for_its_target(fleet: Fleet) -> None:
    health(fleet.west)
    fleet.pass_time(minutes=5)
    assert condition(fleet.west.get(HEALTH, "default", "health"), "Attached")["reason"] == "TargetNotFound"
    export(fleet.east)
    fleet.pass_time(minutes=10)
    assert condition(fleet.west.get(HEALTH, "default", "health"), "Attached")["status"] == "True"


def test_the_older_of_two_policies_wins_until_it_goes(deployed: Fleet) -> None:
    for name in ("b-first", "a-second"):
        put(deployed.west, BACKEND, name, {"targetRef": TARGET, "default": {"timeoutSec": 600}})
        deployed.pass_time(minutes=1)
    assert condition(deployed.west.get(BACKEND, "default", "b-first"), "Attached")["status"] == "True"
    assert condition(deployed.west.get(BACKEND, "default", "a-second"), "Attached")["reason"] == "Conflicted"
    deployed.west.delete(BACKEND, "default", "b-first")
    deployed.pass_time(minutes=1)
    assert condition(deployed.west.get(BACKEND, "default", "a-second"), "Attached")["status"] == "True"


@pytest.mark.parametrize(
    ("default", "reason"),
    [
        pytest.param(
            {"balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerEndpoint": 1000}, "Attached", id="in flight"
        ),
        pytest.param({"balancingMode": "IN_FLIGHT"}, "Invalid", id="in flight without a limit"),
        pytest.param(
            {"balancingMode": "CUSTOM_METRICS", "customMetrics": [{"name": "m", "dryRun": True}]},
            "Invalid",
            id="only dry runs",
        ),
    ],
)
def test_a_balancing_mode_needs_its_own_fields(deployed: Fleet, default: Object, reason: str) -> None:
    put(deployed.west, BACKEND, "balance", {"targetRef": TARGET, "default": default})
    deployed.pass_time(minutes=1)
    assert condition(deployed.west.get(BACKEND, "default", "balance"), "Attached")["reason"] == reason


def test_every_status_passes_its_own_schema(deployed: Fleet) -> None:
    put(deployed.west, BACKEND, "balance", {"targetRef": TARGET, "default": {"timeoutSec": 600}})
    deployed.pass_time(minutes=5)
    judged = 0
    for objects in (deployed.west, deployed.east):
        for name, kind in objects.kinds.items():
            for obj in objects.all(name) if kind.custom or kind.kind in ("Pod", "Deployment", "ReplicaSet") else ():
                found = list(violations(kind, objects.schema(kind), obj, None, status=True))
                assert not found, f"{name}: {found}"
                judged += "status" in obj
    assert judged > 10
