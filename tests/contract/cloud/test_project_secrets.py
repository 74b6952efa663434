"""Secret Manager, asked with Google's client over both transports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import google_crc32c
import pytest
from google.api_core import exceptions
from google.cloud import secretmanager_v1
from project_place import Place, running

from infra.local.cloud.project import NUMBER


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture(params=["grpc", "rest"])
def secrets(request: pytest.FixtureRequest, place: Place) -> Any:
    return place.client(secretmanager_v1.SecretManagerServiceClient, "secretmanager", request.param)


def test_latest_means_the_newest_version(place: Place, secrets: Any) -> None:
    place.secrets.put("hf-token", "one")
    place.secrets.put("hf-token", "two")
    got = secrets.access_secret_version(name="projects/demo/secrets/hf-token/versions/latest")
    assert (got.payload.data, got.name.rsplit("/", 1)[1]) == (b"two", "2")
    assert got.payload.data_crc32c == google_crc32c.value(b"two")


def test_a_version_can_be_named_without_reading_it(place: Place, secrets: Any) -> None:
    place.secrets.put("hf-token", "one")
    version = secrets.get_secret_version(name="projects/demo/secrets/hf-token/versions/latest")
    assert version.name == f"projects/{NUMBER}/secrets/hf-token/versions/1"


def test_a_secret_is_made_and_filled(secrets: Any) -> None:
    made = {"secret_id": "s", "secret": {"replication": {"automatic": {}}}}
    secrets.create_secret(parent="projects/demo", **made)
    secrets.add_secret_version(parent="projects/demo/secrets/s", payload={"data": b"x"})
    found = list(secrets.list_secret_versions(parent="projects/demo/secrets/s"))
    assert [one.state.name for one in found] == ["ENABLED"]


def test_a_missing_secret_is_not_found(secrets: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        secrets.access_secret_version(name="projects/demo/secrets/none/versions/latest")


def test_a_disabled_version_cannot_be_read(place: Place, secrets: Any) -> None:
    name = place.secrets.put("hf-token", "one")
    secrets.disable_secret_version(name=name)
    with pytest.raises(exceptions.BadRequest, match="DISABLED"):
        secrets.access_secret_version(name=name)


def test_a_wrong_checksum_is_refused(place: Place, secrets: Any) -> None:
    place.secrets.put("s", "one")
    with pytest.raises(exceptions.BadRequest, match="checksum"):
        secrets.add_secret_version(parent="projects/demo/secrets/s", payload={"data": b"x", "data_crc32c": 1})


def test_a_snapshot_never_shows_a_secret(place: Place) -> None:
    place.secrets.put("hf-token", "hf_abcdef")
    assert "hf_abcdef" not in str(place.secrets.snapshot())
