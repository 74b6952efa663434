"""The bot over Socket Mode, with Slack's own client underneath: the same app, without a signing secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.socket_mode import listen
from infra.local.cloud.slack_workspace import ANA
from shared.domain.messages import IntentSubmitted
from tests.contract.bot_place import Place, fresh_place, running_bot  # noqa: F401 - fixtures are found by name
from tests.contract.bot_socket_place import only_by_socket
from tests.unit.blocks.surfaces import texts
from tests.unit.bot.choosing import state_of
from tests.unit.bot.test_forms import GOOD
from tests.waiting import PATIENCE, eventually


@pytest.fixture(autouse=True, scope="module")
def connection(running: Place) -> Iterator[None]:
    only_by_socket(running)
    made = listen(running.works)
    eventually(lambda: running.slack.sockets.connected)
    yield
    made.close()


def test_a_command_is_heard_and_answered(place: Place) -> None:
    assert "Heard: `/infer delete chat`" in place.types("delete chat")
    assert [type(message) for _, message in place.heard] == [IntentSubmitted]


def test_the_form_opens_is_sent_and_says_what_is_wrong(place: Place) -> None:
    place.commands("deploy llama3-8b")
    slack, view = place.slack, place.modal
    sent = place.do(slack.submit(ANA, view.id, state_of(view.shown, regions=["us-west2"])))
    assert "not offered in us-west2" in sent.errors["regions"]
    place.do(slack.submit(ANA, view.id, state_of(view.shown, **GOOD)))
    assert "Heard" in texts(place.modal.shown)


def test_the_home_tab_is_published(place: Place) -> None:
    assert "There is no deployment yet" in texts(place.home())


def test_a_refused_click_fails_visibly(place: Place) -> None:
    place.slack.people.patience = 2.0  # a refusal is no acknowledgement: Slack waits for one in vain
    try:
        assert place.clicks("approve", "p-1:x") == 0
    finally:
        place.slack.people.patience = PATIENCE
    assert place.heard == []


def test_another_teams_command_is_refused(place: Place) -> None:
    team, place.slack.workspace.team_id = place.slack.workspace.team_id, "T0OTHER"
    try:
        assert "'own team'" in place.types("delete chat")
    finally:
        place.slack.workspace.team_id = team
    assert place.heard == []
