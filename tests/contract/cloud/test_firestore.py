"""Firestore's writes, asked with Google's own client; each answer was first seen from Google's emulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from serverless_place import Place, running

DATABASE = "projects/demo/databases/(default)"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture
def things(place: Place, request: pytest.FixtureRequest) -> Any:
    """A collection of the test's own."""
    return place.database.collection(f"t-{abs(hash(request.node.name))}")


def test_a_document_comes_back_as_it_was_set(things: Any) -> None:
    kept = {"text": "x", "deep": {"list": [1, {"a": None}]}, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    things.document("a").set(kept)
    assert things.document("a").get().to_dict() == kept


def test_creating_what_exists_is_refused(things: Any) -> None:
    things.document("a").create({"x": 1})
    with pytest.raises(exceptions.AlreadyExists):
        things.document("a").create({"x": 2})


def test_updating_what_is_missing_is_refused(things: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        things.document("a").update({"x": 1})


def test_a_stale_version_is_refused(place: Place, things: Any) -> None:
    first = things.document("a").set({"x": 1}).update_time
    things.document("a").set({"x": 2})
    with pytest.raises(exceptions.FailedPrecondition, match="does not match the required base version"):
        things.document("a").update({"x": 3}, option=place.database.write_option(last_update_time=first))


def test_a_version_of_a_missing_document_is_stale(place: Place, things: Any) -> None:
    first = things.document("a").set({"x": 1}).update_time
    things.document("a").delete()
    with pytest.raises(exceptions.FailedPrecondition):
        things.document("a").update({"x": 3}, option=place.database.write_option(last_update_time=first))


def test_the_read_version_may_write(place: Place, things: Any) -> None:
    things.document("a").set({"x": 1})
    read = things.document("a").get().update_time
    things.document("a").update({"x": 3}, option=place.database.write_option(last_update_time=read))
    assert things.document("a").get().get("x") == 3


def test_versions_grow_though_the_clock_stands_still(things: Any) -> None:
    versions = [things.document("a").set({"x": n}).update_time for n in range(20)]
    assert versions == sorted(set(versions))


def test_a_write_that_changes_nothing_leaves_the_version(things: Any) -> None:
    first = things.document("a").set({"x": 1}).update_time
    assert things.document("a").set({"x": 1}).update_time == first


def test_a_failed_precondition_undoes_the_whole_batch(place: Place, things: Any) -> None:
    things.document("b").create({"x": 1})
    batch = place.database.batch()
    batch.create(things.document("a"), {"x": 1})
    batch.create(things.document("b"), {"x": 2})
    with pytest.raises(exceptions.AlreadyExists):
        batch.commit()
    assert not things.document("a").get().exists


def test_a_batch_sees_its_own_earlier_writes(place: Place, things: Any) -> None:
    batch = place.database.batch()
    batch.set(things.document("a"), {"n": 1})
    batch.update(things.document("a"), {"n": firestore.Increment(4)})
    batch.commit()
    assert things.document("a").get().to_dict() == {"n": 5}


def test_an_update_touches_only_the_named_fields(things: Any) -> None:
    things.document("a").set({"x": 1, "deep": {"kept": 1, "gone": 1}})
    things.document("a").update({"deep.gone": firestore.DELETE_FIELD, "deep.`odd.name`": 2})
    assert things.document("a").get().to_dict() == {"x": 1, "deep": {"kept": 1, "odd.name": 2}}


def test_merging_makes_the_document_if_it_is_missing(things: Any) -> None:
    things.document("a").set({"deep": {"x": 1}}, merge=True)
    things.document("a").set({"deep": {"y": 2}}, merge=True)
    assert things.document("a").get().to_dict() == {"deep": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(1, firestore.Increment(2), 3, id="add"),
        pytest.param(1, firestore.Increment(0.5), 1.5, id="add a fraction"),
        pytest.param("x", firestore.Increment(2), 2, id="add to what is no number"),
        pytest.param(2**63 - 1, firestore.Increment(2), 2**63 - 1, id="stop at the largest integer"),
        pytest.param(3, firestore.Maximum(5), 5, id="larger"),
        pytest.param(3, firestore.Minimum(5), 3, id="smaller"),
        pytest.param([1, 2, 2], firestore.ArrayUnion([2, 3, 3.0]), [1, 2, 2, 3], id="union"),
        pytest.param([1, 2, 2], firestore.ArrayRemove([2]), [1], id="remove"),
        pytest.param("x", firestore.ArrayUnion([1]), [1], id="union with what is no array"),
    ],
)
def test_a_transform(things: Any, before: Any, change: Any, after: Any) -> None:
    things.document("a").set({"v": before})
    things.document("a").update({"v": change})
    assert things.document("a").get().get("v") == after


def test_the_server_time_is_the_worlds(place: Place, things: Any) -> None:
    things.document("a").set({"at": firestore.SERVER_TIMESTAMP})
    assert abs((things.document("a").get().get("at") - place.world.now).total_seconds()) < 0.1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"x": "y" * 1_048_600}, id="a field over the limit"),
        pytest.param({"x": "y" * 524_000, "y": "y" * 525_000}, id="a document over 1 MiB"),
        pytest.param({"x": [[1]]}, id="an array in an array"),
        pytest.param({"__x__": 1}, id="a reserved name"),
    ],
)
def test_what_cannot_be_stored_is_refused(things: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        things.document("a").set(fields)


def test_just_under_a_mebibyte_is_stored(things: Any) -> None:
    things.document("a").set({"x": "y" * 1_048_400})
    assert len(things.document("a").get().get("x")) == 1_048_400


def test_a_reserved_id_is_refused(things: Any) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        things.document("__x__").set({})


def test_reads_writes_and_commits_are_counted(place: Place) -> None:
    counted = place.database.collection("counted")
    batch = place.database.batch()
    batch.set(counted.document("a"), {"x": 1})
    batch.set(counted.document("b"), {"x": 1})
    batch.commit()
    counted.document("c").get()
    list(counted.stream())
    counted.document("a").delete()
    counts = {kind: place.firestore.counts[f"{kind}/counted"] for kind in ("write", "read", "delete", "commit")}
    assert counts == {"write": 2, "read": 3, "delete": 1, "commit": 2}


def test_a_snapshot_is_plain() -> None:
    with running() as place:
        place.database.document("a/b").set({"at": datetime(2026, 1, 1, tzinfo=UTC), "list": [1, {"x": None}]})
        fields = {"at": "2026-01-01T00:00:00Z", "list": [1, {"x": None}]}
        assert place.firestore.snapshot() == {DATABASE: {"a/b": fields}}


def test_documents_can_be_read_over_rest_too(place: Place, things: Any) -> None:
    things.document("a").set({"x": 7})
    rest = place.client(FirestoreClient, "firestore", "rest")
    name = f"{DATABASE}/documents/{things.id}/a"
    assert rest.get_document(request={"name": name}).fields["x"].integer_value == 7
