"""A browser before the page of a running try-out: what a person does there, and what is seen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.waiting import PATIENCE

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
MISSING = "no Chromium is on PATH"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
LONG = PATIENCE * 1000
"""Milliseconds."""
SERIOUS = {"serious", "critical"}
MOST_TABS = 200
"""Presses after which something counts as out of reach."""


@dataclass
class Stage:
    """One page. ``trouble`` collects what its console complains of."""

    page: Page
    url: str
    trouble: list[str] = field(default_factory=list)

    def act_as(self, name: str) -> None:
        """Go on as another person; on a small screen the people are behind the menu."""
        menu = self.page.get_by_test_id("menu")
        if menu.is_visible():
            menu.click()
        self.page.get_by_test_id(f"actor-{name}").click()

    def say(self, text: str) -> None:
        """Type a line into the composer and send it."""
        composer = self.page.get_by_test_id("composer")
        composer.fill(text)
        composer.press("Escape")  # the completions
        composer.press("Enter")
        expect(composer).to_have_value("")

    def card(self, *words: str) -> Locator:
        """The newest message that says all of this."""
        found = self.page.get_by_test_id("message")
        for word in words:
            found = found.filter(has_text=re.compile(re.escape(word)))
        return found.last

    def press(self, action: str, card: Locator) -> None:
        """Press a button of a message, and agree where it asks whether one is sure."""
        card.locator(f'[data-action-id="{action}"]').click()
        if action in {"approve", "reject"}:
            self.page.get_by_test_id("confirm-yes").click()

    def tab(self, name: str) -> None:
        """Show another pane."""
        self.page.get_by_test_id(f"tab-{name}").click()

    def tab_to(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab, or another key that moves the focus, until it is there."""
        for _ in range(MOST_TABS):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} does not reach {target}")

    def breaks(self, fault: str, **choices: str) -> None:
        """Set off a fault of the Faults pane; choices by their labels, in lower case."""
        self.tab("faults")
        form = self.page.get_by_test_id(f"fault-{fault}")
        for label, choice in choices.items():
            field = form.get_by_label(label.capitalize().replace("_", " "))
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(choice)
            else:
                field.fill(choice)
        form.get_by_role("button").click()
        expect(self.page.get_by_test_id(f"active-{fault}")).to_be_visible()

    def shoot(self, folder: Path, name: str) -> None:
        """Keep a picture."""
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", animations="disabled")

    def barriers(self) -> list[str]:
        """What would keep people with a disability out, seriously, as axe-core finds it."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in SERIOUS]


@contextmanager
def tryout(*options: str) -> Iterator[str]:
    """A try-out of its own; yields where its page is."""
    command = [sys.executable, "-m", "infra.local.cli", "up", "--port", "0", "--json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET])
        try:
            yield opened
        finally:
            opened.close()


def opened(browser: Browser, url: str, size: Any, scheme: Any = "light") -> Stage:
    """Open the page as somebody with this screen and taste."""
    context: BrowserContext = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    context.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)
    stage = Stage(context.new_page(), url)
    stage.page.on("console", lambda said: stage.trouble.append(said.text) if said.type == "error" else None)
    stage.page.on("pageerror", lambda error: stage.trouble.append(str(error)))
    stage.page.goto(url)
    expect(stage.page.get_by_test_id("composer")).to_be_visible()
    expect(stage.page.get_by_test_id("place-infer-ops")).to_have_count(1)  # the first news are in
    return stage
