"""What a newcomer does on the page: deploy, approve as somebody else, watch, break a zone, follow the advice.

Skipped where there is no Chromium. With INFEROPS_PICTURES=FOLDER the pictures that the README shows are kept there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.stage import CHROMIUM, DESKTOP, MISSING, PHONE, Stage, opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
SPEED = "1500"
"""Virtual seconds a second: minutes of building pass in seconds, and yet it can be watched."""
ANSWERS = "answers"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("INFEROPS_PICTURES") or tmp_path_factory.mktemp("pictures"))


def test_a_newcomer_deploys_breaks_a_zone_follows_the_advice_and_ends_well(
    url: str, chromium: Browser, pictures: Path
) -> None:
    stage = opened(chromium, url, DESKTOP)
    _deploy(stage, pictures)
    _break_a_zone(stage, pictures)
    _follow_the_advice(stage)
    _see_the_fleet_at_a_glance(stage, pictures)
    _undisturbed(stage)
    stage.shoot(pictures, "page-desktop-light")
    for name, size, scheme in (
        ("page-desktop-dark", DESKTOP, "dark"),
        ("page-phone-light", PHONE, "light"),
        ("page-phone-dark", PHONE, "dark"),
    ):
        other = opened(chromium, url, size, scheme)
        expect(other.card("Done: llama3-8b").first).to_be_visible()
        if size is PHONE and scheme == "dark":
            other.tab("world")
            expect(other.page.get_by_test_id("region-us-east4")).to_be_visible()
        other.shoot(pictures, name)
        _undisturbed(other)


def _deploy(stage: Stage, pictures: Path) -> None:
    stage.act_as("ana")
    stage.say("/infer deploy llama3-8b us-east4,europe-west3")
    plan = stage.card("Plan: deploy llama3-8b", "Cost per hour")
    expect(plan).to_be_visible()
    stage.act_as("ben")
    stage.press("approve", stage.card("Plan: deploy llama3-8b"))
    expect(stage.page.get_by_test_id("region-us-east4")).to_be_visible()
    expect(stage.page.get_by_test_id("region-europe-west3")).to_be_visible()
    stage.shoot(pictures, "page-building")
    expect(stage.card("Done: llama3-8b is serving")).to_be_visible()
    expect(stage.page.get_by_test_id("traffic-llama3-8b").get_by_text(ANSWERS)).to_have_count(2)


def _break_a_zone(stage: Stage, pictures: Path) -> None:
    stage.breaks("stockout", zone="us-east4-a")
    stage.act_as("ana")
    stage.say("/infer scale llama3-8b us-east4 +2")
    stage.act_as("ben")
    stage.press("approve", stage.card("Plan: scale llama3-8b"))
    advice = stage.card("Scaling llama3-8b", "no machines of this type free", "choose another zone")
    expect(advice).to_be_visible()
    stage.shoot(pictures, "page-fault")


def _follow_the_advice(stage: Stage) -> None:
    stage.act_as("ana")
    stage.say("/infer deploy llama3-8b us-east4=5,europe-west3=3 --zone us-east4-b")
    stage.act_as("ben")
    stage.press("approve", stage.card("Plan: deploy llama3-8b", "us-east4-b"))
    expect(stage.card("Done: llama3-8b is serving", "5 replicas")).to_be_visible()
    stage.tab("world")
    expect(stage.page.get_by_test_id("traffic-llama3-8b").get_by_text(ANSWERS)).to_have_count(2)


def _see_the_fleet_at_a_glance(stage: Stage, pictures: Path) -> None:
    stage.page.get_by_test_id("place-home").click()
    home = stage.page.get_by_role("main")
    expect(home).to_contain_text("llama3-8b")
    expect(home).to_contain_text("Ready")
    stage.shoot(pictures, "page-home")
    stage.page.get_by_test_id("place-infer-ops").click()


def _undisturbed(stage: Stage) -> None:
    assert stage.trouble == [], "the console complained"


def test_the_form_opens_where_the_words_leave_gaps_and_its_intent_is_planned(
    url: str, chromium: Browser, pictures: Path
) -> None:
    stage = opened(chromium, url, DESKTOP)
    stage.act_as("chloe")
    stage.say("/infer deploy gemma-2-9b")
    modal = stage.page.get_by_test_id("modal")
    modal.get_by_label("europe-west4").check()
    stage.shoot(pictures, "page-modal")
    stage.page.get_by_test_id("modal-submit").click()
    expect(modal).to_contain_text("Heard: /infer deploy gemma-2-9b europe-west4")
    stage.page.get_by_test_id("modal-close").click()
    expect(stage.card("Plan: deploy gemma-2-9b", "@chloe asks")).to_be_visible()
    _undisturbed(stage)
