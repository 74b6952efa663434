"""Reading Kubernetes conditions: they count only for the generation that they were written for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Said = Mapping[str, Any]


def condition(conditions: Iterable[Said], kind: str) -> Said | None:
    """Return the condition of this type."""
    return next((said for said in conditions if said.get("type") == kind), None)


def current(said: Said, obj: Mapping[str, Any]) -> bool:
    """Say whether a condition speaks of the object as it is now."""
    return bool(said.get("observedGeneration", 0) >= obj["metadata"].get("generation", 0))


def missing(conditions: Iterable[Said], generation: int, *kinds: str) -> str:
    """Return which of these conditions is not True for this generation yet, and why; empty where all are.

    ``generation`` 0 asks for none.
    """
    listed = list(conditions)
    for kind in kinds:
        said = condition(listed, kind)
        if said is None:
            return f"{kind} is not known yet"
        if said["status"] != "True":
            return f"{kind} is {said['status']}: {said.get('message') or said.get('reason') or 'no reason given'}"
        if said.get("observedGeneration", 0) < generation:
            return f"{kind} is of an older state"
    return ""
