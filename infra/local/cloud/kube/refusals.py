"""What the API server says when it says no: Status bodies as the real one writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.kube.kinds import Kind


@dataclass(frozen=True)
class Cause:
    """One thing wrong with one field. ``message`` starts with the class: ``Invalid value: 3: must be ...``."""

    field: str
    reason: str
    message: str

    def said(self) -> str:
        """Write it for the message of the Status."""
        return f"{self.field}: {self.message}"

    def body(self) -> dict[str, str]:
        """Write it for the details of the Status."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def shown(value: Any) -> str:
    """Write a value as the messages do: objects by their type, the rest as JSON."""
    if isinstance(value, dict):
        return '"object"'
    if isinstance(value, list):
        return '"array"'
    return json.dumps(value)


def bad_value(field: str, value: Any, why: str) -> Cause:
    """Return the cause for a value that breaks a rule."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {why}")


def required(field: str, why: str = "") -> Cause:
    """Return the cause for a field that is missing."""
    return Cause(field, "FieldValueRequired", "Required value" + (f": {why}" if why else ""))


def unsupported(field: str, value: Any, allowed: Sequence[Any]) -> Cause:
    """Return the cause for a value outside its enumeration."""
    listed = ", ".join(json.dumps(item) for item in allowed)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}")


def forbidden(field: str, why: str) -> Cause:
    """Return the cause for a field that may not be set or changed."""
    return Cause(field, "FieldValueForbidden", f"Forbidden: {why}")


class Refused(Exception):  # noqa: N818 - it is what the server says, not a fault of ours
    """An answer that is not a success: HTTP code, reason, message and details of the Status."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None, *, plain: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.plain = plain
        """The answer is the message alone, as plain text."""
        self.reason = reason
        self.message = message
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the Status object."""
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return status | {"code": self.code}


def _details(kind: Kind, name: str) -> dict[str, Any]:
    named = {**({"name": name} if name else {}), **({"group": kind.group} if kind.group else {})}
    return {**named, "kind": kind.plural}


def not_served() -> Refused:
    """404 for a path outside the built-in groups that nobody serves: not even a Status."""
    return Refused(404, "", "404 page not found", plain=True)


def no_such_path() -> Refused:
    """404 for a path in a built-in group that names no resource."""
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


def not_found(kind: Kind, name: str) -> Refused:
    """404 for an object that is not there."""
    return Refused(404, "NotFound", f'{kind.resource} "{name}" not found', _details(kind, name))


def already_exists(kind: Kind, name: str) -> Refused:
    """409 for a name that is taken."""
    return Refused(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> Refused:
    """409 for a write that was based on something else."""
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(kind, name))


def modified(kind: Kind, name: str) -> Refused:
    """409 for a write based on an older version."""
    return conflict(
        kind,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> Refused:
    """422 with every field that is wrong."""
    said = ", ".join(cause.said() for cause in causes)
    said = f"[{said}]" if len(causes) > 1 else said
    whole = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {**_details(kind, name), "kind": kind.kind, "causes": [cause.body() for cause in causes]}
    return Refused(422, "Invalid", f'{whole} "{name}" is invalid: {said}', details)


def wrong_version(kind: Kind, name: str) -> Refused:
    """422 for a PUT that must name a resource version and does not."""
    why = "must be specified for an update"
    field = "metadata.resourceVersion"
    message = f'{kind.resource} "{name}" is invalid: {field}: Invalid value: 0x0: {why}'
    cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: 0x0: {why}", "field": field}
    return Refused(422, "Invalid", message, {**_details(kind, name), "causes": [cause]})


def precondition(kind: Kind, name: str, what: str, wanted: str, found: str) -> Refused:
    """409 for a delete that was meant for another object or another version of it."""
    said = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({found})"
    message = f'Operation cannot be fulfilled on {kind.kind} "{name}": {said}'
    return Refused(409, "Conflict", message, {**_details(kind, name), "kind": kind.kind})


def wrong_options(kind: str, causes: Sequence[Cause]) -> Refused:
    """422 for what a client says about a write: ``CreateOptions``, ``PatchOptions`` and the like."""
    said = ", ".join(cause.said() for cause in causes)
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [cause.body() for cause in causes]}
    return Refused(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {said}', details)


def wrong_method() -> Refused:
    """405 for a method that a path does not take."""
    return Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def internal(message: str) -> Refused:
    """500 for what the real server does not make a proper answer of."""
    return Refused(500, "", message, {})


def bad_request(message: str) -> Refused:
    """400 for what cannot be read."""
    return Refused(400, "BadRequest", message)


def denied(kind: Kind, name: str, why: str, details: dict[str, Any] | None = None) -> Refused:
    """403 for what is understood and not allowed."""
    message = f'{kind.resource} "{name}" is forbidden: {why}'
    return Refused(403, "Forbidden", message, {**_details(kind, name), **(details or {})})


def unauthorized() -> Refused:
    """401 for a missing or refused token."""
    return Refused(401, "Unauthorized", "Unauthorized")


def wrong_media_type(*accepted: str) -> Refused:
    """415 for a patch type that the resource does not take."""
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return Refused(415, "UnsupportedMediaType", message, {})


def expired(version: int, oldest: int) -> Refused:
    """410 for a watch or list that starts before the history that is kept."""
    return Refused(410, "Expired", f"too old resource version: {version} ({oldest})")
