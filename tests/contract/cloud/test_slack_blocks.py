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
        pytest.param([{"type": "image", "alt_text": "x"}], "missing required field: image_url", id="no image"),
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


RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}


def plain_table(rows: int, columns: int, text: str = "x", **cell: Any) -> dict[str, Any]:
    return {"type": "table", "rows": [[cell or {"type": "raw_text", "text": text}] * columns] * rows}


def headed(*cells: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "data_table",
        "caption": "c",
        "rows": [list(cells), [{"type": "raw_text", "text": "x"}] * len(cells)],
    }


def chart(**more: Any) -> dict[str, Any]:
    return {"type": "data_visualization", "title": "TTFT", "chart": more}


def lines(count: int, points: int = 1, name: str = "s") -> dict[str, Any]:
    labels = [str(number) for number in range(points)]
    data = [{"label": label, "value": 1} for label in labels]
    series = [{"name": f"{name}{number}", "data": data} for number in range(count)]
    return chart(type="bar", series=series, axis_config={"categories": labels})


def pie(*values: float) -> dict[str, Any]:
    return chart(type="pie", segments=[{"label": str(at), "value": value} for at, value in enumerate(values)])


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        pytest.param([plain_table(101, 1)], "no more than 100 items allowed [json-pointer:/blocks/0/rows]", id="rows"),
        pytest.param([plain_table(1, 21)], "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]", id="cells"),
        pytest.param([plain_table(1, 1)] * 2, "no more than 1 table", id="two tables"),
        pytest.param([plain_table(100, 1, "x" * 101)], "less than 10001", id="words in a table"),
        pytest.param(
            [plain_table(1, 1, type="raw_number", value=1, text="1")], "unsupported type: raw_number", id="numbers"
        ),
        pytest.param([table(*[1] * 202)], "no more than 201 items", id="rows of data"),
        pytest.param([table(1)], "no less than 2 items", id="a head alone"),
        pytest.param([table(21, 21)], "no more than 20 items", id="columns of data"),
        pytest.param([headed(RICH)], "rich_text is not allowed in the header row", id="rich head"),
        pytest.param([headed({"type": "raw_number", "value": 1})], "missing required field: text", id="bare number"),
        pytest.param([{**table(1, 1), "page_size": 101}], "between 1 and 100", id="page"),
        pytest.param([{**table(1, 1), "striped": True}], "invalid additional property: striped", id="unknown field"),
        pytest.param(
            [{key: value for key, value in table(1, 1).items() if key != "caption"}],
            "required field: caption",
            id="caption",
        ),
        pytest.param([headed({"type": "raw_text", "text": "x" * 10_001})] * 2, "less than 20001", id="words of data"),
        pytest.param([lines(13)], "no more than 12 items", id="series"),
        pytest.param([lines(1, 21)], "no more than 20 items", id="points"),
        pytest.param([lines(1, name="s" * 20)], "less than 21 characters", id="long name"),
        pytest.param([{**lines(1), "title": "x" * 51}], "less than 51 characters", id="long title"),
        pytest.param([pie(1, 0)], "must be more than 0", id="empty segment"),
        pytest.param([pie(*[1] * 13)], "no more than 12 items", id="segments"),
        pytest.param([chart(type="radar")], "unsupported type: radar", id="unknown chart"),
    ],
)
def test_tables_and_charts_have_their_limits(patient: Place, blocks: Any, complaint: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        patient.client.chat_postMessage(channel=OPS, text="x", blocks=blocks)
    assert refused.value.response["error"] == "invalid_blocks"
    assert any(complaint in message for message in refused.value.response["response_metadata"]["messages"])


def test_series_of_one_name_are_refused(patient: Place) -> None:
    twins = lines(2)
    twins["chart"]["series"][1] = twins["chart"]["series"][0]
    assert patient.refusal("chat.postMessage", channel=OPS, text="x", blocks=[twins]) == "invalid_blocks"


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(section("ok", accessory=BUTTON), id="section"),
        pytest.param({"type": "plan", "title": "p", "tasks": []}, id="plan"),
        pytest.param(table(2, 2), id="data_table"),
        pytest.param(line("09:00"), id="chart"),
        pytest.param(table(*[20] * 201), id="the largest data_table"),
        pytest.param(plain_table(100, 20), id="the largest table"),
        pytest.param(lines(12, 20), id="the largest chart"),
        pytest.param(pie(*[1] * 12), id="the largest pie"),
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
