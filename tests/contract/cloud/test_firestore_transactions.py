"""Firestore's transactions: what was read must still be so at the commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import FieldFilter
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
