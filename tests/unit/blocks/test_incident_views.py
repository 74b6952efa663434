"""What one person is shown about an incident: why something is advised, and the form that snoozes it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.incident_verbs import time_of
from shared.blocks.incident_views import FOR, LONGEST_REASON, REASON, SNOOZES, snooze_form, why_view
from shared.domain.suggestions import Advice, Diagnosis
from tests.unit.blocks.incident_values import ADVISED, JUST_OPENED
from tests.unit.blocks.surfaces import refused, texts


def field(name: str) -> dict[str, Any]:
    blocks = snooze_form(ADVISED, "C1")["blocks"]
    return dict(next(block["element"] for block in blocks if block.get("block_id") == name))


def test_why_shows_evidence_and_the_formula_with_its_figures() -> None:
    said = texts(why_view(ADVISED))
    assert "• KV cache is 93 % full, above 60 %, and 120 requests wait" in said
    assert "*1. Shift traffic to europe-west3*" in said
    assert "• load that stays: 12 x 0.6 = 7.2 requests per second" in said
    assert "Predicted, eight times in ten: KV 93 % → 55\N{EN DASH}62 %" in said


def test_why_nothing_is_advised_is_said_too() -> None:
    quiet = replace(ADVISED, advice=Advice(Diagnosis.KV_BOUND, (), quiet="a change was applied 2 min ago"))
    assert "Nothing is suggested: a change was applied 2 min ago" in texts(why_view(quiet))
    assert "Nothing is suggested." in texts(why_view(JUST_OPENED))


def test_slack_takes_both() -> None:
    assert (refused(why_view(ADVISED)), refused(snooze_form(ADVISED, "C1"))) == ("", "")


def test_the_form_remembers_what_it_is_about() -> None:
    assert json.loads(snooze_form(ADVISED, "C1")["private_metadata"]) == {
        "channel": "C1",
        "incident": "chat.us-east4.3",
    }


def test_every_time_that_is_offered_is_one_that_could_be_typed() -> None:
    offered = [option["value"] for option in field(FOR)["options"]]
    assert {word: time_of(word) for word in offered} == SNOOZES
    assert field(FOR)["initial_option"] == field(FOR)["options"][offered.index("2h")]


def test_a_reason_is_required_and_may_be_no_longer_than_is_kept() -> None:
    blocks = snooze_form(ADVISED, "C1")["blocks"]
    assert not any(block.get("optional") for block in blocks)
    assert field(REASON)["max_length"] == LONGEST_REASON
