"""Where the contract suites ask: beside the stand-ins, the embedded cloud and Google's own emulators."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.emulators import Emulators, why_not
from tests.contract.cloud.serverless_place import Place, running


@pytest.fixture(scope="session")
def embedded() -> Iterator[Place]:
    """Pub/Sub, Firestore and Cloud Tasks of the embedded cloud."""
    with running() as place:
        yield place


@pytest.fixture(scope="session")
def emulators() -> Iterator[Emulators]:
    """Google's own emulators; skips where they cannot run."""
    if reason := why_not():
        pytest.skip(reason)
    held = Emulators()
    held.start()
    yield held
    held.stop()
