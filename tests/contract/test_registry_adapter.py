"""What a tag means, asked of Artifact Registry over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from infra.local.cloud import rpcs
from infra.local.cloud.artifacts import REPOSITORY, Artifacts
from infra.local.cloud.server import Server
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World
from shared.adapters.registry import Registry
from shared.domain.conditions import Reason
from shared.domain.errors import RetryableError, TerminalError

DIGEST = "sha256:" + "a" * 64


@dataclass
class Place:
    world: World
    artifacts: Artifacts
    registry: Registry


@pytest.fixture
def place() -> Iterator[Place]:
    world = World()
    artifacts, wire = Artifacts(world), Wire(world, "artifactregistry")
    loaded = rpcs.load("google.cloud.artifactregistry_v1", "artifact_registry", "ArtifactRegistryClient")
    wire.serve(loaded, artifacts.handlers())
    server = Server(world, [wire], {}).start()
    yield Place(world, artifacts, Registry(server.endpoints["grpc"]))
    server.stop()


@pytest.mark.parametrize(
    "image", [f"{REPOSITORY}/vllm", f"{REPOSITORY}/a/folder/vllm", "europe-west3-docker.pkg.dev/p/r/i"]
)
def test_a_tag_becomes_the_digest_that_it_means_now(place: Place, image: str) -> None:
    place.artifacts.push(f"{image}:v1", DIGEST)
    assert place.registry.digest(f"{image}:v1") == f"{image}@{DIGEST}"


def test_a_reference_by_digest_stays_as_it_is(place: Place) -> None:
    reference = f"registry.example/any/where@{DIGEST}"
    assert place.registry.digest(reference) == reference


@pytest.mark.parametrize("missing", [f"{REPOSITORY}/vllm:none", "us-docker.pkg.dev/demo/nowhere/vllm:v1"])
def test_an_image_that_is_not_there_is_for_the_asker(place: Place, missing: str) -> None:
    with pytest.raises(TerminalError, match="there is no image") as caught:
        place.registry.digest(missing)
    assert (caught.value.reason, caught.value.field) == (Reason.IMAGE_NOT_FOUND, "image")


@pytest.mark.parametrize(
    "odd", ["vllm", "docker.io/vllm/vllm-openai:v1", f"{REPOSITORY}/vllm", "us-docker.pkg.dev/p/r:v1"]
)
def test_a_reference_of_another_form_is_shown_one(place: Place, odd: str) -> None:
    with pytest.raises(TerminalError, match=r"us-docker\.pkg\.dev/P/REPO/NAME:TAG") as caught:
        place.registry.digest(odd)
    assert caught.value.reason == Reason.INVALID


def test_a_registry_that_is_down_is_asked_again(place: Place) -> None:
    place.world.faults.unavailable.add("artifactregistry")
    with pytest.raises(RetryableError) as caught:
        place.registry.digest(f"{REPOSITORY}/vllm-openai:v0.18.1")
    assert caught.value.reason == Reason.UNAVAILABLE
