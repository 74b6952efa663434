"""JSON over HTTP, for the APIs that need no client library: kept-alive connections, one kind of refusal.

Compute, Service Usage, Resource Manager, Cloud Quotas, Cloud Storage and Kubernetes go through here; together their
client libraries would cost a cold start two seconds and 150 MB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout

from shared.adapters.google import TIMEOUT, Token
from shared.adapters.refusals import of_http

_RETRY = Retry(connect=1, read=1, redirect=0, status=0, other=0, allowed_methods={"GET"}, backoff_factor=0)
"""Once more, at once, and only what reads: a kept-alive connection may have been closed meanwhile."""
_NEVER = Retry(connect=1, read=0, redirect=0, status=0, other=0, backoff_factor=0)


Query = Mapping[str, str] | Sequence[tuple[str, str]]


class Rest:
    """One process's connections. Safe to share between threads."""

    def __init__(self, token: Token, workers: int = 16) -> None:
        self._token = token
        self._pool = PoolManager(num_pools=64, maxsize=workers, timeout=Timeout(total=TIMEOUT))

    def get(self, url: str, query: Query | None = None, accept: str = "application/json") -> Any:
        """Return the JSON body of a GET. Raises Refusal, or urllib3's errors where nobody answered."""
        return self.call("GET", url, query=query, accept=accept)

    def call(
        self,
        method: str,
        url: str,
        *,
        query: Query | None = None,
        body: Any = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """Return the JSON body of the answer; raise Refusal for any that is not a success."""
        headers = {"Accept": accept}
        if held := self._token():
            headers["Authorization"] = f"Bearer {held}"
        if body is not None:
            headers["Content-Type"] = content
        answer = self._pool.request(
            method,
            f"{url}?{urlencode(query)}" if query else url,
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            retries=_RETRY if method == "GET" else _NEVER,
        )
        return _body(answer)


def _body(answer: BaseHTTPResponse) -> Any:
    if answer.status < 300:  # noqa: PLR2004 - the end of the successes
        return json.loads(answer.data) if answer.data else {}
    raise of_http(answer.status, answer.data.decode(errors="replace"))
