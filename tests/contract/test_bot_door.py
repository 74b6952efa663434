"""The bot's door over HTTP: what strangers may try."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import httpx
import pytest
from flask import Flask, request

from bot.app import target
from infra.local.cloud.slack_workspace import BEN
from tests.contract.bot_place import (  # noqa: F401 - fixtures are found by name
    DIGEST,
    NOW,
    OPS,
    PROPOSAL,
    SECRET,
    SPEC,
    Bus,
    Place,
    Works,
    form,
    fresh_place,
    now,
    running_bot,
    signed,
)


def test_another_teams_command_is_refused_by_name_of_the_rule(place: Place) -> None:
    answer = place.post(form(team_id="T0OTHER"), now())
    assert "'own team'" in answer.json()["text"]
    assert answer.json()["response_type"] == "ephemeral"
    assert place.heard == []


def test_a_strangers_click_in_a_shared_channel_is_refused(place: Place) -> None:
    person = place.slack.workspace.person(BEN)
    assert person
    person.team_id = "T0OTHER"
    try:
        assert place.clicks("approve", f"{PROPOSAL}:{DIGEST}") == 403
    finally:
        person.team_id = ""
    assert place.heard == []


@pytest.mark.parametrize(
    ("body", "stamp", "signature"),
    [
        pytest.param(form(), 0, "v0=" + "0" * 64, id="wrong signature"),
        pytest.param(form(), 0, "v0=", id="empty signature"),
        pytest.param(form(), 0, "\u00e4", id="not even ASCII"),
        pytest.param(form(), -400, "", id="too old"),
        pytest.param(form(), 400, "", id="from the future"),
        pytest.param(form(), "yesterday", "", id="no number"),
        pytest.param(form(), "", "", id="no time"),
        pytest.param(form(), "\u00b2\u00b3", "", id="digits of another kind"),
        pytest.param(b"command=%2Finfer&text=\xff\xfe", 0, "", id="no UTF-8"),
        pytest.param(b"", 0, "v0=" + "0" * 64, id="nothing"),
    ],
)
def test_a_forged_request_is_refused(place: Place, body: bytes, stamp: str | int, signature: str) -> None:
    """A stamp that is a number is an age: seconds from now."""
    stamp = stamp if isinstance(stamp, str) else str(int(time.time()) + stamp)
    assert place.post(body, stamp, signature).status_code == 401
    assert place.heard == []


def test_what_a_forger_sends_is_not_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("slack_bolt.RequestVerification").setLevel(logging.INFO)
    with caplog.at_level(logging.INFO):
        place.post(form(text="a-secret-word"), now(), "v0=" + "0" * 64)
    assert "wrong signature" in caplog.text
    assert "a-secret-word" not in caplog.text


def test_a_get_finds_nothing(place: Place) -> None:
    assert httpx.get(place.url, trust_env=False).status_code in {401, 404}


def test_no_secret_no_bot() -> None:
    works = Works()
    works.settings = replace(works.settings, signing_secret="")
    with pytest.raises(ValueError, match="INFEROPS_SIGNING_SECRET"):
        target(works)


def test_no_team_nobody_is_let_in() -> None:
    works = Works()
    works.settings = replace(works.settings, team="")
    served = Flask("bot")
    with served.test_request_context(method="POST", data=form(team_id=""), headers=signed(form(team_id=""))):
        answer = target(works)(request)
    assert "own team" in answer.get_data(as_text=True)
