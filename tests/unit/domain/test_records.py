"""Where values are stored, and the few fields they are found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.inventory import PLATFORM, Entry, Status, Unit
from shared.domain.names import GLOBAL, ResourceKey
from shared.domain.records import (
    SHARE,
    card_path,
    decision_path,
    intent_path,
    proposal_path,
    share_of,
    status_fields,
    status_path,
    vote_path,
)
from tests.unit.domain.examples import ANY, EU, POOL, SUBNET, T0, US, keys

UNIT = Unit("chat", US)
units = st.builds(Unit, st.sampled_from(["chat", "code", PLATFORM]), st.sampled_from([US, EU, GLOBAL]))


def test_one_proposal_has_a_document_in_each_collection() -> None:
    paths = [make("p-1") for make in (intent_path, proposal_path, decision_path, vote_path, card_path)]
    assert paths == ["intents/p-1", "proposals/p-1", "decisions/p-1", "votes/p-1", "cards/p-1"]


@ANY
@given(units)
def test_a_unit_reads_back_from_the_path_of_its_status(unit: Unit) -> None:
    assert Unit.parse(status_path(unit).partition("/")[2]) == unit


@ANY
@given(units, units)
def test_units_never_share_a_document(one: Unit, other: Unit) -> None:
    assert (status_path(one) == status_path(other)) == (one == other)


def test_only_the_platform_is_the_platform() -> None:
    assert Unit(PLATFORM, US).is_platform and not UNIT.is_platform


def test_a_status_is_found_by_every_region_that_its_inventory_names() -> None:
    far = ResourceKey(GLOBAL, POOL.kind, "x", f"{EU}/inferops-{EU}")
    assert status_fields(Status(UNIT, {POOL: Entry(), SUBNET: Entry(), far: Entry()}))["regions"] == [EU, US]


@ANY
@given(st.sets(keys, max_size=5))
def test_global_is_no_region(inventory: set[ResourceKey]) -> None:
    assert GLOBAL not in status_fields(Status(UNIT, dict.fromkeys(inventory, Entry())))["regions"]


@pytest.mark.parametrize(("due", "field"), [(None, None), (T0, T0.timestamp())], ids=["converged", "due"])
def test_a_status_is_found_by_when_it_is_due(due: object, field: object) -> None:
    assert status_fields(Status(UNIT, next_check_at=due))["next_check_at"] == field  # type: ignore[arg-type]  # table


def test_units_are_spread_over_the_minutes() -> None:
    minutes = {share_of(Unit(f"d{n}", US)) for n in range(200)}
    assert minutes == set(range(SHARE))
