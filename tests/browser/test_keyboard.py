"""The page with a keyboard alone, from its loading on: nothing here clicks, and nothing is focused but by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.stage import CHROMIUM, DESKTOP, MISSING, Stage, opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
SPEED = "60"
"""Slow enough that a plan is still open when its button is reached."""
PLAN = "deploy gemma-2-9b europe-west4"


@pytest.fixture
def stage(url: str, chromium: Browser) -> Stage:
    return opened(chromium, url, DESKTOP)


def test_the_message_field_is_the_first_stop_and_is_reached_by_going_on_too(stage: Stage) -> None:
    keyboard = stage.page.keyboard
    keyboard.press("Tab")
    expect(stage.page.get_by_role("link", name="Skip to the message field")).to_be_focused()
    keyboard.press("Enter")
    expect(_composer(stage)).to_be_focused()
    stage.page.reload()
    expect(stage.page.get_by_test_id("place-infer-ops")).to_have_count(1)
    stage.tab_to(_composer(stage))


def test_a_command_is_completed_sent_and_found_again(stage: Stage) -> None:
    stage.tab_to(_composer(stage))
    keyboard = stage.page.keyboard
    keyboard.type("/inf")
    expect(stage.page.get_by_test_id("completion").first).to_be_visible()
    keyboard.press("Tab")
    keyboard.type("help")
    keyboard.press("Escape")
    keyboard.press("Enter")
    expect(stage.card("What can be said")).to_be_visible()
    keyboard.press("ArrowUp")
    expect(_composer(stage)).to_have_value("/infer help")


def test_another_person_is_chosen_and_the_focus_stays_there(stage: Stage) -> None:
    for name, key in (("ben", "Enter"), ("ana", "Space")):
        actor = stage.page.get_by_test_id(f"actor-{name}")
        stage.tab_to(actor, "Tab" if name == "ben" else "Shift+Tab")
        stage.page.keyboard.press(key)
        expect(actor).to_have_attribute("aria-pressed", "true")
        expect(actor).to_be_focused()


def test_a_cards_question_is_opened_and_left_either_way_and_the_focus_returns(stage: Stage) -> None:
    _say(stage, f"/infer {PLAN}")
    card = stage.card("Plan: deploy gemma-2-9b")
    expect(card).to_be_visible()
    approve = card.locator('[data-action-id="approve"]')
    question = stage.page.get_by_test_id("confirm")
    for way in ("Enter", "Escape"):
        stage.tab_to(approve, "Shift+Tab")
        stage.page.keyboard.press("Enter")
        expect(question).to_be_visible()
        stage.tab_to(stage.page.get_by_test_id("confirm-yes"))
        stage.tab_to(stage.page.get_by_test_id("confirm-no"), "Shift+Tab")
        stage.page.keyboard.press(way)
        expect(question).to_have_count(0)
        expect(approve).to_be_focused()


def test_the_form_is_filled_in_left_and_the_focus_returns(stage: Stage) -> None:
    _say(stage, "/infer deploy")
    modal = stage.page.get_by_test_id("modal")
    expect(modal).to_be_visible()
    region = modal.get_by_label("europe-west4")
    stage.tab_to(region)
    stage.page.keyboard.press("Space")
    expect(region).to_be_checked()
    stage.tab_to(modal.get_by_test_id("modal-submit"))
    stage.tab_to(region, "Shift+Tab")
    stage.page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    expect(_composer(stage)).to_be_focused()


def test_the_panes_are_switched_with_the_arrow_keys_either_way_round(stage: Stage) -> None:
    stage.tab_to(stage.page.get_by_test_id("tab-world"))
    rightwards = [("ArrowRight", pane) for pane in ("load", "faults", "wire", "world")]
    for key, pane in (*rightwards, ("ArrowLeft", "wire")):
        stage.page.keyboard.press(key)
        expect(stage.page.get_by_test_id(f"tab-{pane}")).to_be_focused()
        expect(stage.page.locator(f"#panel-{pane}")).to_be_visible()


def test_something_is_broken_and_mended_again(stage: Stage) -> None:
    stage.tab_to(stage.page.get_by_test_id("tab-world"))
    for _ in range(2):
        stage.page.keyboard.press("ArrowRight")
    stage.tab_to(stage.page.get_by_test_id("fault-slack-down").get_by_role("button"))
    stage.page.keyboard.press("Space")
    active = stage.page.get_by_test_id("active-slack-down")
    expect(active).to_be_visible()
    stage.tab_to(active.get_by_role("button"), "Shift+Tab")
    stage.page.keyboard.press("Enter")
    expect(active).to_have_count(0)
    expect(stage.page.get_by_role("tabpanel")).to_be_focused()


def _composer(stage: Stage) -> Locator:
    return stage.page.get_by_test_id("composer")


def _say(stage: Stage, text: str) -> None:
    stage.tab_to(_composer(stage))
    stage.page.keyboard.type(text)
    stage.page.keyboard.press("Escape")  # the completions
    stage.page.keyboard.press("Enter")
    expect(_composer(stage)).to_have_value("")
