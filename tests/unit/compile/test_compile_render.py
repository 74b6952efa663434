"""Files for people: one per Kubernetes object, in building order, without values that are not theirs to see."""

from __future__ import annotations

from typing import Any

import yaml

from infra.local.render import render
from shared.domain.names import Kind


def test_one_numbered_file_per_kubernetes_object_and_cluster(compiled: Any) -> None:
    graph = compiled()
    files = render(graph)
    cloud = {Kind.NODE_POOL}
    objects = [r for r in graph if r.key.within and not r.is_check and r.key.kind not in cloud]
    assert len(files) == len(objects)
    assert {path.split("/")[0] for path in files} == {
        "us-east4_inferops-us-east4",
        "europe-west3_inferops-europe-west3",
    }


def test_files_are_numbered_in_building_order(compiled: Any) -> None:
    paths = [path.split("/")[1] for path in render(compiled()) if path.startswith("us-east4")]
    assert [path[:3] for path in paths] == [f"{number:03}" for number in range(1, len(paths) + 1)]
    assert paths[0].endswith("namespace-infer-llama3-8b.yaml")


def test_every_file_is_one_object_without_notes_to_providers(compiled: Any) -> None:
    for text in render(compiled()).values():
        assert not [key for key in yaml.safe_load(text) if key.startswith("_")]


def test_a_secret_says_where_its_value_comes_from_and_holds_none(compiled: Any) -> None:
    text = next(text for path, text in render(compiled()).items() if "secret-hf-token" in path)
    assert "# projects/demo/secrets/hf/versions/3" in text.splitlines()
    assert not {"data", "stringData"} & yaml.safe_load(text).keys()


def test_the_smoke_test_says_that_its_address_is_open(compiled: Any) -> None:
    texts = [text for path, text in render(compiled()).items() if "-job-" in path]
    assert [text.startswith("# {address}") for text in texts] == [True, True]


def test_what_is_only_checked_has_no_file(compiled: Any) -> None:
    graph = compiled()
    assert [r for r in graph if r.is_check and r.key.within]
    assert not [path for path in render(graph) if "gcpinferencepoolimport" in path]
