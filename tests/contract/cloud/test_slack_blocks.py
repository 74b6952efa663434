"""Block Kit as the Slack stand-in checks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_place import BUTTON, CARD, OPS, Place, running
from slack_sdk.errors import SlackApiError


@pytest.fixture(scope="module")
def patient() -> Iterator[Place]:
    """One Slack without rate limits for all the tests that leave nothing behind."""
    with running() as made:
        made.slack.buckets.limits.clear()
        yield made


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def table(*rows: int) -> dict[str, Any]:
    cells = [[{"type": "raw_text", "text": "x"}] * width for width in rows]
    return {"type": "data_table", "caption": "c", "rows": cells}


def line(label: str) -> dict[str, Any]:
    series = [{"name": "ttft", "data": [{"label": label, "value": 1.5}]}]
    chart = {"type": "line", "series": series, "axis_config": {"categories": ["09:00"]}}
    return {"type": "data_visualization", "title": "TTFT", "chart": chart}


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        pytest.param([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]", id="too many"),
        pytest.param([section("x" * 3001)], "must be less than 3001 characters", id="section too long"),
        pytest.param([section("")], "must be more than 0 characters", id="empty text"),
        pytest.param(
            [{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]", id="nothing in it"
        ),
        pytest.param([section("a", block_id="b"), section("c", block_id="b")], "already exists: b", id="same id twice"),
        pytest.param([{"type": "hologram"}], "unsupported type: hologram [json-pointer:/blocks/0/type]", id="unknown"),
        pytest.param([section("a", colour="red")], "invalid additional property: colour", id="unknown field"),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "unsupported type: mrkdwn",
            id="header is plain",
        ),
        pytest.param(
            [{"type": "actions", "elements": [{**BUTTON, "value": "v" * 2001}]}], "less than 2001", id="button value"
        ),
        pytest.param([{"type": "actions", "elements": [BUTTON, BUTTON]}], "action_id already exists", id="same action"),
        pytest.param([{"type": "markdown", "text": "x" * 7000}] * 2, "less than 12001", id="markdown in all"),
        pytest.param([table(2, 1)], "same number of cells", id="uneven rows"),
        pytest.param([line("10:00")], "must match the axis categories", id="point outside the axis"),
        pytest.param([line("09:00")] * 3, "no more than 2 data_visualization", id="three charts"),
        pytest.param(
            [{"type": "alert", "text": {"type": "plain_text", "text": "x"}}], "unsupported type", id="modal only"
        ),
    ],
)
def test_wrong_blocks_are_refused_with_the_place(patient: Place, blocks: Any, complaint: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        patient.client.chat_postMessage(channel=OPS, text="x", blocks=blocks)
    assert refused.value.response["error"] == "invalid_blocks"
    assert any(complaint in message for message in refused.value.response["response_metadata"]["messages"])


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(section("ok", accessory=BUTTON), id="section"),
        pytest.param({"type": "plan", "title": "p", "tasks": []}, id="plan"),
        pytest.param(table(2, 2), id="data_table"),
        pytest.param(line("09:00"), id="chart"),
        pytest.param(
            {"type": "container", "title": {"type": "plain_text", "text": "t"}, "child_blocks": CARD}, id="container"
        ),
    ],
)
def test_good_blocks_are_taken(patient: Place, block: dict[str, Any]) -> None:
    assert patient.client.chat_postMessage(channel=OPS, text="x", blocks=[block])["ok"]


def test_a_workspace_may_lack_a_newer_block(patient: Place) -> None:
    patient.slack.unsupported.add("data_table")
    refusal = patient.refusal("chat.postMessage", channel=OPS, text="x", blocks=[table(1, 1)])
    patient.slack.unsupported.clear()
    assert refusal == "invalid_blocks"
