"""Firestore's transactions, optimistic: what was read must still be so at the commit, or it is ABORTED.

Reads see the present, not the state at the transaction's start; a read that went stale is found at the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_store import Record, Store
from infra.local.cloud.world import World

LONGEST, IDLE = timedelta(seconds=270), timedelta(seconds=60)


@dataclass
class Transaction:
    """What one transaction has read so far."""

    read_only: bool
    begun: datetime
    used: datetime
    documents: dict[str, Record | None] = field(default_factory=dict)
    queries: list[tuple[Callable[[], list[Record]], list[Record]]] = field(default_factory=list)


class Transactions:
    """The open transactions."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._open: dict[bytes, Transaction] = {}
        self._made = 0

    def begin(self, *, read_only: bool) -> bytes:
        """Open a transaction and return its id."""
        now = self._world.now
        self._open = {ident: one for ident, one in self._open.items() if not self._expired(one)}
        self._made += 1
        ident = b"transaction-%d" % self._made
        self._open[ident] = Transaction(read_only, now, now)
        return ident

    def find(self, ident: bytes) -> Transaction:
        """Return an open transaction; INVALID_ARGUMENT if it is closed, expired or was never begun."""
        one = self._open.get(ident)
        if one is None or self._expired(one):
            raise ApiError("INVALID_ARGUMENT", "Transaction is invalid or closed.")
        one.used = self._world.now
        return one

    def note(self, ident: bytes, name: str, record: Record | None) -> None:
        """Remember that the transaction saw this document so."""
        self.find(ident).documents.setdefault(name, record)

    def note_query(self, ident: bytes, run: Callable[[], list[Record]], found: list[Record]) -> None:
        """Remember that the transaction saw the query answer so: a new match is a conflict too."""
        self.find(ident).queries.append((run, found))

    def close(self, ident: bytes) -> Transaction:
        """End the transaction, whichever way."""
        one = self.find(ident)
        del self._open[ident]
        return one

    def settle(self, ident: bytes, *, writes: bool) -> None:
        """End the transaction for its commit: ABORTED if anything that it read has changed since."""
        one = self.close(ident)
        if one.read_only and writes:
            raise ApiError("INVALID_ARGUMENT", "Cannot modify entities in a read-only transaction.")
        if one.read_only:
            return
        # Records are replaced at each change, so the same record is the same version.
        stale = any(self._store.get(name) is not seen for name, seen in one.documents.items())
        if stale or any(list(map(id, run())) != list(map(id, found)) for run, found in one.queries):
            raise ApiError("ABORTED", "Too much contention on these documents. Please try again.")

    def _expired(self, one: Transaction) -> bool:
        return self._world.now - one.begun > LONGEST or self._world.now - one.used > IDLE
