"""What is broken stands above the World pane until it is taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.stage import CHROMIUM, DESKTOP, MISSING, Stage, opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=MISSING)
SPEED = "60"


@pytest.fixture
def stage(url: str, chromium: Browser) -> Stage:
    return opened(chromium, url, DESKTOP)


def test_the_strip_names_what_is_broken_leads_to_it_and_goes_when_all_is_taken_back(stage: Stage) -> None:
    expect(_strip(stage)).to_be_empty()
    stage.breaks("outage", region="europe-west3")
    stage.breaks("failing", operation="DELETE_CLUSTER", how_many="2")
    stage.tab("world")
    expect(_strip(stage)).to_have_text(
        "Broken now: Region outage europe-west3, Operation fails DELETE_CLUSTER (2 to come)"
    )
    assert stage.barriers() == []
    _strip(stage).get_by_role("button").click()
    armed = stage.page.get_by_test_id("active-failing")
    expect(armed).to_contain_text("2 to come")
    assert stage.barriers() == []
    armed.get_by_role("button").click()
    stage.tab("world")
    expect(_strip(stage)).to_have_text("Broken now: Region outage europe-west3")
    stage.tab("faults")
    stage.page.get_by_test_id("active-outage").get_by_role("button").click()
    expect(stage.page.get_by_test_id("active-outage")).to_have_count(0)
    stage.tab("world")
    expect(_strip(stage)).to_be_empty()


@pytest.mark.parametrize(
    ("fault", "choices", "note"),
    [
        ("stockout", {"zone": "us-west1-a"}, "sold out: us-west1-a"),
        ("quota", {"region": "us-west1", "limit": "3"}, "NVIDIA_H100_GPUS"),
        ("outage", {"region": "us-west1"}, "nothing here answers"),
    ],
    ids=["sold out", "quota cut", "region outage"],
)
def test_a_region_where_nothing_stands_still_says_what_is_broken_there(
    stage: Stage, fault: str, choices: dict[str, str], note: str
) -> None:
    stage.breaks(fault, **choices)
    stage.tab("world")
    region = stage.page.get_by_test_id("region-us-west1")
    expect(region).to_contain_text(note)
    stage.tab("faults")
    stage.page.get_by_test_id(f"active-{fault}").get_by_role("button").click()
    stage.tab("world")
    expect(region).to_have_count(0)


def _strip(stage: Stage) -> Locator:
    return stage.page.get_by_test_id("broken")
