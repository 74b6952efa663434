"""What the embedded clusters do with workloads: roll out, start, fail and end."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud.kube.objects import Objects
from tests.contract.cloud.clusters_place import (
    EAST,
    Place,
    condition,
    deployment,
    put,
    secret,
    server,
    waiting,
)

DEPLOYMENT = "Deployment.apps"
SMALL: dict[str, Any] = {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": "1"}}}
BUCKET = {"driver": "gcsfuse.csi.storage.gke.io", "volumeAttributes": {"bucketName": "weights"}}
FUSE = {"serviceAccountName": "default", "volumes": [{"name": "weights", "csi": BUCKET}]}
MARKED = {"annotations": {"gke-gcsfuse/volumes": "true"}}


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def east(place: Place) -> Objects:
    return place.born(EAST)


def serve(objects: Objects, container: dict[str, Any] | None = None, **spec: Any) -> None:
    put(objects, DEPLOYMENT, "llm", deployment("llm", container or server(), **spec))


def available(objects: Objects, name: str = "llm") -> int:
    return int((objects.get(DEPLOYMENT, "default", name) or {})["status"].get("availableReplicas", 0))


def events(objects: Objects, reason: str) -> list[str]:
    return [e["message"] for e in objects.list("Event") if e["reason"] == reason]


def test_a_deployment_becomes_available_with_all_that_clients_wait_for(place: Place, east: Objects) -> None:
    put(east, DEPLOYMENT, "web", deployment("web", SMALL, replicas=3))
    place.pass_time(minutes=2)
    found = east.get(DEPLOYMENT, "default", "web") or {}
    status = found["status"]
    assert {k: status[k] for k in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")} == {
        "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
    }  # fmt: skip
    assert status["observedGeneration"] == found["metadata"]["generation"]
    assert condition(found, "Available")["status"] == "True"
    assert condition(found, "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_quiet_cluster_has_nothing_on_its_agenda(place: Place, east: Objects) -> None:
    put(east, DEPLOYMENT, "web", deployment("web", SMALL))
    serve(east)
    place.pass_time(hours=1)
    assert place.quiet()


def test_a_rolling_update_never_has_fewer_than_it_may(place: Place, east: Objects) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    put(east, DEPLOYMENT, "web", deployment("web", SMALL, replicas=3, strategy=rolling))
    place.pass_time(minutes=5)
    seen: list[int] = []
    east.listeners.append(lambda *_: seen.append(available(east, "web")))
    newer = east.get(DEPLOYMENT, "default", "web") or {}
    newer["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    east.put(newer, "test")
    place.pass_time(minutes=10)
    assert min(seen) >= 3
    assert {p["spec"]["containers"][0]["image"] for p in place.pods(EAST, "web")} == {"web:2"}


def test_recreate_waits_for_the_last_old_pod_to_go(place: Place, east: Objects) -> None:
    put(east, DEPLOYMENT, "web", deployment("web", SMALL, strategy={"type": "Recreate"}))
    place.pass_time(minutes=5)
    together: list[int] = []
    east.listeners.append(lambda *_: together.append(len(place.pods(EAST, "web"))))
    newer = east.get(DEPLOYMENT, "default", "web") or {}
    newer["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    east.put(newer, "test")
    place.pass_time(minutes=5)
    assert max(together) == 1
    assert place.pods(EAST, "web")[0]["spec"]["containers"][0]["image"] == "web:2"


def test_an_update_that_cannot_start_runs_into_its_deadline(place: Place, east: Objects) -> None:
    place.missing_images.add("web:2")
    put(east, DEPLOYMENT, "web", deployment("web", {**SMALL, "image": "web:2"}, progressDeadlineSeconds=300))
    place.pass_time(minutes=6)
    assert condition(east.get(DEPLOYMENT, "default", "web"), "Progressing")["reason"] == "ProgressDeadlineExceeded"
    assert waiting(place.pods(EAST, "web")[0]) == "ImagePullBackOff"
    assert place.quiet()


def test_an_image_that_appears_is_pulled_after_all(place: Place, east: Objects) -> None:
    place.missing_images.add("web:1")
    put(east, DEPLOYMENT, "web", deployment("web", SMALL))
    place.pass_time(minutes=10)
    place.missing_images.clear()
    place.controllers.images_changed()
    place.pass_time(minutes=5)
    assert available(east, "web") == 1


def test_a_model_server_takes_minutes_to_become_ready(place: Place, east: Objects) -> None:
    secret(east)
    serve(east)
    took = place.wait_for(lambda: available(east) == 1)
    assert 120 <= took.total_seconds() <= 900


def test_a_missing_secret_stops_the_container_until_it_is_there(place: Place, east: Objects) -> None:
    serve(east)
    place.pass_time(minutes=10)
    assert waiting(place.pods(EAST)[0]) == "CreateContainerConfigError"
    secret(east)
    place.pass_time(minutes=15)
    assert available(east) == 1


def test_an_empty_token_crashes_a_gated_model_until_it_is_filled(place: Place, east: Objects) -> None:
    secret(east, value="")
    serve(east)
    place.pass_time(minutes=30)
    pod = place.pods(EAST)[0]
    assert waiting(pod) == "CrashLoopBackOff"
    assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
    assert place.quiet()
    secret(east)
    place.pass_time(minutes=15)
    assert available(east) == 1


def test_an_open_model_needs_no_token(place: Place, east: Objects) -> None:
    secret(east, value="")
    serve(east, server(model="Qwen/Qwen3-32B"))
    place.pass_time(minutes=15)
    assert available(east) == 1


def test_a_model_that_loads_longer_than_its_probes_allow_never_serves(place: Place, east: Objects) -> None:
    place.world.faults.slow["model-load"] = 20
    secret(east)
    serve(east)
    place.pass_time(hours=1)
    assert waiting(place.pods(EAST)[0]) == "CrashLoopBackOff"


def test_a_start_that_fails_by_bad_luck_is_tried_again(place: Place, east: Objects) -> None:
    place.world.faults.failing["model-load"] = 1
    secret(east)
    serve(east)
    place.pass_time(minutes=20)
    assert place.pods(EAST)[0]["status"]["containerStatuses"][0]["restartCount"] == 1
    assert available(east) == 1


@pytest.mark.parametrize(
    ("annotated", "addon", "granted", "because"),
    [
        pytest.param(False, True, True, "code = FailedPrecondition", id="no annotation"),
        pytest.param(True, False, True, "not found in the list of registered CSI drivers", id="no add-on"),
        pytest.param(True, True, False, "code = PermissionDenied", id="no grant"),
    ],
)
def test_a_bucket_that_cannot_be_mounted(
    place: Place, east: Objects, *, annotated: bool, addon: bool, granted: bool, because: str
) -> None:
    secret(east)
    place.addons = {"gcs_fuse_csi_driver_config"} if addon else set()
    place.readers = {("default", "default", "weights")} if granted else set()
    serve(east, pod=FUSE, metadata=MARKED if annotated else {})
    place.pass_time(minutes=10)
    assert waiting(place.pods(EAST)[0]) == "ContainerCreating"
    assert because in events(east, "FailedMount")[0]


def test_a_bucket_that_is_granted_late_is_mounted(place: Place, east: Objects) -> None:
    secret(east)
    serve(east, pod=FUSE, metadata=MARKED)
    place.pass_time(minutes=10)
    place.readers.add(("default", "default", "weights"))
    place.controllers.outside_changed()
    place.pass_time(minutes=15)
    assert available(east) == 1


def test_a_stopped_pod_drains_before_its_gpu_is_free(place: Place, east: Objects) -> None:
    secret(east)
    patient = {**server(), "lifecycle": {"preStop": {"sleep": {"seconds": 30}}}}
    serve(east, patient, pod={"terminationGracePeriodSeconds": 130})
    place.pass_time(minutes=20)
    smaller = east.get(DEPLOYMENT, "default", "llm") or {}
    east.put({**smaller, "spec": {**smaller["spec"], "replicas": 0}}, "test")
    took = place.wait_for(lambda: not place.pods(EAST))
    assert 30 <= took.total_seconds() <= 40


def test_a_service_account_that_is_missing_holds_the_pods_back(place: Place, east: Objects) -> None:
    put(east, DEPLOYMENT, "web", deployment("web", SMALL, pod={"serviceAccountName": "epp"}))
    place.pass_time(minutes=5)
    assert not place.pods(EAST, "web")
    assert condition(east.get(DEPLOYMENT, "default", "web"), "ReplicaFailure")["reason"] == "FailedCreate"
    put(east, "ServiceAccount", "epp", {})
    place.pass_time(minutes=5)
    assert available(east, "web") == 1
