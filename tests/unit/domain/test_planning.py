"""The rules of the round that planning keeps, each by its number, and the words it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.conditions import Reason
from shared.domain.errors import NeedsHumanError
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.inventory import Entry
from shared.domain.names import GLOBAL, Kind, ResourceKey, short_hash
from shared.domain.observations import Absent, Broken, InFlight, Observation, Present, Unknown
from shared.domain.planning import Do, Gone, Hold, Keep, Plan, Verb, make_plan, reason_of, users_of
from tests.unit.domain.examples import CLUSTER, EU, FIREWALL, POOL, STOCK_OUT, SUBNET, T0, US, WORK, need, wanted

THERE = Present({}, ready=True)
IMPORT = ResourceKey(GLOBAL, Kind.INFERENCE_POOL_IMPORT, "infer-chat/chat", f"{US}/inferops-{US}")
GATEWAY = ResourceKey(GLOBAL, Kind.GATEWAY, "infer-chat/chat", f"{US}/inferops-{US}")
API = ResourceKey(GLOBAL, Kind.API, "container")
EU_CLUSTER = ResourceKey(EU, Kind.CLUSTER, f"inferops-{EU}")
SENT = short_hash({"max": 3}, 12)
DIFFERENT = Present({"max": 5}, ready=True)


def plan_of(*resources: Resource, seen: Observation, **entries: Entry) -> Plan:
    """Plan for these resources; an entry given as ``pool=`` is the pool's."""
    inventory = {POOL: entries["pool"]} if "pool" in entries else {}
    return make_plan(ResourceGraph.of(resources), inventory, seen, T0)


def test_rule_6_nothing_is_done_about_a_key_that_was_not_looked_at() -> None:
    step = plan_of(wanted(SUBNET), seen={}).steps[SUBNET]
    assert step == Hold(SUBNET, "it was not looked at", Reason.NOT_SEEN, moving=True)


def test_rule_6_what_stands_on_something_unseen_waits_for_it() -> None:
    plan = plan_of(wanted(POOL, SUBNET), seen={POOL: Absent(), CLUSTER: THERE, SUBNET: Unknown("timeout")})
    assert plan.steps[POOL] == Hold(POOL, f"waiting for {SUBNET}")


def test_rule_8_a_failed_operation_is_shown_before_it_is_tried_again() -> None:
    step = plan_of(wanted(SUBNET), seen={SUBNET: Broken(STOCK_OUT)}).steps[SUBNET]
    assert step == Hold(SUBNET, "no stock", Reason.STOCK_OUT, moving=True)


def test_rule_8_a_failed_update_is_shown_and_not_taken_for_a_field_that_was_not_kept() -> None:
    seen: Observation = {CLUSTER: THERE, POOL: replace(DIFFERENT, failure=STOCK_OUT)}
    step = plan_of(wanted(POOL, max=3), seen=seen, pool=Entry(applied=SENT)).steps[POOL]
    assert step == Hold(POOL, "no stock", Reason.STOCK_OUT, moving=True)


def test_rule_8_a_failed_update_is_tried_again_after_its_pause() -> None:
    seen: Observation = {CLUSTER: THERE, POOL: replace(DIFFERENT, failure=STOCK_OUT)}
    step = plan_of(wanted(POOL, max=3), seen=seen, pool=Entry(not_before=T0)).steps[POOL]
    assert isinstance(step, Do) and step.verb is Verb.UPDATE


def test_rule_13_one_regions_failure_never_holds_up_another() -> None:
    seen: Observation = {CLUSTER: Broken(STOCK_OUT), EU_CLUSTER: Absent()}
    plan = plan_of(wanted(CLUSTER), wanted(EU_CLUSTER), seen=seen)
    assert [action.key for action in plan.actions] == [EU_CLUSTER]


def test_rule_13_a_failing_pool_never_touches_its_healthy_neighbour() -> None:
    spot = replace(POOL, name="chat-spot")
    wreck = Broken(STOCK_OUT, wreck=True)
    inventory = {spot: Entry(not_before=T0), POOL: Entry(ready_once=True)}
    graph = ResourceGraph.of([wanted(spot), wanted(POOL)])
    plan = make_plan(graph, inventory, {CLUSTER: THERE, spot: wreck, POOL: THERE}, T0)
    assert [action.key for action in plan.actions] == [spot]


def test_rule_13_nothing_is_built_in_a_cluster_that_is_busy() -> None:
    """GKE takes one operation on a cluster at a time."""
    plan = plan_of(wanted(CLUSTER), wanted(POOL), seen={CLUSTER: InFlight("op-1"), POOL: Absent()})
    assert plan.steps[POOL] == Hold(POOL, f"waiting for {CLUSTER}")


def test_rule_14_what_is_absent_with_its_cluster_waits_for_the_cluster() -> None:
    plan = plan_of(wanted(CLUSTER), wanted(POOL), seen={CLUSTER: Absent(), POOL: Absent()})
    assert [action.key for action in plan.actions] == [CLUSTER]


def test_rule_15_what_was_sent_and_settled_and_reads_back_otherwise_needs_a_person() -> None:
    step = plan_of(wanted(POOL, max=3), seen={CLUSTER: THERE, POOL: DIFFERENT}, pool=Entry(applied=SENT)).steps[POOL]
    assert isinstance(step, Hold) and step.reason is Reason.FIELD_NOT_KEPT
    assert step.because == "max was not kept as sent" and "something else sets it" in step.remedy


def test_rule_15_another_spec_than_the_one_sent_is_an_update() -> None:
    step = plan_of(wanted(POOL, max=4), seen={CLUSTER: THERE, POOL: DIFFERENT}, pool=Entry(applied=SENT)).steps[POOL]
    assert isinstance(step, Do) and step.verb is Verb.UPDATE


def test_rule_15_a_new_key_is_built_before_the_old_one_goes() -> None:
    old, work = replace(POOL, name="chat-old"), wanted(WORK, POOL)
    inventory = {old: Entry(), WORK: Entry(needs=need(old, POOL, CLUSTER)), POOL: Entry()}
    seen: Observation = {CLUSTER: THERE, old: THERE, POOL: InFlight("op-1"), WORK: THERE}
    plan = make_plan(ResourceGraph.of([wanted(POOL), work]), inventory, seen, T0)
    assert plan.steps[old] == Hold(old, f"still used by {WORK}", Reason.IN_USE)


def test_rule_16_a_check_that_does_not_hold_shows_the_remedy_and_does_nothing() -> None:
    enable = Resource(API, remedy="gcloud services enable container.googleapis.com")
    step = plan_of(enable, seen={API: Absent()}).steps[API]
    assert isinstance(step, Hold) and step.remedy == enable.remedy


def test_rule_16_a_refused_check_says_why() -> None:
    error = NeedsHumanError("the API is disabled", reason="ApiDisabled", remedy="enable it")
    step = plan_of(Resource(API, remedy="any"), seen={API: Broken(error)}).steps[API]
    assert step == Hold(API, "the API is disabled", Reason.API_DISABLED, "enable it", moving=True)


def test_rule_16_a_check_that_is_no_longer_wanted_is_simply_gone() -> None:
    assert make_plan(ResourceGraph(), {API: Entry()}, {API: THERE}, T0).steps[API] == Gone(API)


def test_rule_16_a_check_is_remembered_while_something_stands_on_it() -> None:
    """What the check itself needs is needed through it."""
    inventory = {SUBNET: Entry(), API: Entry(needs=need(SUBNET)), FIREWALL: Entry(needs=need(API))}
    plan = make_plan(ResourceGraph(), inventory, {API: THERE, SUBNET: THERE, FIREWALL: InFlight("op-1")}, T0)
    assert plan.steps[API] == Hold(API, f"still used by {FIREWALL}", Reason.IN_USE)
    assert plan.steps[SUBNET] == Hold(SUBNET, f"still used by {FIREWALL}", Reason.IN_USE)


@pytest.mark.parametrize("seen", [Absent(), Unknown("timeout"), Present({}, ready=False)], ids=repr)
def test_a_gateway_needs_an_import_from_any_region(seen: Absent | Unknown | Present) -> None:
    gateway = Resource(GATEWAY, any_of=need(IMPORT))
    plan = plan_of(gateway, seen={CLUSTER: THERE, GATEWAY: Absent(), IMPORT: seen})
    assert plan.steps[GATEWAY] == Hold(GATEWAY, f"waiting for one of {IMPORT}")


def test_one_import_is_enough_for_a_gateway() -> None:
    other = replace(IMPORT, name="infer-chat/other")
    gateway = Resource(GATEWAY, any_of=need(IMPORT, other))
    seen: Observation = {CLUSTER: THERE, GATEWAY: Absent(), IMPORT: THERE, other: Absent()}
    assert isinstance(plan_of(gateway, seen=seen).steps[GATEWAY], Do)


def test_a_need_that_is_only_drifting_is_not_kept() -> None:
    """What is being updated in this very round is no ground to build on."""
    seen: Observation = {SUBNET: Present({"range": 2}, ready=True), CLUSTER: THERE, POOL: Absent()}
    plan = plan_of(wanted(SUBNET, range=1), wanted(POOL, SUBNET), seen=seen)
    assert plan.steps[POOL] == Hold(POOL, f"waiting for {SUBNET}")


def test_what_another_unit_still_uses_stays() -> None:
    others = {WORK: Entry(needs=need(CLUSTER))}
    plan = make_plan(ResourceGraph(), {CLUSTER: Entry()}, {CLUSTER: THERE, WORK: THERE}, T0, others)
    assert plan.steps[CLUSTER] == Hold(CLUSTER, f"still used by {WORK}", Reason.IN_USE)


def test_a_check_passes_on_what_it_is_needed_for() -> None:
    inventory = {IMPORT: Entry(needs=need(POOL)), GATEWAY: Entry(needs=need(IMPORT))}
    assert users_of(inventory)[POOL] == need(GATEWAY)


def test_a_check_alone_is_nobodys_user() -> None:
    assert users_of({IMPORT: Entry(needs=need(POOL))})[POOL] == need()


def test_keeping_says_what_it_stands_on_now() -> None:
    seen: Observation = {CLUSTER: THERE, SUBNET: THERE, POOL: THERE}
    entry = Entry(needs=need(SUBNET, CLUSTER, replace(SUBNET, name="old")))
    assert plan_of(wanted(POOL, SUBNET), seen=seen, pool=entry).steps[POOL] == Keep(POOL, need(SUBNET, CLUSTER))


def test_a_wreck_of_what_was_ready_once_says_what_a_person_can_do() -> None:
    seen: Observation = {CLUSTER: THERE, POOL: Broken(STOCK_OUT, wreck=True)}
    step = plan_of(wanted(POOL), seen=seen, pool=Entry(not_before=T0, ready_once=True)).steps[POOL]
    assert isinstance(step, Hold) and (step.because, step.reason) == ("no stock", Reason.WRECK)
    assert f"gcloud container node-pools delete {POOL.name} --cluster={CLUSTER.name}" in step.remedy


def test_a_pause_shows_the_trouble_that_it_is_for() -> None:
    entry = Entry(not_before=T0.replace(year=2027), because="no quota", reason="QuotaExceeded", remedy="ask for more")
    step = plan_of(wanted(POOL), seen={CLUSTER: THERE, POOL: Absent()}, pool=entry).steps[POOL]
    assert step == Hold(POOL, "no quota", Reason.QUOTA_EXCEEDED, "ask for more")


def test_a_reason_nobody_knows_is_a_bug_of_ours() -> None:
    assert reason_of("NeverHeardOf") is Reason.INTERNAL


@pytest.mark.parametrize(
    ("step", "converged", "moving"),
    [
        pytest.param(Keep(POOL), True, False, id="kept"),
        pytest.param(Gone(POOL), True, False, id="gone"),
        pytest.param(Do(POOL, Verb.CREATE, ""), False, True, id="started"),
        pytest.param(Hold(POOL, "", moving=True), False, True, id="under way"),
        pytest.param(Hold(POOL, ""), False, False, id="waiting"),
    ],
)
def test_a_plan_knows_whether_it_has_converged_and_moves(step: Keep, converged: bool, moving: bool) -> None:
    plan = Plan({POOL: step})
    assert (plan.converged, plan.moving) == (converged, moving)


def test_nothing_wanted_and_nothing_remembered_has_converged() -> None:
    assert make_plan(ResourceGraph(), {}, {}, T0).converged
