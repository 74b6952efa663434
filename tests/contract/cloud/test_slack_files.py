"""Files in the Slack stand-in: uploaded in three steps, shared, shown in blocks, and fetched again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_place import OPS, RANDOM, Place, modal, running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def uploaded(place: Place, **more: Any) -> dict[str, Any]:
    return place.client.files_upload_v2(filename="ttft.png", content=PNG, alt_txt="falling", **more)["file"]


def picture(**named_by: str) -> dict[str, Any]:
    return {"type": "image", "alt_text": "falling", "slack_file": named_by}


def test_an_uploaded_file_can_be_fetched_where_it_says(place: Place) -> None:
    got = httpx.get(uploaded(place)["url_private"])
    assert (got.content, got.headers["content-type"]) == (PNG, "image/png")


def test_a_shared_file_stands_in_the_channel_with_its_comment(place: Place) -> None:
    file = uploaded(place, channel=OPS, initial_comment="as you asked", title="TTFT")
    said = place.slack.messages(OPS)[0]
    assert (said.text, said.content.files[0]["id"], said.content.files[0]["title"]) == (
        "as you asked",
        file["id"],
        "TTFT",
    )
    assert place.client.conversations_history(channel=OPS)["messages"][0]["files"][0]["alt_txt"] == "falling"


def test_a_file_can_be_shared_in_a_thread(place: Place) -> None:
    parent = place.client.chat_postMessage(channel=OPS, text="plan")["ts"]
    uploaded(place, channel=OPS, thread_ts=parent)
    assert place.slack.messages(OPS)[-1].thread_ts == parent


def test_an_image_block_may_show_an_uploaded_file(place: Place) -> None:
    file = uploaded(place)
    blocks = [picture(id=file["id"]), picture(url=file["url_private"])]
    assert place.client.chat_postMessage(channel=OPS, text="TTFT", blocks=blocks)["ok"]


def test_an_image_block_may_not_show_a_file_that_is_not_there(place: Place) -> None:
    assert place.refusal("chat.postMessage", channel=OPS, text="x", blocks=[picture(id="F404")]) == "invalid_blocks"


def test_a_modal_may_not_show_a_file_that_is_not_there(place: Place) -> None:
    view = modal(picture(id="F404"))
    assert place.refusal("views.open", trigger_id=place.trigger(), view=view) == "invalid_arguments"


def test_a_file_is_nobodys_before_its_upload_is_complete(place: Place) -> None:
    begun = place.client.files_getUploadURLExternal(filename="a.png", length=3)
    httpx.post(begun["upload_url"], content=b"abc")
    assert place.refusal("chat.postMessage", channel=OPS, text="x", blocks=[picture(id=begun["file_id"])]) == (
        "invalid_blocks"
    )


def test_an_upload_without_bytes_cannot_be_completed(place: Place) -> None:
    begun = place.client.files_getUploadURLExternal(filename="a.png", length=3)
    assert place.refusal("files.completeUploadExternal", files=[{"id": begun["file_id"]}]) == "file_not_found"


def test_an_upload_is_completed_once(place: Place) -> None:
    file = uploaded(place)
    assert place.refusal("files.completeUploadExternal", files=[{"id": file["id"]}]) == "file_not_found"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        pytest.param(RANDOM, "not_in_channel", id="where the bot is not"),
        pytest.param("C0NOWHERE1", "channel_not_found", id="nowhere"),
        pytest.param("#infer-ops", "invalid_arguments", id="a name is no id"),
        pytest.param("U0ANA00001", "invalid_arguments", id="a person is no conversation"),
    ],
)
def test_a_file_cannot_be_shared_everywhere(place: Place, channel: str, error: str) -> None:
    begun = place.client.files_getUploadURLExternal(filename="a.png", length=3)
    httpx.post(begun["upload_url"], content=b"abc")
    files = [{"id": begun["file_id"]}]
    assert place.refusal("files.completeUploadExternal", files=files, channel_id=channel) == error


@pytest.mark.parametrize(
    ("args", "error"),
    [
        pytest.param({"filename": "a.png", "length": 0}, "invalid_arguments", id="empty"),
        pytest.param({"length": 3}, "invalid_arguments", id="no name"),
        pytest.param({"filename": "a.png", "length": 3, "alt_txt": "x" * 1001}, "alt_txt_too_large", id="long alt_txt"),
    ],
)
def test_an_upload_begins_with_a_name_and_a_length(place: Place, args: dict[str, Any], error: str) -> None:
    assert place.refusal("files.getUploadURLExternal", **args) == error


def test_nothing_is_fetched_from_an_unknown_address(place: Place) -> None:
    assert httpx.get(f"{place.server.endpoints['slack']}/files/T0-F404/a.png").status_code == 404
    assert httpx.post(f"{place.server.endpoints['slack']}/upload/v1/F404", content=b"x").status_code == 404


def test_a_file_can_be_read_without_the_wire(place: Place) -> None:
    file = place.slack.files.find({"id": uploaded(place)["id"]})
    assert (file.data, file.kind) == (PNG, "image/png")
