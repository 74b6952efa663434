"""Typed values in the document store, and commits that carry their messages and audit lines with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from shared.domain.codec import SCHEMA, build, decode, encode, plain
from shared.domain.desired import Desired
from shared.domain.inventory import Status, Unit
from shared.domain.messages import Message
from shared.domain.names import short_hash
from shared.domain.policy import Directory
from shared.domain.records import AUDIT, DIRECTORY, OUTBOX, STATUSES, status_fields, status_path
from shared.domain.topics import Topic
from shared.ports import Bus, Document, Documents, Put, Remove, Write

T = TypeVar("T")


def read(cls: type[T], document: Document | None) -> T | None:
    """Return the value of a document, with the store's version where the type keeps one."""
    return None if document is None else decode(cls, document.body, document.version)


def load(documents: Documents, cls: type[T], path: str) -> T | None:
    """Return one value, or None where it is not there."""
    return read(cls, documents.get([path])[0])


def desired_at(document: Document | None, path: str) -> Desired:
    """Return a document of desired state; one that is not there is generation 0 of nothing."""
    return read(Desired, document) or Desired(path, 0, None)


def status_at(document: Document | None, unit: Unit) -> Status:
    """Return a unit's status; one that is not there is empty."""
    return read(Status, document) or Status(unit)


def statuses(documents: Documents, region: str) -> list[Status]:
    """Return the statuses whose inventory names a region."""
    found = documents.find(STATUSES, contains={"regions": region})
    return [status for document in found if (status := read(Status, document))]


def directory(documents: Documents) -> Directory:
    """Return the directory as last fetched; one that was never fetched is stale."""
    return load(documents, Directory, DIRECTORY) or Directory()


@dataclass
class Commit:
    """State, its messages and its audit line, written in one go; the messages are sent afterwards.

    ``subject`` and the versions written make the rows' ids: the same commit tried twice makes the same rows.
    """

    writer: str
    subject: str
    now: datetime
    writes: list[Write] = field(default_factory=list)
    rows: dict[str, tuple[Topic, Message]] = field(default_factory=dict)

    def put(self, path: str, value: Any, version: str = "", fields: Mapping[str, Any] | None = None) -> Commit:
        """Write a value if the document's version is this one; empty: if it does not exist."""
        self.writes.append(Put(path, encode(value), fields or {}, version))
        return self

    def put_status(self, status: Status) -> Commit:
        """Write a unit's status with its indexed fields."""
        return self.put(status_path(status.unit), status, status.version, status_fields(status))

    def send(self, topic: Topic, message: Message) -> Commit:
        """Send a message once the state is written."""
        row = f"{OUTBOX}/{short_hash([self.writer, self.subject, self._versions(), topic, plain(message)], 20)}"
        self.rows[row] = (topic, message)
        return self

    def audit(self, what: str, **details: Any) -> Commit:
        """Add a line to the record. The same line of the same commit is one line, however often it is tried."""
        line = {"writer": self.writer, "subject": self.subject, "what": what, **details}
        path = f"{AUDIT}/{short_hash([plain(line), self._versions()], 20)}"
        body = {"schema": SCHEMA, "at": self.now.isoformat(), **{k: plain(v) for k, v in line.items()}}
        self.writes.append(Put(path, body, {"subject": self.subject, "at": self.now.timestamp()}))
        return self

    def _versions(self) -> list[str]:
        return [f"{write.path}@{write.if_version}" for write in self.writes if isinstance(write, Put)]

    def run(self, documents: Documents, bus: Bus) -> list[str]:
        """Write everything, then send and clear the outbox. Raises ConflictError where somebody was faster."""
        outbox = [
            Put(path, {"schema": SCHEMA, "topic": topic, "message": plain(message)}, {"at": self.now.timestamp()})
            for path, (topic, message) in self.rows.items()
        ]
        versions = documents.commit([*self.writes, *outbox])
        for topic, message in self.rows.values():
            bus.publish(topic, message)
        if self.rows:
            documents.commit([Remove(path) for path in self.rows])
        return versions[: len(self.writes)]


def send_row(document: Document, documents: Documents, bus: Bus) -> None:
    """Send an outbox row that its writer did not live to send, and clear it."""
    message: Message = build(Message, document.body["message"])
    bus.publish(Topic(document.body["topic"]), message)
    documents.commit([Remove(document.path)])
