"""What chaos draws, and whose effects it sees: both follow from their arguments alone."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.chaos_effects import effect
from infra.local.chaos_plan import TARGETS, mishaps, strikes
from infra.local.cloud.world import World


def commit(*paths: str) -> Any:
    names = [f"projects/demo/databases/d/documents/{path}" for path in paths]
    return SimpleNamespace(writes=[SimpleNamespace(update=SimpleNamespace(name=name), delete="") for name in names])


@pytest.mark.parametrize("target", TARGETS)
def test_the_seed_alone_says_when_a_target_is_struck(target: str) -> None:
    first, again = (list(islice(strikes(World(7).dice("chaos"), target), 20)) for _ in range(2))
    assert first == again
    assert first != list(islice(strikes(World(8).dice("chaos"), target), 20))


def test_every_kind_of_mishap_is_drawn() -> None:
    kinds = {mishap.kind for mishap in islice(mishaps(World().dice("chaos")), 60)}
    assert kinds == {"duplicate", "late", "answer_lost", "rate_limited"}


@pytest.mark.parametrize(
    ("service", "what", "request_", "whose"),
    [
        pytest.param("slack", "POST /api/chat.postMessage", b"", "notify", id="a post"),
        pytest.param("slack", "POST /api/conversations.history", b"", None, id="a read of Slack"),
        pytest.param("firestore", "Commit", commit("outbox/1", "cards/p-1"), "notify", id="a card"),
        pytest.param("firestore", "Commit", commit("statuses/a@b"), "reconcile", id="a status"),
        pytest.param("firestore", "Commit", commit("outbox/1"), None, id="anybody's outbox"),
        pytest.param("firestore", "BatchGetDocuments", b"", None, id="a read of documents"),
        pytest.param("pubsub", "Publish", SimpleNamespace(topic="projects/p/topics/votes"), "bot", id="a vote"),
        pytest.param("pubsub", "POST /v1/projects/p/topics/rounds:publish", b"", None, id="a timer's own publishing"),
        pytest.param("gke", "CreateNodePool", b"", "reconcile", id="a node pool"),
        pytest.param("gke", "ListClusters", b"", None, id="a look at clusters"),
        pytest.param("kubernetes", "PATCH /api/v1/namespaces/x", b"", "reconcile", id="an object"),
    ],
)
def test_an_effect_is_its_writers(service: str, what: str, request_: Any, whose: str | None) -> None:
    found = effect(service, what, request_)
    assert (found and found[0]) == whose
