"""What can go wrong, sorted by who can put it right.

InferError
├── RetryableError     the world may heal by itself
├── PreconditionError  something else must happen first; nothing is wrong
├── NeedsHumanError    only a person can put it right: quota, permission, stock
└── TerminalError      the request can never succeed as it is written
"""

from __future__ import annotations

from datetime import timedelta


class InferError(Exception):
    """Any failure that this house expects; everything else is a bug.

    The message is one sentence for a person: what, where, for which value. ``reason`` is a value of
    ``conditions.Reason`` or, for a bad request, a CamelCase word of its own.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def remedy(self) -> str:
        """What a person can do about it; empty where nobody needs to."""
        return ""


class RetryableError(InferError):
    """Try the same again later: after ``after``, or with the usual pauses where it is None."""

    def __init__(self, message: str, *, reason: str, after: timedelta | None = None) -> None:
        super().__init__(message, reason=reason)
        self.after = after


class PreconditionError(InferError):
    """Something else must happen first; nothing is wrong."""


class NeedsHumanError(InferError):
    """Only a person can put it right; ``remedy`` says how."""

    def __init__(self, message: str, *, reason: str, remedy: str) -> None:
        super().__init__(message, reason=reason)
        self._remedy = remedy

    @property
    def remedy(self) -> str:
        """What the person can do, as an instruction or a command."""
        return self._remedy


class TerminalError(InferError):
    """The request can never succeed as it is written; ``field`` names the part that is wrong."""

    def __init__(self, message: str, *, reason: str, field: str) -> None:
        super().__init__(message, reason=reason)
        self.field = field
