"""What holds of every plan, whatever is wanted, remembered and seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.graph import Resource, ResourceGraph
from shared.domain.inventory import Entry
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.observations import NOT_LOOKED_AT, Absent, Broken, InFlight, Observed, Present, Unknown
from shared.domain.planning import Do, Gone, Keep, Plan, Verb, make_plan, users_of
from tests.unit.domain.examples import ANY, HOME, T0, US, errors, minutes, times

KEYS = [
    ResourceKey(US, Kind.SUBNETWORK, "proxy"),
    ResourceKey(US, Kind.CLUSTER, f"inferops-{US}"),
    ResourceKey(US, Kind.NODE_POOL, "pool", HOME),
    ResourceKey(GLOBAL, Kind.API, "container"),
    ResourceKey(US, Kind.WORKLOAD, "ns/chat", HOME),
    ResourceKey(GLOBAL, Kind.INFERENCE_POOL_IMPORT, "ns/chat", HOME),
    ResourceKey(GLOBAL, Kind.GATEWAY, "ns/chat", HOME),
]
ELSEWHERE = [ResourceKey("europe-west3", Kind.WORKLOAD, f"ns/{n}") for n in "ab"]
specs = st.fixed_dictionaries({"v": st.integers(0, 2)})
observed: st.SearchStrategy[Observed] = st.one_of(
    st.just(Absent()),
    st.just(InFlight("op-1")),
    st.just(Unknown("timeout")),
    st.builds(Broken, errors, st.booleans()),
    st.builds(Present, specs, st.booleans(), failure=st.none() | errors),
)
entries = st.builds(
    Entry,
    needs=st.frozensets(st.sampled_from(KEYS), max_size=3),
    serial=st.integers(0, 3),
    not_before=st.none() | times.map(lambda when: when - minutes(80_000)),
    ready_once=st.booleans(),
)


@dataclass(frozen=True)
class Round:
    """What a plan was made from, and the plan."""

    graph: ResourceGraph
    inventory: dict[ResourceKey, Entry]
    others: dict[ResourceKey, Entry]
    seen: dict[ResourceKey, Observed]
    plan: Plan

    def sight(self, key: ResourceKey) -> Observed:
        return self.seen.get(key, NOT_LOOKED_AT)

    def kept(self, key: ResourceKey) -> bool:
        found = self.sight(key)
        inside = key in self.graph
        return isinstance(self.plan.steps[key], Keep) if inside else isinstance(found, Present) and found.ready


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """Any round: needs go only backwards, so there is no cycle."""
    made = []
    for n in sorted(draw(st.sets(st.integers(0, len(KEYS) - 1)))):
        before = st.frozensets(st.sampled_from(KEYS[:n]), max_size=2) if n else st.just(frozenset())
        made.append(Resource(KEYS[n], draw(specs), draw(before), draw(before)))
    graph = ResourceGraph.of(made)
    remembered = draw(st.dictionaries(st.sampled_from(KEYS), entries))
    inventory = {key: Entry(**{**vars(e), "needs": e.needs & _before(key)}) for key, e in remembered.items()}
    others = draw(st.dictionaries(st.sampled_from(ELSEWHERE), entries))
    seen = draw(st.dictionaries(st.sampled_from([*KEYS, *ELSEWHERE]), observed))
    return Round(graph, inventory, others, seen, make_plan(graph, inventory, seen, T0, others))


def _before(key: ResourceKey) -> frozenset[ResourceKey]:
    return frozenset(KEYS[: KEYS.index(key)])


@ANY
@given(rounds())
def test_there_is_exactly_one_step_for_each_key_wanted_or_remembered(a: Round) -> None:
    assert a.plan.steps.keys() == a.graph.resources.keys() | a.inventory.keys()
    assert all(step.key == key for key, step in a.plan.steps.items())


@ANY
@given(rounds())
def test_nothing_is_done_about_what_could_not_be_seen(a: Round) -> None:
    assert not [action for action in a.plan.actions if isinstance(a.sight(action.key), Unknown)]


@ANY
@given(rounds())
def test_nothing_is_done_about_what_is_being_worked_on(a: Round) -> None:
    assert not [action for action in a.plan.actions if isinstance(a.sight(action.key), InFlight)]


@ANY
@given(rounds())
def test_nothing_is_built_before_all_of_its_needs_are_kept(a: Round) -> None:
    built = [action.resource for action in a.plan.actions if action.resource]
    assert not [(r.key, first) for r in built for first in r.all_needs if not a.kept(first)]


@ANY
@given(rounds())
def test_nothing_is_built_before_one_of_its_choices_is_kept(a: Round) -> None:
    built = [action.resource for action in a.plan.actions if action.resource]
    assert not [r.key for r in built if r.any_of and not any(map(a.kept, r.any_of))]


@ANY
@given(rounds())
def test_nothing_unwanted_is_deleted_under_a_user_that_was_not_seen_absent(a: Round) -> None:
    users = users_of({**a.others, **a.inventory})
    deleted = [s.key for s in a.plan.actions if s.verb is Verb.DELETE and s.key not in a.graph]
    assert not [(k, u) for k in deleted for u in users.get(k, ()) if not isinstance(a.sight(u), Absent)]


@ANY
@given(rounds())
def test_what_is_wanted_is_deleted_only_as_a_wreck_that_was_never_ready(a: Round) -> None:
    for action in a.plan.actions:
        if action.verb is Verb.DELETE and action.key in a.graph:
            found = a.sight(action.key)
            assert isinstance(found, Broken) and found.wreck and not a.inventory[action.key].ready_once


@ANY
@given(rounds())
def test_only_what_is_absent_is_created_and_only_what_is_present_updated(a: Round) -> None:
    kinds: dict[Verb, Any] = {Verb.CREATE: Absent | Broken, Verb.UPDATE: Present, Verb.DELETE: Present | Broken}
    assert not [action for action in a.plan.actions if not isinstance(a.sight(action.key), kinds[action.verb])]


@ANY
@given(rounds())
def test_no_pause_is_cut_short(a: Round) -> None:
    pauses = [a.inventory[s.key].not_before for s in a.plan.actions if s.key in a.inventory]
    assert not [until for until in pauses if until and until > T0]


@ANY
@given(rounds())
def test_a_check_is_looked_at_and_never_built(a: Round) -> None:
    checks = {Kind.API, Kind.INFERENCE_POOL_IMPORT}
    assert not [action for action in a.plan.actions if action.key.kind in checks]


@ANY
@given(rounds())
def test_gone_is_only_what_is_unwanted_and_of_which_nothing_remains(a: Round) -> None:
    for key, step in a.plan.steps.items():
        if isinstance(step, Gone) and key.kind not in {Kind.API, Kind.INFERENCE_POOL_IMPORT}:
            found = a.sight(key)
            assert key not in a.graph
            assert isinstance(found, Absent) or (isinstance(found, Broken) and not found.wreck)


@ANY
@given(rounds())
def test_kept_is_only_what_is_wanted_and_ready(a: Round) -> None:
    for key, step in a.plan.steps.items():
        if isinstance(step, Keep):
            found = a.sight(key)
            assert key in a.graph and isinstance(found, Present) and found.ready


@ANY
@given(rounds())
def test_a_plan_depends_on_values_and_not_on_their_order(a: Round) -> None:
    graph = ResourceGraph(dict(reversed(list(a.graph.resources.items()))))
    again = make_plan(graph, dict(reversed(a.inventory.items())), dict(reversed(a.seen.items())), T0, a.others)
    assert list(again.steps.items()) == list(a.plan.steps.items())


@ANY
@given(rounds())
def test_every_step_says_why(a: Round) -> None:
    assert all(step.because for step in a.plan.actions if isinstance(step, Do))
