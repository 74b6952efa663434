"""Whatever an incident holds, its card is one that Slack takes, and nothing foreign in it can mention or link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from hypothesis import HealthCheck, given, settings

from shared.blocks.incident import incident_card, incident_line, incident_sayings
from shared.blocks.incident_views import snooze_form, why_view
from shared.blocks.kit import plain, without_charts
from shared.domain.incidents import Incident
from shared.domain.learning import Lesson
from shared.domain.suggestions import RemedyKind
from shared.ports import Card
from tests.unit.blocks import surfaces
from tests.unit.blocks.incident_values import incidents, scores
from tests.unit.blocks.test_limits import OURS, texts, wrong
from tests.unit.blocks.values import times

ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LINK = re.compile(r"<https://console\.cloud\.google\.com/[^<>|]*\|open in the console>")
Scores = Mapping[RemedyKind, Lesson]


def foreign(said: list[str]) -> list[str]:
    return [text for text in said if set(LINK.sub("", OURS.sub("", text))) & set("<>")]


@ANY
@given(incidents, times, scores)
def test_slack_takes_every_card_of_an_incident(incident: Incident, now: datetime, found: Scores) -> None:
    made = incident_card(incident, now, found)
    assert surfaces.wrong_blocks(made.blocks) == []
    assert wrong(without_charts(made)) == []
    assert wrong(plain(made)) == []


@ANY
@given(incidents, times, scores)
def test_nothing_foreign_can_mention_or_link(incident: Incident, now: datetime, found: Scores) -> None:
    made = incident_card(incident, now, found)
    sayings = incident_sayings(incident)
    assert foreign([made.text, *texts(made.blocks), incident_line(incident), *(each.text for each in sayings)]) == []
    assert foreign(texts(why_view(incident))) == []


@ANY
@given(incidents)
def test_the_thread_is_told_each_thing_once_in_texts_that_slack_takes(incident: Incident) -> None:
    sayings = incident_sayings(incident)
    assert all(0 < len(saying.text) <= 4000 for saying in sayings)
    assert len({saying.key for saying in sayings}) == len(sayings)


@ANY
@given(incidents)
def test_slack_takes_what_one_person_is_shown(incident: Incident) -> None:
    assert surfaces.refused(why_view(incident)) == ""
    assert surfaces.refused(snooze_form(incident, "C1")) == ""


@ANY
@given(incidents, times)
def test_every_button_is_said_in_words_too(incident: Incident, now: datetime) -> None:
    made = incident_card(incident, now)
    rows = [block["elements"] for block in made.blocks if block["type"] == "actions"]
    assert all(button["accessibility_label"] for row in rows for button in row)
    assert len(made.text) >= 3000 or all(_typed(button["action_id"], made) for row in rows for button in row)


def _typed(action: str, made: Card) -> bool:
    said = {
        "remedy": "Option ",
        "why-remedy": "/infer incident ",
        "snooze-incident": "/infer snooze ",
        "undo": "/infer undo ",
    }
    return said[action] in made.text
