"""State, its messages and its audit lines are one commit; the same commit tried twice is one."""

from __future__ import annotations

import pytest

from shared.domain.desired import Desired, deployment_path
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.messages import ProposalMade, Wake
from shared.domain.policy import Directory
from shared.domain.proposals import Vote
from shared.domain.records import AUDIT, OUTBOX
from shared.domain.topics import Topic
from shared.ports import ConflictError
from shared.store import Commit, desired_at, directory, load, read, send_row, status_at, statuses
from tests.standins import MemoryBus, MemoryDocuments
from tests.unit.domain.examples import EU, POOL, SUBNET, T0, US, minutes

UNIT = Unit("chat", US)
VOTE = Vote("p-1", "d", "ben", True, T0)


class Killed(Exception):  # noqa: N818 - it is what happened, not an error of ours
    """The instance died."""


def die_at(effect: str) -> MemoryDocuments:
    """Return a store whose user dies at this effect."""

    def step(name: str) -> None:
        if name == effect:
            raise Killed

    return MemoryDocuments(step)


def commit() -> Commit:
    made = Commit("decide", "p-1", T0).put("votes/v", VOTE, fields={"proposal": "p-1"})
    return made.audit("vote", user="ben").send(Topic.DECISIONS, ProposalMade("p-1"))


def test_state_message_and_audit_line_are_written_together() -> None:
    documents = die_at("committed")
    with pytest.raises(Killed):
        commit().run(documents, MemoryBus())
    assert {path.partition("/")[0] for path in documents.stored} == {"votes", AUDIT, OUTBOX}


def test_nothing_is_sent_before_the_state_is_written() -> None:
    bus = MemoryBus()
    with pytest.raises(Killed):
        commit().run(die_at("commit"), bus)
    assert not bus.pending


def test_what_was_sent_is_cleared_from_the_outbox() -> None:
    documents, bus = MemoryDocuments(), MemoryBus()
    commit().run(documents, bus)
    assert bus.pending == [("decisions", ProposalMade("p-1"))] and not documents.find(OUTBOX)


def test_what_its_writer_did_not_live_to_send_can_be_sent_by_another() -> None:
    documents, bus = die_at("committed"), MemoryBus()
    with pytest.raises(Killed):
        commit().run(documents, bus)
    documents.step = lambda _: None
    send_row(documents.find(OUTBOX)[0], documents, bus)
    assert bus.pending == [("decisions", ProposalMade("p-1"))] and not documents.find(OUTBOX)


def test_who_was_slower_writes_nothing_at_all() -> None:
    documents, bus = MemoryDocuments(), MemoryBus()
    documents.commit(Commit("decide", "p-1", T0).put("votes/v", VOTE).writes)
    with pytest.raises(ConflictError):
        commit().run(documents, bus)
    assert list(documents.stored) == ["votes/v"] and not bus.pending


def test_the_same_commit_tried_twice_is_one() -> None:
    documents = MemoryDocuments()
    commit().run(documents, MemoryBus())
    with pytest.raises(ConflictError):
        commit().run(documents, MemoryBus())
    assert len(documents.find(AUDIT)) == 1


def test_the_same_line_about_a_later_version_is_another_line() -> None:
    documents = MemoryDocuments()
    for _ in range(2):
        status = status_at(documents.get(["statuses/chat@us-east4"])[0], UNIT)
        Commit("reconcile", str(UNIT), T0).put_status(status).audit("started").run(documents, MemoryBus())
    assert len(documents.find(AUDIT)) == 2


def test_a_commit_returns_the_versions_of_what_was_put() -> None:
    documents = MemoryDocuments()
    [version] = commit().run(documents, MemoryBus())
    assert documents.get(["votes/v"])[0].version == version  # type: ignore[union-attr]  # it was just written


def test_an_audit_line_says_who_what_when_about_whom() -> None:
    documents = MemoryDocuments()
    commit().run(documents, MemoryBus())
    body = dict(documents.find(AUDIT)[0].body)
    assert body == {
        "schema": 1, "at": T0.isoformat(), "writer": "decide", "subject": "p-1", "what": "vote", "user": "ben",
    }  # fmt: skip


def test_a_value_comes_back_with_the_stores_version() -> None:
    documents = MemoryDocuments()
    [version] = Commit("reconcile", "x", T0).put_status(Status(UNIT)).run(documents, MemoryBus())
    assert load(documents, Status, "statuses/chat@us-east4") == Status(UNIT, version=version)


def test_what_is_not_there_is_none() -> None:
    assert load(MemoryDocuments(), Vote, "votes/v") is None and read(Vote, None) is None


def test_desired_state_that_is_not_there_is_generation_0_of_nothing() -> None:
    assert desired_at(None, deployment_path("chat")) == Desired("deployments/chat", 0, None)


def test_a_status_that_is_not_there_is_empty() -> None:
    assert status_at(None, UNIT) == Status(UNIT)


def test_a_directory_that_was_never_fetched_is_stale() -> None:
    assert directory(MemoryDocuments()) == Directory() and Directory().stale(T0 + minutes(1))


def test_statuses_are_found_by_a_region_in_their_inventory() -> None:
    documents, bus = MemoryDocuments(), MemoryBus()
    for unit, key in ((UNIT, POOL), (Unit("code", EU), SUBNET), (Unit("math", EU), POOL)):
        Commit("reconcile", str(unit), T0).put_status(Status(unit, {key: Entry()})).run(documents, bus)
    assert [status.unit.owner for status in statuses(documents, US)] == ["chat", "code", "math"]
    assert statuses(documents, EU) == []


def test_two_messages_of_one_commit_are_two_rows() -> None:
    documents, bus = MemoryDocuments(), MemoryBus()
    made = Commit("reconcile", "x", T0).put_status(Status(UNIT))
    for place in (US, EU):
        made.send(Topic.ROUNDS, Wake(Unit("chat", place)))
    made.run(documents, bus)
    assert len(bus.pending) == 2
