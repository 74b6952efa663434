"""Rounds in which something goes wrong or is taken down: nothing is lost, doubled or torn down by mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.conditions import ConditionType, Reason, Truth
from shared.domain.errors import TerminalError
from shared.domain.graph import ResourceGraph
from shared.domain.intents import Delete, Undo
from shared.domain.names import Kind
from shared.domain.records import STATUSES
from shared.ports import ConflictError
from tests.unit.functions.place import (
    CHAT_US,
    CLUSTER,
    EU,
    PLATFORM_US,
    SUBNET,
    US,
    Place,
    at,
    at_rest,
    said,
    served,
    starts,
)


def test_rule_6_what_cannot_be_seen_is_left_alone() -> None:
    place = served()
    place.cloud.blind = {US}
    place.round(PLATFORM_US)
    assert not starts(place) and said(place, PLATFORM_US, ConditionType.READY).status is Truth.UNKNOWN


def test_rule_11_an_expected_failure_is_written_down_and_not_raised() -> None:
    place = served()
    place.cloud.faults[US] = "quota"
    place.round(PLATFORM_US)
    entry = place.status(PLATFORM_US).inventory[CLUSTER]
    assert (entry.reason, entry.remedy) == ("QuotaExceeded", "ask for more")


def test_rule_11_the_next_round_says_what_a_person_must_do() -> None:
    place = served()
    place.cloud.faults[US] = "quota"
    for _ in range(2):
        place.round(PLATFORM_US)
    stalled = said(place, PLATFORM_US, ConditionType.STALLED)
    assert stalled.reason is Reason.QUOTA_EXCEEDED and "ask for more" in stalled.message


def test_rule_11_a_store_that_cannot_be_written_is_the_one_thing_that_raises() -> None:
    place = served()

    def refuse(_: object) -> None:
        raise ConflictError

    place.documents.guards.append(refuse)
    with pytest.raises(ConflictError):
        place.round(PLATFORM_US)


def test_rule_12_overlapping_rounds_build_each_thing_once() -> None:
    place = served()
    place.documents.step = at("commit", lambda: place.round(PLATFORM_US))
    place.round(PLATFORM_US)
    assert starts(place) == {SUBNET, CLUSTER} and len(place.cloud.requests) == 2


def test_rule_12_the_slower_of_two_rounds_goes_by_what_the_faster_one_left() -> None:
    place = served()
    place.round(PLATFORM_US, at("looked", lambda: place.round(PLATFORM_US)))
    assert place.status(PLATFORM_US).inventory[CLUSTER].serial == 1


def test_rule_13_a_region_without_stock_never_holds_up_another() -> None:
    place = served(US, EU)
    place.cloud.faults[EU] = "stockout"
    place.minutes(30)
    kinds = {key.kind for key, thing in place.cloud.things.items() if key.location == US and not thing.fails}
    assert {Kind.CLUSTER, Kind.NODE_POOL, Kind.WORKLOAD, Kind.INFERENCE_POOL} <= kinds
    assert said(place, PLATFORM_US, ConditionType.READY).status is Truth.TRUE


def test_a_lost_answer_makes_no_second_cluster() -> None:
    place = served()
    place.cloud.faults[US] = "lost"
    place.round(PLATFORM_US)
    place.cloud.faults.clear()
    place.seconds += 60
    place.round(PLATFORM_US)
    assert [key for key in starts(place) if key.kind is Kind.CLUSTER] == [CLUSTER]


# taking down ----------------------------------------------------------------------------------------------------


def test_a_cluster_stays_while_another_units_things_may_be_in_it() -> None:
    place = at_rest()
    place.apply(Delete("chat"))
    place.round(PLATFORM_US)
    assert not place.cloud.things[CLUSTER].doomed
    assert "still used by" in said(place, PLATFORM_US, ConditionType.READY).message


def test_rule_4_what_was_taken_down_is_forgotten_in_the_end_and_not_before() -> None:
    place = at_rest()
    place.apply(Delete("chat"))
    place.minutes(12)
    assert not starts(place) and place.remembered()
    place.minutes(40)
    assert not place.remembered()


def test_rule_5_what_is_wanted_again_is_built_again() -> None:
    place = at_rest()
    place.apply(Delete("chat"))
    place.minutes(12)
    place.apply(Undo("chat"))
    place.minutes(60)
    place.check_the_end()
    assert CLUSTER in starts(place)


def test_one_document_for_each_unit() -> None:
    place = at_rest(US, EU)
    assert len(place.documents.find(STATUSES)) == 6


def test_rule_11_a_spec_that_the_catalogue_no_longer_knows_stalls_the_unit_and_says_so() -> None:
    place = Place()
    place.apply()
    place.drain()

    def unknown(*_: object) -> ResourceGraph:
        raise TerminalError("there is no model 'llama-3.1-8b'", reason="UnknownModel", field="model")

    place.services = replace(place.services, compile=unknown)
    built = dict(place.cloud.things)
    for _ in range(2):
        place.round(CHAT_US)
    stalled = said(place, CHAT_US, ConditionType.STALLED)
    assert stalled is not None and "there is no model" in stalled.message and "To mend it" in stalled.message
    assert place.cloud.things == built
