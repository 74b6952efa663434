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
from shared.domain.proposals import Vote
from shared.domain.records import AUDIT, DIRECTORY, OUTBOX, STATUSES, VOTES, status_fields, status_path
from shared.domain.topics import Topic
from shared.ports import Bus, Document, Documents, Put, Readable, Remove

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


def votes_on(proposal: str, documents: Readable) -> tuple[Vote, ...]:
    """Return the votes on a proposal."""
    found = documents.find(VOTES, {"proposal": proposal})
    return tuple(vote for document in found if (vote := read(Vote, document)))


def directory(documents: Documents) -> Directory:
    """Return the directory as last fetched; one that was never fetched is stale."""
    return load(documents, Directory, DIRECTORY) or Directory()


@dataclass
class Commit:
    """State, its messages and its audit lines, written in one go; the messages are sent afterwards.

    The ids of rows and lines are made of the versions that the commit builds on: the same commit tried twice is one.
    """

    writer: str
    subject: str
    now: datetime
    writes: list[Put] = field(default_factory=list)
    messages: list[tuple[Topic, Message]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def put(self, path: str, value: Any, version: str = "", fields: Mapping[str, Any] | None = None) -> Commit:
        """Write a value if the document's version is this one; empty: if it does not exist."""
        self.writes.append(Put(path, encode(value), fields or {}, version))
        return self

    def put_status(self, status: Status) -> Commit:
        """Write a unit's status with its indexed fields."""
        return self.put(status_path(status.unit), status, status.version, status_fields(status))

    def send(self, topic: Topic, message: Message) -> Commit:
        """Send a message once the state is written."""
        self.messages.append((topic, message))
        return self

    def audit(self, what: str, **details: Any) -> Commit:
        """Add a line to the record."""
        self.lines.append({"writer": self.writer, "subject": self.subject, "what": what, **details})
        return self

    def run(self, documents: Documents, bus: Bus) -> list[str]:
        """Write everything, then send and clear the outbox. Raises ConflictError where somebody was faster."""
        base = [f"{write.path}@{write.if_version}" for write in self.writes]
        rows = [self._row(base, topic, message) for topic, message in self.messages]
        versions = documents.commit([*self.writes, *(self._line(base, line) for line in self.lines), *rows])
        for topic, message in self.messages:
            bus.publish(topic, message)
        if rows:
            documents.commit([Remove(row.path) for row in rows])
        return versions[: len(self.writes)]

    def _row(self, base: list[str], topic: Topic, message: Message) -> Put:
        body = {"schema": SCHEMA, "topic": topic, "message": plain(message)}
        path = f"{OUTBOX}/{short_hash([base, self.writer, self.subject, plain(body)], 20)}"
        return Put(path, body, {"at": self.now.timestamp()})

    def _line(self, base: list[str], line: Mapping[str, Any]) -> Put:
        body = {"schema": SCHEMA, "at": self.now.isoformat(), **{key: plain(value) for key, value in line.items()}}
        path = f"{AUDIT}/{short_hash([base, plain(line)], 20)}"
        return Put(path, body, {"subject": self.subject, "at": self.now.timestamp()})


def send_row(document: Document, documents: Documents, bus: Bus) -> None:
    """Send an outbox row that its writer did not live to send, and clear it."""
    message: Message = build(Message, document.body["message"])
    bus.publish(Topic(document.body["topic"]), message)
    documents.commit([Remove(document.path)])
