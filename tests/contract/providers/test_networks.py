"""Networks, subnetworks and firewalls over Compute's REST."""

from __future__ import annotations

from dataclasses import replace

import pytest
from google.cloud import compute_v1

from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.graph import Resource
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Gone, Hold, Verb
from shared.domain.settling import Result, Started
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import EAST, WEST, Rounds, WholeCloud, platform

NET = Resource(
    ResourceKey(EAST, Kind.NETWORK, "rdma"),
    {"name": "rdma", "auto_create_subnetworks": False, "mtu": 8896, "description": "inferops:inferops"},
)
RULE = Resource(
    ResourceKey(EAST, Kind.FIREWALL, "rdma-all"),
    {
        "name": "rdma-all",
        "description": "inferops:inferops",
        "network": "projects/demo/global/networks/default",
        "direction": "INGRESS",
        "source_ranges": ["192.168.0.0/16"],
        "allowed": [{"I_p_protocol": "tcp", "ports": ["0-65535"]}],
    },
)


def subnet(cloud: WholeCloud, providers: CloudProviders) -> Resource:
    unit, _ = platform(cloud, providers, EAST)
    return unit.graph.resources[unit.key(Kind.SUBNETWORK)]


def see(providers: CloudProviders, key: ResourceKey, operation: str = "") -> Observed:
    return providers.look({key: Entry(operation=operation)})[key]


def begin(
    providers: CloudProviders, resource: Resource, verb: Verb = Verb.CREATE, entry: Entry | None = None
) -> Result:
    action = Do(resource.key, verb, "", None if verb is Verb.DELETE else resource)
    return providers.start([action], {resource.key: entry or Entry()})[resource.key]


def build(cloud: WholeCloud, providers: CloudProviders, resource: Resource) -> Present:
    started = begin(providers, resource)
    assert isinstance(started, Started)
    return wait(cloud, providers, resource.key, started.operation)


def wait(cloud: WholeCloud, providers: CloudProviders, key: ResourceKey, operation: str) -> Present:
    while isinstance(seen := see(providers, key, operation), InFlight):
        cloud.now()
    assert isinstance(seen, Present), seen
    return seen


@pytest.mark.parametrize("resource", [NET, RULE], ids=["network", "firewall"])
def test_what_was_built_reads_back_as_wanted(cloud: WholeCloud, providers: CloudProviders, resource: Resource) -> None:
    present = build(cloud, providers, resource)
    assert present.ready
    assert differences(resource.spec, present.spec) == ()


def test_a_proxy_only_subnet_reads_back_as_wanted(cloud: WholeCloud, providers: CloudProviders) -> None:
    resource = subnet(cloud, providers)
    assert differences(resource.spec, build(cloud, providers, resource).spec) == ()


def test_while_its_operation_runs_it_is_in_flight(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(cloud.world.pause)
    started = begin(providers, NET)
    assert isinstance(started, Started)
    assert see(providers, NET.key, started.operation) == InFlight(started.operation)


def test_the_same_attempt_twice_is_one_operation(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(cloud.world.pause)
    assert begin(providers, NET) == begin(providers, NET)


def test_a_lost_answer_says_that_it_may_have_happened(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.answer_lost.update({"compute": 1}))
    lost = begin(providers, NET)
    assert isinstance(lost, InferError)
    assert lost.reason == Reason.DEADLINE_EXCEEDED
    assert isinstance(begin(providers, NET), Started)


def test_ours_that_is_there_already_is_adopted(cloud: WholeCloud, providers: CloudProviders) -> None:
    build(cloud, providers, NET)
    assert begin(providers, NET, entry=Entry(serial=7)) == Started()


def test_one_on_its_way_by_another_attempt_is_waited_for(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(cloud.world.pause)
    begin(providers, NET)
    second = begin(providers, NET, entry=Entry(serial=7))
    assert isinstance(second, InferError)
    assert second.reason == Reason.BUSY


def test_somebody_else_s_is_neither_adopted_nor_deleted(cloud: WholeCloud, providers: CloudProviders) -> None:
    theirs = compute_v1.Network(name="rdma", auto_create_subnetworks=False)
    cloud.run(lambda: cloud.compute.store.put("projects/demo/global/networks/rdma", theirs))
    refused = begin(providers, NET)
    assert isinstance(refused, InferError)
    assert refused.reason == Reason.FOREIGN
    unit = Rounds.of(cloud, providers, "llm", platform(cloud, providers, EAST)[0].graph, EAST)
    unit.graph = replace(unit.graph, resources={NET.key: NET})
    assert isinstance(unit.round().steps[NET.key], Hold)
    unit.graph = replace(unit.graph, resources={})
    assert isinstance(unit.round().steps[NET.key], Gone)


def test_deleting_what_is_gone_is_done(providers: CloudProviders) -> None:
    assert begin(providers, NET, Verb.DELETE) == Started()


def test_a_failed_operation_arrives_as_broken_without_a_wreck(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.failing.update({"networks.insert": 1}))
    started = begin(providers, NET)
    assert isinstance(started, Started)
    while isinstance(seen := see(providers, NET.key, started.operation), InFlight):
        cloud.now()
    assert isinstance(seen, Broken)
    assert (seen.wreck, seen.error.reason) == (False, Reason.INTERNAL)


def test_a_forgotten_operation_hides_nothing(providers: CloudProviders) -> None:
    assert see(providers, NET.key, "operation-of-last-year") == Absent()


def test_a_region_that_is_down_is_unknown_and_the_other_is_seen(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add(f"compute/{EAST}"))
    keys = [unit.key(Kind.SUBNETWORK) for unit in platform(cloud, providers, EAST, WEST)[:2]]
    seen = providers.look(dict.fromkeys(keys, Entry()))
    assert [type(seen[key]) for key in keys] == [Unknown, Absent]


def test_a_firewall_is_changed_in_place(cloud: WholeCloud, providers: CloudProviders) -> None:
    build(cloud, providers, RULE)
    wanted = Resource(RULE.key, {**RULE.spec, "source_ranges": ["192.168.0.0/17"]})
    started = begin(providers, wanted, Verb.UPDATE)
    assert isinstance(started, Started), started
    present = wait(cloud, providers, RULE.key, started.operation)
    assert differences(wanted.spec, present.spec) == ()


def test_a_quota_says_which_and_how_much(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.quota.update({("global", "NETWORKS"): 0}))
    refused = begin(providers, NET)
    assert isinstance(refused, InferError)
    assert (refused.reason, "NETWORKS" in refused.remedy) == (Reason.QUOTA_EXCEEDED, True)
