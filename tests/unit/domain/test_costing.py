"""What specs cost, hold and draw on, by the catalogue that ships with the product."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.costing import (
    critical_path,
    gpus_of,
    nodes_of,
    price_lines,
    quota_needs,
    quote,
)
from shared.domain.desired import DeploymentSpec, PlatformSpec, Spec
from shared.domain.graph import Difference, Resource, ResourceGraph, difference
from shared.domain.names import Kind
from shared.domain.quotes import total
from tests.unit.domain.examples import (
    ANY,
    CATALOG,
    CLUSTER,
    EU,
    FIREWALL,
    POOL,
    SUBNET,
    US,
    WORK,
    need,
    serving,
    wanted,
)

CHAT, PLATFORM = "deployments/chat", f"platform/{US}"
L4_SPOT = "PREEMPTIBLE_NVIDIA_L4_GPUS"
BIG = {"machine": "g2-standard-24", "consumption": "on_demand"}  # two GPUs a machine, two a replica
replicas = st.integers(1, 64)


def specs(spec: Spec | None = None, **more: Spec | None) -> dict[str, Spec | None]:
    return {CHAT: spec, **more}


def typical(kind: Kind) -> timedelta:
    prior = CATALOG.duration(kind)
    assert prior is not None
    return prior.typical


@pytest.mark.parametrize(
    ("machine", "count", "nodes"),
    [
        pytest.param("g2-standard-12", 3, 3, id="one replica a machine"),
        pytest.param("a3-highgpu-2g", 3, 2, id="two replicas share a machine"),
        pytest.param("a3-ultragpu-8g", 9, 2, id="eight share a machine"),
        pytest.param("g2-standard-24", 3, 3, id="a replica takes both GPUs"),
    ],
)
def test_machines_for_replicas(machine: str, count: int, nodes: int) -> None:
    assert nodes_of(serving({US: count}, machine=machine), US, CATALOG) == nodes


@ANY
@given(replicas, replicas)
def test_gpus_are_those_of_all_machines_in_all_regions(here: int, there: int) -> None:
    assert gpus_of(specs(serving({US: here, EU: there}, **BIG)), CATALOG) == 2 * (here + there)


def test_what_is_deleted_and_what_is_platform_holds_no_gpus() -> None:
    assert gpus_of({CHAT: None, PLATFORM: PlatformSpec(frozenset({"chat"}))}, CATALOG) == 0


def test_a_price_that_the_catalogue_has_is_taken_as_it_is() -> None:
    spec = serving({"us-central1": 2}, machine="a2-ultragpu-1g")
    machine, region = CATALOG.machine("a2-ultragpu-1g"), CATALOG.region("us-central1")
    price = CATALOG.price(machine, region, CATALOG.consumption(machine, "spot"))
    assert price is not None
    assert price_lines(specs(spec), CATALOG)[0].each == float(price.usd_per_hour) > 0


def test_a_price_that_the_catalogue_has_not_is_unknown_and_never_nothing() -> None:
    [line] = price_lines(specs(serving({"asia-east1": 2})), CATALOG)
    assert line.each is None and total((line,)).unknown == ("g2-standard-12 spot in asia-east1",)


def test_there_is_a_line_for_each_region() -> None:
    assert [line.region for line in price_lines(specs(serving({US: 1, EU: 1})), CATALOG)] == [EU, US]


def test_a_region_pays_for_system_nodes_in_every_zone_and_for_its_cluster() -> None:
    lines = price_lines({PLATFORM: PlatformSpec(frozenset({"chat"}))}, CATALOG)
    zones = len(CATALOG.region(US).zones)
    assert [(line.what, line.count) for line in lines] == [("e2-standard-8 system node", zones), ("cluster fee", 1)]


def test_what_is_gone_costs_nothing() -> None:
    assert price_lines({CHAT: None, PLATFORM: None}, CATALOG) == ()


@ANY
@given(replicas, replicas)
def test_only_growth_draws_on_a_quota(before: int, after: int) -> None:
    needs = quota_needs(specs(serving({US: before})), specs(serving({US: after})), CATALOG)
    assert needs == ({(US, L4_SPOT): after - before} if after > before else {})


def test_a_first_deploy_needs_all_of_it() -> None:
    needs = quota_needs(specs(None), specs(serving({US: 3}), **{PLATFORM: PlatformSpec(frozenset({"chat"}))}), CATALOG)
    cpus = CATALOG.system_machine().vcpu * len(CATALOG.region(US).zones)
    assert needs == {(US, "CPUS"): cpus, (US, L4_SPOT): 3}


def test_what_one_region_gives_back_is_not_counted_for_another() -> None:
    needs = quota_needs(specs(serving({US: 9})), specs(serving({EU: 2})), CATALOG)
    assert needs == {(EU, L4_SPOT): 2}


def test_bought_in_another_way_it_draws_on_another_quota() -> None:
    needs = quota_needs(specs(serving()), specs(serving(consumption="on_demand")), CATALOG)
    assert needs == {(US, "NVIDIA_L4_GPUS"): 3}


def test_a_quota_without_a_known_metric_is_still_named() -> None:
    machine = CATALOG.machine("g2-standard-12")
    nameless = replace(machine, quota=replace(machine.quota, preemptible=None))
    catalog = replace(CATALOG, machines={**CATALOG.machines, machine.machine_type: nameless})
    assert quota_needs({}, specs(serving()), catalog) == {(US, "nvidia-l4 quota"): 3}


def test_the_critical_path_is_the_longest_chain_of_needs() -> None:
    graph = ResourceGraph.of(
        [wanted(CLUSTER, SUBNET), wanted(SUBNET), wanted(FIREWALL), wanted(POOL), wanted(WORK, POOL)]
    )
    chain = (Kind.SUBNETWORK, Kind.CLUSTER, Kind.NODE_POOL, Kind.WORKLOAD)
    expected = sum(map(typical, chain), timedelta())
    assert critical_path(difference(ResourceGraph(), graph), CATALOG) == expected


def test_what_stands_already_takes_no_time() -> None:
    before = ResourceGraph.of([wanted(CLUSTER)])
    after = before | ResourceGraph.of([wanted(POOL)])
    assert critical_path(difference(before, after), CATALOG) == typical(Kind.NODE_POOL)


def test_an_update_takes_its_time_too() -> None:
    before, after = ResourceGraph.of([wanted(POOL, max=1)]), ResourceGraph.of([wanted(POOL, max=2)])
    assert critical_path(difference(before, after), CATALOG) == typical(Kind.NODE_POOL)


def test_a_choice_counts_like_a_need() -> None:
    change = Difference(create=(Resource(FIREWALL, any_of=need(SUBNET)), wanted(SUBNET)))
    assert critical_path(change, CATALOG) == typical(Kind.FIREWALL) + typical(Kind.SUBNETWORK)


def test_a_workload_without_accelerators_is_up_in_seconds() -> None:
    assert critical_path(Difference(create=(wanted(WORK),)), CATALOG) == timedelta()


def test_a_removal_takes_as_long_as_its_slowest_kind() -> None:
    assert critical_path(Difference(delete=(wanted(SUBNET), wanted(CLUSTER))), CATALOG) == typical(Kind.CLUSTER)


def test_nothing_takes_no_time() -> None:
    assert critical_path(Difference(), CATALOG) == timedelta()


def test_a_quote_puts_before_and_after_side_by_side() -> None:
    made = quote(specs(serving({US: 1})), specs(serving({US: 4})), Difference(), (), CATALOG)
    assert (made.gpus_before, made.gpus_after, made.before[0].count, made.after[0].count) == (1, 4, 1, 4)


def test_a_quote_carries_the_date_of_its_prices() -> None:
    made = quote({}, {}, Difference(), (), CATALOG)
    assert made.catalogue == f"{CATALOG.version} of {CATALOG.read_on}"


def test_a_quote_says_what_it_does_not_cover() -> None:
    made = quote({}, {}, Difference(), (), CATALOG)
    assert made.notes[0] == f"not priced: {', '.join(CATALOG.not_priced)}"


@pytest.mark.parametrize(("consumption", "warned"), [("spot", True), ("on_demand", False)])
def test_a_quote_warns_of_spot(consumption: str, warned: bool) -> None:
    after: DeploymentSpec = serving(consumption=consumption)
    made = quote({}, specs(after), Difference(), (), CATALOG)
    assert any(note.startswith("spot nodes can be taken away") for note in made.notes) is warned
