"""Votes that do not count: whoever casts one is told why, in private, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.decide import decide
from shared.domain.intents import Deploy
from shared.domain.messages import Told, VoteCast
from shared.domain.proposals import Proposal
from shared.domain.records import VOTES
from tests.unit.functions.place import CHAT, EU, Place


def _stale(place: Place, _: Proposal) -> None:
    place.seconds += 16 * 60


def _rejected(place: Place, proposal: Proposal) -> None:
    place.vote(proposal, "chloe", approve=False)


def _applied(place: Place, proposal: Proposal) -> None:
    place.vote(proposal, "chloe")


def _superseded(place: Place, _: Proposal) -> None:
    place.apply(Deploy("llama3-8b", {EU: 1}, "chat"))


def _expired(place: Place, _: Proposal) -> None:
    place.seconds += 24 * 3600
    place.tick()
    place.drain()


def _nothing(_: Place, __: Proposal) -> None:
    """Let nothing happen in between."""


@pytest.mark.parametrize(
    ("user", "before", "because"),
    [
        pytest.param("ana", _nothing, "'requester excluded'", id="the requester's own"),
        pytest.param("zoe", _nothing, "rule changes wants approval by approvers", id="somebody without the role"),
        pytest.param("guest", _nothing, "rule changes wants approval", id="a guest"),
        pytest.param("ben", _stale, "older than 15 minutes", id="while roles cannot be judged"),
        pytest.param("ben", _rejected, "is rejected", id="on a rejected proposal"),
        pytest.param("ben", _applied, "is applied", id="on an applied proposal"),
        pytest.param("ben", _superseded, "is superseded, because what it would change", id="on a superseded one"),
        pytest.param("ben", _expired, "is expired; type the command again", id="on an expired one"),
    ],
)
def test_a_vote_does_not_count(user: str, before: Callable[[Place, Proposal], None], because: str) -> None:
    place = Place()
    proposal = place.propose()
    before(place, proposal)
    stood = {path: document for path, document in place.documents.stored.items() if not path.startswith("audit/")}
    place.vote(proposal, user)
    assert because in place.told() and place.told().endswith("Nothing was changed.")
    assert {p: d for p, d in place.documents.stored.items() if not p.startswith("audit/")} == stood


def test_a_refused_vote_is_kept_in_the_record_only_and_told_once() -> None:
    place = Place()
    proposal = place.propose()
    vote = place.vote(proposal, "zoe")
    decide(vote, place.services)
    decide(replace(vote, at=vote.at + timedelta(seconds=5)), place.services)  # the same signed click, sent again
    assert not place.documents.find(VOTES) and len(place.lines("vote refused")) == len(place.heard(Told)) == 1


def test_a_vote_for_a_proposal_that_is_not_there_is_refused() -> None:
    place = Place()
    decide(VoteCast("p-nope", "d", "ben", True, place.now(), "C2", "i-1"), place.services)
    assert "there is no proposal p-nope" in place.told()


def test_a_vote_on_another_digest_is_refused() -> None:
    place = Place()
    place.vote(place.propose(), digest="old")
    assert "your vote was for another version" in place.told()


def test_a_mere_plan_cannot_be_voted_for() -> None:
    place = Place()
    place.vote(place.propose(dry_run=True))
    assert "is only a plan" in place.told() and place.spec(CHAT) is None


def test_the_requester_may_withdraw_and_then_nobody_can_approve() -> None:
    place = Place()
    proposal = place.propose()
    place.vote(proposal, "ana", approve=False)
    place.vote(proposal)
    assert place.spec(CHAT) is None and "is rejected" in place.told()


def test_a_reject_by_somebody_without_the_role_does_not_count() -> None:
    place = Place()
    proposal = place.propose()
    place.vote(proposal, "zoe", approve=False)
    place.vote(proposal)
    assert place.spec(CHAT) is not None
