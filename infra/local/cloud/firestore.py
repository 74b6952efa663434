"""Firestore in Native mode: documents, all-or-nothing commits, transactions, queries.

Versions are exact: every commit that changes a document gets its own, later microsecond as update time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore_v1.types import firestore as types
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, status_pb2

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_queries import Queries
from infra.local.cloud.firestore_store import Record, Store
from infra.local.cloud.firestore_transactions import Transactions
from infra.local.cloud.firestore_values import Document, Pb, masked, parse_path, plain
from infra.local.cloud.firestore_writes import apply, check, name_of
from infra.local.cloud.wire import Handler, as_pb
from infra.local.cloud.world import World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Write = types.write.Write.pb()
WriteResult = types.write.WriteResult.pb()
Found = types.BatchGetDocumentsResponse.pb()
_LOG = 20_000


def _masked(document: Pb, request: Pb) -> Pb:
    """Cut the document to the request's mask, if it has one."""
    return masked(document, map(parse_path, request.mask.field_paths)) if request.HasField("mask") else document


class Firestore:
    """All databases of all projects; a database is there from its first document on."""

    def __init__(self, world: World) -> None:
        self.counts: Counter[str] = Counter()
        """Documents read, written and deleted, and commits: ``read``, ``write``, ``delete``, ``commit``, and each by
        collection too, as ``write/statuses``. A document looked for in vain is a read."""
        self.log: deque[tuple[datetime, str]] = deque(maxlen=_LOG)
        """The latest writes and deletions: when, and of which document."""
        self._world = world
        self._last = 0
        self._store = Store()
        self._transactions = Transactions(world, self._store)
        self._queries = Queries(self._store, self._transactions, self.now, self._count)
        self._ids = world.dice("firestore ids")

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC. Listen and Write (two-way streams) and pipelines are not simulated."""
        own: dict[str, Handler] = {
            "GetDocument": self._get_document,
            "BatchGetDocuments": self._batch_get,
            "Commit": self._commit,
            "BatchWrite": self._batch_write,
            "CreateDocument": self._create_document,
            "UpdateDocument": self._update_document,
            "DeleteDocument": self._delete_document,
            "BeginTransaction": self._begin,
            "Rollback": self._rollback,
        }
        return own | self._queries.handlers()

    def snapshot(self) -> dict[str, object]:
        """Return the documents as plain values: database -> path -> fields."""
        databases: dict[str, dict[str, object]] = {}
        for record in sorted(self._store.all(), key=lambda r: r.name):
            database, path = record.name.split("/documents/", 1)
            fields = {name: plain(value) for name, value in sorted(record.document.fields.items())}
            databases.setdefault(database, {})[path] = fields
        return dict(databases)

    def now(self) -> Pb:
        """Return the time of a read: never before the last commit."""
        return self._stamp(max(self._last, self._micros()))

    def _micros(self) -> int:
        since = self._world.now - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def _stamp(self, micros: int) -> Pb:
        return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)

    def _count(self, kind: str, name: str) -> None:
        self.counts[kind] += 1
        self.counts[f"{kind}/{name.rsplit('/', 2)[1]}"] += 1

    # Reads -----------------------------------------------------------------------------------------------

    def _read(self, name: str, request: Pb, transaction: bytes = b"") -> Record | None:
        if request.HasField("read_time"):
            raise ApiError("UNIMPLEMENTED", "reading the past is not simulated")
        record = self._store.get(name)
        self._count("read", name)
        if transaction:
            self._transactions.note(transaction, name, record)
        return record

    def _get_document(self, message: Any) -> Pb:
        request = as_pb(message)
        self._read(request.name, request, request.transaction)
        return _masked(self._store.must(request.name).document, request)

    def _batch_get(self, message: Any) -> Iterator[Pb]:
        request = as_pb(message)
        transaction = request.transaction
        if request.HasField("new_transaction"):
            transaction = self._transactions.begin(read_only=request.new_transaction.HasField("read_only"))
            yield Found(transaction=transaction)
        now = self.now()
        for name in dict.fromkeys(request.documents):
            record = self._read(name, request, transaction)
            if record is None:
                yield Found(missing=name, read_time=now)
            else:
                yield Found(found=_masked(record.document, request), read_time=now)

    # Writes ----------------------------------------------------------------------------------------------

    def _write_all(self, writes: list[Pb]) -> tuple[Pb, list[Pb]]:
        """Apply all writes or none; return the commit's time and a result per write."""
        self._last = max(self._last + 1, self._micros())
        now = self._stamp(self._last)
        staged: dict[str, Pb | None] = {}
        results = []
        for write in writes:
            name = name_of(write)
            stored = self._store.get(name)
            before = staged.get(name, stored.document if stored else None)
            check(name, write.current_document, before)
            after, transformed = apply(write, before, now)
            staged[name] = after
            version = None if after is None else after.update_time
            results.append(WriteResult(update_time=version, transform_results=transformed))
        self._keep(staged)
        return now, results

    def _keep(self, staged: dict[str, Pb | None]) -> None:
        for name, document in staged.items():
            self._count("delete" if document is None else "write", name)
            self.log.append((self._world.now, name))
            stored = self._store.get(name)
            # A write that changed nothing leaves the record, and so its version, as it was.
            if stored is None or stored.document is not document:
                self._store.put(name, None if document is None else Record(document))
        self.counts["commit"] += bool(staged)
        for collection in {name.rsplit("/", 2)[1] for name in staged}:
            self.counts[f"commit/{collection}"] += 1

    def _commit(self, message: Any) -> Pb:
        request = as_pb(message)
        self._own(request)
        if request.transaction:
            self._transactions.settle(request.transaction, writes=bool(request.writes))
        now, results = self._write_all(list(request.writes))
        return types.CommitResponse.pb()(write_results=results, commit_time=now)

    def _own(self, request: Pb) -> None:
        """Refuse writes into another database than the one the request speaks to."""
        strange = [n for n in map(name_of, request.writes) if not n.startswith(f"{request.database}/documents/")]
        if strange:
            raise ApiError("INVALID_ARGUMENT", f"{strange[0]} is not in {request.database}")

    def _batch_write(self, message: Any) -> Pb:
        request = as_pb(message)
        self._own(request)
        names = [name_of(write) for write in request.writes]
        if len(names) != len(set(names)):
            raise ApiError("INVALID_ARGUMENT", "the same document cannot be written more than once in a single request")
        answer = types.BatchWriteResponse.pb()()
        for write in request.writes:
            try:
                answer.write_results.append(self._write_all([write])[1][0])
                answer.status.append(status_pb2.Status())
            except ApiError as error:
                answer.write_results.append(WriteResult())
                answer.status.append(status_pb2.Status(code=code_pb2.Code.Value(error.status), message=error.message))
        return answer

    def _create_document(self, message: Any) -> Pb:
        request = as_pb(message)
        ident = request.document_id or f"{self._ids.getrandbits(100):020x}"
        document = Document(name=f"{request.parent}/{request.collection_id}/{ident}", fields=request.document.fields)
        self._write_all([Write(update=document, current_document={"exists": False})])
        return self._written(document.name, request)

    def _update_document(self, message: Any) -> Pb:
        request = as_pb(message)
        write = Write(update=request.document)
        for name in ("update_mask", "current_document"):
            if request.HasField(name):
                getattr(write, name).CopyFrom(getattr(request, name))
        self._write_all([write])
        return self._written(request.document.name, request)

    def _written(self, name: str, request: Pb) -> Pb:
        return _masked(self._store.must(name).document, request)

    def _delete_document(self, message: Any) -> None:
        request = as_pb(message)
        self._write_all([Write(delete=request.name, current_document=request.current_document)])

    # Transactions ----------------------------------------------------------------------------------------

    def _begin(self, message: Any) -> Pb:
        options = as_pb(message).options
        ident = self._transactions.begin(read_only=options.HasField("read_only"))
        return types.BeginTransactionResponse.pb()(transaction=ident)

    def _rollback(self, message: Any) -> None:
        self._transactions.close(as_pb(message).transaction)
