"""The controllers behind the real API server, seen with the real client: what the product will meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from infra.local.cloud.kube.controllers import Controllers, Hooks
from tests.contract.cloud.clusters_place import Machine
from tests.contract.cloud.kube_place import KEY, Place, deployment, running
from tests.waiting import eventually

MACHINES = [Machine("one", "system", "us-east4-a")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with running(tmp_path) as place:
        controllers = Controllers(place.world, Hooks(nodes_of=lambda _: MACHINES))
        place.server.run(lambda: controllers.attach(KEY, place.objects, "us-east4", "demo"))
        yield place


def test_an_applied_deployment_becomes_available(place: Place) -> None:
    apps = client.AppsV1Api(place.api())
    apps.create_namespaced_deployment("default", deployment())
    found = eventually(
        lambda: (seen := apps.read_namespaced_deployment("llm", "default")).status.available_replicas and seen
    )
    assert found.status.observed_generation == found.metadata.generation


def test_a_deployment_that_is_applied_again_is_left_alone(place: Place) -> None:
    apply = place.resource("apps/v1", "Deployment").server_side_apply
    apply(body=deployment(), name="llm", namespace="default", field_manager="inferops")
    apps = client.AppsV1Api(place.api())
    eventually(lambda: apps.read_namespaced_deployment("llm", "default").status.available_replicas)
    before = apps.read_namespaced_deployment("llm", "default").metadata.generation
    apply(body=deployment(), name="llm", namespace="default", field_manager="inferops")
    assert apps.read_namespaced_deployment("llm", "default").metadata.generation == before
    assert len(place.core().list_namespaced_pod("default").items) == 1


def test_a_deleted_pod_drains_and_is_replaced(place: Place) -> None:
    apps, core = client.AppsV1Api(place.api()), place.core()
    apps.create_namespaced_deployment("default", deployment())
    eventually(lambda: apps.read_namespaced_deployment("llm", "default").status.available_replicas)
    (pod,) = core.list_namespaced_pod("default").items
    core.delete_namespaced_pod(pod.metadata.name, "default")

    def names() -> set[str]:
        return {p.metadata.name for p in core.list_namespaced_pod("default").items}

    eventually(lambda: len(names()) == 1 and pod.metadata.name not in names())


def test_a_deleted_deployment_takes_its_pods_along(place: Place) -> None:
    apps, core = client.AppsV1Api(place.api()), place.core()
    apps.create_namespaced_deployment("default", deployment())
    eventually(lambda: core.list_namespaced_pod("default").items)
    apps.delete_namespaced_deployment("llm", "default")
    eventually(lambda: not core.list_namespaced_pod("default").items)


def test_a_job_fails_openly_when_nobody_knows_its_program(place: Place) -> None:
    container = {"name": "check", "image": "python:3", "command": ["python3", "-V"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"backoffLimit": 0, "template": template}
    batch = client.BatchV1Api(place.api())
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "check"}, "spec": spec}
    batch.create_namespaced_job("default", body)
    eventually(lambda: batch.read_namespaced_job("check", "default").status.failed == 1)
