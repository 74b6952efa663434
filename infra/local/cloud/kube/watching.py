"""Watches: what changed since a resource version, and then what changes, until the client or its timeout ends it.

A watch never holds virtual time still, and its timeout runs on the wall clock, as the client's own does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse

from infra.local.cloud.kube import refusals, render
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Change, Objects
from infra.local.cloud.kube.selectors import Test
from infra.local.cloud.kube.values import Object, meta

LONGEST = 1800.0
"""Wall seconds after which a watch without a timeout of its own ends."""
_BOOKMARK_EVERY = 60.0


@dataclass(frozen=True)
class Wish:
    """What one watch wants to see."""

    kind: Kind
    namespace: str
    test: Test
    shape: str
    since: str = ""
    """Resource version to start after; empty or 0 means: first tell what there is."""
    bookmarks: bool = False
    initial: bool = False
    """Tell what there is, and mark its end with a bookmark."""
    seconds: float = LONGEST


def stream(objects: Objects, wish: Wish) -> StreamingResponse:
    """Answer with one JSON line per event: a single ERROR of code 410 when the start lies before the history."""
    if wish.since.isdigit() and 0 < int(wish.since) < objects.oldest and not wish.initial:
        late = refusals.expired(int(wish.since), objects.oldest).body()
        line = b'{"type":"ERROR","object":%s}\n' % render.dumped(late)
        return StreamingResponse(iter([line]), media_type="application/json")
    begun = _beginning(objects, wish)
    queue: asyncio.Queue[Change | None] = asyncio.Queue()
    objects.watchers.add(queue.put_nowait)
    return StreamingResponse(_lines(objects, wish, begun, queue), media_type="application/json")


def _beginning(objects: Objects, wish: Wish) -> list[bytes]:
    if wish.initial or wish.since in {"", "0"}:
        found = [obj for obj in objects.all(wish.kind.id, wish.namespace) if wish.test(obj)]
        lines = [_line(objects, wish, "ADDED", obj) for obj in found]
        return [*lines, _bookmark(objects, wish, end=True)] if wish.initial else lines
    if not wish.since.isdigit():
        raise refusals.internal(f"resourceVersion: Invalid value: {wish.since!r}: invalid resource version")
    since = int(wish.since)
    told = (_event(objects, wish, change) for change in objects.history if change.version > since)
    return [line for line in told if line]


async def _lines(
    objects: Objects, wish: Wish, begun: list[bytes], queue: asyncio.Queue[Change | None]
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    end, next_mark = clock() + wish.seconds, clock() + _BOOKMARK_EVERY
    try:
        if begun:
            yield b"".join(begun)
        while (left := min(end, next_mark) - clock()) > 0 or clock() < end:
            try:
                change = await asyncio.wait_for(queue.get(), max(left, 0))
            except TimeoutError:
                next_mark = clock() + _BOOKMARK_EVERY
                if wish.bookmarks:
                    yield _bookmark(objects, wish)
                continue
            if change is None:
                return
            if line := _event(objects, wish, change):
                yield line
    finally:
        objects.watchers.discard(queue.put_nowait)


def _event(objects: Objects, wish: Wish, change: Change) -> bytes | None:
    if change.kind != wish.kind.id or (wish.namespace and meta(change.obj).get("namespace") != wish.namespace):
        return None
    before = change.before is not None and wish.test(change.before)
    after = wish.test(change.obj)
    if change.type == "DELETED":
        return _line(objects, wish, "DELETED", change.obj) if before or after else None
    # A change of labels moves an object into or out of what the watch sees.
    if before and not after:
        return _line(objects, wish, "DELETED", _as_it_was(change))
    if after:
        return _line(objects, wish, "MODIFIED" if before else "ADDED", change.obj)
    return None


def _as_it_was(change: Change) -> Object:
    # What leaves a selector is told as it last was inside, at the version at which it left.
    before = change.before or change.obj
    return {**before, "metadata": {**meta(before), "resourceVersion": str(change.version)}}


def _line(objects: Objects, wish: Wish, what: str, obj: Object) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (what.encode(), render.one(objects, wish.kind, obj, wish.shape))


def _bookmark(objects: Objects, wish: Wish, *, end: bool = False) -> bytes:
    head: dict[str, Any] = {"resourceVersion": str(objects.version)}
    if end:
        head["annotations"] = {"k8s.io/initial-events-end": "true"}
    obj = {"kind": wish.kind.kind, "apiVersion": wish.kind.api_version, "metadata": head}
    return b'{"type":"BOOKMARK","object":%s}\n' % render.dumped(obj)
