"""A unit's plan in words: the same trouble in the same text, whoever says it and when."""

from __future__ import annotations

import pytest

from shared.domain.conditions import Condition, ConditionType, Reason, Truth, find
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.observations import Absent, Observation, Present
from shared.domain.planning import Do, Gone, Hold, Keep, Plan, Step, Verb
from shared.domain.summary import summarize
from tests.unit.domain.examples import CLUSTER, POOL, SUBNET, T0, US, WORK, minutes

STATUS = Status(Unit("chat", US))
IMPORT = ResourceKey(GLOBAL, Kind.INFERENCE_POOL_IMPORT, "ns/chat")
QUOTA = Hold(POOL, "no quota", Reason.QUOTA_EXCEEDED, "ask for more", moving=True)
WRECK = Hold(CLUSTER, "no stock", Reason.WRECK, "repair it by hand")
BLIND = Hold(SUBNET, "timeout", Reason.NOT_SEEN, moving=True)


def said(kind: ConditionType, *steps: Step, seen: Observation | None = None, before: Status = STATUS) -> Condition:
    plan = Plan({step.key: step for step in steps})
    condition = find(summarize(before, plan, seen or {}, 7, T0).conditions, kind)
    assert condition is not None
    return condition


def test_everything_as_wanted_is_ready() -> None:
    ready = said(ConditionType.READY, Keep(POOL), Gone(SUBNET))
    assert (ready.status, ready.reason, ready.message) == (Truth.TRUE, Reason.AS_WANTED, "")


def test_what_was_taken_down_is_not_ready_but_removed() -> None:
    ready = said(ConditionType.READY, Gone(POOL))
    assert (ready.status, ready.reason) == (Truth.FALSE, Reason.REMOVED)


def test_what_could_not_be_seen_is_neither_ready_nor_unready() -> None:
    ready = said(ConditionType.READY, BLIND, Keep(POOL))
    assert (ready.status, ready.reason, ready.message) == (Truth.UNKNOWN, Reason.NOT_SEEN, f"{SUBNET}: timeout")


def test_one_thing_seen_unready_makes_it_unready() -> None:
    assert said(ConditionType.READY, BLIND, QUOTA).status is Truth.FALSE


def test_what_a_person_must_mend_is_said_first() -> None:
    waiting = Hold(CLUSTER, "waiting for something")
    assert (
        said(ConditionType.READY, waiting, Do(WORK, Verb.CREATE, "it does not exist"), QUOTA).message
        == f"{POOL}: no quota"
    )


def test_a_start_says_what_and_why() -> None:
    message = said(ConditionType.READY, Do(POOL, Verb.CREATE, "it does not exist")).message
    assert message == f"{POOL}: create started, because it does not exist"


def test_the_names_of_operations_stay_out_of_the_words() -> None:
    running = Hold(POOL, "operation op-4711 is running", Reason.IN_PROGRESS, moving=True)
    assert said(ConditionType.READY, running).message == f"{POOL}: an operation is running"


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (ConditionType.CAPACITY_READY, POOL),
        (ConditionType.WORKLOAD_READY, WORK),
        (ConditionType.TRAFFIC_READY, ResourceKey(US, Kind.SMOKE_TEST, "ns/smoke")),
    ],
)
def test_each_aspect_speaks_of_its_own_kinds_only(kind: ConditionType, key: ResourceKey) -> None:
    assert said(kind, Keep(key), Hold(SUBNET, "waiting")).status is Truth.TRUE


def test_an_aspect_that_a_unit_has_nothing_of_is_not_stated() -> None:
    conditions = summarize(STATUS, Plan({POOL: Keep(POOL)}), {}, 7, T0).conditions
    assert find(conditions, ConditionType.TRAFFIC_READY) is None


def test_a_unit_reconciles_until_it_has_converged() -> None:
    assert said(ConditionType.RECONCILING, QUOTA).status is Truth.TRUE
    assert said(ConditionType.RECONCILING, Keep(POOL)).status is Truth.FALSE


def test_a_unit_is_stalled_where_only_a_person_gets_it_further() -> None:
    stalled = said(ConditionType.STALLED, QUOTA)
    assert (stalled.status, stalled.reason) == (Truth.TRUE, Reason.QUOTA_EXCEEDED)
    assert stalled.message == f"{POOL}: no quota. To mend it: ask for more"


def test_waiting_alone_is_not_stalled() -> None:
    assert said(ConditionType.STALLED, Hold(POOL, "waiting for it"), BLIND).status is Truth.FALSE


def test_googles_own_controllers_are_given_their_time_before_it_is_trouble() -> None:
    late = Hold(IMPORT, "it is not there yet", Reason.WAITING, "look at the fleet", moving=True)
    assert said(ConditionType.STALLED, late).status is Truth.FALSE


@pytest.mark.parametrize("steps", [(QUOTA, WRECK), (WRECK, QUOTA)], ids=["as planned", "the other way round"])
def test_the_same_trouble_has_the_same_reason_and_text_in_any_order(steps: tuple[Step, ...]) -> None:
    stalled = said(ConditionType.STALLED, *steps)
    assert stalled.reason is Reason.WRECK
    assert [line.partition(":")[0] for line in stalled.message.split("\n")] == [str(CLUSTER), str(POOL)]


def test_a_status_that_did_not_change_keeps_the_time_of_its_transition() -> None:
    first = summarize(STATUS, Plan({POOL: QUOTA}), {}, 7, T0)
    again = summarize(first, Plan({POOL: QUOTA}), {}, 7, T0 + minutes(5))
    assert again.conditions == first.conditions


def test_a_status_that_changed_has_the_time_of_now() -> None:
    first = summarize(STATUS, Plan({POOL: QUOTA}), {}, 7, T0)
    then = find(summarize(first, Plan({POOL: Keep(POOL)}), {}, 7, T0 + minutes(5)).conditions, ConditionType.READY)
    assert then is not None and then.last_transition_time == T0 + minutes(5)


def test_the_report_counts_what_is_kept_of_what_is_wanted() -> None:
    plan = Plan({POOL: Keep(POOL), WORK: QUOTA, SUBNET: Gone(SUBNET)})
    assert summarize(STATUS, plan, {}, 7, T0).report == {"progress": "1/2"}


def test_the_report_carries_what_people_want_to_read_off_the_world() -> None:
    seen: Observation = {
        POOL: Present({}, ready=True, report={"nodes": "3"}),
        SUBNET: Absent(),
        WORK: Present({}, True, report={"x": "y"}),
    }
    assert summarize(STATUS, Plan({POOL: Keep(POOL)}), seen, 7, T0).report == {"nodes": "3", "progress": "1/1"}


def test_a_summary_touches_nothing_but_words() -> None:
    status = Status(Unit("chat", US), {POOL: Entry(serial=3)}, observed_generation=4, next_check_at=T0, version="v1")
    made = summarize(status, Plan({POOL: Keep(POOL)}), {}, 7, T0)
    assert (made.inventory, made.observed_generation, made.next_check_at, made.version) == (
        status.inventory,
        4,
        T0,
        "v1",
    )
