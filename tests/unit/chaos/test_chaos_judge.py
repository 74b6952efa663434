"""What the judge of chaos must catch: each planted violation by its own law, and nothing in a story that ended well."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra.local.chaos_evidence import Evidence, Post
from infra.local.chaos_judge import extra_posts, judge

POOL = "europe-west3|NodePool|gemma|europe-west3/c1"
Plant = Callable[[Evidence], Evidence]


def proposal(intent: str, user: str = "ana", quorum: int = 1) -> dict[str, Any]:
    return {"intent": {"id": intent, "user": user}, "digest": f"d-{intent}", "gate": {"quorum": quorum}}


def vote(proposal_id: str, digest: str, user: str = "ben") -> dict[str, Any]:
    return {"proposal": proposal_id, "digest": digest, "user": user, "approve": True}


def telling(user: str, text: str) -> dict[str, Any]:
    return {"told": {"user": user, "text": text}, "due": None}


GOOD = Evidence(
    documents={
        "intents": {"i-1": {}, "i-2": {}, "i-3": {}},
        "proposals": {"p-1": proposal("i-1"), "p-2": proposal("i-2")},
        "votes": {"v": vote("p-1", "d-i-1")},
        "decisions": {"p-1": {"outcome": "applied", "generations": {"deployments/gemma": 1}}},
        "deployments": {"gemma": {"generation": 1}},
        "statuses": {"gemma@europe-west3": {"inventory": {POOL: {}, "global|Api|compute|": {}}}},
        "cards": {"p-1": {}, "p-2": {}, "told-i-3": telling("dev", "refused by rule 'nobody'")},
        "outbox": {},
    },
    posts=(
        Post("p-1", "Done: gemma is serving"),
        Post("p-1/done", "Done: gemma"),
        Post("p-2", "Superseded: deploy gemma"),
        Post("p-2/superseded", "Superseded: another change came first"),
    ),
    tellings=(("dev", "refused by rule 'nobody'"),),
    published=frozenset({"i-1", "i-2", "i-3"}),
    approvers=frozenset({"ben"}),
    exists=frozenset({"NodePool gemma in europe-west3/c1"}),
    built={"pools/gemma": 1},
)


def posted(*more: Post, speaker_killed: int = 1) -> Plant:
    return lambda good: replace(good, posts=(*good.posts, *more), speaker_killed=speaker_killed)


def stored(collection: str, change: Callable[[dict[str, Any]], object]) -> Plant:
    def plant(good: Evidence) -> Evidence:
        documents = copy.deepcopy({name: dict(held) for name, held in good.documents.items()})
        change(documents[collection])
        return replace(good, documents=documents)

    return plant


def seen(**changes: Any) -> Plant:
    return lambda good: replace(good, **changes)


PLANTED = [
    pytest.param(posted(Post("p-1", "Done: gemma")), "one live card", "p-1 stands there 2 times", id="two live cards"),
    pytest.param(
        posted(Post("p-1/done", "Done: gemma")),
        "one live card",
        "p-1/done stands there 2",
        id="said twice in the thread",
    ),
    pytest.param(
        posted(Post("p-1", "", gone=True), speaker_killed=0),
        "one extra post",
        "notify was killed 0 times",
        id="an extra post without a kill",
    ),
    pytest.param(seen(posts=GOOD.posts[2:]), "one live card", "p-1 has no card", id="no card"),
    pytest.param(
        seen(published=GOOD.published | {"i-9"}), "intent was answered", "i-9 was published", id="a lost intent"
    ),
    pytest.param(
        stored("intents", lambda held: held.update({"i-8": {}})),
        "intent was answered",
        "i-8",
        id="an intent unanswered",
    ),
    pytest.param(
        seen(posts=(Post("p-1", "Scaling gemma"), *GOOD.posts[1:])), "proposal ended", "p-1 has not", id="never ended"
    ),
    pytest.param(
        seen(posts=(*GOOD.posts[:3],)), "proposal ended", "nobody was told that p-2 ended", id="the end was not told"
    ),
    pytest.param(
        seen(posts=(*GOOD.posts[:2], Post("p-2", "Done: gemma"), Post("p-2/done", ""))),
        "proposal ended",
        "not what was decided",
        id="a card that says done of what was not applied",
    ),
    pytest.param(
        lambda good: stored("cards", lambda held: held["p-1"].update(finished="09:30"))(
            replace(good, posts=(Post("p-1", "Replaced: gemma was changed again"), *good.posts[2:]))
        ),
        "proposal ended",
        "nobody was told that p-1 ended as 'Replaced:'",
        id="done, replaced, and nobody was told that it was done",
    ),
    pytest.param(seen(tellings=()), "was to be told", "dev was never told", id="a person not told"),
    pytest.param(
        seen(tellings=GOOD.tellings * 3), "was to be told", "2 things again", id="a person told again and again"
    ),
    pytest.param(
        stored("votes", lambda held: held["v"].update(digest="another")),
        "quorum",
        "0 of 1",
        id="a vote on another digest",
    ),
    pytest.param(seen(approvers=frozenset({"dev"})), "quorum", "0 of 1", id="a vote of one who may not"),
    pytest.param(
        stored("proposals", lambda held: held["p-1"]["intent"].update(user="ben")),
        "quorum",
        "0 of 1",
        id="one's own vote",
    ),
    pytest.param(
        stored("deployments", lambda held: held["gemma"].update(generation=2)),
        "applied once",
        "is at 2",
        id="a generation that nobody decided",
    ),
    pytest.param(
        stored("statuses", lambda held: held["gemma@europe-west3"]["inventory"].pop(POOL)),
        "inventories",
        "nobody remembers NodePool gemma",
        id="a forgotten pool",
    ),
    pytest.param(seen(exists=frozenset()), "inventories", "does not exist", id="a remembered pool that is not there"),
    pytest.param(
        seen(orphans=frozenset({"Gateway x"})), "inventories", "left behind", id="a load balancer left behind"
    ),
    pytest.param(
        seen(built={"pools/gemma": 2}), "built once", "pools/gemma was built 2 times", id="a pool built twice"
    ),
    pytest.param(
        seen(undelivered={"dead-letters": 1}), "undelivered", "1 messages on dead-letters", id="a dead letter"
    ),
    pytest.param(
        stored("outbox", lambda held: held.update({"row": {}})), "undelivered", "outbox row", id="a message never sent"
    ),
    pytest.param(
        stored("cards", lambda held: held["p-1"].update(claimed_at="09:00")),
        "undelivered",
        "claimed",
        id="a claim left",
    ),
    pytest.param(seen(given_up=1), "undelivered", "1 timers were given up", id="a timer given up"),
]


@pytest.mark.parametrize(("plant", "law", "finding"), PLANTED)
def test_the_judge_catches(plant: Plant, law: str, finding: str) -> None:
    broken = [check for check in judge(plant(GOOD)) if not check.passed]
    assert any(law in check.name and finding in check.evidence for check in broken), broken


def test_a_story_that_ended_well_passes() -> None:
    assert [check for check in judge(GOOD) if not check.passed] == []


def test_an_extra_post_that_was_removed_is_forgiven_to_one_who_was_killed() -> None:
    mended = posted(Post("p-1", "", gone=True))(GOOD)
    assert extra_posts(mended) == 1
    assert [check for check in judge(mended) if not check.passed] == []
