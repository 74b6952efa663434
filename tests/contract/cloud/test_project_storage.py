"""Cloud Storage, asked with Google's client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.cloud.storage import Client
from project_place import CREDENTIALS, Place, running


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture
def weights(place: Place) -> Client:
    options = ClientOptions(api_endpoint=place.server.endpoints["storage"])
    return Client(project="demo", credentials=CREDENTIALS, client_options=options)


def test_a_bucket_says_where_it_is(weights: Client) -> None:
    bucket = weights.get_bucket("demo-weights-eu")
    assert (bucket.location, bucket.location_type) == ("EUROPE-WEST3", "region")


def test_the_weights_are_listed_under_their_prefix(weights: Client) -> None:
    names = [blob.name for blob in weights.list_blobs("demo-weights-us-east4", prefix="llama-3.1-8b/")]
    assert "llama-3.1-8b/_SUCCESS" in names
    assert [blob.name for blob in weights.list_blobs("demo-weights-us-east4", prefix="other/")] == []


def test_objects_come_in_pages(weights: Client) -> None:
    assert len(list(weights.list_blobs("demo-weights-eu", page_size=2))) == 7


def test_an_object_is_read_back(place: Place, weights: Client) -> None:
    place.storage.put("demo-weights-eu", "a/b c.json", b"{}")
    assert weights.bucket("demo-weights-eu").blob("a/b c.json").download_as_bytes() == b"{}"


def test_a_grant_on_a_bucket_is_in_its_policy(place: Place, weights: Client) -> None:
    place.storage.grant("demo-weights-eu", "roles/storage.objectViewer", "serviceAccount:a@b")
    policy = weights.bucket("demo-weights-eu").get_iam_policy()
    assert policy["roles/storage.objectViewer"] == {"serviceAccount:a@b"}


def test_a_missing_bucket_is_not_found(weights: Client) -> None:
    with pytest.raises(exceptions.NotFound):
        weights.get_bucket("nowhere")


def test_a_bucket_may_be_out_of_reach(place: Place, weights: Client) -> None:
    place.storage.denied.add("demo-weights-eu")
    with pytest.raises(exceptions.Forbidden):
        weights.get_bucket("demo-weights-eu")
