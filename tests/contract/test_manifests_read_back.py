"""Every Kubernetes object we send, through an API server and back: accepted strictly, and no drift in what returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement, PlatformSpec
from shared.domain.graph import Resource
from shared.domain.names import Kind
from shared.domain.observations import differences
from shared.domain.site import Site
from tests.contract.cloud import kube_place

SITE = Site("demo", "123456789012")
FLEET = FleetSpec("us-east4", frozenset())
# The config region, an RDMA machine and weights in a bucket: every kind of object there is, in one cluster.
SPEC = DeploymentSpec(
    model="deepseek-v3",
    served_name="m",
    machine="a3-ultragpu-8g",
    consumption="spot",
    regions={"us-east4": Placement(2, "us-east4-b")},
    image="registry.example/vllm-openai@sha256:0",
    picker_image="registry.example/epp@sha256:0",
    probe_image="registry.example/curl@sha256:0",
    weights="gs://weights/prefix",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kube_place.Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


def _resources() -> Iterator[Resource]:
    documents: list[tuple[str, Any]] = [("platform/us-east4", PlatformSpec(frozenset())), ("deployments/m", SPEC)]
    for path, spec in documents:
        for resource in compile_desired(path, spec, FLEET, SITE, load()):
            if resource.key.within and not resource.is_check and resource.key.kind is not Kind.NODE_POOL:
                yield resource


def _manifest(resource: Resource) -> dict[str, Any]:
    spec = resource.spec["job"] if resource.key.kind is Kind.SMOKE_TEST else resource.spec
    return {key: value for key, value in spec.items() if not key.startswith("_")}


def _apply(place: kube_place.Place, manifest: dict[str, Any]) -> dict[str, Any]:
    found = place.resource(manifest["apiVersion"], manifest["kind"])
    metadata = manifest["metadata"]
    stored: dict[str, Any] = found.server_side_apply(
        body=manifest,
        name=metadata["name"],
        namespace=metadata.get("namespace"),
        field_manager="inferops",
        force_conflicts=True,
        field_validation="Strict",
    ).to_dict()
    return stored


def test_every_object_is_accepted_strictly_and_reads_back_as_sent(place: kube_place.Place) -> None:
    drift = {}
    for resource in _resources():
        manifest = _manifest(resource)
        if found := differences(manifest, _apply(place, manifest)):
            drift[str(resource.key)] = found
    assert drift == {}


def test_applying_again_changes_nothing(place: kube_place.Place) -> None:
    for manifest in map(_manifest, _resources()):
        first, second = _apply(place, manifest), _apply(place, manifest)
        assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"], manifest["kind"]
