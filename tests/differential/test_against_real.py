"""Our API server beside a real one, where there is one: it answers now what was recorded, and ours answers the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.differential import recording
from tests.differential.asked import CHECKS
from tests.differential.asking import Server
from tests.differential.checks import Check
from tests.differential.real import BINARIES, VARIABLE, real
from tests.differential.stage import Recording, Stage, stage

WHERE = os.environ.get(VARIABLE, "")
pytestmark = pytest.mark.skipif(not WHERE, reason=f"{VARIABLE} names no folder with {', '.join(BINARIES)}, and no URL")


@pytest.fixture(scope="module")
def real_furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if "://" in WHERE:
        with stage(Server(WHERE.rstrip("/"), os.environ.get(f"{VARIABLE}_TOKEN", ""))) as found:
            yield found
        return
    with real(Path(WHERE).resolve(), tmp_path_factory.mktemp("real")) as server, stage(server) as found:
        yield found


@pytest.fixture(scope="module")
def recorded() -> Recording:
    return recording.load()


@pytest.mark.parametrize("check", [c for c in CHECKS if not c.too_new], ids=lambda check: f"{check.area}: {check.name}")
def test_the_real_one_answers_as_recorded(check: Check, real_furnished: Stage, recorded: Recording) -> None:
    assert real_furnished.perform(check) == recorded[check.name]
