"""Small in-memory keepers of the ports, for the simulation. A contract suite holds them to the real ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.domain.codec import build, plain
from shared.domain.errors import RetryableError
from shared.domain.messages import Message
from shared.ports import Card, ConflictError, Document, Put, Write

Step = Callable[[str], None]
"""Called before and after each effect with its name: where the simulation kills, overlaps and counts."""

_TIMER = re.compile(r"[A-Za-z0-9_-]{1,500}")


def nothing(_: str) -> None:
    """Let an effect pass."""


class MemoryDocuments:
    """Keeps ``ports.Documents`` in a dictionary."""

    def __init__(self, step: Step = nothing) -> None:
        self.stored: dict[str, Document] = {}
        self.step = step
        self.guards: list[Callable[[Sequence[Write]], None]] = []
        self.reads = 0
        self._clock = 0

    def get(self, paths: Sequence[str]) -> list[Document | None]:
        self.reads += len(paths)
        return [self.stored.get(path) for path in paths]

    def find(
        self,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        contains: Mapping[str, Any] | None = None,
        at_most: Mapping[str, Any] | None = None,
        limit: int = 0,
    ) -> list[Document]:
        found = [
            document
            for path, document in sorted(self.stored.items())
            if path.startswith(f"{collection}/")
            and all(name in document.fields and document.fields[name] == v for name, v in (where or {}).items())
            and all(v in document.fields.get(name, ()) for name, v in (contains or {}).items())
            and all(_at_most(document.fields.get(name), v) for name, v in (at_most or {}).items())
        ]
        for name in at_most or {}:
            found.sort(key=lambda document: document.fields[name])
        self.reads += len(found)
        return found[:limit] if limit else found

    def commit(self, writes: Sequence[Write]) -> list[str]:
        self.step("commit")
        for write in writes:
            if isinstance(write, Put):
                there = self.stored.get(write.path)
                if (there.version if there else "") != write.if_version:
                    raise ConflictError(write.path)
        for guard in self.guards:
            guard(writes)
        self._clock += 1
        versions = []
        for write in writes:
            if isinstance(write, Put):
                version = f"v{self._clock}"
                body, fields = plain(write.body), plain(write.fields)
                self.stored[write.path] = Document(write.path, body, version, fields)
                versions.append(version)
            else:
                self.stored.pop(write.path, None)
                versions.append("")
        self.step("committed")
        return versions


def _at_most(value: Any, bound: Any) -> bool:
    return value is not None and value <= bound


class MemoryBus:
    """Keeps ``ports.Bus`` in a list; whoever plays the subscribers takes from it as they like."""

    def __init__(self, step: Step = nothing) -> None:
        self.pending: list[tuple[str, Message]] = []
        self.step = step

    def publish(self, topic: str, message: Message) -> None:
        self.step("publish")
        again: Message = build(Message, plain(message))
        self.pending.append((str(topic), again))
        self.step("published")


class MemoryTimers:
    """Keeps ``ports.Timers``: named, deduplicated, due by the clock."""

    def __init__(self, step: Step = nothing) -> None:
        self.pending: dict[str, tuple[datetime, str, Message]] = {}
        self.names: set[str] = set()
        self.step = step

    def at(self, when: datetime, name: str, topic: str, message: Message) -> None:
        assert _TIMER.fullmatch(name), f"Cloud Tasks refuses the name {name}"
        self.step("timer")
        if name not in self.names:
            self.names.add(name)
            self.pending[name] = (when, str(topic), message)

    def due(self, now: datetime) -> list[tuple[str, Message]]:
        """Take what is due."""
        names = [name for name, (when, _, _) in self.pending.items() if when <= now]
        return [self.pending.pop(name)[1:] for name in sorted(names)]


class MemoryChat:
    """Keeps ``ports.Chat``: channels of messages with their metadata."""

    def __init__(self, step: Step = nothing) -> None:
        self.messages: dict[str, tuple[str, Card, str, str]] = {}
        self.told: list[tuple[str, str]] = []
        self.pictures: list[tuple[str, bytes, str]] = []
        self.down = False
        self.groups: Mapping[str, frozenset[str]] = {}
        self.guests: frozenset[str] = frozenset()
        self.step = step
        self._count = 0

    def _call(self, name: str) -> None:
        self.step(name)
        if self.down:
            raise RetryableError("Slack does not answer", reason="Unavailable")

    def post(self, channel: str, card: Card, *, key: str = "", thread: str = "") -> str:
        self._call("post")
        self._count += 1
        ts = f"{self._count:010d}.000000"
        self.messages[ts] = (channel, card, key, thread)
        self.step("posted")
        return ts

    def edit(self, channel: str, ts: str, card: Card) -> bool:
        self._call("edit")
        if ts not in self.messages:
            return False
        self.messages[ts] = (channel, card, *self.messages[ts][2:])
        return True

    def remove(self, channel: str, ts: str) -> None:
        self._call("remove")
        self.messages.pop(ts, None)

    def tell(self, user: str, channel: str, text: str) -> None:
        self._call("tell")
        self.told.append((user, text))
        self.step("told")

    def picture(self, name: str, data: bytes, alt: str) -> str:
        self._call("picture")
        self.pictures.append((name, data, alt))
        return f"F{len(self.pictures):010d}"

    def look_up(self, channel: str, key: str, since: datetime) -> list[str]:
        self._call("look up")
        return [ts for ts, (where, _, own, _) in sorted(self.messages.items()) if (where, own) == (channel, key)]

    def directory(self) -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
        self._call("directory")
        return self.groups, self.guests
