"""Posts to local HTTP endpoints over connections that stay open: what Pub/Sub's pushes and Cloud Tasks go out by.

Far less than a client library, and several times as fast: a long story makes tens of thousands of posts.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.local.cloud.world import World

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_SCHEMES = {"http": 80}


class NoAnswerError(Exception):
    """The endpoint did not answer, or not in time."""


class Poster:
    """Keeps open connections by host and port. ``service`` is who posts, such as ``pubsub``."""

    def __init__(self, world: World, service: str) -> None:
        self._world, self._service = world, service
        self.is_closed = False
        """Whether nothing more should be posted."""
        self._free: dict[tuple[str, int], list[_Line]] = defaultdict(list)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_free": defaultdict(list)}

    async def request(self, verb: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """Make a request and return the status of the answer. Raises NoAnswerError; https is not spoken here."""
        where = urlsplit(url)
        if where.scheme not in _SCHEMES or not where.hostname:
            raise NoAnswerError(f"not a local address: {url}")
        place = (where.hostname, where.port or _SCHEMES[where.scheme])
        target = f"{where.path or '/'}?{where.query}".removesuffix("?")
        fields = {"Host": where.netloc, **headers, "Content-Length": str(len(body))}
        head = "\r\n".join([f"{verb} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in fields.items()), "", ""])
        begun, status = time.monotonic(), 0
        try:
            async with asyncio.timeout(seconds):
                status = await self._exchange(place, head.encode("latin-1") + body)
        except (OSError, EOFError, ValueError, IndexError) as error:  # TimeoutError is an OSError
            raise NoAnswerError(f"{verb} {url}: {type(error).__name__}") from error
        finally:
            way, said = (self._service, where.netloc), str(status) if status else "no answer"
            taken = time.monotonic() - begun
            self._world.tap.note(self._world.now, self._service, f"{verb} {target}", way, said, taken, body)
        return status

    async def close(self) -> None:
        """Close every connection that waits for use."""
        self.is_closed = True
        for lines in self._free.values():
            for _, writer in lines:
                writer.close()
        self._free.clear()

    async def _exchange(self, place: tuple[str, int], request: bytes) -> int:
        free = self._free[place]
        while free:
            line = free.pop()
            # A connection that its server has closed meanwhile is found out before anything is sent.
            if not line[0].at_eof():
                return await self._ask(place, line, request)
            line[1].close()
        return await self._ask(place, await asyncio.open_connection(*place), request)

    async def _ask(self, place: tuple[str, int], line: _Line, request: bytes) -> int:
        reader, writer = line
        try:
            writer.write(request)
            status, keep = await _answer(reader)
        except BaseException:
            writer.close()
            raise
        if keep:
            self._free[place].append(line)
        else:
            writer.close()
        return status


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer to its end; return its status and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status = head[0].split(" ")[:2]
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    keep = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
    if fields.get("transfer-encoding", "").lower() == "chunked":
        await _chunks(reader)
    elif "content-length" in fields:
        await reader.readexactly(int(fields["content-length"]))
    elif status not in {"204", "304"}:
        keep = False
    return int(status), keep


async def _chunks(reader: asyncio.StreamReader) -> None:
    while size := int((await reader.readline()).partition(b";")[0], 16):
        await reader.readexactly(size + 2)
    await reader.readuntil(b"\r\n")
