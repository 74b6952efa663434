"""What the tests in a browser share: a try-out and a Chromium for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.stage import browser, tryout


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the page of the module's own try-out is; the module says how fast its clock runs."""
    with tryout("--speed", request.module.SPEED) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started
