"""One seed of the story under chaos: processes are killed as they work, and yet nothing is lost and nothing doubled."""

from __future__ import annotations

import pytest

from infra.local.chaos import RoughHost
from infra.local.chaos_instances import Instances
from infra.local.chaos_story import DID_ALL, RoughStory
from infra.local.cloud.durations import SECONDS
from tests.journeys.journey import FASTER

SEED = 3


@pytest.fixture(scope="module")
def story() -> RoughStory:
    with RoughHost(SEED, Instances()) as host:
        faults = host.cloud.world.faults
        host.cloud.server.run(lambda: faults.slow.update(dict.fromkeys(SECONDS, FASTER)))
        told = RoughStory(host, keep_going=True)
        told.tell()
    return told


def test_the_story_ends_well_under_chaos(story: RoughStory) -> None:
    # Whether chaos met everything in one short run is chance; the runs of many seeds ask for that.
    failed = [f"{one.name}: {one.evidence}" for one in story.checks if not one.passed and one.name != DID_ALL]
    assert failed == [], story.history


@pytest.mark.parametrize("target", ["reconcile", "notify", "sweep"])
def test_it_was_killed_at_work(story: RoughStory, target: str) -> None:
    assert story.counts[f"killed {target}"] > 0


@pytest.mark.parametrize("what", ["deliveries broken off", "messages doubled", "deliveries late", "answers lost"])
def test_it_happened(story: RoughStory, what: str) -> None:
    assert story.counts[what] > 0
