"""Google's error model: one exception, two bodies (gRPC status, JSON error)."""

from __future__ import annotations

from typing import Any

HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


_WITHOUT_STATUS = {"compute", "storage"}
_WITH_REASONS = {"compute", "storage", "gke"}
"""Hosts whose REST bodies still have the older list of errors with a reason each."""


class ApiError(Exception):
    """A refusal in Google's words: canonical status, message, and the ``reason`` where the REST body gives one."""

    def __init__(self, status: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or status.lower()

    @property
    def code(self) -> int:
        """The HTTP status code."""
        return HTTP[self.status]

    def body(self, host: str) -> dict[str, Any]:
        """Return the JSON error body as a service of that name writes it: each is of its own age."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if host not in _WITHOUT_STATUS:
            error["status"] = self.status
        if host in _WITH_REASONS:
            error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
        elif self.reason.isupper():
            info = {"reason": self.reason, "domain": f"{host}.googleapis.com"}
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}]
        return {"error": error}


def not_found(what: str) -> ApiError:
    """Return the error for a thing that is not there."""
    return ApiError("NOT_FOUND", f"Not found: {what}.", "notFound")


def already_exists(what: str) -> ApiError:
    """Return the error for a name that is taken."""
    return ApiError("ALREADY_EXISTS", f"Already exists: {what}.", "alreadyExists")
