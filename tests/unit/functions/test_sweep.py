"""Each minute, what would otherwise be forgotten: unsent rows, due units, open cards, the directory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.propose import propose
from functions.sweep import sweep
from shared.domain.errors import NeedsHumanError
from shared.domain.inventory import Status, Unit
from shared.domain.messages import CardDue, ProposalMade, Tick, Wake
from shared.domain.policy import Directory
from shared.domain.records import DIRECTORY
from shared.ports import Put
from shared.store import Commit, directory
from tests.unit.functions.place import CHAT_US, US, Killed, Place, at, die


def swept(place: Place) -> Place:
    """Let one minute's sweep happen, and nothing else."""
    place.bus.pending.clear()
    sweep(Tick(), place.services)
    return place


def with_status(due_in: float | None, unit: Unit = CHAT_US) -> Place:
    place = Place()
    due = None if due_in is None else place.now() + timedelta(seconds=due_in)
    status = Status(unit, {}, next_check_at=due)
    Commit("reconcile", str(unit), place.now()).put_status(status).run(place.documents, place.bus)
    return place


# the outbox ----------------------------------------------------------------------------------------------------


def unsent() -> Place:
    place = Place()
    place.documents.step = at("committed", die)
    with pytest.raises(Killed):
        propose(place.intent(), place.services)
    return place


def test_what_its_writer_did_not_live_to_send_is_sent() -> None:
    place = unsent()
    place.seconds += 31
    assert len(swept(place).heard(ProposalMade)) == 1 and not place.documents.find("outbox")


def test_what_may_still_be_on_its_way_is_left_to_its_writer() -> None:
    place = unsent()
    place.seconds += 29
    assert not swept(place).heard(ProposalMade) and place.documents.find("outbox")


def test_it_is_sent_once() -> None:
    place = unsent()
    place.seconds += 31
    swept(place)
    assert not swept(place).heard(ProposalMade)


# units ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_in", "woken"),
    [pytest.param(-60, True, id="overdue"), pytest.param(0, True, id="due now"), pytest.param(1, False, id="not yet")],
)
def test_a_unit_is_woken_when_its_check_is_due(due_in: float, woken: bool) -> None:
    assert swept(with_status(due_in)).heard(Wake) == ([Wake(CHAT_US)] if woken else [])


def test_a_converged_unit_is_visited_once_in_ten_minutes() -> None:
    place, visits = with_status(None), 0
    for _ in range(10):
        visits += len(swept(place).heard(Wake))
        place.seconds += 60
    assert visits == 1


def test_each_minute_visits_about_a_tenth_of_the_converged_units() -> None:
    place = Place()
    for n in range(100):
        status = Status(Unit(f"d{n}", US), {})
        Commit("reconcile", f"d{n}", place.now()).put_status(status).run(place.documents, place.bus)
    assert 2 <= len(swept(place).heard(Wake)) <= 25


def test_two_sweeps_of_one_minute_visit_the_same_units() -> None:
    place = with_status(None)
    assert swept(place).heard(Wake) == swept(place).heard(Wake)


# cards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("due_in", "asked"), [(0, True), (1, False)], ids=["due", "not yet"])
def test_a_card_is_looked_at_when_it_is_due(due_in: int, asked: bool) -> None:
    place = Place()
    place.seconds += 60
    place.documents.commit([Put("cards/p-9", {}, {"due": place.now().timestamp() + due_in})])
    assert (CardDue("p-9") in swept(place).heard(CardDue)) is asked


# the directory -------------------------------------------------------------------------------------------------


def fetched(place: Place) -> Directory:
    return directory(swept(place).documents)


def test_the_directory_is_fetched_with_its_guests() -> None:
    found = directory(Place().documents)
    assert "ana" in found.groups["ml-platform"] and found.guests == {"guest"}


@pytest.mark.parametrize(("age", "fresh"), [(299, False), (300, True)], ids=["young", "five minutes old"])
def test_the_directory_is_fetched_again_after_five_minutes(age: int, fresh: bool) -> None:
    place = Place()
    place.seconds += age
    assert (fetched(place).fetched_at == place.now()) is fresh


def test_where_slack_does_not_answer_the_old_directory_stands_until_it_is_stale() -> None:
    place = Place()
    place.chat.down = True
    place.seconds += 600
    assert not fetched(place).stale(place.now())
    place.seconds += 301
    assert fetched(place).stale(place.now())


def test_somebody_who_left_a_group_has_left_it_after_the_next_fetch() -> None:
    place = Place()
    place.chat.groups = {"ml-platform": frozenset({"ben"})}
    place.seconds += 300
    assert fetched(place).groups == {"ml-platform": {"ben"}}


def test_two_sweeps_at_once_write_one_directory() -> None:
    place = Place()
    place.seconds += 300
    place.documents.step = at("commit", lambda: sweep(Tick(), place.services))
    sweep(Tick(), place.services)
    document = place.documents.get([DIRECTORY])[0]
    assert document is not None and directory(place.documents).fetched_at == place.now()


def test_a_sweep_of_an_empty_house_says_nothing() -> None:
    place = Place()
    assert swept(place).bus.pending == []


def test_a_token_that_slack_no_longer_takes_holds_up_nothing_else() -> None:
    place = Place()
    place.seconds += 3600
    refused = NeedsHumanError("Slack refused: token_revoked", reason="PermissionDenied", remedy="install the app again")

    class Refusing:
        """Slack with a token that was revoked."""

        def directory(self) -> object:
            raise refused

    sweep(Tick(), replace(place.services, chat=Refusing()))
    assert directory(place.documents).stale(place.now())
