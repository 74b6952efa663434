"""The Kubernetes client library, one client per API server: its connections are kept from round to round."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from urllib3 import Retry

from shared.adapters.google import TIMEOUT, Token
from shared.adapters.refusals import Refusal, of_http
from shared.domain.names import MANAGER

_RETRY = Retry(connect=1, read=1, redirect=0, status=0, other=0, allowed_methods={"GET"}, backoff_factor=0)
"""Once more, at once, and only what reads: a kept-alive connection may have been closed meanwhile."""
_ANY = {"2XX": "object"}
"""Answers stay the dicts that they are: nearly all our kinds are custom, and the typed models refuse unknown fields."""


class KubeClients:
    """Calls to every API server that ``token`` opens. Safe to share between threads, ``workers`` of them at once."""

    def __init__(self, token: Token, workers: int) -> None:
        self._token, self._workers = token, workers
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        base: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """Return the JSON body of the answer. Raises Refusal, or urllib3's errors where nobody answered."""
        client = self._client(base)
        from kubernetes.client import ApiException  # noqa: PLC0415 - loaded together with the client

        headers = {"Accept": accept, **({} if body is None else {"Content-Type": content})}
        asked = client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = client.call_api(*asked, _request_timeout=TIMEOUT)
            answer.read()
            return client.response_deserialize(answer, _ANY).data
        except ApiException as error:
            # Not chained: the library's error repeats the whole answer, which may repeat a Secret.
            raise of_api(error) from None

    def _client(self, base: str) -> Any:
        with self._lock:
            if base not in self._clients:
                self._clients[base] = self._made(base)
            return self._clients[base]

    def _made(self, base: str) -> Any:
        from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415 - half a second, at first use

        def renew(held: Any) -> None:
            held.api_key["authorization"] = self._token()

        settings = Configuration(
            host=base,
            api_key={"authorization": ""},
            api_key_prefix={"authorization": "Bearer"},
            connection_pool_maxsize=self._workers,
            retries=_RETRY,
        )
        settings.refresh_api_key_hook = renew
        client = ApiClient(settings)
        client.user_agent = MANAGER
        return client


def of_api(error: Any) -> Refusal:
    """Read the library's ApiException. It has no HTTP status where no answer of an API server was understood."""
    if not error.status:
        return Refusal("UNAVAILABLE", type(error).__name__, str(error.reason).partition("\n")[0])
    return of_http(error.status, error.body or "")
