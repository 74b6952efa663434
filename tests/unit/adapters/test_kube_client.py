"""How API servers are asked: the token of the moment, and what makes an apply an apply."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.google import nobody
from shared.adapters.kube import Kube
from shared.domain.names import Kind
from tests.unit.adapters.answering import Answering, answering

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as told:
        told.body = '{"metadata": {"name": "c", "managedFields": [{}]}, "unheard": {"of": [1]}}'
        yield told


def test_every_call_carries_the_token_that_is_good_now(server: Answering) -> None:
    tokens = iter(["first", "second"])
    kube = Kube(lambda: next(tokens))
    for _ in range(2):
        kube.get(server.url, Kind.CONFIG_MAP, "n", "c")
    assert [headers["authorization"] for headers in server.headers] == ["Bearer first", "Bearer second"]


def test_an_apply_is_strict_and_in_our_name(server: Answering) -> None:
    Kube(nobody).apply(server.url, Kind.CONFIG_MAP, CONFIG, dry=True)
    (method, line), (headers,) = server.asked[0], server.headers
    assert (method, headers["Content-Type"]) == ("PATCH", "application/apply-patch+yaml")
    assert urlsplit(line).path == "/api/v1/namespaces/n/configmaps/c"
    asked = {"fieldManager": ["inferops"], "fieldValidation": ["Strict"], "force": ["false"], "dryRun": ["All"]}
    assert parse_qs(urlsplit(line).query) == asked


def test_fields_that_the_library_has_never_heard_of_come_through(server: Answering) -> None:
    found = Kube(nobody).get(server.url, Kind.CONFIG_MAP, "n", "c")
    assert found == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "unheard": {"of": [1]}}


def test_of_a_secret_only_metadata_is_asked(server: Answering) -> None:
    Kube(nobody).get(server.url, Kind.SECRET, "n", "c")
    assert "as=PartialObjectMetadata" in server.headers[0]["Accept"]
