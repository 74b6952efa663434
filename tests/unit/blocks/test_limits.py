"""Whatever the values, a card is one that Slack takes, and nothing foreign in it can mention or link."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from slack_sdk.models.blocks import Block

from infra.local.cloud import slack_blocks
from shared.blocks.cards import card_of, sayings_of
from shared.blocks.kit import lines, plain
from shared.blocks.money import cost_parts
from shared.blocks.reading import Standing, history_text, list_text, status_text, why_text
from shared.blocks.view import View
from shared.domain.desired import Desired
from shared.domain.quotes import PriceLine, Quote
from shared.ports import Card
from tests.unit.blocks.values import views

OURS = re.compile(r"<@[UW][A-Z0-9]+>|<!date\^[0-9]+\^[^|<>]*\|[^<>]*>|<#C[A-Z0-9]+>")
ANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def texts(value: Any) -> list[str]:
    """Every mrkdwn text of a block."""
    if isinstance(value, dict):
        own = [str(value["text"])] if value.get("type") == "mrkdwn" else []
        return own + [text for each in value.values() for text in texts(each)]
    return [text for each in value for text in texts(each)] if isinstance(value, list | tuple) else []


def wrong(card: Card) -> list[str]:
    """What Slack, its SDK or its docs would say against a card."""
    blocks = [dict(block) for block in card.blocks]
    found = slack_blocks.problems(blocks, "message")
    if not 0 < len(card.text) <= 4000:
        found.append(f"the text has {len(card.text)} characters")
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is None or parsed.to_dict().keys() != block.keys():
            found.append(f"the SDK does not know {block}")
    return found


@ANY
@given(views())
def test_slack_takes_every_card(view: View) -> None:
    assert wrong(card_of(view)) == []


@ANY
@given(views())
def test_slack_takes_every_plain_card(view: View) -> None:
    assert wrong(plain(card_of(view))) == []


@ANY
@given(views())
def test_nothing_foreign_can_mention_or_link(view: View) -> None:
    card = card_of(view)
    said = [card.text, *texts(card.blocks), *(saying.text for saying in sayings_of(view))]
    assert not [text for text in said if set(OURS.sub("", text)) & set("<>")]


@ANY
@given(views())
def test_the_thread_is_told_in_texts_that_slack_takes(view: View) -> None:
    assert all(0 < len(saying.text) <= 4000 for saying in sayings_of(view))


def answers(view: View) -> list[str]:
    """Every answer that the bot may give about what a view shows."""
    spec = view.after
    standing = Standing("chat", Desired("deployments/chat", 1, spec), view.works)
    many = [standing] * 100
    return [
        status_text(standing),
        list_text(many),
        why_text(standing),
        why_text(standing, "us-east4"),
        history_text("chat", [view] * 8),
    ]


@ANY
@given(views())
def test_answers_are_short_enough_and_cannot_mention(view: View) -> None:
    said = answers(view)
    assert all(0 < len(text) <= 3800 for text in said)
    assert not [text for text in said if set(OURS.sub("", text)) & set("<>")]


def test_what_is_cut_says_how_much_is_left() -> None:
    assert lines([f"line {n}" for n in range(50)], at_most=3) == "line 0\nline 1\nline 2\n… and 47 more"


def test_one_endless_line_is_cut_and_not_dropped() -> None:
    assert lines(["x" * 9000], 100).startswith("xxx")


def test_an_unknown_price_is_never_nothing() -> None:
    unknown = Quote((), (PriceLine("us-east4", "a3-highgpu-8g", 1, None),), 0, 8, (), timedelta(), "2026-01")
    text = "\n".join(part.text for part in cost_parts(unknown))
    assert "at least 0.00 USD (not all prices are known)" in text
    assert "Price unknown, not counted:* a3-highgpu-8g in us-east4" in text
