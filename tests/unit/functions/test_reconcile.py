"""One round: look, decide, start, write down; what it costs, whom it wakes and what it says."""

from __future__ import annotations

import pytest

from functions.reconcile import reconcile
from shared.domain.intents import Delete, Undo
from shared.domain.inventory import Unit
from shared.domain.messages import Decided, StatusChanged, Wake
from shared.domain.observations import InFlight
from shared.domain.records import desired_path
from tests.simulation.reduced import membership
from tests.unit.functions.place import (
    CHAT,
    CHAT_US,
    CLUSTER,
    EU,
    PLATFORM_US,
    SUBNET,
    US,
    Killed,
    at,
    at_rest,
    die,
    served,
    starts,
)

# the order of things -------------------------------------------------------------------------------------------


def test_rule_3_dying_before_the_first_start_leaves_everything_remembered_and_nothing_built() -> None:
    place = served()
    with pytest.raises(Killed):
        place.round(PLATFORM_US, at("start", die))
    assert set(place.status(PLATFORM_US).inventory) == {SUBNET, CLUSTER, membership(US)} and not starts(place)


def test_rule_3_dying_after_a_start_leaves_nothing_that_nobody_remembers() -> None:
    place = served()
    with pytest.raises(Killed):
        place.round(PLATFORM_US, at("started", die))
    place.check()
    assert len(starts(place)) == 1


def test_rule_3_the_next_round_after_a_death_builds_no_second_one() -> None:
    place = served()
    with pytest.raises(Killed):
        place.round(PLATFORM_US, at("started", die))
    place.round(PLATFORM_US)
    assert starts(place) == {SUBNET, CLUSTER} and len(place.cloud.requests) == 2


def test_rule_8_a_round_starts_and_ends_without_waiting() -> None:
    place = served()
    before = place.now()
    place.round(PLATFORM_US)
    provider = place.cloud.provider(lambda _: None)
    assert isinstance(provider.look(place.status(PLATFORM_US).inventory)[CLUSTER], InFlight)
    assert place.now() == before


def test_rule_9_a_delete_stops_where_the_desired_state_moved_meanwhile() -> None:
    place = at_rest()
    place.apply(Delete("chat"))
    before = dict(place.cloud.things)
    place.round(CHAT_US, at("looked", lambda: place.apply(Undo("chat"))))
    assert place.cloud.things == before


def test_rule_9_a_delete_goes_on_where_nothing_moved() -> None:
    place = at_rest()
    place.apply(Delete("chat"))
    before = dict(place.cloud.things)
    place.round(CHAT_US)
    assert place.cloud.things.keys() < before.keys()


def test_only_the_units_own_part_is_touched() -> None:
    place = served(US, EU)
    place.round(PLATFORM_US)
    assert {key.location for key in starts(place)} == {US}


def test_a_decision_is_a_round_for_each_unit_it_concerns() -> None:
    place = served(US, EU)
    reconcile(Decided("p-1", (PLATFORM_US, Unit("platform", EU))), place.services)
    assert {key.location for key in starts(place)} == {US, EU}


@pytest.mark.parametrize(
    ("unit", "path"),
    [(PLATFORM_US, f"platform/{US}"), (Unit("platform", "global"), "platform/global"), (CHAT_US, CHAT)],
    ids=str,
)
def test_a_unit_follows_its_document(unit: Unit, path: str) -> None:
    assert desired_path(unit) == path


# pace ----------------------------------------------------------------------------------------------------------


def test_rule_10_what_moves_gets_a_named_timer_on_the_topic_of_rounds() -> None:
    place = served()
    place.round(PLATFORM_US)
    [(name, (when, topic, message))] = place.timers.pending.items()
    assert (topic, message) == ("rounds", Wake(PLATFORM_US)) and name == f"platform-{US}-{int(when.timestamp())}"


def test_rule_10_rounds_that_meet_become_one_chain() -> None:
    place = served()
    for _ in range(3):
        place.round(PLATFORM_US)
    assert len(place.timers.pending) == 1


def test_rule_10_the_next_check_is_always_written_down_too() -> None:
    place = served()
    place.round(PLATFORM_US)
    assert place.status(PLATFORM_US).next_check_at is not None


def test_rule_10_a_converged_unit_has_no_next_check_and_no_timer() -> None:
    place = at_rest()
    place.round(PLATFORM_US)
    assert place.status(PLATFORM_US).next_check_at is None and not place.timers.pending


def test_rule_10_settling_wakes_the_units_that_wait_for_it() -> None:
    place = served()
    place.round(PLATFORM_US)
    place.bus.pending.clear()
    place.seconds += 301
    place.round(PLATFORM_US)
    assert Wake(CHAT_US) in place.heard(Wake)


def test_a_round_that_moved_nothing_wakes_nobody() -> None:
    place = served()
    place.round(PLATFORM_US)
    place.bus.pending.clear()
    place.round(PLATFORM_US)
    assert not place.heard(Wake)


# a converged unit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [PLATFORM_US, CHAT_US, Unit("chat", "global")], ids=str)
def test_a_converged_unit_writes_nothing_and_reads_three_documents(unit: Unit) -> None:
    place = at_rest()
    before, place.documents.reads = dict(place.documents.stored), 0
    place.round(unit)
    assert place.documents.stored == before and place.documents.reads <= 3


def test_what_was_deleted_by_hand_is_built_again() -> None:
    place = at_rest()
    place.cloud.drop(SUBNET)
    place.round(PLATFORM_US)
    assert SUBNET in starts(place)


def test_what_drifted_is_set_back() -> None:
    place = at_rest()
    place.cloud.things[SUBNET].spec = {"range": "mine"}
    place.round(PLATFORM_US)
    assert place.cloud.things[SUBNET].spec == {"range": US}


# words ---------------------------------------------------------------------------------------------------------


def test_notify_is_told_where_words_have_changed() -> None:
    place = served()
    place.round(PLATFORM_US)
    assert StatusChanged(PLATFORM_US) in place.heard(StatusChanged)


def test_notify_is_left_in_peace_where_they_have_not() -> None:
    place = served()
    for _ in range(2):
        place.round(PLATFORM_US)
    place.bus.pending.clear()
    place.round(PLATFORM_US)
    assert not place.heard(StatusChanged)


def test_every_start_is_a_line_of_the_record() -> None:
    place = served()
    place.round(PLATFORM_US)
    [line] = place.lines("started")
    assert line["actions"] == {str(CLUSTER): "create", str(SUBNET): "create"}
