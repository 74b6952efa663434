"""The one table from foreign errors to ours: who can put it right, under which reason, in which words.

The first row that fits decides, so narrow rows stand above wide ones. Every row is a test.
"""

from __future__ import annotations

import re
from typing import Any

import requests
import urllib3.exceptions as http
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from shared.adapters.classify_row import Row
from shared.adapters.classify_rows import ROWS
from shared.adapters.refusals import Refusal, of_http
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, RetryableError

KNOWN = (Refusal, InferError, api.GoogleAPIError, http.HTTPError, requests.RequestException, auth.GoogleAuthError)
"""All that an API may answer with; anything else is a mistake of our own."""
_NOISE = re.compile(r"\s*(\(?request[ _-]?id:? [\w-]+\)?|\[[0-9a-f-]{32,}\]|at \d{4}-\d\d-\d\dT\S+)", re.IGNORECASE)
_LONGEST = 240


def classify(error: BaseException, doing: str, *, role: str = "") -> InferError:
    """Return our error for a foreign one.

    ``doing`` says what was tried, where: ``create NodePool x in us-east4``. ``role`` is what the caller's account
    needs for it. An error that is ours already comes back as it is.
    """
    if isinstance(error, InferError):
        return error
    refusal = refusal_of(error)
    row, found = _row(refusal)
    facts = {"doing": doing, "role": role or "a role with this permission", "service": refusal.service or "the API"}
    facts |= {"message": short(refusal.message)}
    facts |= {name: value for name, value in found.items() if value}
    return row.error(facts)


def _row(refusal: Refusal) -> tuple[Row, dict[str, Any]]:
    for row in ROWS:
        found = row.match(refusal)
        if found is not None:
            return row, found
    raise AssertionError("the last row fits everything")


def short(message: str) -> str:
    """Return one line without what differs between two attempts, so that the same trouble reads the same."""
    line = " ".join(_NOISE.sub("", message).split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def refusal_of(error: BaseException) -> Refusal:
    """Bring any foreign error into the one shape."""
    match error:
        case Refusal():
            return error
        case api.GoogleAPICallError():
            return _from_google(error)
        case api.RetryError() | http.ReadTimeoutError() | http.ProtocolError():
            # The request was sent: what it asked for may have been done.
            return Refusal("DEADLINE_EXCEEDED", type(error).__name__, "no answer in time")
        case http.MaxRetryError(reason=http.HTTPError() as inner):
            return refusal_of(inner)
        case requests.RequestException(args=(http.HTTPError() as inner, *_)):
            return refusal_of(inner)
        case http.HTTPError() | requests.RequestException():
            return Refusal("UNAVAILABLE", type(error).__name__, "no connection")
        case auth.GoogleAuthError():
            return Refusal("UNAUTHENTICATED", type(error).__name__, short(str(error)))
    return Refusal("UNKNOWN", type(error).__name__, short(str(error)))


def _from_google(error: Any) -> Refusal:
    if isinstance(error.response, requests.Response):
        # Over REST the library's message begins with verb and address, and the service's own word is left out.
        return of_http(error.response.status_code, error.response.text)
    status = error.grpc_status_code.name if error.grpc_status_code else "INTERNAL"
    service = (error.metadata or {}).get("service", "") if hasattr(error, "metadata") else ""
    return Refusal(status, error.reason or "", error.message or "", service)


def unexpected(error: BaseException, doing: str) -> InferError:
    """Return what a mistake of our own shows as: tried again, and logged by whoever caught it."""
    return RetryableError(f"{doing}: {type(error).__name__}, a mistake in inferops", reason=Reason.INTERNAL)
