"""notify may be killed at any effect: one card is left, and each outcome is told once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.inventory import Unit
from shared.domain.messages import Decided, Message, ProposalMade, StatusChanged
from shared.domain.records import card_path
from shared.ports import Card
from tests.unit.notify.place import Place

EAST = Unit("chat", "us-east4")


@pytest.fixture
def place() -> Place:
    return Place()


def story(place: Place) -> list[tuple[Callable[[], None], list[Message]]]:
    """What happens to a proposal, and the messages about it."""
    made = place.propose(channel="C2")

    def applied() -> None:
        place.vote(made)
        place.apply(made)

    return [
        (lambda: None, [ProposalMade(made.id)]),
        (applied, [Decided(made.id)]),
        (place.all_ready, [StatusChanged(EAST)]),
    ]


@pytest.mark.parametrize("chapter", [0, 1, 2])
@pytest.mark.parametrize("at", range(14))
def test_dying_anywhere_leaves_one_card_and_each_outcome_told_once(place: Place, chapter: int, at: int) -> None:
    for number, (happens, messages) in enumerate(story(place)):
        happens()
        place.later(10)
        if number == chapter:
            place.dies(at, lambda heard=messages: place.hear(*heard))
            place.later(1)
        place.hear(*messages)  # delivered again
        place.later(121)
        place.later(121)
    assert len(place.cards) == 1
    assert "Done" in place.cards[0].text
    assert sorted(place.replies) == ["applied", "done"]


def test_the_story_has_more_effects_than_are_killed_in_vain(place: Place) -> None:
    [(_, messages), *_] = story(place)
    assert place.dies(5, lambda: place.hear(*messages))


def test_a_dead_posters_twins_are_removed(place: Place) -> None:
    made = place.propose()
    assert place.dies(2, lambda: place.hear(ProposalMade(made.id)))
    for _ in range(2):
        place.chat.post("C1", Card("a twin"), key=made.id)
    place.hear(ProposalMade(made.id))
    assert len(place.cards) > 1
    place.later(121)
    place.later(10)
    assert len(place.cards) == 1


@pytest.mark.parametrize("at", range(14))
def test_an_end_is_told_though_the_teller_died_and_the_next_change_came(place: Place, at: int) -> None:
    (_, proposed), (applies, decided), (ready, changed) = story(place)
    place.hear(*proposed)
    applies()
    place.hear(*decided)
    place.later(10)
    ready()
    place.dies(at, lambda: place.hear(*changed))
    noted = place.documents.stored[card_path("p-000000000001")].body["finished"] is not None
    later = place.propose("p-000000000002", generation=1)
    place.vote(later)
    place.apply(later, generation=2)
    for _ in range(2):
        place.hear(*decided)
        place.later(121)
    assert "Replaced" in place.cards[0].text
    assert place.replies.count("done") == noted
