"""Every diagnosis by an example that one can check by hand, and what is suggested with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.advice import diagnose
from shared.domain.intents import Rollback, Scale, Tune, Undo
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind, Situation
from tests.unit.domain.examples import EU, T0, US, minutes
from tests.unit.domain.situations import (
    CODE,
    H100,
    L4,
    LENGTH,
    NEW_IMAGE,
    OLD_IMAGE,
    bears,
    calm,
    flat,
    hot,
    new_place,
    outlook,
    place,
    released,
    situation,
    window,
)

CROWDED = replace(L4, most_running=20)
"""Servers whose cache holds 16 chat requests and that take 20."""
SMALL_BATCH = replace(H100, most_running=64)

FILLING = (*flat(0.4, LENGTH - 6), 0.58, 0.64, 0.70, 0.74, 0.79, 0.84)
"""KV within the last three minutes: servers of this kind reach their limit at 35 %."""


def kinds(advice: Advice) -> list[RemedyKind]:
    return [one.kind for one in advice.suggestions]


def preempting() -> Situation:
    load = 3 * bears()
    seen = {"kv": 0.97, "kv_max": 1.0, "running": 60.0, "preemptions": 0.3, "waiting": 9.0}
    return situation(place(0.8 * load, limits=CROWDED, **seen), calm())


def batch_limited() -> Situation:
    seen = {"running": 3 * 64.0, "waiting": 30.0, "ttft": 5.0, "kv": 0.24, "kv_max": 0.3}
    return situation(place(3 * bears(SMALL_BATCH), server=SMALL_BATCH, **seen), calm(server=SMALL_BATCH))


def bad_release(**changes: object) -> Situation:
    load = 3 * 0.7 * bears()
    return replace(situation(place(load, gap=0.17, waiting=9.0), calm(), release=released(load)), **changes)  # type: ignore[arg-type]  # by name


EXAMPLES = [
    pytest.param(situation(calm(US, share=0.85)), Diagnosis.HEALTHY, id="within what is borne"),
    pytest.param(situation(hot()), Diagnosis.KV_BOUND, id="KV full and requests waiting"),
    pytest.param(situation(place(2.6 * bears(), later=4.5 * bears())), Diagnosis.KV_BOUND, id="by the forecast alone"),
    pytest.param(situation(calm(US, share=0.8, kv=0.95)), Diagnosis.KV_BOUND, id="KV full at a load said to be borne"),
    pytest.param(
        situation(calm(US, kv=FILLING)), Diagnosis.KV_BOUND, id="KV fills up beyond its limit, little was finished yet"
    ),
    pytest.param(
        situation(calm(US, kv=0.72, waiting=4.0)), Diagnosis.KV_BOUND, id="KV beyond its limit, with requests waiting"
    ),
    pytest.param(situation(calm(US, kv=0.72)), Diagnosis.KV_BOUND, id="KV beyond its limit, and it stays there"),
    pytest.param(situation(calm(US, share=0.85, kv=0.4)), Diagnosis.HEALTHY, id="KV a little beyond its limit"),
    pytest.param(
        situation(hot(server=H100, mix=CODE, kv=0.12, kv_max=0.2)), Diagnosis.PREFILL_BOUND, id="long prompts, KV low"
    ),
    pytest.param(
        situation(place(2.6 * bears(H100, CODE), server=H100, mix=CODE, later=5 * bears(H100, CODE))),
        Diagnosis.PREFILL_BOUND,
        id="long prompts, by the forecast alone",
    ),
    pytest.param(batch_limited(), Diagnosis.BATCH_LIMIT, id="batch full, KV and prefill with room"),
    pytest.param(preempting(), Diagnosis.PREEMPTING, id="thrown out of a batch that is larger than the cache"),
    pytest.param(bad_release(), Diagnosis.BAD_RELEASE, id="slower since a release at the same load"),
    pytest.param(situation(hot(output_tokens=0.0, requests=0.0)), Diagnosis.HUNG, id="requests wait, no token comes"),
    pytest.param(situation(hot(kv=None)), Diagnosis.BLIND, id="KV usage vanished"),
    pytest.param(situation(hot(kv=flat(0.5, LENGTH - 4) + flat(None, 4))), Diagnosis.BLIND, id="vanished just now"),
    pytest.param(situation(calm(US, 6, share=0.3)), Diagnosis.IDLE, id="far below for long"),
]


@pytest.mark.parametrize(("seen", "diagnosis"), EXAMPLES)
def test_a_diagnosis(seen: Situation, diagnosis: Diagnosis) -> None:
    assert diagnose(seen).diagnosis is diagnosis


@pytest.mark.parametrize("seen", [pytest.param(each.values[0], id=each.id) for each in EXAMPLES])
def test_a_diagnosis_has_evidence_with_figures(seen: Situation) -> None:
    said = diagnose(seen).evidence
    assert said and any(character.isdigit() for character in said[0])


def test_a_hot_region_beside_a_calm_one_is_offered_a_shift_more_servers_and_nothing() -> None:
    assert kinds(diagnose(situation(hot(), calm()))) == [RemedyKind.SHIFT, RemedyKind.NODES, RemedyKind.NOTHING]


def test_with_both_regions_hot_no_shift_is_offered_and_it_is_said_how_full_the_other_is() -> None:
    advice = diagnose(situation(hot(), hot(EU, kv=0.91)))
    assert RemedyKind.SHIFT not in kinds(advice)
    assert any(EU in sentence and "KV 91 %" in sentence for sentence in advice.evidence)


def test_a_region_that_is_not_measured_is_sent_nothing() -> None:
    assert RemedyKind.SHIFT not in kinds(diagnose(situation(hot(), calm(kv=None))))


def test_servers_are_added_until_the_forecast_is_borne_and_no_further() -> None:
    # 1.3 x 3 servers' worth of load, its upper bound 10 % above: 4.29, so 5.
    asks = [one.ask for one in diagnose(situation(hot())).suggestions]
    assert asks[0] == Scale(US, "chat", replicas=5)


def test_warm_nodes_are_offered_apart_from_new_ones() -> None:
    advice = diagnose(situation(hot(warm=1)))
    asks = {one.kind: one.ask for one in advice.suggestions}
    assert asks[RemedyKind.WARM] == Scale(US, "chat", replicas=4)
    assert asks[RemedyKind.NODES] == Scale(US, "chat", replicas=5)


def test_what_fits_on_warm_nodes_needs_no_new_ones() -> None:
    assert RemedyKind.NODES not in kinds(diagnose(situation(hot(warm=9))))


def test_one_more_than_needed_is_weighed_by_what_it_would_bring() -> None:
    (grow, *_) = diagnose(situation(hot())).suggestions
    assert "one more would bring KV only from" in grow.why_not_more and "0.70 USD/h" in grow.why_not_more


def test_to_do_nothing_comes_last_with_what_would_happen_then() -> None:
    advice = diagnose(situation(hot(), calm()))
    last = advice.suggestions[-1]
    assert (last.kind, last.ask) == (RemedyKind.NOTHING, None)
    assert last.kv.likely > advice.suggestions[0].kv.likely


def test_a_peak_that_passes_before_servers_could_come_is_left_to_pass() -> None:
    falling = outlook(3.9 * bears(), 0.5 * bears())
    advice = diagnose(situation(hot(forecast=falling, lead_nodes=minutes(40))))
    assert kinds(advice) == [RemedyKind.NOTHING]
    assert "the peak passes by itself" in advice.suggestions[0].why


def test_nothing_is_best_where_servers_cost_more_than_they_save() -> None:
    brink = place(2.75 * bears(), spread=0.1, node_price=500.0)
    assert kinds(diagnose(situation(brink))) == [RemedyKind.NOTHING, RemedyKind.NODES]


def test_quota_leaves_fewer_and_it_is_said_so() -> None:
    advice = diagnose(situation(hot(nodes_left=1)))
    grow = advice.suggestions[0]
    assert grow.ask == Scale(US, "chat", replicas=4)
    assert "5 servers would be needed; quota leaves 1 node" in grow.why_not_more


def test_where_quota_is_exhausted_everywhere_a_new_region_is_offered() -> None:
    advice = diagnose(situation(hot(nodes_left=0), hot(EU), new_places=(new_place(),)))
    assert kinds(advice) == [RemedyKind.REGION, RemedyKind.NOTHING]
    assert any("quota leaves 0 nodes" in sentence for sentence in advice.evidence)


def test_a_quota_that_is_not_visible_is_a_risk() -> None:
    assert "the quota is not visible" in diagnose(situation(hot(nodes_left=None))).suggestions[0].risk


def test_a_price_that_is_not_known_is_not_nothing() -> None:
    grow = diagnose(situation(hot(node_price=None))).suggestions[0]
    assert grow.hourly_delta is None and "not known" in dict(grow.figures)["cost"]


def test_a_release_that_made_it_slower_is_rolled_back_first_and_nothing_is_scaled() -> None:
    advice = diagnose(bad_release())
    assert kinds(advice) == [RemedyKind.ROLLBACK, RemedyKind.NOTHING]
    assert advice.suggestions[0].ask == Rollback("chat", OLD_IMAGE)


def test_a_release_of_a_flag_is_undone() -> None:
    same = replace(released(3 * 0.7 * bears()), image_before=NEW_IMAGE)
    assert diagnose(bad_release(release=same)).suggestions[0].ask == Undo("chat")


@pytest.mark.parametrize(
    "release",
    [
        pytest.param(released(2.1 * bears(), ago=7 * 60), id="seven hours ago"),
        pytest.param(released(1.0 * bears()), id="at half the load of now"),
        pytest.param(replace(released(2.1 * bears()), before=None), id="with nothing to compare"),
        pytest.param(replace(released(2.1 * bears()), before=window(2.1 * bears(), gap=0.16)), id="as slow before"),
    ],
)
def test_a_release_is_not_to_blame(release: object) -> None:
    assert diagnose(bad_release(release=release)).diagnosis is not Diagnosis.BAD_RELEASE


def test_hung_servers_are_restarted_by_a_person_with_the_command() -> None:
    advice = diagnose(situation(hot(output_tokens=0.0, requests=0.0), calm()))
    assert [one.ask for one in advice.suggestions] == [None]
    assert "kubectl --namespace=infer-chat rollout restart deployment/chat" in advice.suggestions[0].why


def test_blind_is_never_healthy_and_nothing_is_suggested() -> None:
    advice = diagnose(situation(hot(kv=None)))
    assert advice.suggestions == () and "blind" in advice.quiet


def test_a_batch_that_the_cache_does_not_hold_is_made_smaller() -> None:
    asks = {one.kind: one.ask for one in diagnose(preempting()).suggestions}
    tuned = asks[RemedyKind.TUNE]
    assert isinstance(tuned, Tune) and tuned.max_num_seqs is not None and tuned.max_num_seqs < CROWDED.most_running


def test_a_batch_limit_with_room_beside_it_is_raised() -> None:
    asks = {one.kind: one.ask for one in diagnose(batch_limited()).suggestions}
    tuned = asks[RemedyKind.TUNE]
    assert isinstance(tuned, Tune) and tuned.max_num_seqs is not None and tuned.max_num_seqs > 64


def test_servers_that_are_far_too_many_are_given_back() -> None:
    # 6 servers at 0.3 of what is planned with, upper bound 10 % more: 1.98 of 0.8 / 0.9 x 3.
    advice = diagnose(situation(calm(US, 6, share=0.3)))
    assert advice.suggestions[0].ask == Scale(US, "chat", replicas=3)
    assert advice.suggestions[0].hourly_delta == pytest.approx(-2.1)


def test_no_server_is_given_back_where_the_forecast_rises() -> None:
    rising = calm(US, 6, share=0.3, forecast=outlook(1.8 * bears(), 5.5 * bears()))
    assert diagnose(situation(rising)).diagnosis is Diagnosis.HEALTHY


def test_no_server_is_given_back_that_was_not_watched_for_long() -> None:
    short = calm(US, 6, share=0.3, window=window(1.8 * bears(), 6, **dict.fromkeys(["requests"], flat(1.8, 20))))
    assert diagnose(situation(short)).diagnosis is Diagnosis.HEALTHY


def test_the_last_server_stays() -> None:
    assert diagnose(situation(calm(US, 1, share=0.01))).diagnosis is Diagnosis.HEALTHY


def test_a_region_of_which_nothing_is_known_is_blind() -> None:
    seen = replace(situation(calm(US)), region="mars")
    assert diagnose(seen).diagnosis is Diagnosis.BLIND


def test_the_share_of_kv_that_is_meant_by_full_depends_on_card_and_lengths() -> None:
    chat, code = diagnose(situation(hot(), calm())), diagnose(situation(hot(server=H100, mix=CODE), calm(server=H100)))
    points = [one.ask.percent for advice in (chat, code) for one in advice.suggestions if hasattr(one.ask, "percent")]
    assert points == sorted(points, reverse=True) and points[0] - points[1] > 20


def test_the_same_advice_is_the_same_suggestion() -> None:
    first, later = situation(hot(), calm()), replace(situation(hot(kv=0.94), calm()), now=T0 + minutes(1))
    ids = [[one.id for one in diagnose(seen).suggestions if one.kind is RemedyKind.NODES] for seen in (first, later)]
    assert ids[0] == ids[1] != []


def test_another_generation_is_another_suggestion() -> None:
    ids = [[one.id for one in diagnose(situation(hot(), generation=n)).suggestions] for n in (7, 8)]
    assert not set(ids[0]) & set(ids[1])
