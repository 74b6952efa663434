"""Memberships and features over GKE Hub's gRPC."""

from __future__ import annotations

import pytest

from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.graph import Resource
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Broken, InFlight, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.settling import Result, Started
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import EAST, Rounds, WholeCloud, converge, platform


@pytest.fixture
def hub(cloud: WholeCloud, providers: CloudProviders) -> Rounds:
    """The global platform with its feature, and the region that it needs, built."""
    region, unit = platform(cloud, providers, EAST)
    converge(region, unit)
    return unit


def see(providers: CloudProviders, key: ResourceKey, operation: str = "") -> Observed:
    return providers.look({key: Entry(operation=operation)})[key]


def begin(providers: CloudProviders, resource: Resource, verb: Verb = Verb.CREATE, serial: int = 0) -> Result:
    action = Do(resource.key, verb, "", None if verb is Verb.DELETE else resource)
    return providers.start([action], {resource.key: Entry(serial=serial)})[resource.key]


def ended(cloud: WholeCloud, providers: CloudProviders, key: ResourceKey, result: Result) -> Observed:
    assert isinstance(result, Started), result
    while isinstance(seen := see(providers, key, result.operation), InFlight):
        cloud.now()
    return seen


def wanted(unit: Rounds, kind: Kind) -> Resource:
    return unit.graph.resources[unit.key(kind)]


def test_a_membership_reads_back_as_wanted(east: Rounds) -> None:
    resource = wanted(east, Kind.MEMBERSHIP)
    present = east.seen[resource.key]
    assert isinstance(present, Present)
    assert differences(resource.spec, present.spec) == ()


def test_a_feature_reads_back_as_wanted_and_says_how_it_is(hub: Rounds) -> None:
    resource = wanted(hub, Kind.FEATURE)
    present = hub.seen[resource.key]
    assert isinstance(present, Present)
    assert (differences(resource.spec, present.spec), dict(present.report)) == ((), {"feature": "Ready to use"})


def test_a_feature_that_does_not_work_waits_with_its_own_words(cloud: WholeCloud, hub: Rounds) -> None:
    cloud.run(lambda: cloud.gke.delete_by_hand("demo", EAST, f"inferops-{EAST}"))
    present = see(hub.providers, hub.key(Kind.FEATURE))
    assert isinstance(present, Present)
    assert (present.ready, "cluster" in present.because) == (False, True)


def test_a_membership_whose_cluster_is_gone_is_not_ready(cloud: WholeCloud, east: Rounds) -> None:
    cloud.run(lambda: cloud.gke.delete_by_hand("demo", EAST, f"inferops-{EAST}"))
    present = see(east.providers, east.key(Kind.MEMBERSHIP))
    assert isinstance(present, Present)
    assert (present.ready, present.because) == (False, "its cluster is gone")


def test_while_it_is_deleted_it_is_in_flight(cloud: WholeCloud, east: Rounds) -> None:
    cloud.run(cloud.world.pause)
    resource = wanted(east, Kind.MEMBERSHIP)
    begin(east.providers, resource, Verb.DELETE)
    assert isinstance(see(east.providers, resource.key), InFlight)


def test_labels_of_a_membership_are_changed_in_place(cloud: WholeCloud, east: Rounds) -> None:
    resource = wanted(east, Kind.MEMBERSHIP)
    more = Resource(resource.key, {**resource.spec, "labels": {**resource.spec["labels"], "a": "b"}})
    present = ended(cloud, east.providers, resource.key, begin(east.providers, more, Verb.UPDATE))
    assert isinstance(present, Present)
    assert differences(more.spec, present.spec) == ()


def test_a_second_registration_adopts_the_first(east: Rounds) -> None:
    assert begin(east.providers, wanted(east, Kind.MEMBERSHIP), serial=7) == Started()


def test_a_membership_without_our_labels_is_foreign(cloud: WholeCloud, east: Rounds) -> None:
    resource = wanted(east, Kind.MEMBERSHIP)
    cloud.run(lambda: [made.labels.clear() for made in cloud.fleet.memberships.made.values()])
    seen = see(east.providers, resource.key)
    assert isinstance(seen, Broken)
    assert (seen.wreck, seen.error.reason) == (False, Reason.FOREIGN)
    refused = begin(east.providers, resource, serial=7)
    assert isinstance(refused, InferError)
    assert refused.reason == Reason.FOREIGN


def test_a_failed_registration_arrives_as_broken(cloud: WholeCloud, east: Rounds) -> None:
    resource = wanted(east, Kind.MEMBERSHIP)
    result = begin(east.providers, resource, Verb.DELETE)
    ended(cloud, east.providers, resource.key, result)
    cloud.run(lambda: cloud.world.faults.failing.update({"memberships.create": 1}))
    seen = ended(cloud, east.providers, resource.key, begin(east.providers, resource, serial=3))
    assert isinstance(seen, Broken)
    assert (seen.wreck, seen.error.reason) == (False, Reason.INTERNAL)


def test_deleting_what_is_gone_is_done(providers: CloudProviders, cloud: WholeCloud) -> None:
    region, hub = platform(cloud, providers, EAST)
    resources = [wanted(region, Kind.MEMBERSHIP), wanted(hub, Kind.FEATURE)]
    assert [begin(providers, each, Verb.DELETE) for each in resources] == [Started(), Started()]


def test_while_the_fleet_is_down_nothing_in_it_is_known(cloud: WholeCloud, east: Rounds) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add("fleet"))
    assert isinstance(see(east.providers, east.key(Kind.MEMBERSHIP)), Unknown)
