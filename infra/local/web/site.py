"""The page's host: its files, the stream of news, and what people do there.

It listens on this machine alone, and answers only pages of its own: another site that a browser has open must not be
able to click in here.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.wire import json_response
from infra.local.web import wirelog
from infra.local.web.actions import Actions
from infra.local.web.faults import BadFaultError, Menu
from infra.local.web.feed import Feed
from infra.local.web.load import Loads

FILES = Path(__file__).parents[1] / "page"
HOST = "page"
_CSP = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_LOCAL = {"127.0.0.1", "localhost", "[::1]"}
_LONGEST_STEP = 7 * 86_400.0
Complete = Callable[[str], Sequence[Any]]
"""Text so far -> completions, dataclasses of text, label and help."""
Act = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Site:
    """Serve ``answer`` as a host of the cloud. ``complete`` knows what can be typed."""

    def __init__(self, cloud: Cloud, menu: Menu, complete: Complete, links: Callable[[], list[dict[str, str]]]) -> None:
        self._cloud, self._menu, self._complete = cloud, menu, complete
        self._loads = Loads(cloud)
        self._feed = Feed(cloud, menu, self._loads, links)
        actions = Actions(cloud.slack)
        self._acts: dict[str, Act] = {
            "say": actions.say,
            "click": actions.click,
            "submit": actions.submit,
            "close": actions.close,
            "home": actions.home,
            "clock": self._clock,
            "fault": self._fault,
            "load": self._load,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one request of a page."""
        if (request.url.hostname or "") not in _LOCAL:
            return PlainTextResponse("this page is for this machine alone", 403)
        parts = request.url.path.strip("/").split("/")
        match request.method, parts:
            case "GET", [""]:
                return _file("index.html")
            case "GET", ["static", name]:
                return _file(name)
            case "GET", ["api", "events"]:
                return self._events(request.query_params.get("user", ""))
            case "GET", ["api", "wire", number]:
                return self._details(number)
            case "GET", ["api", "complete"]:
                # It may ask this very server, which it would wait for in vain inside its loop.
                found = await asyncio.to_thread(self._complete, request.query_params.get("text", ""))
                return json_response({"items": [vars(one) for one in found]})
            case "POST", ["api", name] if name in self._acts:
                return await self._act(name, request)
        return PlainTextResponse("not found", 404)

    def _events(self, user: str) -> Response:
        if self._cloud.slack.workspace.person(user) is None:
            user = self._cloud.slack.workspace.people[0].id  # a page that remembers somebody of another try-out
        headers = {**_HEADERS, "Cache-Control": "no-store"}
        return StreamingResponse(self._feed.events(user), headers=headers, media_type="text/event-stream")

    def _details(self, number: str) -> Response:
        found = wirelog.details(self._cloud.world.tap, int(number)) if number.isdigit() else None
        return json_response(found) if found else PlainTextResponse("too long ago", 404)

    async def _act(self, name: str, request: Request) -> Response:
        # A form of another site can post text, but not JSON, without asking first.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refused("say it as application/json", 415)
        try:
            done = await self._acts[name](_object(await request.body()))
        except (LookupError, ValueError, TypeError, OverflowError, BadFaultError) as wrong:
            # A status of failure would stand in the browser's console, where nothing is wrong.
            return _refused(str(wrong) or type(wrong).__name__, 200)
        return json_response({"ok": True, **done})

    async def _clock(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        world = self._cloud.world
        if "speed" in asked:
            speed = asked["speed"]
            if speed is not None and not 0 < float(speed) <= 100_000:  # noqa: PLR2004 - more than a day a second
                raise ValueError("speed: more than 0 virtual seconds a second, or null for as fast as it can")
            world.set_speed(None if speed is None else float(speed))
        if "paused" in asked:
            world.pause(on=bool(asked["paused"]))
        if "step" in asked:
            step = float(asked["step"])
            if not 0 < step <= _LONGEST_STEP:
                raise ValueError(f"step: more than 0 virtual seconds, {_LONGEST_STEP:g} at most")
            world.step(timedelta(seconds=step))
        return {}

    async def _fault(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("on", True):
            self._menu.set(str(asked.get("id", "")), _fields(asked))
        else:
            self._menu.take_back(str(asked.get("key", "")))
        return {}

    async def _load(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("on", True):
            return {"key": self._loads.start(_fields(asked))}
        self._loads.stop(str(asked.get("key", "")))
        return {}


def _object(body: bytes) -> dict[str, Any]:
    asked = json.loads(body)
    if not isinstance(asked, dict):
        raise TypeError("say it as a JSON object")
    return asked


def _fields(asked: Mapping[str, Any]) -> dict[str, Any]:
    fields = asked.get("fields") or {}
    if not isinstance(fields, dict):
        raise TypeError("fields: name and value of each")
    return fields


def _refused(why: str, status: int) -> Response:
    return json_response({"ok": False, "error": why}, status)


@cache
def _known() -> frozenset[str]:
    return frozenset(path.name for path in FILES.iterdir() if path.is_file())


def _file(name: str) -> Response:
    if name not in _known():
        return PlainTextResponse("not found", 404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response((FILES / name).read_bytes(), headers={**_HEADERS, "Cache-Control": "no-cache"}, media_type=kind)
