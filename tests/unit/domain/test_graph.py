"""Resources that need resources: order, parts, and what a change of graphs would do."""

from __future__ import annotations

import os
import subprocess
import sys
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.graph import CHECKS, Difference, Resource, ResourceGraph, difference
from shared.domain.names import GLOBAL, Kind, ResourceKey
from tests.unit.domain.examples import ANY, CLUSTER, FIREWALL, POOL, SUBNET, US, WORK, need, wanted

API = ResourceKey(GLOBAL, Kind.API, "container")
NAMES = [ResourceKey(place, Kind.FIREWALL, f"r{n}") for n in range(8) for place in (US, GLOBAL)]


@st.composite
def graphs(draw: st.DrawFn) -> ResourceGraph:
    """Any graph without cycles: each resource needs only earlier ones."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=10))
    made = []
    for n, key in enumerate(chosen):
        some = st.sets(st.sampled_from(chosen[:n]), max_size=3) if n else st.just(set())
        made.append(Resource(key, {"v": draw(st.integers(0, 2))}, frozenset(draw(some)), frozenset(draw(some))))
    return ResourceGraph.of(draw(st.permutations(made)))


@ANY
@given(graphs())
def test_needs_come_before_what_needs_them(graph: ResourceGraph) -> None:
    order = [resource.key for resource in graph]
    late = [
        (r.key, first) for r in graph for first in r.all_needs | r.any_of if order.index(first) > order.index(r.key)
    ]
    assert not late


@ANY
@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_graph_was_built(graph: ResourceGraph, dice: object) -> None:
    shuffled = list(graph.resources.values())
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    assert [r.key for r in ResourceGraph.of(shuffled)] == [r.key for r in graph]


def test_the_order_is_the_same_in_every_process() -> None:
    """propose and decide run in different processes, whose hashes of text differ; the digest rests on the order."""
    program = (
        "from shared.domain.graph import *; from shared.domain.names import *;"
        "k=[ResourceKey('r',Kind.FIREWALL,str(n)) for n in range(20)];"
        "print([r.key.name for r in ResourceGraph.of([Resource(k[0],{},frozenset(k[1:])),*map(Resource,k[1:])])])"
    )
    told = {
        subprocess.run(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


def test_a_cycle_is_a_bug_that_shows() -> None:
    graph = ResourceGraph.of([wanted(SUBNET, FIREWALL), wanted(FIREWALL, SUBNET)])
    with pytest.raises(CycleError):
        list(graph)


def test_two_resources_with_one_key_are_a_bug_that_shows() -> None:
    with pytest.raises(ValueError, match="two resources with one key"):
        ResourceGraph.of([wanted(SUBNET), wanted(SUBNET)])


def test_what_lives_in_a_cluster_needs_it() -> None:
    assert wanted(POOL, SUBNET).all_needs == need(SUBNET, CLUSTER)


def test_a_unit_gets_only_what_is_at_its_location() -> None:
    graph = ResourceGraph.of([wanted(SUBNET), wanted(API)])
    assert list(graph.at(US).resources) == [SUBNET]


@ANY
@given(graphs())
def test_units_share_nothing_and_leave_nothing_out(graph: ResourceGraph) -> None:
    assert graph.at(US) | graph.at(GLOBAL) == graph


def test_what_is_needed_of_other_units_is_outside() -> None:
    graph = ResourceGraph.of([Resource(WORK, needs=need(POOL), any_of=need(API, FIREWALL)), wanted(POOL)])
    assert graph.outside == need(CLUSTER, API, FIREWALL)


@ANY
@given(graphs())
def test_a_graph_does_not_differ_from_itself(graph: ResourceGraph) -> None:
    assert difference(graph, graph).empty


@ANY
@given(graphs(), graphs())
def test_a_difference_turns_one_graph_into_the_other(before: ResourceGraph, after: ResourceGraph) -> None:
    found = difference(before, after)
    kept = before.resources.keys() - {r.key for r in found.delete} | {r.key for r in found.create}
    changed = {new.key for _, new in found.update}
    assert kept == after.resources.keys()
    untouched = (kept & before.resources.keys()) - changed
    assert all(before.resources[key].spec == after.resources[key].spec for key in untouched)


@ANY
@given(graphs(), graphs())
def test_a_difference_is_in_building_order(before: ResourceGraph, after: ResourceGraph) -> None:
    order = [resource.key for resource in after]
    made = [resource.key for resource in difference(before, after).create]
    assert made == sorted(made, key=order.index)


@ANY
@given(graphs(), graphs())
def test_the_way_back_creates_what_the_way_there_deletes(before: ResourceGraph, after: ResourceGraph) -> None:
    there, back = difference(before, after), difference(after, before)
    assert {r.key for r in there.delete} == {r.key for r in back.create}


def test_a_check_is_nobodys_change() -> None:
    assert difference(ResourceGraph(), ResourceGraph.of([wanted(API)])) == Difference()


def test_a_field_that_is_no_longer_set_is_an_update() -> None:
    before, after = (
        ResourceGraph.of([wanted(SUBNET, range="1", flow=True)]),
        ResourceGraph.of([wanted(SUBNET, range="1")]),
    )
    assert [new.key for _, new in difference(before, after).update] == [SUBNET]


def test_a_changed_hint_for_the_provider_is_no_update() -> None:
    before, after = ResourceGraph.of([Resource(POOL, {"_a": 1})]), ResourceGraph.of([Resource(POOL, {"_a": 2})])
    assert difference(before, after).empty


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_rule_16_what_others_bring_about_is_only_looked_at(kind: Kind) -> None:
    assert Resource(ResourceKey(GLOBAL, kind, "x")).is_check
