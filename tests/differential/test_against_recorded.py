"""Our API server, always: it answers what the real one answered when it was last measured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.differential import recording
from tests.differential.asked import CHECKS
from tests.differential.checks import Check
from tests.differential.ours import ours
from tests.differential.stage import Recording, Stage, stage

COMPARED = [check for check in CHECKS if not check.too_new]
FEWEST = 200
"""Fewer checks than this, and somebody has taken some away."""


@pytest.fixture(scope="module")
def ours_furnished() -> Iterator[Stage]:
    with ours() as server, stage(server) as found:
        yield found


@pytest.fixture(scope="module")
def recorded() -> Recording:
    return recording.load()


@pytest.mark.parametrize("check", COMPARED, ids=lambda check: f"{check.area}: {check.name}")
def test_ours_answers_as_the_real_one_did(check: Check, ours_furnished: Stage, recorded: Recording) -> None:
    assert ours_furnished.perform(check) == recorded[check.name]


@pytest.mark.parametrize("check", [c for c in CHECKS if c.too_new], ids=lambda check: check.name)
def test_what_the_real_one_is_too_old_for_is_answered(check: Check, ours_furnished: Stage) -> None:
    codes = [each["code"] for each in ours_furnished.perform(check) if isinstance(each, dict)]
    assert [code for code in codes if code >= 500] == []


def test_the_record_is_of_these_checks_and_no_others(recorded: Recording) -> None:
    assert recorded.keys() == recording.comparable()
    assert len(recorded) >= FEWEST


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in CHECKS]
    assert sorted(set(names)) == sorted(names)
