"""Whatever state a deployment is in, delete brings the world back to what it was before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.story import differences
from tests.journeys.journey import Journey, travelling

MODEL, NAME, REGION = "qwen2.5-0.5b", "qwen2-5-0-5b", "us-east4"
CLUSTER = ("demo", REGION, f"inferops-{REGION}")


def mid_creation(journey: Journey) -> None:
    journey.approve(journey.propose(f"deploy {MODEL} {REGION} --replicas 1"))
    journey.until(lambda: bool(journey.cloud.gke.clusters()), "a cluster under way")


def with_a_wreck(journey: Journey) -> None:
    journey.fault(lambda faults: faults.failing.update({"CREATE_NODE_POOL": 99}))
    journey.approve(journey.propose(f"deploy {MODEL} {REGION} --replicas 1"))
    journey.until(lambda: ("CREATE_NODE_POOL", "INTERNAL") in journey.operations(), "a wrecked pool")


def with_the_pool_gone(journey: Journey) -> None:
    journey.do(f"deploy {MODEL} {REGION} --replicas 1")
    pool = next(name for name in journey.sights.pools(REGION) if name.startswith(NAME))
    journey.cloud.server.run(lambda: journey.cloud.gke.delete_by_hand(*CLUSTER, pool))


@pytest.mark.parametrize("state", [mid_creation, with_a_wreck, with_the_pool_gone])
def test_delete_leaves_the_world_as_it_was(state: Callable[[Journey], None]) -> None:
    with travelling() as journey:
        before = journey.cloud.snapshot()
        state(journey)
        journey.do(f"delete {NAME}")
        assert list(differences(before, journey.cloud.snapshot())) == []
        journey.later(minutes=30)
        assert inventories(journey) == {}


def test_delete_ends_where_somebody_has_deleted_a_cluster_by_hand() -> None:
    with travelling() as journey:
        before = journey.cloud.snapshot()
        journey.do(f"deploy {MODEL} europe-west3,{REGION} --replicas 1")
        journey.cloud.server.run(lambda: journey.cloud.gke.delete_by_hand(*CLUSTER))
        journey.do(f"delete {NAME}")
        assert list(differences(before, journey.cloud.snapshot())) == []


def test_what_leaks_with_the_config_cluster_is_named_and_delete_ends_once_it_is_cleared_away() -> None:
    with travelling() as journey:
        before = journey.cloud.snapshot()
        journey.do(f"deploy {MODEL} {REGION} --replicas 1")
        # The Gateway's own controller dies with its cluster: what it had made leaks, as it does at Google.
        journey.cloud.server.run(lambda: journey.cloud.gke.delete_by_hand(*CLUSTER))
        proposal = journey.approve(journey.propose(f"delete {NAME}"))
        journey.card_says(proposal, "global/forwardingRules/gkemcg1-")
        journey.cloud.server.run(journey.cloud.compute.children.clear)
        journey.card_says(proposal, "Deleted")
        assert list(differences(before, journey.cloud.snapshot())) == []


def inventories(journey: Journey) -> dict[str, Any]:
    return {
        unit: status["inventory"] for unit, status in journey.host.documents("statuses").items() if status["inventory"]
    }
