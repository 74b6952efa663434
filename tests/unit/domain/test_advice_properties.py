"""What holds of every advice, whatever was measured and whatever is allowed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from shared.domain.advice import diagnose
from shared.domain.amend import Estate, amend
from shared.domain.desired import Desired, deployment_path
from shared.domain.intents import MOST_REPLICAS, Balance, Deploy, Scale
from shared.domain.intervals import Interval
from shared.domain.offers import Offer
from shared.domain.outlook import look
from shared.domain.shifting import shift
from shared.domain.suggestions import Place, RemedyKind, Situation, Slo, Suggestion
from tests.unit.domain.any_situations import odd_situations, places, situations
from tests.unit.domain.examples import ANY, CATALOG, EU, US, asked, minutes
from tests.unit.domain.situations import CHAT, CODE, H100, L4, NEW, bears, calm, hot, place, situation

UP = {RemedyKind.WARM, RemedyKind.NODES}


@ANY
@given(odd_situations())
def test_odd_numbers_are_no_reason_to_fail(seen: Situation) -> None:
    assert diagnose(seen).evidence


@ANY
@given(odd_situations() | situations())
def test_every_prediction_is_an_interval_of_possible_figures(seen: Situation) -> None:
    for one in diagnose(seen).suggestions:
        assert 0.0 <= one.kv.low <= one.kv.likely <= one.kv.high <= 1.0
        assert 0.0 <= one.ttft.low <= one.ttft.likely <= one.ttft.high < math.inf
        assert math.isfinite(one.score)


@ANY
@given(odd_situations() | situations())
def test_it_is_said_why_nothing_is_suggested_and_only_then(seen: Situation) -> None:
    advice = diagnose(seen)
    assert bool(advice.suggestions) is not bool(advice.quiet)


@ANY
@given(odd_situations() | situations())
def test_there_are_at_most_four_each_once_and_the_best_first(seen: Situation) -> None:
    made = diagnose(seen).suggestions
    assert len(made) <= 4 and len({one.id for one in made}) == len(made)
    scored = [one.score for one in made if one.kind not in {RemedyKind.NOTHING, RemedyKind.ROLLBACK}]
    assert scored == sorted(scored, reverse=True)


@ANY
@given(odd_situations() | situations())
def test_to_do_nothing_is_last_unless_all_else_costs_more_than_it_saves(seen: Situation) -> None:
    made = diagnose(seen).suggestions
    acting = [one for one in made if one.kind is not RemedyKind.NOTHING]
    if acting and made[0].kind is RemedyKind.NOTHING:
        assert all(one.score < 0 for one in acting)
    elif acting:
        assert made[-1].kind is RemedyKind.NOTHING


def new_nodes(seen: Situation, one: Suggestion) -> int:
    """Return how many nodes beyond the warm ones the ask needs in the region."""
    here = seen.places[US]
    added = one.ask.replicas - here.replicas if isinstance(one.ask, Scale) and one.ask.replicas else 0
    return math.ceil(max(0, added - here.warm) / here.replicas_per_node)


@ANY
@given(situations())
def test_no_option_exceeds_caps_or_quota(seen: Situation) -> None:
    room, here = seen.room, seen.places[US]
    for one in diagnose(seen).suggestions:
        assert here.nodes_left is None or new_nodes(seen, one) <= here.nodes_left
        if one.gpu_delta > 0:
            assert room.gpus is None or one.gpu_delta <= room.gpus
            assert room.step_gpus is None or one.gpu_delta <= room.step_gpus
            assert room.hourly is None or (one.hourly_delta is not None and one.hourly_delta <= room.hourly)


@ANY
@given(situations())
def test_every_ask_changes_the_deployment_as_it_says(seen: Situation) -> None:
    path = deployment_path(seen.deployment)
    estate = Estate(
        {path: Desired(path, seen.generation, seen.spec, previous=replace(seen.spec, image="vllm@sha256:0"))}
    )
    for one in diagnose(seen).suggestions:
        if one.ask is not None and not isinstance(one.ask, Deploy):
            assert amend(asked(one.ask), estate, CATALOG, None)[0].after != seen.spec


@ANY
@given(situations())
def test_a_new_region_is_added_to_all_that_is_there(seen: Situation) -> None:
    spec = seen.spec
    for one in diagnose(seen).suggestions:
        if isinstance(ask := one.ask, Deploy):
            assert {**{r: p.replicas for r, p in spec.regions.items()}, NEW: ask.regions[NEW]} == dict(ask.regions)
            assert ask.zones == {region: placed.zone for region, placed in spec.regions.items()}
            kept = (ask.model, ask.name, ask.machine, ask.consumption, ask.weights, ask.image)
            assert kept == (spec.model, "chat", spec.machine, spec.consumption, spec.weights, spec.image)


@ANY
@given(situations())
def test_percentages_and_counts_are_within_their_bounds(seen: Situation) -> None:
    for one in diagnose(seen).suggestions:
        match one.ask:
            case Balance(percent=percent, region=region):
                assert 1 <= percent < seen.places[region].utilization
            case Scale(replicas=count, region=region):
                assert count is not None and 1 <= count <= MOST_REPLICAS and count != seen.places[region].replicas
            case Deploy(regions=wanted):
                assert all(count is not None and 1 <= count <= MOST_REPLICAS for count in wanted.values())


@ANY
@given(st.floats(1.05, 2.5), st.floats(0.05, 1.1), st.integers(1, 20), st.integers(1, 100))
def test_a_shift_moves_no_more_than_others_have_room_for(share: float, other: float, count: int, set_at: int) -> None:
    places = hot(share=share, utilization=set_at), calm(EU, count, share=other)
    here, there = (look(each, Slo()) for each in places)
    offer = shift(situation(*places), here, [there])
    if isinstance(offer, Offer):
        assert isinstance(offer.ask, Balance) and 1 <= offer.ask.percent < set_at
        assert here.peak(0.0, 5.0) - offer.load.high <= there.spare + 1e-9


loads = st.floats(0.0, 300.0)


@ANY
@given(places(), loads, loads, st.integers(1, 64), st.integers(1, 64))
def test_a_prediction_is_no_better_with_more_load_or_fewer_servers(
    here: Place, one: float, other: float, some: int, more: int
) -> None:
    seen = look(here, Slo())
    light, heavy = sorted((one, other))
    few, many = sorted((some, more))
    better = seen.effect(Interval(light * 0.9, light, light * 1.1), many)
    worse = seen.effect(Interval(heavy * 0.9, heavy, heavy * 1.1), few)
    for good, bad in zip(better, worse, strict=True):
        assert good.likely <= bad.likely * (1 + 1e-9) + 1e-12


def at(here: Place, replicas: int) -> Place:
    """Return the region with that many servers at the same load, running as the model of capacity says."""
    load, mix = here.forecast.now.likely, CODE if here.limits == H100 else CHAT
    return place(
        load, here.region, replicas, server=here.limits, mix=mix, forecast=here.forecast, lead_nodes=here.lead_nodes
    )


@st.composite
def sound_places(draw: st.DrawFn) -> Place:
    """Return a region that runs as the model of capacity says, at a load that stays or changes."""
    server, mix = draw(st.sampled_from([(L4, CHAT), (H100, CODE)]))
    replicas = draw(st.integers(1, 20))
    load = draw(st.floats(0.05, 2.5)) * replicas * bears(server, mix, replicas)
    later, lead = load * draw(st.floats(0.5, 2.0)), minutes(draw(st.integers(5, 40)))
    return place(load, US, replicas, later, server=server, mix=mix, spread=draw(st.floats(0, 0.4)), lead_nodes=lead)


@ANY
@given(sound_places())
def test_what_was_just_added_is_not_given_back_at_the_same_load(here: Place) -> None:
    for one in diagnose(situation(here)).suggestions:
        if one.kind in UP and isinstance(one.ask, Scale) and one.ask.replicas:
            again = diagnose(situation(at(here, one.ask.replicas)))
            assert RemedyKind.LESS not in {each.kind for each in again.suggestions}


@ANY
@given(sound_places())
def test_what_was_just_given_back_is_not_added_again_at_the_same_load(here: Place) -> None:
    for one in diagnose(situation(here)).suggestions:
        if one.kind is RemedyKind.LESS and isinstance(one.ask, Scale) and one.ask.replicas:
            again = diagnose(situation(at(here, one.ask.replicas)))
            assert not UP & {each.kind for each in again.suggestions}


@ANY
@given(situations())
def test_the_same_situation_gives_the_same_advice(seen: Situation) -> None:
    assert diagnose(seen) == diagnose(replace(seen))


@ANY
@given(situations(), st.integers(1, 600))
def test_an_id_rests_on_what_is_asked_and_not_on_when(seen: Situation, later: int) -> None:
    now, then = diagnose(seen), diagnose(replace(seen, now=seen.now + minutes(later), acts=()))
    ids = {repr(one.ask): one.id for one in now.suggestions if one.ask is not None}
    for one in then.suggestions:
        assert ids.get(repr(one.ask), one.id) == one.id


EVERY = settings(ANY, max_examples=3000, database=None, phases=[Phase.generate])


@pytest.mark.parametrize("kind", list(RemedyKind))
def test_every_kind_of_remedy_is_among_those_that_are_drawn(kind: RemedyKind) -> None:
    assert kind in find(situations().map(kinds), lambda found: kind in found, settings=EVERY)


def kinds(seen: Situation) -> set[RemedyKind]:
    return {one.kind for one in diagnose(seen).suggestions}
