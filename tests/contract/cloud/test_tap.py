"""The tap of the wires: it remembers what was said, and never shows a secret."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from google.pubsub_v1.types import Topic

from infra.local.cloud.tap import KEPT, MASK, Tap

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def noted(tap: Tap, request: object = b"", answer: object = b"", status: str = "200") -> int:
    tap.note(NOW, "slack", "POST /api/chat.postMessage", ("client", "slack"), status, 0.001, request, answer)
    return tap.exchanges[-1].id


def test_json_is_shown_in_lines() -> None:
    assert Tap().text(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'


def test_a_form_is_shown_by_its_fields_with_the_json_inside() -> None:
    assert Tap().text(b"channel=C1&blocks=%5B1%5D") == "channel: C1\nblocks: [\n  1\n]"


def test_messages_are_shown_as_json() -> None:
    assert json.loads(Tap().text(Topic(name="projects/p/topics/t"))) == {"name": "projects/p/topics/t"}


@pytest.mark.parametrize(
    "secret",
    ["xoxb-12-abc", "xapp-1-A2-9-ff", "hf_abcdefgh", "v0=" + "a1" * 32, "Bearer abcdef123456", "ya29.a0AfH6SM"],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    assert Tap().text(json.dumps({"token": secret}).encode()) == f'{{\n  "token": "{MASK}"\n}}'


def test_a_known_secret_is_masked_in_plain_and_in_base64() -> None:
    tap = Tap()
    tap.secrets.add("open-sesame")
    coded = base64.b64encode(b"open-sesame").decode()
    assert tap.text(f"it is open-sesame, or {coded}".encode()) == f"it is {MASK}, or {MASK}"


def test_only_the_latest_exchanges_are_remembered() -> None:
    tap = Tap()
    first = noted(tap)
    for _ in range(KEPT):
        noted(tap)
    assert (tap.find(first), len(tap.exchanges)) == (None, KEPT)


def test_news_are_what_came_after_the_last_look() -> None:
    tap = Tap()
    seen, later = noted(tap), [noted(tap), noted(tap)]
    assert [one.id for one in tap.since(seen)] == later


@pytest.mark.parametrize(("status", "failed"), [("OK", False), ("204", False), ("NOT_FOUND", True), ("503", True)])
def test_a_refusal_is_told_from_a_success(status: str, failed: bool) -> None:
    tap = Tap()
    noted(tap, status=status)
    assert tap.exchanges[-1].failed == failed
