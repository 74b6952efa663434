"""Artifact Registry and the Docker registry, which must agree on what a tag means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.cloud import artifactregistry_v1
from project_place import Place, running

from infra.local.cloud.artifacts import REPOSITORY

INFEROPS = "projects/demo/locations/us/repositories/inferops"
VLLM = "/v2/demo/inferops/vllm-openai/manifests"


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_a_tag_has_a_digest_in_the_registry(place: Place) -> None:
    head = place.rest("HEAD", "registry", f"{VLLM}/v0.18.1")
    digest = head.headers["Docker-Content-Digest"]
    assert digest.startswith("sha256:")
    assert head.text == ""
    assert place.rest("GET", "registry", f"{VLLM}/{digest}").status_code == 200


def test_an_unknown_tag_is_an_unknown_manifest(place: Place) -> None:
    answer = place.rest("GET", "registry", f"{VLLM}/v9")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")


def test_a_fixture_says_that_it_is_one(place: Place) -> None:
    assert "fixture" in place.rest("GET", "registry", f"{VLLM}/v0.18.1").json()["annotations"]["note"]


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_artifact_registry_and_the_registry_agree(place: Place, transport: str) -> None:
    pushed = place.artifacts.push(f"{REPOSITORY}/vllm-openai:v0.19.0")
    client = place.client(artifactregistry_v1.ArtifactRegistryClient, "artifactregistry", transport)
    tag = client.get_tag(name=f"{INFEROPS}/packages/vllm-openai/tags/v0.19.0")
    image = client.get_docker_image(name=f"{INFEROPS}/dockerImages/vllm-openai@{pushed}")
    assert tag.version.endswith(pushed)
    assert (image.uri, list(image.tags)) == (f"{REPOSITORY}/vllm-openai@{pushed}", ["v0.19.0"])


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_a_repository_lists_its_images(place: Place, transport: str) -> None:
    client = place.client(artifactregistry_v1.ArtifactRegistryClient, "artifactregistry", transport)
    assert client.get_repository(name=INFEROPS).format_.name == "DOCKER"
    assert len(list(client.list_docker_images(parent=INFEROPS))) == 3


def test_a_moved_tag_means_the_newer_image(place: Place) -> None:
    place.artifacts.push(f"{REPOSITORY}/epp:v1.5.0", "sha256:" + "a" * 64)
    head = place.rest("HEAD", "registry", "/v2/demo/inferops/epp/manifests/v1.5.0")
    assert head.headers["Docker-Content-Digest"] == "sha256:" + "a" * 64
