"""The rules of the round that settling keeps: what survives a round, and when the next one is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InferError, RetryableError
from shared.domain.graph import ResourceGraph
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.names import short_hash
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present
from shared.domain.planning import Do, Gone, Hold, Keep, Plan, Step, Verb, make_plan
from shared.domain.settling import (
    ASK_AGAIN,
    FIRST_RETRY,
    LATE_ARRIVALS,
    SLOWEST_RETRY,
    WAITING_LOOK,
    Result,
    Started,
    late_results,
    pace,
    remember,
    settle,
)
from tests.unit.domain.examples import (
    ANY,
    CLUSTER,
    POOL,
    STOCK_OUT,
    SUBNET,
    T0,
    US,
    errors,
    minutes,
    need,
    seconds,
    wanted,
)

UNIT = Unit("chat", US)
CREATE = Do(POOL, Verb.CREATE, "it does not exist", wanted(POOL, max=3))
UPDATE = Do(POOL, Verb.UPDATE, "max differs", wanted(POOL, max=3))
DELETE = Do(POOL, Verb.DELETE, "it is no longer wanted")
MOVING, STUCK = Hold(POOL, "it is starting", moving=True), Hold(POOL, "waiting for it")
LOST = RetryableError("the answer was lost", reason="DeadlineExceeded")
LATE = T0 + minutes(60)
steps = st.sampled_from([CREATE, UPDATE, DELETE, MOVING, STUCK, Keep(POOL), Gone(POOL)])
entries = st.builds(
    Entry,
    serial=st.integers(0, 9),
    operation_since=st.none() | st.just(T0),
    tries=st.integers(0, 20),
    not_before=st.none() | st.sampled_from([T0, LATE + minutes(1)]),
    gone_since=st.none() | st.sampled_from([T0, LATE]),
    ready_once=st.booleans(),
)
results: st.SearchStrategy[Result | None] = st.none() | st.just(Started("op-1")) | errors


def after(step: Step, result: Result | None = None, entry: Entry | None = None, seen: Observed | None = None) -> Status:
    """Settle one step about the pool, an hour after T0."""
    status = Status(UNIT, {POOL: entry or Entry()})
    look = {} if seen is None else {POOL: seen}
    return settle(status, 7, Plan({POOL: step}), look, {} if result is None else {POOL: result}, LATE)


def entry_after(
    step: Step, result: Result | None = None, entry: Entry | None = None, seen: Observed | None = None
) -> Entry:
    return after(step, result, entry, seen).inventory[POOL]


def test_rule_2_a_settled_start_moves_the_serial() -> None:
    assert entry_after(CREATE, Started("op-1"), Entry(serial=4)).serial == 5


def test_rule_2_a_lost_answer_leaves_the_serial_so_the_same_attempt_is_asked_for_again() -> None:
    assert entry_after(CREATE, LOST, Entry(serial=4)).serial == 4


def test_rule_2_a_refused_start_moves_the_serial() -> None:
    assert entry_after(CREATE, STOCK_OUT, Entry(serial=4)).serial == 5


@ANY
@given(steps, entries, results)
def test_rule_2_the_serial_moves_only_when_a_start_or_failure_was_settled(
    step: Step, entry: Entry, result: Result | None
) -> None:
    made = after(step, result, entry).inventory.get(POOL, entry)
    assert entry.serial <= made.serial <= entry.serial + (result is not None)


def test_rule_3_every_wanted_key_is_remembered_before_anything_is_built() -> None:
    status = remember(Status(UNIT), ResourceGraph.of([wanted(POOL, SUBNET), wanted(SUBNET)]))
    assert status.inventory == {POOL: Entry(needs=need(SUBNET, CLUSTER)), SUBNET: Entry()}


def test_rule_3_what_a_thing_stood_on_is_remembered_until_it_is_seen_as_wanted() -> None:
    old = replace(SUBNET, name="old")
    status = remember(Status(UNIT, {POOL: Entry(needs=need(old))}), ResourceGraph.of([wanted(POOL, SUBNET)]))
    assert status.inventory[POOL].needs == need(old, SUBNET, CLUSTER)


def test_rule_3_a_kept_thing_stands_only_on_what_it_needs_now() -> None:
    old = Entry(needs=need(SUBNET, replace(SUBNET, name="old")))
    assert entry_after(Keep(POOL, need(SUBNET)), entry=old).needs == need(SUBNET)


def test_rule_3_remembering_twice_changes_nothing() -> None:
    graph = ResourceGraph.of([wanted(POOL, SUBNET)])
    once = remember(Status(UNIT), graph)
    assert remember(once, graph) == once


def test_rule_4_what_is_gone_is_remembered_from_when() -> None:
    assert entry_after(Gone(POOL)).gone_since == LATE


def test_rule_4_what_is_gone_is_not_forgotten_while_a_late_start_may_arrive() -> None:
    entry = Entry(gone_since=LATE - LATE_ARRIVALS + seconds(1))
    assert entry_after(Gone(POOL), entry=entry) == entry


def test_rule_4_what_was_gone_for_longer_than_any_invocation_lives_is_forgotten() -> None:
    assert not after(Gone(POOL), entry=Entry(gone_since=LATE - LATE_ARRIVALS)).inventory


@pytest.mark.parametrize("step", [CREATE, DELETE, MOVING, STUCK, Keep(POOL)], ids=lambda step: type(step).__name__)
def test_rule_4_whatever_comes_between_restarts_the_quiet_time(step: Step) -> None:
    assert entry_after(step, entry=Entry(gone_since=T0)).gone_since is None


def test_rule_4_an_operation_in_flight_restarts_the_quiet_time() -> None:
    assert entry_after(MOVING, entry=Entry(gone_since=T0), seen=InFlight("op-1")).gone_since is None


@ANY
@given(steps, entries, results)
def test_rule_4_only_what_was_gone_without_pause_is_forgotten(step: Step, entry: Entry, result: Result | None) -> None:
    quiet = isinstance(step, Gone) and entry.gone_since is not None and LATE - entry.gone_since >= LATE_ARRIVALS
    assert (POOL not in after(step, result, entry).inventory) == quiet


def test_rule_5_being_wanted_again_restarts_the_quiet_time() -> None:
    status = remember(Status(UNIT, {POOL: Entry(gone_since=T0)}), ResourceGraph.of([wanted(POOL)]))
    assert status.inventory[POOL].gone_since is None


def test_rule_8_a_start_is_noted_with_its_operation_and_not_waited_for() -> None:
    entry = entry_after(CREATE, Started("op-1"))
    assert (entry.operation, entry.operation_since) == ("op-1", LATE)


def test_rule_8_a_failure_that_arrives_late_is_folded_in_like_a_failed_start() -> None:
    late = late_results({POOL: Broken(STOCK_OUT), CLUSTER: Present({}, ready=True), SUBNET: Absent()})
    assert late == {POOL: STOCK_OUT}
    assert entry_after(MOVING, late[POOL], Entry(operation="op-1")) == entry_after(CREATE, STOCK_OUT)


def test_rule_8_a_failure_of_what_still_stands_is_a_late_result_too() -> None:
    assert late_results({POOL: Present({}, ready=True, failure=STOCK_OUT)}) == {POOL: STOCK_OUT}


def test_rule_8_a_failed_update_is_started_again_once_its_pause_is_over() -> None:
    graph, seen = ResourceGraph.of([wanted(POOL, max=3)]), Present({"max": 1}, ready=True)
    home = {CLUSTER: Present({}, ready=True)}
    begun = after(UPDATE, Started("op-1"))
    failed = {**home, POOL: replace(seen, failure=STOCK_OUT)}
    plan = make_plan(graph, begun.inventory, failed, LATE)
    paused = settle(begun, 7, plan, failed, late_results(failed), LATE)
    again = make_plan(graph, paused.inventory, {**home, POOL: seen}, LATE + FIRST_RETRY)
    assert [action.verb for action in again.actions] == [Verb.UPDATE]


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        pytest.param(seconds(0), seconds(2), id="never faster than every 2 s"),
        pytest.param(seconds(300), seconds(6), id="2 % of the oldest operation's age"),
        pytest.param(minutes(600), seconds(60), id="never slower than every 60 s"),
    ],
)
def test_rule_10_the_pace_follows_the_oldest_operation(age: timedelta, pause: timedelta) -> None:
    inventory = {POOL: Entry(operation_since=LATE - age), SUBNET: Entry(operation_since=LATE), CLUSTER: Entry()}
    assert pace(inventory, LATE) == pause


@pytest.mark.parametrize(
    ("step", "entry", "due"),
    [
        pytest.param(Keep(POOL), Entry(), None, id="converged: none, the sweep visits now and then"),
        pytest.param(MOVING, Entry(), LATE + seconds(2), id="something moves: at its pace"),
        pytest.param(STUCK, Entry(), LATE + WAITING_LOOK, id="waiting for others: in a few minutes"),
        pytest.param(STUCK, Entry(not_before=LATE + minutes(1)), LATE + minutes(1), id="pausing: when it is over"),
        pytest.param(Gone(POOL), Entry(), LATE + LATE_ARRIVALS, id="gone: when it may be forgotten"),
        pytest.param(Gone(POOL), Entry(gone_since=T0), None, id="forgotten: none"),
    ],
)
def test_rule_10_the_next_look_is_due(step: Step, entry: Entry, due: object) -> None:
    assert after(step, entry=entry).next_check_at == due


@ANY
@given(steps, entries, results)
def test_rule_10_whatever_has_not_converged_has_a_next_look(step: Step, entry: Entry, result: Result | None) -> None:
    made = after(step, result, entry)
    assert isinstance(step, Keep | Gone) or made.next_check_at is not None


def test_rule_15_a_start_is_noted_with_the_hash_of_what_was_sent() -> None:
    assert entry_after(UPDATE, Started()).applied == short_hash({"max": 3}, 12)


def test_rule_15_what_failed_was_not_applied() -> None:
    assert entry_after(MOVING, STOCK_OUT, Entry(applied="abc")).applied == ""


def test_rule_15_once_seen_as_wanted_a_later_difference_is_drift() -> None:
    assert entry_after(Keep(POOL), entry=Entry(applied="abc")).applied == ""


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        pytest.param(RetryableError("", reason="Busy", after=seconds(42)), seconds(42), id="as asked"),
        pytest.param(RetryableError("", reason="Busy"), FIRST_RETRY, id="the usual first pause"),
        pytest.param(LOST, FIRST_RETRY, id="a lost answer"),
    ],
)
def test_a_failure_pauses(error: InferError, pause: timedelta) -> None:
    assert entry_after(CREATE, error).not_before == LATE + pause


def test_pauses_double_up_to_a_bound() -> None:
    pauses = []
    for tries in range(8):
        until = entry_after(CREATE, STOCK_OUT, Entry(tries=tries)).not_before
        assert until is not None
        pauses.append(until - LATE)
    assert pauses == [min(FIRST_RETRY * 2**n, SLOWEST_RETRY) for n in range(8)]


@ANY
@given(errors)
def test_what_only_a_person_can_mend_is_asked_again_slowly(error: InferError) -> None:
    until = entry_after(CREATE, error).not_before
    assert until is not None and (until - LATE == ASK_AGAIN) == (error.remedy != "" or hasattr(error, "field"))


def test_a_failure_seen_again_during_its_pause_changes_nothing() -> None:
    entry = entry_after(MOVING, STOCK_OUT)
    assert entry_after(MOVING, STOCK_OUT, entry) == entry


def test_a_new_start_ends_the_pause_but_not_the_count_of_tries() -> None:
    entry = entry_after(CREATE, Started("op-2"), Entry(tries=3, not_before=T0))
    assert (entry.not_before, entry.tries) == (None, 3)


def test_being_as_wanted_forgets_all_trouble() -> None:
    trouble = Entry(tries=3, not_before=T0, because="x", remedy="y", reason="StockOut", operation="op-1")
    assert entry_after(Keep(POOL), entry=trouble) == Entry(ready_once=True, kept=True)


@pytest.mark.parametrize(
    ("step", "once"), [(UPDATE, True), (CREATE, False), (DELETE, False)], ids=["update", "create", "delete"]
)
def test_what_is_built_anew_was_never_ready(step: Step, once: bool) -> None:
    assert entry_after(step, Started(), Entry(ready_once=True)).ready_once is once


def test_the_age_of_an_operation_counts_from_when_it_was_first_seen() -> None:
    assert entry_after(MOVING, entry=Entry(operation_since=T0), seen=InFlight("op-1")).operation_since == T0


@ANY
@given(steps, entries, results)
def test_only_what_was_kept_this_round_is_what_others_may_wait_for(
    step: Step, entry: Entry, result: Result | None
) -> None:
    made = after(step, result, replace(entry, kept=True)).inventory.get(POOL, Entry())
    assert made.kept is isinstance(step, Keep)


@ANY
@given(steps)
def test_a_generation_is_observed_once_all_of_it_is_as_wanted(step: Step) -> None:
    assert after(step).observed_generation == (7 if isinstance(step, Keep | Gone) else 0)
