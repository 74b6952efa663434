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


class ApiError(Exception):
    """A refusal in Google's words: canonical status, message, and the older ``reason`` of the REST body."""

    def __init__(self, status: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or status.lower()

    @property
    def code(self) -> int:
        """The HTTP status code."""
        return HTTP[self.status]

    def body(self) -> dict[str, Any]:
        """The JSON error body."""
        inner = {"message": self.message, "domain": "global", "reason": self.reason}
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "status": self.status,
                "errors": [inner],
            }
        }


def not_found(what: str) -> ApiError:
    """Return the error for a thing that is not there."""
    return ApiError("NOT_FOUND", f"Not found: {what}.", "notFound")


def already_exists(what: str) -> ApiError:
    """Return the error for a name that is taken."""
    return ApiError("ALREADY_EXISTS", f"Already exists: {what}.", "alreadyExists")
