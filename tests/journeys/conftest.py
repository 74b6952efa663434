"""What the journeys share: the whole story, told once for all of its tests."""

from __future__ import annotations

import pytest

from infra.local.emulators import why_not
from infra.local.host import Host
from infra.local.serving import Apart
from infra.local.story import Story

PLACES = [
    pytest.param(False, id="embedded"),
    pytest.param(True, id="emulators", marks=pytest.mark.skipif(bool(why_not()), reason=why_not())),
]


@pytest.fixture(scope="session", params=PLACES)
def story(request: pytest.FixtureRequest) -> Story:
    """The demo's story, told to its end whatever fails in it."""
    with Host(emulators=request.param, apart=Apart()) as host:
        told = Story(host, keep_going=True)
        told.tell()
    return told
