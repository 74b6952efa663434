"""The smoke test fails where traffic does not really flow: it is no decoration."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.journey import Journey, travelling

MODEL, REGIONS = "qwen2.5-0.5b", ("us-east4", "europe-west3")
NAME = "qwen2-5-0-5b"
NAMESPACE = f"infer-{NAME}"
ROUTE = "HTTPRoute.gateway.networking.k8s.io"


@pytest.fixture(scope="module")
def serving() -> Iterator[Journey]:
    """Two regions that serve, and then nobody who would repair them."""
    with travelling(log_level="WARNING") as journey:
        journey.do(f"deploy {MODEL} {','.join(REGIONS)} --replicas 1")
        journey.cloud.server.run(lambda: journey.cloud.scheduler.stop("minute"))
        yield journey


def fresh_job(journey: Journey, region: str, name: str) -> str:
    """Run the product's own smoke test once more, under another name; return how it ended."""
    objects = journey.sights.cluster(region)
    assert objects is not None
    found = [job for where, job in journey.sights.objects("Job.batch", NAMESPACE) if where == region]
    again: dict[str, Any] = copy.deepcopy(found[0])
    again.pop("status", None)
    again["metadata"] = {"name": name, "namespace": NAMESPACE}
    for key in ("selector", "manualSelector"):
        again["spec"].pop(key, None)
    again["spec"]["template"]["metadata"] = {}
    journey.cloud.server.run(lambda: objects.put(again, "test"))

    def ended() -> str:
        job = journey.cloud.server.run(lambda: objects.get("Job.batch", NAMESPACE, name)) or {}
        said = job.get("status", {}).get("conditions", ())
        return next((c["type"] for c in said if c["type"] in {"Complete", "Failed"} and c["status"] == "True"), "")

    journey.until(lambda: bool(ended()), f"the end of {name}")
    return ended()


def test_a_fresh_smoke_test_passes_while_all_is_well(serving: Journey) -> None:
    assert fresh_job(serving, REGIONS[0], "well") == "Complete"


def test_it_fails_without_pods_in_its_own_region(serving: Journey) -> None:
    objects = serving.sights.cluster(REGIONS[0])
    assert objects is not None

    def none(replicas: int) -> None:
        found = objects.get("Deployment.apps", NAMESPACE, NAME) or {}
        objects.put({**found, "spec": {**found["spec"], "replicas": replicas}}, "test")

    serving.cloud.server.run(lambda: none(0))
    serving.later(minutes=5)
    assert fresh_job(serving, REGIONS[0], "no-pods") == "Failed"
    serving.cloud.server.run(lambda: none(1))
    serving.later(minutes=15)
    assert fresh_job(serving, REGIONS[0], "pods-again") == "Complete"


def test_it_fails_without_the_route(serving: Journey) -> None:
    config = serving.sights.cluster(REGIONS[0])
    assert config is not None
    route = serving.cloud.server.run(lambda: config.get(ROUTE, NAMESPACE, NAME))
    serving.cloud.server.run(lambda: config.delete(ROUTE, NAMESPACE, NAME))
    serving.later(minutes=5)
    assert route is not None
    assert fresh_job(serving, REGIONS[1], "no-route") == "Failed"
