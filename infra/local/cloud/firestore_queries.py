"""Firestore's RPCs that look for documents: queries, counts and sums, lists of documents and of collections."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from google.cloud.firestore_v1.types import aggregation_result
from google.cloud.firestore_v1.types import firestore as types

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_query import Query
from infra.local.cloud.firestore_store import Record, Store
from infra.local.cloud.firestore_transactions import Transactions
from infra.local.cloud.firestore_values import NAN_KEY, NUMBER, Document, Path, Pb, Value, masked, parse_path
from infra.local.cloud.wire import Handler, as_pb

PAGE = 300
Selected = types.RunQueryResponse.pb()
Aggregated = types.RunAggregationQueryResponse.pb()


class Queries:
    """Reads by query. ``now`` stamps the answers; ``count`` is told of every document that is read."""

    def __init__(
        self, store: Store, transactions: Transactions, now: Callable[[], Pb], count: Callable[[str, str], None]
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._now = now
        self._count = count

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC."""
        return {
            "RunQuery": self._run_query,
            "RunAggregationQuery": self._aggregate,
            "ListDocuments": self._list_documents,
            "ListCollectionIds": self._list_collection_ids,
        }

    def _begin(self, request: Pb) -> tuple[bytes, bool]:
        """Return the transaction to read in (empty if none) and whether it is new."""
        if request.HasField("read_time"):
            raise ApiError("UNIMPLEMENTED", "reading the past is not simulated")
        if request.HasField("new_transaction"):
            read_only = request.new_transaction.HasField("read_only")
            return self._transactions.begin(read_only=read_only), True
        return request.transaction, False

    def _found(self, query: Query, transaction: bytes) -> list[Record]:
        records = query.run(self._store)
        if transaction:
            self._transactions.note_query(transaction, lambda: query.run(self._store), records)
        for record in records:
            self._count("read", record.name)
        return records

    def _run_query(self, message: Any) -> Iterator[Pb]:
        request = as_pb(message)
        query = Query(request.parent, request.structured_query)
        transaction, new = self._begin(request)
        if new:
            yield Selected(transaction=transaction)
        records, now = self._found(query, transaction), self._now()
        if not records:
            yield Selected(read_time=now)
        for at, record in enumerate(records):
            skipped = query.offset if at == 0 else 0
            yield Selected(document=query.shape(record), read_time=now, skipped_results=skipped)

    def _aggregate(self, message: Any) -> Iterator[Pb]:
        request = as_pb(message)
        asked = request.structured_aggregation_query
        transaction, new = self._begin(request)
        if new:
            yield Aggregated(transaction=transaction)
        records = self._found(Query(request.parent, asked.structured_query), transaction)
        result = aggregation_result.AggregationResult.pb()()
        for at, one in enumerate(asked.aggregations, 1):
            result.aggregate_fields[one.alias or f"field_{at}"].CopyFrom(_aggregation(one, records))
        yield Aggregated(result=result, read_time=self._now())

    def _list_documents(self, message: Any) -> Pb:
        request = as_pb(message)
        if request.order_by or request.HasField("read_time"):
            raise ApiError("UNIMPLEMENTED", "order_by and read_time of ListDocuments are not simulated")
        start = f"{request.parent}/{request.collection_id}/"
        records = {
            r.name: r.document for r in self._store.scan(request.parent, request.collection_id, descendants=False)
        }
        if request.show_missing:
            missing = self._store.missing_ids(start[:-1])
            records |= {start + ident: Document(name=start + ident) for ident in missing}
        names = [name for name in sorted(records) if name > request.page_token]
        page = names[: request.page_size or PAGE]
        paths = [parse_path(path) for path in request.mask.field_paths]
        answer = types.ListDocumentsResponse.pb()()
        for name in page:
            self._count("read", name)
            answer.documents.append(masked(records[name], paths) if request.HasField("mask") else records[name])
        answer.next_page_token = page[-1] if len(names) > len(page) else ""
        return answer

    def _list_collection_ids(self, message: Any) -> Pb:
        request = as_pb(message)
        ids = [ident for ident in self._store.collection_ids(request.parent) if ident > request.page_token]
        page = ids[: request.page_size or PAGE]
        token = page[-1] if len(ids) > len(page) else ""
        return types.ListCollectionIdsResponse.pb()(collection_ids=page, next_page_token=token)


def _numbers(records: list[Record], path: Path) -> list[float]:
    """Return the field's numbers; documents without a number there do not take part."""
    keys = (record.key(path) for record in records)
    return [math.nan if key == NAN_KEY else key[1] for key in keys if key == NAN_KEY or (key and key[0] == NUMBER)]


def _aggregation(one: Pb, records: list[Record]) -> Pb:
    kind = one.WhichOneof("operator")
    if kind == "count":
        most = one.count.up_to.value if one.count.HasField("up_to") else len(records)
        return Value(integer_value=min(most, len(records)))
    if kind not in {"sum", "avg"}:
        raise ApiError("INVALID_ARGUMENT", "an aggregation needs count, sum or avg")
    numbers = _numbers(records, parse_path(getattr(one, kind).field.field_path))
    if kind == "avg":
        return Value(double_value=sum(numbers) / len(numbers)) if numbers else Value(null_value=0)
    total = sum(numbers)
    return Value(integer_value=total) if isinstance(total, int) else Value(double_value=total)
