"""The HTTP front of all clusters: which cluster a URL means, who may speak to it, and one log line per request."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from infra.local.cloud.kube import asking, discovery, openapi, refusals, render, resources, reviews
from infra.local.cloud.kube.asking import Asked
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.refusals import Refused
from infra.local.cloud.world import World

HOST = "kubernetes"
"""Name of the host, for the server and for faults."""
_DIRECT = re.compile(r"/(projects/[^/]+/locations/[^/]+/clusters/[^/]+)(/.*)?")
_FLEET = re.compile(r"/v1/(projects/[^/]+/locations/[^/]+/(?:gkeM|m)emberships/[^/]+)(/.*)?")
_LOG = 2000
_GROUP_VERSION = 3


class KubeServer:
    """The API servers of every cluster.

    ``authorize`` says whether a bearer token is good; without it any token is.
    """

    def __init__(self, world: World, authorize: Callable[[str], bool] | None = None) -> None:
        self.world = world
        self.authorize = authorize or bool
        self.ready: Callable[[str], bool] = lambda _key: True
        """Says whether the cluster with this key is up; one that is not answers 503."""
        self.membership: Callable[[str], str | None] = lambda _name: None
        """Finds the cluster key of a fleet membership, ``projects/NUM/locations/L/memberships/M``."""
        self.counts: Counter[str] = Counter()
        """Requests by verb; ``discovery`` is whatever points to no resource."""
        self.log: deque[str] = deque(maxlen=_LOG)
        """The latest requests, one line each."""
        self.witnesses: list[Callable[[Asked], None]] = []
        """Told of every request as it came, with the whole path of its URL."""
        self.clusters: dict[str, Objects] = {}
        """By key, ``projects/P/locations/L/clusters/N``."""

    def cluster(self, key: str, created: Callable[[Objects], None] | None = None) -> Objects:
        """Return the cluster's objects; on first use they are made, and ``created`` may furnish them."""
        if key not in self.clusters:
            self.clusters[key] = Objects(self.world, key)
            if created:
                created(self.clusters[key])
        return self.clusters[key]

    def remove(self, key: str) -> None:
        """Forget a cluster and all that was in it; its watches end."""
        gone = self.clusters.pop(key, None)
        if gone is not None:
            gone.close()

    def close(self) -> None:
        """End every watch, so that the server can stop at once."""
        for objects in self.clusters.values():
            objects.close()

    async def answer(self, request: Request) -> Response:
        """Answer one request. Time stands still meanwhile, except for the stream of a watch."""
        with self.world.busy():
            asked = await _read(request)
            for witness in self.witnesses:
                witness(asked)
            found = self._find(asked.path)
            if found is None:
                return PlainTextResponse("there is no such host", 404)
            key, path = found
            asked = Asked(**{**asked.__dict__, "path": path})
            try:
                response = self._serve(key, asked, request.headers.get("authorization", ""))
            except Refused as refused:
                response = render.refused(refused)
        self.log.append(f"{asked.method} {key}{asked.path} {response.status_code}")
        return response

    async def for_kubectl(self, request: Request) -> Response:
        """Answer one request of kubectl, which sends no token over plain HTTP: as its door to this machine alone."""
        headers = [*request.scope["headers"], (b"authorization", b"Bearer kubectl")]
        return await self.answer(Request({**request.scope, "headers": headers}, request.receive))

    def _find(self, path: str) -> tuple[str, str] | None:
        if found := _DIRECT.fullmatch(path):
            return found[1], found[2] or "/"
        if found := _FLEET.fullmatch(path):
            key = self.membership(found[1].replace("gkeMemberships", "memberships"))
            return None if key is None else (key, found[2] or "/")
        return None

    def _serve(self, key: str, asked: Asked, credentials: str) -> Response:
        objects = self.clusters.get(key)
        if objects is None:
            return PlainTextResponse("there is no such host", 404)
        faults = self.world.faults
        location = key.split("/")[3]
        if faults.is_down(HOST) or faults.is_down(f"{HOST}/{location}") or not self.ready(key):
            raise Refused(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        kind, _, token = credentials.partition(" ")
        if kind.lower() != "bearer" or not self.authorize(token.strip()):
            raise refusals.unauthorized()
        wants_yaml = asked.yaml
        response = self._route(objects, asked)
        if asked.method != "GET" and faults.spend("answer_lost", faults.answer_lost, HOST):
            raise Refused(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {})
        return render.as_yaml(response) if wants_yaml else response

    def _route(self, objects: Objects, asked: Asked) -> Response:
        parts = asked.path.strip("/").split("/")
        if (review := reviews.answer(asked, parts)) is not None:
            self.counts["review"] += 1
            return render.answer(render.dumped(review), 201)
        if parts[0] in {"api", "apis"} and len(parts) > _GROUP_VERSION - (parts[0] == "api"):
            where = asking.place(objects, asked.path)
            self.counts[resources.verb(asked, where)] += 1
            return resources.serve(objects, asked, where)
        self.counts["discovery"] += 1
        if asked.method not in {"GET", "HEAD"}:
            raise refusals.wrong_method()
        found = _about(objects, parts)
        return found if isinstance(found, Response) else render.answer(render.dumped(found))


async def _read(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        path=request.scope["path"],
        query=dict(request.query_params),
        accept=headers.get("accept", ""),
        content_type=headers.get("content-type", ""),
        agent=headers.get("user-agent", ""),
        body=await request.body(),
    )


def _about(objects: Objects, parts: list[str]) -> Any:
    """Answer what is not about objects: health, version, discovery, OpenAPI."""
    match parts:
        case ["version"]:
            return discovery.release()
        case ["healthz" | "readyz" | "livez"]:
            return PlainTextResponse("ok")
        case ["api" | "apis", *rest]:
            return discovery.answer(objects, parts[0], rest)
        case ["openapi", *rest]:
            return openapi.answer(objects, rest)
    raise refusals.not_served()
