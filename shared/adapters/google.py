"""How every Google client is made from one endpoint setting.

Empty: Google's own host with the credentials of the runtime. Anything else is where to speak to instead, without
credentials. Nobody else decides between the two.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

TIMEOUT = 10.0
"""Seconds that one call may take; a round would rather try again than wait."""
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_LOCK = threading.Lock()

Token = Callable[[], str]
"""Returns an OAuth access token that is good now."""


@cache
def credentials() -> Any:
    """Return the runtime's default credentials. Raises google.auth's errors where there are none."""
    import google.auth  # noqa: PLC0415 - a process that speaks to other endpoints never needs it

    found, _project = google.auth.default(scopes=_SCOPES)
    return found


def token() -> str:
    """Return an access token of the default credentials, refreshed when it is about to end."""
    from google.auth.transport.requests import Request  # noqa: PLC0415 - as above

    held = credentials()
    with _LOCK:
        if not held.valid:
            held.refresh(Request())
        return str(held.token)


def nobody() -> str:
    """Return the token of one who needs no credentials."""
    return "anonymous"


def tokens(endpoint: str) -> Token:
    """Return where the tokens for calls to this endpoint come from."""
    return nobody if endpoint else token


def grpc_client(client: type[Any], endpoint: str) -> Any:
    """Return a gRPC client of this class; ``endpoint`` is empty or ``HOST:PORT`` without encryption."""
    if not endpoint:
        return client(credentials=credentials(), transport="grpc")
    import grpc  # noqa: PLC0415 - as above

    transport = client.get_transport_class("grpc")
    return client(transport=transport(channel=grpc.insecure_channel(endpoint)))


def credentials_for(endpoint: str) -> Any:
    """Return the credentials for calls to this endpoint."""
    if not endpoint:
        return credentials()
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as above

    return AnonymousCredentials()


def rest_options(endpoint: str) -> dict[str, Any]:
    """Return the arguments for a client that speaks REST; ``endpoint`` is empty or ``http://HOST:PORT``."""
    held = {"credentials": credentials_for(endpoint)}
    return {**held, "client_options": {"api_endpoint": endpoint}} if endpoint else held
