"""Firestore, asked with Google's own client; every answer here was first seen from Google's emulator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import And, FieldFilter, Or
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from serverless_place import Place, running

DATABASE = "projects/demo/databases/(default)"
NAN = float("nan")
# One value of each type, by its place in Firestore's order; 3 and 4 are equal.
VALUES: dict[str, Any] = {
    "00": None,
    "01": False,
    "02": True,
    "03": NAN,
    "04": 1,
    "05": 1.0,
    "06": 2.5,
    "07": datetime(2026, 1, 1, tzinfo=UTC),
    "08": "s",
    "09": "t",
    "10": b"b",
    "11": [1],
    "12": [1, 2],
    "13": {"a": 1},
    "14": {"a": 1, "b": 1},
    "15": {"b": 0},
}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture
def things(place: Place, request: pytest.FixtureRequest) -> Any:
    """A collection of the test's own."""
    return place.database.collection(f"t-{abs(hash(request.node.name))}")


@pytest.fixture(scope="module")
def values(place: Place) -> Any:
    """One document for each kind of value, and one without the field."""
    collection = place.database.collection("values")
    for name, value in VALUES.items():
        collection.document(name).set({"v": value})
    collection.document("none").set({"w": 1})
    return collection


def ids(query: Any) -> list[str]:
    return [found.id for found in query.stream()]


# Writes -----------------------------------------------------------------------------------------------------


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


# Reads and queries ------------------------------------------------------------------------------------------


def test_reading_many_tells_the_missing_ones(place: Place, things: Any) -> None:
    things.document("a").set({"x": 1})
    read = place.database.get_all([things.document("a"), things.document("b")])
    assert {found.id: found.exists for found in read} == {"a": True, "b": False}


def test_values_of_all_types_have_one_order(values: Any) -> None:
    assert ids(values.order_by("v")) == list(VALUES)


def test_the_order_can_be_turned_round(values: Any) -> None:
    found = ids(values.order_by("v", direction="DESCENDING"))
    assert (found[:3], found[-3:]) == (["15", "14", "13"], ["02", "01", "00"])


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("==", 1, "04 05"),
        ("==", None, "00"),
        ("==", NAN, "03"),
        ("==", {"a": 1}, "13"),
        ("!=", 1, "01 02 03 06 07 08 09 10 11 12 13 14 15"),
        ("!=", None, "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15"),
        ("!=", NAN, "01 02 04 05 06 07 08 09 10 11 12 13 14 15"),
        ("<", 2, "04 05"),
        ("<=", 2.5, "04 05 06"),
        (">", 1, "06"),
        (">=", "s", "08 09"),
        (">", [1], "12"),
        (">", {"a": 1}, "14 15"),
        ("in", [1, "s"], "04 05 08"),
        ("in", [NAN, 1], "04 05"),
        ("not-in", [1, "s"], "01 02 03 06 07 09 10 11 12 13 14 15"),
        ("not-in", [1, None], ""),
        ("array_contains", 1, "11 12"),
        ("array_contains_any", [2, 7], "12"),
    ],
)
def test_a_filter(values: Any, operator: str, value: Any, found: str) -> None:
    assert ids(values.where(filter=FieldFilter("v", operator, value))) == found.split()


@pytest.mark.parametrize(
    ("both", "found"),
    [
        pytest.param(Or([FieldFilter("v", "==", 1), FieldFilter("w", "==", 1)]), "04 05 none", id="either"),
        pytest.param(
            Or([FieldFilter("v", ">", 1), FieldFilter("w", "==", 1)]), "06", id="an inequality asks the field of all"
        ),
        pytest.param(And([FieldFilter("v", ">", 1), FieldFilter("v", "<", 2)]), "", id="both"),
    ],
)
def test_filters_together(values: Any, both: Any, found: str) -> None:
    assert ids(values.where(filter=both)) == found.split()


def test_an_empty_list_is_no_filter(values: Any) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="non-empty"):
        ids(values.where(filter=FieldFilter("v", "in", [])))


def test_several_orders_count_one_after_another(things: Any) -> None:
    for name, (x, y) in {"a": (1, 1), "b": (2, 1), "c": (1, 2)}.items():
        things.document(name).set({"x": x, "y": y})
    assert ids(things.order_by("x").order_by("y", direction="DESCENDING")) == ["c", "a", "b"]


def test_a_query_can_start_after_what_was_read(values: Any) -> None:
    assert ids(values.order_by("v").start_after(values.document("13").get())) == ["14", "15"]


def test_a_query_can_end_before_a_value(values: Any) -> None:
    assert ids(values.order_by("v").end_before({"v": 1})) == ["00", "01", "02", "03"]


def test_a_query_is_cut_by_offset_and_limit(values: Any) -> None:
    assert ids(values.order_by("v").offset(4).limit(2)) == ["04", "05"]


def test_the_last_of_a_query(values: Any) -> None:
    assert [found.id for found in values.order_by("v").limit_to_last(2).get()] == ["14", "15"]


def test_only_selected_fields_are_sent(values: Any) -> None:
    query = values.where(filter=FieldFilter("v.a", "==", 1)).select(["v.a"])
    assert [found.to_dict() for found in query.stream()] == [{"v": {"a": 1}}, {"v": {"a": 1}}]


def test_a_name_can_be_a_bound(values: Any) -> None:
    assert ids(values.where(filter=FieldFilter("__name__", ">", values.document("14")))) == ["15", "none"]


def test_a_collection_group_spans_parents(place: Place) -> None:
    place.database.document("cities/a/parks/p").set({"x": 1})
    place.database.document("cities/b/parks/q").set({"x": 1})
    assert ids(place.database.collection_group("parks")) == ["p", "q"]


def test_counts_sums_and_means(values: Any) -> None:
    query = values.where(filter=FieldFilter("v", ">", 0))
    asked = query.count(alias="n").sum("v", alias="sum").avg("v", alias="mean")
    assert {one.alias: one.value for one in asked.get()[0]} == {"n": 3, "sum": 4.5, "mean": 1.5}


def test_parents_that_are_no_documents_can_be_listed(place: Place) -> None:
    place.database.document("towns/ghost/parks/p").set({"x": 1})
    assert [found.id for found in place.database.collection("towns").list_documents()] == ["ghost"]


def test_a_listing_comes_in_pages(things: Any) -> None:
    for name in "abcde":
        things.document(name).set({"x": name})
    assert [found.id for found in things.list_documents(page_size=2)] == list("abcde")


def test_collections_below_a_document_can_be_listed(things: Any) -> None:
    things.document("a").collection("parts").document("p").set({})
    assert [found.id for found in things.document("a").collections()] == ["parts"]


# Transactions -----------------------------------------------------------------------------------------------


def begin(place: Place) -> Any:
    transaction = place.database.transaction(max_attempts=1)
    transaction._begin()
    return transaction


def test_a_transaction_commits_what_it_read_and_wrote(things: Any, place: Place) -> None:
    things.document("a").set({"n": 1})

    @firestore.transactional  # type: ignore[untyped-decorator]  # it has no types
    def add(transaction: Any) -> None:
        read = things.document("a").get(transaction=transaction).get("n")
        transaction.update(things.document("a"), {"n": read + 1})

    add(place.database.transaction())
    assert things.document("a").get().get("n") == 2


@pytest.mark.parametrize("before", [{"n": 1}, None], ids=["a document", "a missing document"])
def test_a_change_to_what_was_read_aborts(things: Any, place: Place, before: dict[str, int] | None) -> None:
    if before:
        things.document("a").set(before)
    transaction = begin(place)
    things.document("a").get(transaction=transaction)
    things.document("a").set({"n": 2})
    transaction.set(things.document("b"), {"n": 1})
    with pytest.raises(exceptions.Aborted):
        transaction._commit()


def test_a_new_match_of_a_query_aborts(things: Any, place: Place) -> None:
    transaction = begin(place)
    list(things.where(filter=FieldFilter("n", ">", 1)).stream(transaction=transaction))
    things.document("a").set({"n": 2})
    with pytest.raises(exceptions.Aborted):
        transaction._commit()


def test_a_change_elsewhere_does_not_abort(things: Any, place: Place) -> None:
    transaction = begin(place)
    list(things.where(filter=FieldFilter("n", ">", 1)).stream(transaction=transaction))
    things.document("a").set({"n": 1})
    transaction.set(things.document("b"), {"n": 1})
    transaction._commit()
    assert things.document("b").get().exists


def test_an_aborted_transaction_is_tried_again_by_the_client(things: Any, place: Place) -> None:
    tries: list[bool] = []

    @firestore.transactional  # type: ignore[untyped-decorator]  # it has no types
    def add(transaction: Any) -> None:
        read = things.document("a").get(transaction=transaction)
        if not tries:
            things.document("a").set({"n": 10})
        tries.append(read.exists)
        transaction.set(things.document("a"), {"n": 1 + (read.get("n") if read.exists else 0)})

    add(place.database.transaction())
    assert (tries, things.document("a").get().get("n")) == ([False, True], 11)


def test_a_closed_transaction_cannot_be_used(place: Place) -> None:
    transaction = begin(place)
    ident = transaction.id
    transaction._rollback()
    api = place.client(FirestoreClient)
    with pytest.raises(exceptions.InvalidArgument, match="invalid or closed"):
        api.commit(request={"database": DATABASE, "transaction": ident})


# For whoever looks on ---------------------------------------------------------------------------------------


def test_reads_writes_and_commits_are_counted(place: Place) -> None:
    counted = place.database.collection("counted")
    batch = place.database.batch()
    batch.set(counted.document("a"), {"x": 1})
    batch.set(counted.document("b"), {"x": 1})
    batch.commit()
    counted.document("c").get()
    ids(counted)
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


def test_a_call_takes_under_two_milliseconds(things: Any) -> None:
    def one(number: int) -> float:
        begun = time.perf_counter()
        things.document("a").set({"n": number})
        return time.perf_counter() - begun

    assert min(one(number) for number in range(50)) < 0.002
