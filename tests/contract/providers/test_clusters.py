"""Clusters and node pools over GKE's gRPC."""

from __future__ import annotations

from dataclasses import replace
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
from tests.contract.providers.whole_cloud import EAST, Rounds, WholeCloud, converge, deployment, platform, spec


def region(cloud: WholeCloud, providers: CloudProviders, **more: Any) -> Rounds:
    return deployment(cloud, providers, spec(EAST, **more), EAST)[0]


def pool(cloud: WholeCloud, providers: CloudProviders) -> Resource:
    unit = region(cloud, providers)
    return unit.graph.resources[unit.key(Kind.NODE_POOL)]


def renamed(resource: Resource, name: str) -> Resource:
    return Resource(replace(resource.key, name=name), {**resource.spec, "name": name})


def see(providers: CloudProviders, key: ResourceKey, operation: str = "") -> Observed:
    return providers.look({key: Entry(operation=operation)})[key]


def begin(providers: CloudProviders, resource: Resource, verb: Verb = Verb.CREATE) -> Result:
    action = Do(resource.key, verb, "", None if verb is Verb.DELETE else resource)
    return providers.start([action], {})[resource.key]


def ended(cloud: WholeCloud, providers: CloudProviders, key: ResourceKey, result: Result) -> Observed:
    assert isinstance(result, Started), result
    while isinstance(seen := see(providers, key, result.operation), InFlight):
        cloud.now()
    return seen


def test_a_cluster_reads_back_as_wanted(east: Rounds) -> None:
    key = east.key(Kind.CLUSTER)
    present = east.seen[key]
    assert isinstance(present, Present)
    assert differences(east.graph.resources[key].spec, present.spec) == ()


def test_inside_a_cluster_that_is_being_made_nothing_is_there(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(cloud.world.pause)
    unit, _ = platform(cloud, providers, EAST)
    unit.round()
    unit.round()
    assert isinstance(unit.seen[unit.key(Kind.CLUSTER)], InFlight)
    assert unit.seen[unit.key(Kind.CRD)] == Absent()


def test_inside_a_cluster_that_is_going_nothing_is_known(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    cloud.run(cloud.world.pause)
    cluster = east.graph.resources[east.key(Kind.CLUSTER)]
    begin(providers, cluster, Verb.DELETE)
    seen = providers.look(dict.fromkeys([cluster.key, east.key(Kind.CRD)], Entry()))
    assert isinstance(seen[cluster.key], InFlight)
    assert isinstance(seen[east.key(Kind.CRD)], Unknown)


def test_while_gke_is_down_nothing_in_it_is_known(cloud: WholeCloud, east: Rounds) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add("gke"))
    east.round()
    assert {type(east.seen[east.key(kind)]) for kind in (Kind.CLUSTER, Kind.CRD)} == {Unknown}


def test_a_cluster_stays_kept_while_one_of_its_pools_is_made(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    cloud.run(cloud.world.pause)
    gpu = pool(cloud, providers)
    begin(providers, gpu)
    assert east.round().converged
    assert isinstance(see(providers, gpu.key), InFlight)


def test_a_pool_reads_back_as_wanted(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> None:
    del east
    gpu = pool(cloud, providers)
    present = ended(cloud, providers, gpu.key, begin(providers, gpu))
    assert isinstance(present, Present), present
    assert (present.ready, differences(gpu.spec, present.spec)) == (True, ())


def test_a_stock_out_is_a_wreck_that_names_the_zone(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> None:
    del east
    cloud.run(lambda: cloud.world.faults.stockout.add("us-east4-a"))
    gpu = pool(cloud, providers)
    broken = ended(cloud, providers, gpu.key, begin(providers, gpu))
    assert isinstance(broken, Broken)
    assert (broken.wreck, broken.error.reason) == (True, Reason.STOCK_OUT)
    assert "us-east4-a" in str(broken.error)


def test_a_region_recovers_by_itself_when_there_is_stock_again(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    cloud.run(lambda: cloud.world.faults.stockout.add("us-east4-a"))
    gpu = pool(cloud, providers)
    unit = Rounds.of(cloud, providers, "llm", replace(east.graph, resources={gpu.key: gpu}), EAST)
    while not isinstance(unit.seen.get(gpu.key), Broken):
        unit.round()
    cloud.run(cloud.world.faults.stockout.clear)
    converge(unit)
    assert cloud.run(lambda: cloud.world.faults.seen["stockout"]) >= 1


def test_a_quota_that_is_too_small_is_told_with_its_figures(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    del east
    cloud.run(lambda: cloud.world.faults.quota.update({(EAST, "PREEMPTIBLE_NVIDIA_H100_GPUS"): 1}))
    gpu = pool(cloud, providers)
    broken = ended(cloud, providers, gpu.key, begin(providers, gpu))
    assert isinstance(broken, Broken)
    assert broken.error.reason == Reason.QUOTA_EXCEEDED
    assert "PREEMPTIBLE_NVIDIA_H100_GPUS" in broken.error.remedy


def test_more_replicas_raise_the_autoscaler_s_maximum(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    del east
    gpu = pool(cloud, providers)
    ended(cloud, providers, gpu.key, begin(providers, gpu))
    larger = Resource(gpu.key, {**gpu.spec, "autoscaling": {**gpu.spec["autoscaling"], "total_max_node_count": 3}})
    present = ended(cloud, providers, gpu.key, begin(providers, larger, Verb.UPDATE))
    assert isinstance(present, Present)
    assert differences(larger.spec, present.spec) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("resource_labels", {"team": "ml"}, id="labels of the machines"),
        pytest.param("labels", {"tier": "gpu"}, id="labels of the nodes"),
    ],
)
def test_labels_of_a_pool_are_changed_in_place(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds, field: str, value: dict[str, str]
) -> None:
    del east
    gpu = pool(cloud, providers)
    ended(cloud, providers, gpu.key, begin(providers, gpu))
    config = {**gpu.spec["config"], field: {**gpu.spec["config"][field], **value}}
    wanted = Resource(gpu.key, {**gpu.spec, "config": config})
    present = ended(cloud, providers, gpu.key, begin(providers, wanted, Verb.UPDATE))
    assert isinstance(present, Present)
    assert differences(wanted.spec, present.spec) == ()


def test_what_cannot_be_changed_in_place_needs_a_person(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    del east
    gpu = pool(cloud, providers)
    ended(cloud, providers, gpu.key, begin(providers, gpu))
    wanted = Resource(gpu.key, {**gpu.spec, "config": {**gpu.spec["config"], "machine_type": "a3-highgpu-8g"}})
    refused = begin(providers, wanted, Verb.UPDATE)
    assert isinstance(refused, InferError)
    assert refused.reason == Reason.FIELD_NOT_KEPT


def test_a_setting_of_a_cluster_is_changed_in_place(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> None:
    cluster = east.graph.resources[east.key(Kind.CLUSTER)]
    wanted = Resource(cluster.key, {**cluster.spec, "pod_autoscaling": {"hpa_profile": "NONE"}})
    present = ended(cloud, providers, cluster.key, begin(providers, wanted, Verb.UPDATE))
    assert isinstance(present, Present)
    assert differences(wanted.spec, present.spec) == ()


def test_no_more_pools_are_started_at_once_than_gke_takes(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    del east
    cloud.run(cloud.world.pause)
    pools = [renamed(pool(cloud, providers), f"llm-{number}") for number in range(6)]
    results = providers.start([Do(each.key, Verb.CREATE, "", each) for each in pools], {})
    held = [result for result in results.values() if isinstance(result, InferError)]
    assert [error.reason for error in held] == [Reason.BUSY, Reason.BUSY]


def test_a_cluster_is_not_touched_while_its_pools_are_worked_on(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    cloud.run(cloud.world.pause)
    begin(providers, pool(cloud, providers))
    held = begin(providers, east.graph.resources[east.key(Kind.CLUSTER)], Verb.DELETE)
    assert isinstance(held, InferError)
    assert held.reason == Reason.BUSY


def test_a_second_start_of_the_same_pool_is_no_second_pool(
    cloud: WholeCloud, providers: CloudProviders, east: Rounds
) -> None:
    del east
    gpu = pool(cloud, providers)
    ended(cloud, providers, gpu.key, begin(providers, gpu))
    assert begin(providers, gpu) == Started()


def test_somebody_else_s_pool_is_foreign(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> None:
    del east
    gpu = pool(cloud, providers)
    theirs = Resource(gpu.key, {**gpu.spec, "config": {**gpu.spec["config"], "resource_labels": {"team": "x"}}})
    seen = ended(cloud, providers, gpu.key, begin(providers, theirs))
    assert isinstance(seen, Broken)
    assert (seen.wreck, seen.error.reason) == (False, Reason.FOREIGN)


def test_deleting_a_pool_that_is_gone_is_done(cloud: WholeCloud, providers: CloudProviders, east: Rounds) -> None:
    del east
    assert begin(providers, pool(cloud, providers), Verb.DELETE) == Started()


def test_a_cluster_whose_creation_failed_is_a_wreck(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.failing.update({"CREATE_CLUSTER": 1}))
    unit, _ = platform(cloud, providers, EAST)
    cluster = unit.graph.resources[unit.key(Kind.CLUSTER)]
    seen = ended(cloud, providers, cluster.key, begin(providers, cluster))
    assert isinstance(seen, Broken)
    assert seen.error.reason == Reason.INTERNAL
    converge(unit)
