"""REST hosts whose client library is not installed: routes by hand, with Google's error bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.errors import ApiError
from infra.local.cloud.wire import json_response
from infra.local.cloud.world import World


@dataclass(frozen=True)
class Ask:
    """One request: the parts of the path that the route names, the query, the JSON body."""

    parts: dict[str, str]
    query: dict[str, str]
    repeated: dict[str, list[str]]
    """The query again, with every value of a key."""
    body: dict[str, Any]

    def size(self, name: str = "pageSize") -> int:
        """Return how many things a page may hold, 0 if the caller did not say."""
        given = self.query.get(name, "0")
        if not given.isdecimal():
            raise ApiError("INVALID_ARGUMENT", f"Invalid value for {name}: {given}", "badRequest")
        return int(given)


Route = Callable[[Ask], Any]
"""Returns JSON, or a whole Response."""


_ASKING = re.compile(r":(get|test)\w+$")
"""Custom verbs that change nothing although they are POSTs."""


class Routes:
    """The routes of one host. Serve ``answer`` as a raw host."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []

    def add(self, verb: str, path: str, route: Route) -> None:
        """Answer ``verb`` on a path such as ``/v1/projects/{project}:verb``; ``{name*}`` spans slashes."""
        escaped = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+?)", path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", escaped)
        self._routes.append((verb, re.compile(f"^{pattern}$"), route))

    async def answer(self, request: Request) -> Response:
        """Answer one request, meeting the faults on the way."""
        body = await request.body()
        with self.world.busy():
            try:
                return self._call(request, body)
            except ApiError as error:
                return json_response(error.body(self.name), error.code)

    def _call(self, request: Request, body: bytes) -> Response:
        faults = self.world.faults
        if faults.is_down(self.name):
            raise ApiError("UNAVAILABLE", "The service is currently unavailable.", "backendError")
        path = str(request.scope.get("raw_path", b"").decode().split("?")[0])
        route, parts = self._route(request.method, path)
        query = request.query_params
        repeated = {key: query.getlist(key) for key in query}
        answer = route(Ask(parts, dict(query), repeated, _parsed(body)))
        asks = request.method in {"GET", "HEAD"} or _ASKING.search(path)
        if not asks and faults.spend("answer_lost", faults.answer_lost, self.name):
            raise ApiError("DEADLINE_EXCEEDED", "Deadline exceeded.", "deadlineExceeded")
        return answer if isinstance(answer, Response) else json_response(answer)

    def _route(self, verb: str, path: str) -> tuple[Route, dict[str, str]]:
        for known, pattern, route in self._routes:
            if known == verb and (found := pattern.match(path)):
                return route, {name: unquote(part) for name, part in found.groupdict().items()}
        raise ApiError("NOT_FOUND", f"no method for {verb} {path}", "notFound")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("INVALID_ARGUMENT", "Invalid JSON payload received.", "badRequest") from error
    if not isinstance(given, dict):
        raise ApiError("INVALID_ARGUMENT", "Invalid JSON payload received.", "badRequest")
    return given


def paged(found: list[Any], size: int, token: str, default: int = 100) -> tuple[list[Any], str]:
    """Return one page and the token of the next, as all Google lists do."""
    try:
        start = int(token or 0)
    except ValueError as error:
        raise ApiError("INVALID_ARGUMENT", "Invalid page token.", "badRequest") from error
    end = start + (size or default)
    return found[start:end], str(end) if end < len(found) else ""
