"""One shape for every way in which an API says no, so that one table can sort them (``classify``).

Transport errors, gRPC and REST errors, Kubernetes' Status and the errors inside finished operations all become a
``Refusal`` with a canonical status of google.rpc.Code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_HTTP = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    410: "ABORTED",
    412: "FAILED_PRECONDITION",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_KUBERNETES = {"AlreadyExists": "ALREADY_EXISTS", "Timeout": "DEADLINE_EXCEEDED", "ServerTimeout": "UNAVAILABLE"}
_CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
    *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)


_UNKNOWN_GROUP = "404 page not found"
"""All that a Kubernetes API server says of a group that it does not serve: no Status."""


@dataclass
class Refusal(Exception):  # noqa: N818 - it is the service's answer, not an error of ours
    """The service said no."""

    status: str
    """Canonical: a name of google.rpc.Code."""
    reason: str
    """The service's own word: ``quotaExceeded``, ``GCE_STOCKOUT``, ``AlreadyExists``; may be empty."""
    message: str
    service: str = ""
    """The Google API that would have to be enabled, where the answer names it."""
    kubernetes: bool = False
    """It is a Status of a Kubernetes API server."""

    def __str__(self) -> str:
        return self.message

    @property
    def text(self) -> str:
        """All that the table looks for words in."""
        return f"{self.reason}: {self.message}"


def of_http(code: int, text: str) -> Refusal:
    """Read an error body: Google's, Kubernetes' Status, or whatever a proxy wrote."""
    status = _HTTP.get(code, "INTERNAL")
    if text.strip() == _UNKNOWN_GROUP:
        return Refusal(status, "NotFound", "the server could not find the requested resource", kubernetes=True)
    try:
        body = json.loads(text)
    except ValueError:
        return Refusal(status, "", text.strip().partition("\n")[0][:200] or f"HTTP {code}")
    if not isinstance(body, Mapping):
        return Refusal(status, "", f"HTTP {code}")
    if body.get("kind") == "Status":
        reason = str(body.get("reason", ""))
        found = _KUBERNETES.get(reason, status)
        return Refusal(found, reason, str(body.get("message", f"HTTP {code}")), kubernetes=True)
    return _google(code, status, body.get("error"))


def _google(code: int, status: str, error: Any) -> Refusal:
    if not isinstance(error, Mapping):
        return Refusal(status, "", str(error or f"HTTP {code}"))
    details = [item for item in error.get("details", []) if isinstance(item, Mapping)]
    reasons = [str(item["reason"]) for item in [*details, *error.get("errors", [])] if item.get("reason")]
    services = [str(item["metadata"]["service"]) for item in details if "service" in item.get("metadata", {})]
    if "alreadyExists" in reasons:
        status = "ALREADY_EXISTS"
    return Refusal(
        status=str(error.get("status") or status),
        reason=reasons[0] if reasons else "",
        message=str(error.get("message", f"HTTP {code}")),
        service=services[0] if services else "",
    )


def of_status(error: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]] = ()) -> Refusal | None:
    """Read the google.rpc.Status in a finished operation, with GKE's conditions beside it; None if all went well."""
    code, message = error.get("code", 0), str(error.get("message", ""))
    words = [str(c["code"]) for c in conditions if c.get("code") not in (None, "", "UNKNOWN")]
    said = "; ".join(dict.fromkeys(str(c["message"]) for c in conditions if c.get("message")))
    if not code and not said:
        return None
    canonical = [str(c["canonical_code"]) for c in conditions if c.get("canonical_code") not in (None, "", "OK")]
    status = _CODES[code] if 0 < code < len(_CODES) else canonical[0] if canonical else "INTERNAL"
    return Refusal(status, " ".join(dict.fromkeys(words)), message or said)


def of_compute(operation: Mapping[str, Any]) -> Refusal | None:
    """Read the error in a finished operation of Compute; None if all went well."""
    errors = operation.get("error", {}).get("errors", [])
    if not errors:
        return None
    status = _HTTP.get(operation.get("http_error_status_code", 500), "INTERNAL")
    return Refusal(status, str(errors[0].get("code", "")), str(errors[0].get("message", "it failed")))
