"""An incident's card: one, kept up to date, with the best charts that the workspace takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from shared.domain.errors import NeedsHumanError
from shared.domain.incidents import Incident, Snooze
from shared.domain.messages import CardDue, IncidentChanged
from shared.domain.records import CARDS, incident_path
from shared.ports import BlocksRefusedError, Card
from tests.unit.blocks.incident_values import ADVISED, MINUTE, RESOLVED
from tests.unit.notify.place import ANA, FussyChat, Place

CHART = "data_visualization"


class Picky(FussyChat):
    """A Slack that refuses some kinds of blocks, and maybe files."""

    refused: Iterable[str] = ()
    takes_files = True

    def _fuss(self, card: Card) -> None:
        super()._fuss(card)
        if {str(block["type"]) for block in card.blocks} & {*self.refused}:
            raise BlocksRefusedError

    def picture(self, name: str, data: bytes, alt: str) -> str:
        if not self.takes_files:
            raise NeedsHumanError("the app may not upload", reason="MissingScope", remedy="add files:write")
        return super().picture(name, data, alt)


@pytest.fixture
def place() -> Place:
    place = Place()
    place.chat = Picky(place.fuse)
    place.services = replace(place.services, chat=place.chat)
    place.now = ADVISED.looked_at or place.now
    return place


def told(place: Place, incident: Incident) -> None:
    place.put(incident_path(incident.id), incident)
    place.hear(IncidentChanged(incident.id))
    place.later(5)


def kinds(place: Place) -> set[str]:
    return {str(block["type"]) for block in place.cards[0].blocks}


def test_an_incident_gets_one_card_however_often_it_changes(place: Place) -> None:
    for incident in (ADVISED, ADVISED, RESOLVED):
        told(place, incident)
    assert len(place.cards) == 1 and "Resolved" in place.cards[0].text


def test_its_thread_is_told_each_thing_once(place: Place) -> None:
    for incident in (ADVISED, ADVISED, RESOLVED, RESOLVED):
        told(place, incident)
    assert len(place.replies) == len(set(place.replies)) > 1


def test_an_unknown_incident_says_nothing(place: Place) -> None:
    place.hear(IncidentChanged("chat.us-east4.9"), CardDue("chat.us-east4.9"))
    assert place.cards == []


def test_charts_are_drawn_where_slack_takes_them(place: Place) -> None:
    told(place, ADVISED)
    assert CHART in kinds(place) and "image" not in kinds(place)


def test_where_charts_are_refused_they_become_pictures(place: Place) -> None:
    place.chat.refused = (CHART,)  # type: ignore[attr-defined]  # a Picky one
    told(place, ADVISED)
    assert CHART not in kinds(place) and "image" in kinds(place)
    assert all(data.startswith(b"\x89PNG") for _, data, _ in place.chat.pictures)


def test_where_files_are_refused_too_the_sentence_and_the_table_remain(place: Place) -> None:
    place.chat.refused, place.chat.takes_files = (CHART,), False  # type: ignore[attr-defined]  # a Picky one
    told(place, ADVISED)
    assert not {CHART, "image"} & kinds(place) and "actions" in kinds(place)


def test_a_snooze_that_ends_is_looked_at_again(place: Place) -> None:
    until = place.now + 30 * MINUTE
    told(place, replace(ADVISED, snooze=Snooze(ANA, until, "a load test")))
    assert "Snoozed" in place.cards[0].text
    assert place.documents.find(CARDS, at_most={"due": until.timestamp()}), "the sweep has to find it then"
    place.now = until
    place.hear(CardDue(ADVISED.id))
    place.later(5)
    assert "*Snoozed*" not in place.cards[0].text
