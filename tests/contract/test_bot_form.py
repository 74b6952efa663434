"""The form of a deploy over HTTP: opened by a command with a gap, sent, refused, sent twice, or not to be had."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bot.grammar import parse
from infra.local.cloud.slack_forms import Sent
from infra.local.cloud.slack_workspace import ANA
from shared.adapters.slack_views import SlackViews
from shared.catalog.load import load
from shared.domain.intents import Intent
from shared.domain.messages import IntentSubmitted
from tests.contract.bot_place import (  # noqa: F401 - fixtures are found by name
    OPS,
    TOKEN,
    Place,
    fresh_place,
    now,
    running_bot,
)
from tests.unit.blocks.surfaces import texts
from tests.unit.bot.choosing import state_of
from tests.unit.bot.test_forms import GOOD


def send(place: Place, **chosen: Any) -> Sent:
    view = place.modal
    sent: Sent = place.do(place.slack.submit(ANA, view.id, state_of(view.shown, **chosen)))
    return sent


def post(place: Place, **chosen: Any) -> httpx.Response:
    """Post the open form as Slack would, once more with every call."""
    view, who = place.modal, place.slack.workspace.person(ANA)
    assert who
    shown = {**place.slack.views.json(view), "state": {"values": state_of(view.shown, **chosen)}}
    payload = {**place.slack.people.envelope("view_submission", who), "view": shown, "response_urls": []}
    return place.post(urlencode({"payload": json.dumps(payload)}).encode(), now())


def intents(place: Place) -> list[Intent]:
    return [message.intent for _, message in place.heard if isinstance(message, IntentSubmitted)]


def test_a_deploy_with_a_gap_opens_the_form_with_what_was_said(place: Place) -> None:
    assert place.commands("deploy llama3-8b --spot as chat") == 200
    values = place.modal.values
    assert values["model"]["model"]["selected_option"]["value"] == "llama3-8b"
    assert values["buy"]["buy"]["selected_option"]["value"] == "spot"
    assert values["name"]["name"]["value"] == "chat"
    assert (place.slack.ephemerals(ANA), place.heard) == ([], [])


def test_a_sent_form_is_the_ask_of_the_typed_command_from_where_it_was_typed(place: Place) -> None:
    place.commands("deploy llama3-8b")
    assert send(place, regions=["us-east4", "europe-west3"], replicas="2").errors == {}
    [intent] = intents(place)
    typed = parse("deploy llama3-8b europe-west3,us-east4 --replicas 2", load())
    assert (intent.ask, intent.user, intent.channel, intent.dry_run) == (typed, ANA, OPS, False)


def test_what_was_heard_is_said_in_the_forms_place(place: Place) -> None:
    place.commands("deploy")
    send(place, **GOOD)
    said = texts(place.modal.shown)
    assert "Heard: `/infer deploy llama-3.1-8b us-east4" in said
    assert f"Its plan comes in <#{OPS}> as proposal `p-" in said


@pytest.mark.parametrize(
    ("chosen", "field", "hint"),
    [
        pytest.param({"machine": "g2-standard-12", "model": "llama-3.1-70b"}, "machine", "it fits", id="too small"),
        pytest.param({"regions": ["us-west2"]}, "regions", "not offered in us-west2", id="not there"),
        pytest.param({"name": "Chat 8b"}, "name", "one word", id="bad name"),
    ],
)
def test_a_wrong_choice_is_said_at_its_field_and_the_form_stays(
    place: Place, chosen: dict[str, Any], field: str, hint: str
) -> None:
    place.commands("deploy")
    sent = send(place, **{**GOOD, **chosen})
    assert hint in sent.errors[field]
    assert (sent.trouble, place.modal.closed, place.heard) == ("", False, [])


def test_the_same_form_sent_twice_is_one_intent(place: Place) -> None:
    place.commands("deploy")
    assert [post(place, **GOOD).status_code for _ in range(2)] == [200, 200]
    [one, other] = intents(place)
    assert one == other


def test_a_form_that_was_changed_before_it_is_sent_again_is_another_intent(place: Place) -> None:
    place.commands("deploy")
    for region in ("us-east4", "europe-west3"):
        post(place, **{**GOOD, "regions": [region]})
    [one, other] = intents(place)
    assert one.id != other.id


def test_two_forms_with_the_same_choices_are_two_intents(place: Place) -> None:
    for _ in range(2):
        place.commands("deploy")
        send(place, **GOOD)
    [one, other] = intents(place)
    assert one.id != other.id


def test_a_form_that_could_not_be_published_stays_open_and_says_so(place: Place) -> None:
    place.works.bus.down = True
    place.commands("deploy")
    assert send(place, **GOOD).errors["model"].startswith("Not heard")
    place.works.bus.down = False
    assert send(place, **GOOD).errors == {}
    assert len(intents(place)) == 1


def test_a_form_of_another_release_is_refused(place: Place) -> None:
    place.commands("deploy")
    place.modal.shown["private_metadata"] = "{}"
    assert "not one of this release" in send(place, **GOOD).errors["model"]
    assert place.heard == []


def test_a_strangers_form_is_refused_by_name_of_the_rule(place: Place) -> None:
    place.commands("deploy")
    person = place.slack.workspace.person(ANA)
    assert person
    person.team_id = "T0OTHER"
    try:
        assert "'own team'" in send(place, **GOOD).errors["model"]
    finally:
        person.team_id = ""
    assert place.heard == []


def test_what_is_misspelt_is_refused_in_words_without_a_form(place: Place) -> None:
    assert "did you mean llama3-8b" in place.types("deploy lama3-8b")
    assert place.slack.modals(ANA) == []


def refused_in_words(place: Place) -> None:
    said = place.types("deploy llama3-8b")
    assert said.startswith(
        "The form could not be opened, so say it in words: deploy needs a model and at least one region"
    )
    assert "Right form: /infer deploy MODEL REGION" in said
    assert (place.slack.modals(ANA), place.heard) == ([], [])


def test_a_trigger_that_expired_leaves_the_right_form_in_words(place: Place) -> None:
    life, place.slack.views.trigger_life = place.slack.views.trigger_life, -1.0
    try:
        refused_in_words(place)
    finally:
        place.slack.views.trigger_life = life


def test_where_slack_is_away_the_right_form_comes_in_words(place: Place) -> None:
    place.slack.world.faults.unavailable.add("slack")
    refused_in_words(place)


@pytest.mark.parametrize("token", ["", "xoxb-of-nobody"])
def test_without_a_token_that_counts_the_right_form_comes_in_words(place: Place, token: str) -> None:
    place.works.views = SlackViews(token, f"{place.slack.url}/api/")
    refused_in_words(place)


def test_a_rate_limit_leaves_the_right_form_in_words(place: Place) -> None:
    place.slack.world.faults.rate_limited["views.open"] = 1
    refused_in_words(place)


def test_a_plan_with_a_gap_is_refused_in_words(place: Place) -> None:
    assert "a model and at least one region" in place.types("plan deploy llama3-8b")


def test_a_form_without_a_channel_is_answered_directly(place: Place) -> None:
    place.works.settings = replace(place.works.settings, channel="")
    try:
        place.commands("deploy")
        send(place, **GOOD)
    finally:
        place.works.settings = replace(place.works.settings, channel=OPS)
    assert "Its plan comes as proposal" in texts(place.modal.shown)


def test_the_bots_door_to_slack_has_no_voice() -> None:
    assert {name for name in vars(SlackViews) if not name.startswith("_")} == {"open", "publish", "seconds"}
    assert not [name for name in dir(SlackViews(TOKEN)) if name in {"post", "edit", "tell", "remove", "look_up"}]
