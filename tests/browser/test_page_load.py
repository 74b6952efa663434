"""What on-call meets on the page: a load that is too high, the card that comes by itself, remedies, what came of them.

With INFEROPS_PICTURES=FOLDER the pictures of the card that the README shows are kept there.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.stage import CHROMIUM, DESKTOP, MISSING, Stage, opened
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
SPEED = "1500"
"""For what takes long; while somebody looks and presses, the clock runs slower."""
LIVE, SLOWER, FASTER = "1", "60", "300"
NAME, HOT, ROOMY = "gemma-2-9b", "us-east4", "europe-west3"
IN_TIME = 10
"""Seconds of the cloud's time from an alert's opening to its card, at most."""
SHIFT, MORE = "Shift traffic", "Scale to"
JUDGED = r"KV \d+ % → \d+ %, predicted"
TALL = {"width": 1100, "height": 2600}
"""So tall that all of a card is seen at once."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("INFEROPS_PICTURES") or tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def serving(url: str, chromium: Browser) -> str:
    """Where the page is, with a deployment of one server in one region and of two in the other.

    The first keeps its traffic until it is nearly full.
    """
    stage = opened(chromium, url, DESKTOP)
    stage.act_as("ana")
    stage.say(f"/infer deploy {NAME} {HOT}=1,{ROOMY}=2")
    stage.act_as("ben")
    stage.press("approve", stage.card(f"Plan: deploy {NAME}"))
    expect(stage.card(f"Done: {NAME} is serving")).to_be_visible()
    stage.act_as("dev")
    stage.say(f"/infer balance {NAME} {HOT} 95")
    expect(stage.card("Done", f"/infer balance {NAME} {HOT} 95")).to_be_visible()
    return url


@pytest.fixture
def stage(serving: str, chromium: Browser) -> Stage:
    return opened(chromium, serving, DESKTOP)


def test_what_is_wrong_with_a_load_is_said_with_what_would_be_right(stage: Stage) -> None:
    stage.tab("load")
    form = stage.page.get_by_test_id("load")
    for label, wrong, right in (
        ("How much", "plenty", "such as 130 %"),
        ("How much", "5000 %", "at most 1000 %"),
        ("Minutes", "0", "a whole number from 1 to 1440"),
    ):
        field = form.get_by_label(label)
        before = field.input_value()
        field.fill(wrong)
        form.get_by_role("button", name="Start").click()
        expect(form.get_by_role("alert")).to_contain_text(right)
        field.fill(before)
    assert stage.trouble == []


def test_a_load_is_set_and_stopped_with_the_keyboard_alone(stage: Stage) -> None:
    keyboard = stage.page.keyboard
    stage.tab_to(stage.page.get_by_test_id("tab-world"))
    keyboard.press("ArrowRight")
    form = stage.page.get_by_test_id("load")
    stage.tab_to(form.get_by_label("Region of the clients"))
    keyboard.type(HOT)
    stage.tab_to(form.get_by_label("How much"))
    keyboard.type("5 %")
    keyboard.press("Enter")
    running = stage.page.get_by_test_id("stream")
    expect(running).to_contain_text(f"{NAME} in {HOT}: steady, 5 %, chat")
    stop = running.get_by_role("button", name="Stop")
    stage.tab_to(stop, "Shift+Tab")
    keyboard.press("Enter")
    expect(stop).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_neither_the_form_nor_what_runs_nor_what_servers_do_has_a_serious_barrier(
    serving: str, chromium: Browser, scheme: str
) -> None:
    stage = opened(chromium, serving, DESKTOP, scheme)
    stream = _ask(stage, "10 %", shape="Spike", requests="Long prompts")
    stage.page.get_by_label("How much").fill("none")
    stage.page.get_by_role("button", name="Start").click()
    expect(stage.page.get_by_test_id("load").get_by_role("alert")).to_be_visible()
    found = stage.barriers()
    stage.tab("world")
    expect(_signals(stage, HOT)).to_contain_text("KV cache")
    found += stage.barriers()
    stage.tab("load")
    stream.get_by_role("button", name="Stop").click()
    assert found == []


def test_oncall_shifts_traffic_then_more_servers_come_and_all_ends_well(
    stage: Stage, serving: str, chromium: Browser, pictures: Path
) -> None:
    card = stage.card(f"{NAME} in {HOT}", "Incident")
    _set_clock(stage, SLOWER)
    _ask(stage, "10 %", region=ROOMY)
    _ask(stage, "120 %")
    _offered(stage, card, SHIFT)
    _alarmed(stage, card)
    _look(serving, chromium, pictures, "incident-open")
    _choose(stage, card, SHIFT)
    _set_clock(stage, FASTER)
    expect(card).to_contain_text(re.compile(f"Applied: {SHIFT}[^•]*{JUDGED}"))
    stage.tab("world")
    expect(stage.page.get_by_test_id(f"traffic-{NAME}")).to_contain_text(f"% to {ROOMY}")
    _set_clock(stage, SLOWER)
    _ask(stage, "100 %")
    _choose(stage, card, MORE, spends=True)
    stage.act_as("ben")
    stage.press("approve", stage.card(f"Plan: scale {NAME}"))
    _set_clock(stage, FASTER)
    expect(card).to_contain_text(re.compile(f"Applied: \\d+ replicas? more[^•]*{JUDGED}"))
    _stop_all(stage)
    expect(card).to_contain_text("Resolved")
    _look(serving, chromium, pictures, "incident-judged")
    assert stage.trouble == []


# Doing -------------------------------------------------------------------------------------------------------


def _set_clock(stage: Stage, speed: str) -> None:
    stage.page.get_by_test_id("clock-speed").select_option(speed)


def _ask(
    stage: Stage, rate: str, *, region: str = HOT, shape: str = "Steady", requests: str = "Chat", minutes: str = "900"
) -> Locator:
    """Set a load; return where it is listed."""
    stage.tab("load")
    form = stage.page.get_by_test_id("load")
    for label, choice in (("Region of the clients", region), ("Shape", shape), ("Requests", requests)):
        form.get_by_label(label).select_option(choice)
    form.get_by_label("How much").fill(rate)
    form.get_by_label("Minutes").fill(minutes)
    form.get_by_role("button", name="Start").click()
    listed = stage.page.get_by_test_id("stream").filter(
        has_text=f"{region}: {shape.lower()}, {rate}, {requests.lower()}"
    )
    expect(listed).to_contain_text("requests a second now")
    return listed


def _stop_all(stage: Stage) -> None:
    running = stage.page.get_by_role("button", name="Stop: ")
    for left in reversed(range(running.count())):
        running.first.click()
        expect(running).to_have_count(left)


def _choose(stage: Stage, card: Locator, words: str, *, spends: bool = False) -> None:
    """Press an option of the card as on-call; once more where better advice had just taken its place."""
    stage.act_as("dev")
    proposals = stage.page.get_by_test_id("message").filter(has_text="· digest ")
    stale = stage.page.get_by_text("this suggestion is out of date")

    def pressed() -> bool:
        before, refused = proposals.count(), stale.count()
        _offered(stage, card, words).click()
        if spends:
            stage.page.get_by_test_id("confirm-yes").click()
        eventually(lambda: proposals.count() > before or stale.count() > refused)
        return proposals.count() > before

    assert eventually(pressed)


# Seeing ------------------------------------------------------------------------------------------------------


def _signals(stage: Stage, region: str) -> Locator:
    return stage.page.get_by_test_id(f"signals-{region}")


def _offered(stage: Stage, card: Locator, words: str) -> Locator:
    """Wait for an option of the card, then let time run as outside, where advice stays for minutes."""
    option = card.locator('[data-action-id="remedy"]').filter(has_text=words)
    if not option.is_visible():
        _set_clock(stage, SLOWER)
    expect(option).to_be_visible()
    _set_clock(stage, LIVE)
    return option


def _alarmed(stage: Stage, card: Locator) -> None:
    """See the card come by itself soon after the alert, with what was measured and what can be done."""
    expect(card).to_contain_text("Requests per second")
    expect(card.get_by_role("img").first).to_be_visible()
    expect(card.locator('[data-action-id="remedy"]').first).to_be_visible()
    stage.tab("world")
    alert = stage.page.get_by_test_id("alert").filter(has_text=HOT)
    expect(alert.first).to_be_visible()
    times = alert.locator("time").evaluate_all("nodes => nodes.map(node => node.dateTime)")
    began = min(datetime.fromisoformat(time).timestamp() for time in times)
    assert 0 <= float(card.get_attribute("data-ts") or 0) - began <= IN_TIME


def _look(url: str, chromium: Browser, pictures: Path, name: str) -> None:
    """See the card in both schemes: it keeps nobody out, and a picture is kept."""
    for scheme in ("light", "dark"):
        other = opened(chromium, url, TALL, scheme)
        card = other.card(f"{NAME} in {HOT}", "Incident")
        expect(card).to_be_visible()
        assert other.barriers() == []
        pictures.mkdir(parents=True, exist_ok=True)
        card.screenshot(path=pictures / f"{name}-{scheme}.png", animations="disabled")
        assert other.trouble == []
        other.page.context.close()
