"""Deletes and watches, as the real Python client meets them: finalizers, owners, namespaces, selectors, time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from kubernetes import client, watch

from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import Place, config_map, refusal
from tests.waiting import PATIENCE, eventually


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


@pytest.fixture
def core(place: Place) -> client.CoreV1Api:
    return place.core()


# Ends ----------------------------------------------------------------------------------------------------


def test_a_finalizer_holds_an_object_until_it_is_taken_off(core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map("held", finalizers=["x/y"]))
    core.delete_namespaced_config_map("held", "default")
    assert core.read_namespaced_config_map("held", "default").metadata.deletion_timestamp is not None
    core.patch_namespaced_config_map("held", "default", {"metadata": {"finalizers": None}})
    assert refusal(lambda: core.read_namespaced_config_map("held", "default"))[0] == 404


@pytest.mark.parametrize(("policy", "left"), [("Background", 404), ("Orphan", 200)])
def test_what_an_object_owned_goes_with_it_unless_orphaned(core: client.CoreV1Api, policy: str, left: int) -> None:
    name = policy.lower()
    owner = core.create_namespaced_config_map("default", config_map(f"{name}-owner")).metadata
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner.name, "uid": owner.uid}
    core.create_namespaced_config_map("default", config_map(f"{name}-owned", ownerReferences=[reference]))
    core.delete_namespaced_config_map(owner.name, "default", propagation_policy=policy)
    found = core.list_namespaced_config_map("default", field_selector=f"metadata.name={name}-owned").items
    assert (200 if found else 404) == left


def test_a_namespace_empties_itself_and_then_goes(place: Place, core: client.CoreV1Api) -> None:
    place.server.run(place.world.pause)
    core.create_namespace({"metadata": {"name": "doomed"}, "apiVersion": "v1", "kind": "Namespace"})
    core.create_namespaced_config_map("doomed", config_map("x", namespace="doomed"))
    core.delete_namespace("doomed")
    phase = core.read_namespace("doomed").status.phase
    body = config_map("y", namespace="doomed")
    code, _ = refusal(lambda: core.create_namespaced_config_map("doomed", body))
    place.server.run(lambda: place.world.pause(on=False))
    eventually(lambda: not core.list_namespace(field_selector="metadata.name=doomed").items)
    assert (phase, code, place.objects.all("ConfigMap", "doomed")) == ("Terminating", 403, [])


# Watches -------------------------------------------------------------------------------------------------


def test_a_watch_sees_objects_move_into_and_out_of_its_selector(core: client.CoreV1Api) -> None:
    start = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", config_map("moving", labels={"seen": "no"}))
    for value in ("yes", "still", "no"):
        core.patch_namespaced_config_map("moving", "default", {"metadata": {"labels": {"seen": value}}})
    events = watch.Watch().stream(
        core.list_namespaced_config_map,
        "default",
        label_selector="seen in (yes,still)",
        resource_version=start,
        timeout_seconds=1,
    )
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_watch_tells_what_happens_while_it_is_open(core: client.CoreV1Api) -> None:
    seen: list[str] = []
    stream = watch.Watch().stream(core.list_namespaced_config_map, "kube-system", timeout_seconds=60)
    reader = threading.Thread(target=lambda: seen.append(next(iter(stream))["object"].metadata.name))
    reader.start()
    time.sleep(0.1)
    core.create_namespaced_config_map("kube-system", config_map("live", namespace="kube-system"))
    reader.join(PATIENCE)
    assert seen == ["live"]


def test_an_open_watch_does_not_hold_time_still(place: Place, core: client.CoreV1Api) -> None:
    reader = threading.Thread(
        target=lambda: list(watch.Watch().stream(core.list_namespace, timeout_seconds=1, resource_version="0"))
    )
    reader.start()
    time.sleep(0.1)
    begun = place.world.now
    place.server.run(lambda: place.world.after(timedelta(hours=1), lambda: None))
    eventually(lambda: place.world.now > begun)
    assert place.world.now - begun >= timedelta(hours=1)
    reader.join()


def test_a_watch_ends_with_its_cluster(place: Place) -> None:
    key = "projects/demo/locations/us-east4/clusters/short-lived"
    place.server.run(lambda: place.kube.cluster(key))
    api = client.CoreV1Api(place.api(url=f"{place.server.endpoints['kubernetes']}/{key}"))
    stream = watch.Watch().stream(api.list_namespace, timeout_seconds=30)
    reader = threading.Thread(target=lambda: next(iter(stream), None), daemon=True)
    reader.start()
    eventually(lambda: place.kube.clusters[key].watchers)
    place.server.run(lambda: place.kube.remove(key))
    reader.join(PATIENCE)
    assert not reader.is_alive()


def test_a_watch_from_before_the_history_is_told_so(place: Place, core: client.CoreV1Api) -> None:
    place.server.run(place.objects.history.popleft)
    with pytest.raises(client.ApiException) as refused:
        next(iter(watch.Watch().stream(core.list_namespace, resource_version="1", timeout_seconds=1)))
    assert (refused.value.status, "too old resource version" in str(refused.value.reason)) == (410, True)
