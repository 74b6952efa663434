"""JSON over HTTP with Google's own session, for the APIs whose client libraries the product does not install.

These are Service Usage, Resource Manager, Cloud Quotas and the Prometheus API, each asked one or two questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from urllib3 import Retry

from shared.adapters.google import TIMEOUT, credentials_for
from shared.adapters.refusals import of_http

_RETRY = Retry(connect=1, read=1, redirect=0, status=0, other=0, allowed_methods={"GET"}, backoff_factor=0)
"""Once more, at once, and only what reads: a kept-alive connection may have been closed meanwhile."""
Query = Mapping[str, str] | Sequence[tuple[str, str]]


class Rest:
    """One host's connections. ``endpoint`` is empty for Google's own host ``default``, else ``http://HOST:PORT``."""

    def __init__(self, endpoint: str, default: str, workers: int) -> None:
        self._endpoint, self._workers = endpoint, workers
        self._host = endpoint or f"https://{default}"

    @cached_property
    def _session(self) -> Any:
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - only where an API is asked
        from requests.adapters import HTTPAdapter  # noqa: PLC0415 - as above

        session = AuthorizedSession(credentials_for(self._endpoint))
        session.mount(self._host, HTTPAdapter(pool_maxsize=self._workers, max_retries=_RETRY))
        return session

    def get(self, path: str, query: Query | None = None) -> Any:
        """Return the JSON body of a GET. Raises Refusal, or requests' errors where nobody answered."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON body of a POST. Raises as ``get``."""
        return self._call("POST", path, json=body)

    def _call(self, method: str, path: str, **what: Any) -> Any:
        answer = self._session.request(method, f"{self._host}{path}", timeout=TIMEOUT, **what)
        if not answer.ok:
            raise of_http(answer.status_code, answer.text)
        return answer.json()
