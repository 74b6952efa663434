"""The bot's door to Slack, with the real slack_sdk underneath, against the embedded Slack."""

from __future__ import annotations

import pytest

from infra.local.cloud.slack_workspace import ANA
from shared.adapters.slack import SlackChat
from shared.adapters.slack_views import SlackViews
from shared.domain.errors import NeedsHumanError, RetryableError, TerminalError
from shared.ports import RateLimitedError
from tests.contract.bot_place import TOKEN, Place, fresh_place, running_bot  # noqa: F401 - fixtures are found by name
from tests.unit.blocks.surfaces import texts

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "only for you"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [SECTION]}
HOME = {"type": "home", "blocks": [SECTION]}


def trigger(place: Place) -> str:
    made: str = place.server.run(lambda: place.slack.views.trigger(ANA))
    return made


def test_a_form_opens_before_who_caused_the_trigger(place: Place) -> None:
    place.views.open(trigger(place), MODAL)
    assert "only for you" in texts(place.modal.shown)


def test_a_trigger_opens_one_form(place: Place) -> None:
    given = trigger(place)
    place.views.open(given, MODAL)
    with pytest.raises(TerminalError, match="exchanged_trigger_id"):
        place.views.open(given, MODAL)


def test_a_home_tab_is_published_to_one_person_and_replaced(place: Place) -> None:
    for _ in range(2):
        place.views.publish(ANA, HOME)
    assert set(place.slack.views.homes) == {ANA}


def test_a_view_that_slack_does_not_take_says_which_method(place: Place) -> None:
    with pytest.raises(TerminalError, match=r"views\.publish: invalid_arguments"):
        place.views.publish(ANA, {"type": "home", "blocks": [{"type": "nothing"}]})


def test_a_wrong_token_needs_a_person(place: Place) -> None:
    with pytest.raises(NeedsHumanError) as refused:
        SlackViews("xoxb-other", f"{place.slack.url}/api/").publish(ANA, HOME)
    assert "INFEROPS_BOT_TOKEN" in refused.value.remedy


def test_a_rate_limit_is_handed_on_without_waiting(place: Place) -> None:
    place.slack.world.faults.rate_limited["views.publish"] = 1
    with pytest.raises(RateLimitedError):
        place.views.publish(ANA, HOME)


def test_trouble_at_slack_is_for_later(place: Place) -> None:
    place.slack.world.faults.unavailable.add("slack")
    with pytest.raises(RetryableError):
        place.views.publish(ANA, HOME)


def test_nobody_answering_is_for_later() -> None:
    with pytest.raises(RetryableError):
        SlackViews(TOKEN, "http://127.0.0.1:9/api/").publish(ANA, HOME)


def test_who_acted_in_no_channel_is_told_directly(place: Place) -> None:
    SlackChat(TOKEN, f"{place.slack.url}/api/").tell(ANA, "", "only you")
    assert [one.text for one in place.slack.directs(ANA)] == ["only you"]
