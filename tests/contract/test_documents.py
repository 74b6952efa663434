"""One set of questions about ``ports.Documents``: to the stand-in, the embedded Firestore and Google's emulator."""

from __future__ import annotations

import uuid

import pytest

from shared.adapters.firestore import FirestoreDocuments, connect
from shared.ports import ConflictError, Documents, Put, Remove
from tests.standins import MemoryDocuments

BODY = {"schema": 1, "names": ["a", "b"], "deep": {"none": None, "figure": 1.5, "text": "ü · 1"}}


@pytest.fixture(params=["stand-in", "embedded", "emulators"])
def documents(request: pytest.FixtureRequest) -> Documents:
    if request.param == "stand-in":
        return MemoryDocuments()
    # A project of its own for each test, so that none sees another's documents.
    project = f"p-{uuid.uuid4().hex[:12]}"
    if request.param == "embedded":
        return FirestoreDocuments(
            connect(project, "(default)", request.getfixturevalue("embedded").server.endpoints["grpc"])
        )
    return FirestoreDocuments(connect(project, "(default)", request.getfixturevalue("emulators").firestore))


def test_what_is_put_is_read_back(documents: Documents) -> None:
    [version] = documents.commit([Put("things/a", BODY, {"owner": "x"})])
    [found] = documents.get(["things/a"])
    assert found is not None
    assert (found.path, dict(found.body), dict(found.fields), found.version) == (
        "things/a",
        BODY,
        {"owner": "x"},
        version,
    )


def test_what_is_not_there_is_none_in_its_place(documents: Documents) -> None:
    documents.commit([Put("things/b", BODY)])
    found = documents.get(["things/a", "things/b", "things/a", "things/b"])
    assert [document and document.path for document in found] == [None, "things/b", None, "things/b"]


def test_a_second_creation_is_a_conflict_and_changes_nothing(documents: Documents) -> None:
    documents.commit([Put("things/a", {"n": 1})])
    with pytest.raises(ConflictError):
        documents.commit([Put("things/a", {"n": 2})])
    assert documents.get(["things/a"])[0].body == {"n": 1}  # type: ignore[union-attr]  # it is there


def test_a_write_on_the_version_that_was_read_replaces_all_of_it(documents: Documents) -> None:
    [first] = documents.commit([Put("things/a", {"n": 1}, {"owner": "x", "due": 5})])
    [second] = documents.commit([Put("things/a", {"n": 2}, {"owner": "y"}, first)])
    [found] = documents.get(["things/a"])
    assert found is not None
    assert (dict(found.body), dict(found.fields), found.version) == ({"n": 2}, {"owner": "y"}, second)
    assert first != second


def test_a_write_on_an_older_version_is_a_conflict(documents: Documents) -> None:
    [first] = documents.commit([Put("things/a", {"n": 1})])
    documents.commit([Put("things/a", {"n": 2}, if_version=first)])
    with pytest.raises(ConflictError):
        documents.commit([Put("things/a", {"n": 3}, if_version=first)])


def test_a_write_on_a_version_of_what_is_gone_is_a_conflict(documents: Documents) -> None:
    [first] = documents.commit([Put("things/a", {"n": 1})])
    documents.commit([Remove("things/a")])
    with pytest.raises(ConflictError):
        documents.commit([Put("things/a", {"n": 2}, if_version=first)])


def test_a_commit_is_all_or_nothing(documents: Documents) -> None:
    documents.commit([Put("things/a", {"n": 1}), Put("things/c", {"n": 1})])
    with pytest.raises(ConflictError):
        documents.commit([Remove("things/c"), Put("things/b", {"n": 2}), Put("things/a", {"n": 2})])
    assert [document is not None for document in documents.get(["things/a", "things/b", "things/c"])] == [
        True,
        False,
        True,
    ]


def test_versions_come_in_the_order_of_the_writes(documents: Documents) -> None:
    versions = documents.commit([Put("things/a", {"n": 1}), Remove("things/z"), Put("things/b", {"n": 1})])
    assert versions[1] == ""
    assert [d.version for d in documents.get(["things/a", "things/b"]) if d] == [versions[0], versions[2]]


def test_removing_what_is_not_there_is_fine(documents: Documents) -> None:
    assert documents.commit([Remove("things/a")]) == [""]


@pytest.fixture
def shelf(documents: Documents) -> Documents:
    """Five documents to look for, and one of another collection."""
    rows = (
        ("things/a", {"owner": "x", "regions": ["us", "eu"], "due": 3.0}),
        ("things/b", {"owner": "y", "regions": ["eu"], "due": 1.0}),
        ("things/c", {"owner": "x", "regions": [], "due": None}),
        ("things/d", {"owner": "x", "regions": ["us"], "due": 2.0}),
        ("things/e", {}),
        ("others/a", {"owner": "x", "due": 0.0}),
    )
    documents.commit([Put(path, {"schema": 1}, fields) for path, fields in rows])
    return documents


def names(found: list[object]) -> str:
    return "".join(str(getattr(document, "path", "")).partition("/")[2] for document in found)


def test_a_collection_is_found_whole_and_by_path(shelf: Documents) -> None:
    assert names([*shelf.find("things")]) == "abcde"


def test_documents_are_found_by_an_equal_field(shelf: Documents) -> None:
    assert names([*shelf.find("things", {"owner": "x"})]) == "acd"


def test_a_field_that_is_none_is_found_by_none(shelf: Documents) -> None:
    assert names([*shelf.find("things", {"due": None})]) == "c"


def test_documents_are_found_by_one_of_several_values(shelf: Documents) -> None:
    assert names([*shelf.find("things", contains={"regions": "eu"})]) == "ab"


def test_what_is_at_most_comes_in_its_order_and_without_none(shelf: Documents) -> None:
    assert names([*shelf.find("things", at_most={"due": 2.5})]) == "bd"


def test_a_limit_takes_the_first(shelf: Documents) -> None:
    assert names([*shelf.find("things", at_most={"due": 9.0}, limit=2)]) == "bd"


def test_conditions_hold_together(shelf: Documents) -> None:
    assert names([*shelf.find("things", {"owner": "x"}, contains={"regions": "us"})]) == "ad"


def test_an_unknown_collection_is_empty(shelf: Documents) -> None:
    assert shelf.find("nowhere") == []
