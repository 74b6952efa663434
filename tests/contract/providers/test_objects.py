"""Objects inside clusters over the Kubernetes API: what is ready, what is ours, what is waited for and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.graph import Resource
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.settling import Result, Started
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import (
    EAST,
    TOKEN,
    WEST,
    Rounds,
    WholeCloud,
    converge,
    deployment,
    platform,
    spec,
)

NS = "infer-llm"


@pytest.fixture
def region(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> Rounds:
    """The deployment's regional unit in a cluster that is there, nothing of it built."""
    del east
    return deployment(cloud, providers, spec(EAST), WEST)[0]


def resource(unit: Rounds, kind: Kind, name: str = "") -> Resource:
    return next(r for key, r in unit.graph.resources.items() if key.kind is kind and name in ("", key.short_name))


def see(unit: Rounds, key: ResourceKey) -> Observed:
    return unit.providers.look({key: Entry()})[key]


def begin(unit: Rounds, wanted: Resource, verb: Verb = Verb.CREATE) -> Result:
    action = Do(wanted.key, verb, "", None if verb is Verb.DELETE else wanted)
    return unit.providers.start([action], {})[wanted.key]


def home(unit: Rounds) -> None:
    assert begin(unit, resource(unit, Kind.NAMESPACE)) == Started()


def until(unit: Rounds, holds: Callable[[], Any]) -> Any:
    for _ in range(200):
        unit.round()
        if found := holds():
            return found
    pytest.fail(f"it never came: {unit.plan.steps}")


def workload(unit: Rounds) -> Present | None:
    seen = unit.seen.get(resource(unit, Kind.WORKLOAD, "llm").key)
    return seen if isinstance(seen, Present) else None


def test_every_kind_that_has_no_state_is_kept_at_once(region: Rounds) -> None:
    home(region)
    config = resource(region, Kind.CONFIG_MAP)
    assert begin(region, config) == Started()
    present = see(region, config.key)
    assert isinstance(present, Present)
    assert (present.ready, differences(config.spec, present.spec)) == (True, ())


def test_without_its_namespace_an_object_waits(region: Rounds) -> None:
    refused = begin(region, resource(region, Kind.CONFIG_MAP))
    assert isinstance(refused, InferError)
    assert refused.reason == Reason.WAITING


def test_a_kind_that_the_cluster_does_not_serve_yet_is_absent_and_waited_for(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    cloud.run(lambda: cloud.objects(EAST).withdraw("InferencePool.inference.networking.k8s.io"))
    pool = resource(region, Kind.INFERENCE_POOL)
    assert see(region, pool.key) == Absent()
    refused = begin(region, pool)
    assert isinstance(refused, InferError)
    assert refused.reason == Reason.WAITING


def test_an_object_of_somebody_else_is_neither_changed_nor_deleted(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    config = resource(region, Kind.CONFIG_MAP)
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": config.key.short_name, "namespace": NS},
        "data": {"theirs": "1"},
    }
    cloud.run(lambda: cloud.objects(EAST).put(theirs, "someone"))
    results = [begin(region, config, verb) for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE)]
    assert {result.reason for result in results if isinstance(result, InferError)} == {Reason.FOREIGN}
    assert len([result for result in results if isinstance(result, InferError)]) == 3
    stored = cloud.run(lambda: cloud.objects(EAST).get("ConfigMap", NS, config.key.short_name))
    assert stored["data"] == {"theirs": "1"}


def test_what_helm_installed_is_not_adopted(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    config = resource(region, Kind.CONFIG_MAP)
    begin(region, config)

    def helm() -> None:
        stored = cloud.objects(EAST).get("ConfigMap", NS, config.key.short_name)
        assert stored
        stored["metadata"]["annotations"] = {"meta.helm.sh/release-name": "llm"}
        cloud.objects(EAST).put(stored, "helm")

    cloud.run(helm)
    seen = see(region, config.key)
    assert isinstance(seen, Broken)
    assert (seen.wreck, seen.error.reason) == (False, Reason.FOREIGN)


def test_a_field_of_ours_that_another_manager_took_is_taken_back(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    service = resource(region, Kind.SERVICE)
    begin(region, service)

    def meddle() -> None:
        stored = cloud.objects(EAST).get("Service", NS, service.key.short_name)
        assert stored
        stored["spec"]["ports"][0]["port"] = 9999
        cloud.objects(EAST).put(stored, "someone")

    cloud.run(meddle)
    before = see(region, service.key)
    assert isinstance(before, Present)
    assert differences(service.spec, before.spec)
    assert begin(region, service, Verb.UPDATE) == Started()
    after = see(region, service.key)
    assert isinstance(after, Present)
    assert differences(service.spec, after.spec) == ()


def test_a_secret_is_written_with_its_value_and_read_without(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    secret = resource(region, Kind.SECRET, "hf-token")
    assert begin(region, secret) == Started()
    seen = see(region, secret.key)
    assert isinstance(seen, Present)
    assert (seen.ready, differences(secret.spec, seen.spec)) == (True, ())
    assert not {"data", "stringData"} & seen.spec.keys()
    assert TOKEN not in repr(seen)
    assert cloud.run(lambda: cloud.objects(EAST).get("Secret", NS, "hf-token"))["data"]


def test_deleting_an_object_that_is_gone_is_done(region: Rounds) -> None:
    assert begin(region, resource(region, Kind.CONFIG_MAP), Verb.DELETE) == Started()


def test_an_object_with_finalizers_is_in_flight_until_they_are_gone(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    config = resource(region, Kind.CONFIG_MAP)
    held = {**config.spec, "metadata": {**config.spec["metadata"], "finalizers": ["example.com/wait"]}}
    begin(region, Resource(config.key, held))
    assert begin(region, config, Verb.DELETE) == Started()
    assert see(region, config.key) == InFlight("its deletion")
    del cloud


def test_pods_without_nodes_say_where_there_are_none(cloud: WholeCloud, region: Rounds) -> None:
    gpu = region.key(Kind.NODE_POOL)
    until(region, lambda: isinstance(region.seen[gpu], Present) and region.seen[gpu].ready)
    path = f"projects/demo/locations/{EAST}/clusters/inferops-{EAST}"
    cloud.run(lambda: cloud.world.faults.stockout.add("us-east4-a"))
    cloud.run(lambda: cloud.gke.preempt(*path.split("/")[1::2], gpu.name, 2))
    found = until(region, lambda: (now := workload(region)) and not now.ready and "nodes" in now.because and now)
    assert found.because.startswith("0 of 2 ready: no nodes in us-east4-a, which has no machines of this type free")


def test_an_image_that_is_not_there_is_named(cloud: WholeCloud, region: Rounds) -> None:
    image = spec(EAST).image
    cloud.run(lambda: cloud.missing_images.add(image))
    found = until(region, lambda: (now := workload(region)) and now.reason == Reason.IMAGE_NOT_FOUND and now)
    assert image in found.because


def test_a_cluster_without_a_way_in_is_unknown(cloud: WholeCloud, region: Rounds) -> None:
    def close() -> None:
        (cluster,) = cloud.gke.clusters()
        cluster.spec.control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic = False
        cluster.membership = ""

    cloud.run(close)
    seen = see(region, region.key(Kind.NAMESPACE))
    assert isinstance(seen, Unknown)
    assert "neither an open DNS endpoint nor a fleet membership" in seen.because


def test_an_api_server_that_is_down_is_unknown(cloud: WholeCloud, region: Rounds) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add("kubernetes"))
    assert isinstance(see(region, region.key(Kind.NAMESPACE)), Unknown)


def test_a_lost_answer_of_an_apply_may_have_happened(cloud: WholeCloud, region: Rounds) -> None:
    cloud.run(lambda: cloud.world.faults.answer_lost.update({"kubernetes": 1}))
    lost = begin(region, resource(region, Kind.NAMESPACE))
    assert isinstance(lost, InferError)
    assert lost.reason == Reason.DEADLINE_EXCEEDED
    assert isinstance(see(region, region.key(Kind.NAMESPACE)), Present)


def test_a_gateway_without_its_proxy_subnet_says_what_is_wrong(cloud: WholeCloud, served: list[Rounds]) -> None:
    routing = served[-1]
    key = routing.key(Kind.GATEWAY)

    def ask_elsewhere() -> None:
        stored = cloud.objects(EAST).get("Gateway.gateway.networking.k8s.io", NS, "llm")
        assert stored
        kind = "networking.gke.io/ephemeral-ipv4-address"
        stored["spec"]["addresses"] = [{"type": f"{kind}/europe-west1", "value": "europe-west1"}]
        cloud.objects(EAST).put(stored, "someone")

    cloud.run(ask_elsewhere)
    for _ in range(200):
        seen = see(routing, key)
        assert isinstance(seen, Present)
        if seen.reason == Reason.INVALID:
            break
    assert "GWCER106" in seen.because


def test_a_smoke_test_of_an_older_address_is_made_anew(cloud: WholeCloud, served: list[Rounds]) -> None:
    region = served[2]
    test = region.key(Kind.SMOKE_TEST)

    def move() -> None:
        stored = cloud.objects(EAST).get("Gateway.gateway.networking.k8s.io", NS, "llm")
        assert stored
        status = {**stored["status"], "addresses": [{"type": "IPAddress", "value": "10.150.0.77"}]}
        cloud.objects(EAST).set_status(stored, status)

    cloud.run(cloud.world.pause)
    cloud.run(move)
    plan = region.round()
    assert [(action.key, action.verb) for action in plan.actions] == [(test, Verb.UPDATE)]
    cloud.run(lambda: cloud.world.pause(on=False))
    converge(region)


def test_a_smoke_test_that_fails_is_a_wreck(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.missing_images.add(spec(EAST).probe_image))
    units = [*platform(cloud, providers, EAST), *deployment(cloud, providers, spec(EAST), EAST)]
    region, others = units[2], (units[0], units[1], units[3])
    test = region.key(Kind.SMOKE_TEST)

    def failed() -> Broken | None:
        for other in others:
            other.round()
        found = region.seen[test]
        return found if isinstance(found, Broken) else None

    seen = until(region, failed)
    assert (seen.wreck, seen.error.reason) == (True, Reason.SMOKE_TEST_FAILED)
    assert "longer than specified deadline" in str(seen.error)


def test_what_others_added_to_a_list_of_ours_goes(cloud: WholeCloud, region: Rounds) -> None:
    home(region)
    service = resource(region, Kind.SERVICE)
    begin(region, service)

    def meddle() -> None:
        stored = cloud.objects(EAST).get("Service", NS, service.key.short_name)
        assert stored
        stored["spec"]["ports"].append({"name": "theirs", "port": 9999, "protocol": "TCP", "targetPort": 9999})
        cloud.objects(EAST).put(stored, "someone")

    cloud.run(meddle)
    assert begin(region, service, Verb.UPDATE) == Started()
    after = see(region, service.key)
    assert isinstance(after, Present)
    assert differences(service.spec, after.spec) == ()
