"""Firestore's reads and queries; each answer was first seen from Google's emulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import And, FieldFilter, Or
from serverless_place import Place, running

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
