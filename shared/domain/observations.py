"""The observed state. "I could not see" is not "it is not there"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.conditions import Reason
from shared.domain.errors import InferError
from shared.domain.names import ResourceKey


@dataclass(frozen=True)
class Absent:
    """Seen not to exist."""


@dataclass(frozen=True)
class InFlight:
    """The provider is working on it; any further change would be refused. ``operation`` names the work."""

    operation: str


@dataclass(frozen=True)
class Present:
    """Exists. ``spec`` holds at least the fields we set; ``because`` says what it still waits for.

    ``report`` carries what people want to read off it: addresses, ready replicas, an endpoint. ``failure`` is how
    the last operation on it ended, where that left it standing but not as asked.
    """

    spec: Mapping[str, Any]
    ready: bool
    because: str = ""
    reason: Reason = Reason.IN_PROGRESS
    report: Mapping[str, str] = field(default_factory=dict)
    failure: InferError | None = None


@dataclass(frozen=True)
class Broken:
    """The last operation on it ended in this error. ``wreck``: something of it remains and must go first."""

    error: InferError
    wreck: bool = False


@dataclass(frozen=True)
class Unknown:
    """Could not be seen this time."""

    because: str


Observed = Absent | InFlight | Present | Broken | Unknown
Observation = Mapping[ResourceKey, Observed]

NOT_LOOKED_AT = Unknown("it was not looked at")


def differences(wanted: Any, seen: Any, path: str = "") -> tuple[str, ...]:
    """Return the paths of the fields that we set and that read back otherwise.

    Keys that start with ``_`` tell the provider how to build a thing and are never read back. Fields that only
    the provider sets are its own business. Lists must have the same length; their elements are compared in order,
    again by the fields we set.
    """
    if wanted == seen:
        return ()
    if isinstance(wanted, Mapping):
        if not isinstance(seen, Mapping):
            return (path or ".",)
        ours = ((key, value) for key, value in wanted.items() if not key.startswith("_"))
        found = (differences(value, seen.get(key), f"{path}.{key}".lstrip(".")) for key, value in ours)
        return tuple(p for paths in found for p in paths)
    if isinstance(wanted, list | tuple):
        if not isinstance(seen, list | tuple) or len(wanted) != len(seen):
            return (path,)
        pairs = enumerate(zip(wanted, seen, strict=True))
        found = (differences(a, b, f"{path}[{i}]") for i, (a, b) in pairs)
        return tuple(p for paths in found for p in paths)
    return (path,)
