"""No pane, dialog or thread keeps people with a disability out, on either screen, in either scheme."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.stage import CHROMIUM, DESKTOP, MISSING, PHONE, Stage, opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
SPEED = "60"
PLAN = "Plan: deploy gemma-2-9b"


@pytest.fixture(scope="module")
def planned(url: str, chromium: Browser) -> str:
    """Where the page is, with a plan in its channel that nobody has decided on."""
    stage = opened(chromium, url, DESKTOP)
    stage.say("/infer deploy gemma-2-9b europe-west4")
    expect(stage.card(PLAN)).to_be_visible()
    return url


@pytest.fixture(
    scope="module",
    params=[(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")],
    ids=["desktop light", "desktop dark", "phone light", "phone dark"],
)
def stage(request: pytest.FixtureRequest, planned: str, chromium: Browser) -> Stage:
    stage = opened(chromium, planned, *request.param)
    expect(stage.card(PLAN)).to_be_visible()
    return stage


def test_no_pane_has_a_serious_barrier(stage: Stage) -> None:
    found = stage.barriers()
    for pane in ("world", "load", "faults", "wire"):
        stage.tab(pane)
        found += stage.barriers()
    _back(stage)
    assert found == []


def test_the_form_has_no_serious_barrier(stage: Stage) -> None:
    stage.say("/infer deploy")
    modal = stage.page.get_by_test_id("modal")
    expect(modal).to_be_visible()
    found = stage.barriers()
    stage.page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    assert found == []


def test_the_question_before_an_approval_has_no_serious_barrier(stage: Stage) -> None:
    stage.card(PLAN).locator('[data-action-id="approve"]').click()
    expect(stage.page.get_by_test_id("confirm")).to_be_visible()
    found = stage.barriers()
    stage.page.keyboard.press("Escape")
    assert found == []


def test_a_thread_has_no_serious_barrier(stage: Stage) -> None:
    stage.card(PLAN).get_by_role("button", name="Reply in thread").click()
    thread = stage.page.get_by_role("complementary", name="Thread")
    expect(thread.get_by_text(PLAN)).to_be_visible()
    assert stage.barriers() == []


def _back(stage: Stage) -> None:
    """On a phone, go back to the conversation."""
    chat = stage.page.get_by_test_id("tab-chat")
    if chat.is_visible():
        chat.click()
