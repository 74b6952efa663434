"""Where a proposal stands is computed from its votes and the clock, and what a vote binds is its digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.proposals import (
    Change,
    Decision,
    Outcome,
    Proposal,
    State,
    Vote,
    approvers,
    field_changes,
    proposal_id,
    rejecters,
    state_of,
)
from shared.domain.quotes import Quote
from shared.domain.verdicts import AskFirst
from tests.unit.domain.examples import ANY, T0, asked, minutes, serving

CHAT = "deployments/chat"
GATE = AskFirst("changes", ("approvers",), 2, T0 + minutes(60), T0 + minutes(120))
PROPOSAL = Proposal(
    id="p-1",
    intent=asked(),
    changes=(Change(CHAT, 3, None, serving()),),
    summary=(),
    counts={},
    quote=Quote((), (), 0, 0, (), minutes(20), "2026-01"),
    gate=GATE,
    digest="d",
    created_at=T0,
    deployment="chat",
    channel="C1",
)
GENERATIONS = {CHAT: 3}
EARLY, LATE, TOO_LATE = T0 + minutes(30), T0 + minutes(90), T0 + minutes(120)


def vote(user: str, *, approve: bool = True, at: datetime = T0, **changes: Any) -> Vote:
    return replace(Vote("p-1", "d", user, approve, at), **changes)


BOTH = (vote("ben"), vote("chloe"))
REJECTED = vote("dan", approve=False)


def state(*votes: Vote, now: datetime = EARLY, quorum: int = 2, **more: Any) -> State:
    proposal = replace(PROPOSAL, gate=replace(GATE, quorum=quorum), **more.pop("proposal", {}))
    return state_of(proposal, votes, more.pop("generations", GENERATIONS), now, more.pop("decision", None))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        pytest.param((), State.OPEN, id="nobody yet"),
        pytest.param(BOTH[:1], State.OPEN, id="one of two"),
        pytest.param(BOTH, State.APPROVED, id="two of two"),
        pytest.param((*BOTH, vote("eve")), State.APPROVED, id="more than needed"),
        pytest.param((vote("ben"), vote("ben", at=EARLY)), State.OPEN, id="the same person twice"),
        pytest.param((vote("ben"), vote("ana")), State.OPEN, id="the requester never counts"),
        pytest.param((vote("ben"), vote("chloe", digest="old")), State.OPEN, id="a vote on another digest"),
        pytest.param((vote("ben"), vote("chloe", proposal="p-2")), State.OPEN, id="a vote on another proposal"),
        pytest.param((vote("ben"), vote("chloe", at=T0 + minutes(60))), State.OPEN, id="a vote after its clock"),
        pytest.param((*BOTH, REJECTED), State.REJECTED, id="any reject beats approvals"),
        pytest.param((vote("ana", approve=False),), State.REJECTED, id="the requester may withdraw"),
        pytest.param((replace(REJECTED, proposal="p-2"),), State.OPEN, id="a reject of another proposal"),
    ],
)
def test_votes_decide(votes: tuple[Vote, ...], expected: State) -> None:
    assert state(*votes) is expected


def test_a_quorum_of_nobody_is_met_at_once() -> None:
    assert state(quorum=0) is State.APPROVED


@pytest.mark.parametrize(
    ("votes", "now", "expected"),
    [
        pytest.param((), T0 + minutes(59), State.OPEN, id="before approve-by"),
        pytest.param((), T0 + minutes(60), State.EXPIRED, id="at approve-by"),
        pytest.param(BOTH, LATE, State.APPROVED, id="approved in time, before run-by"),
        pytest.param(BOTH, TOO_LATE, State.EXPIRED, id="approved in time, at run-by"),
    ],
)
def test_a_proposal_expires_twice(votes: tuple[Vote, ...], now: datetime, expected: State) -> None:
    assert state(*votes, now=now) is expected


@pytest.mark.parametrize("generations", [{CHAT: 4}, {}], ids=["it moved", "it is not there"])
def test_a_document_that_moved_supersedes_it(generations: dict[str, int]) -> None:
    assert state(*BOTH, generations=generations) is State.SUPERSEDED


def test_a_plan_can_never_be_approved() -> None:
    assert state(*BOTH, quorum=0, proposal={"intent": asked(dry_run=True)}) is State.PLAN_ONLY


@pytest.mark.parametrize(("outcome", "expected"), [(Outcome.APPLIED, State.APPLIED), (Outcome.VOID, State.VOID)])
def test_a_decision_is_final(outcome: Outcome, expected: State) -> None:
    decision = Decision("p-1", outcome, "", T0, {})
    assert state(REJECTED, now=TOO_LATE, generations={}, decision=decision) is expected


votes = st.lists(
    st.builds(
        Vote,
        st.sampled_from(["p-1", "p-2"]),
        st.sampled_from(["d", "old"]),
        st.sampled_from(["ana", "ben", "chloe", "dan"]),
        st.booleans(),
        st.sampled_from([T0, EARLY, LATE]),
    )
).map(tuple)
moments = st.sampled_from([T0, EARLY, LATE, TOO_LATE])


@ANY
@given(votes, moments, st.integers(1, 3))
def test_nothing_is_approved_without_its_quorum_of_others_on_this_digest(
    cast: tuple[Vote, ...], now: datetime, quorum: int
) -> None:
    good = {v.user for v in cast if (v.proposal, v.digest, v.approve) == ("p-1", "d", True)} - {"ana"}
    assert state(*cast, now=now, quorum=quorum) is not State.APPROVED or len(good) >= quorum


@ANY
@given(votes, moments, st.integers(0, 3))
def test_the_order_of_votes_never_matters(cast: tuple[Vote, ...], now: datetime, quorum: int) -> None:
    assert state(*cast, now=now, quorum=quorum) is state(*reversed(cast), now=now, quorum=quorum)


@ANY
@given(votes, st.sampled_from(["zoe", "ben"]))
def test_a_second_click_changes_nothing(cast: tuple[Vote, ...], user: str) -> None:
    once = (*cast, vote(user))
    assert state(*once, vote(user)) is state(*once)


@ANY
@given(votes)
def test_the_requester_is_never_among_the_approvers(cast: tuple[Vote, ...]) -> None:
    assert "ana" not in approvers(PROPOSAL, cast)


def test_whoever_rejects_is_named() -> None:
    assert rejecters(PROPOSAL, (*BOTH, REJECTED)) == {"dan"}


def test_a_votes_id_is_proposal_person_and_verdict() -> None:
    assert (vote("ben").id, REJECTED.id) == ("p-1:ben:yes", "p-1:dan:no")


def test_the_same_ask_makes_the_same_proposal() -> None:
    assert proposal_id("i-1") == proposal_id("i-1") != proposal_id("i-2")


@pytest.mark.parametrize(
    ("was", "now", "line"),
    [
        ({"replicas": 3}, {"replicas": 5}, f"{CHAT} replicas: 3 → 5"),
        ({"regions": {"eu": {"zone": "a"}}}, {"regions": {"eu": {"zone": "b"}}}, f"{CHAT} regions.eu.zone: a → b"),
        ({}, {"token": "t"}, f"{CHAT} token: none → t"),
        ({"token": "t"}, {}, f"{CHAT} token: t → none"),
    ],
)
def test_each_changed_field_is_one_line(was: dict[str, Any], now: dict[str, Any], line: str) -> None:
    assert field_changes(PROPOSAL.changes[0], now, was) == [line]
