"""The world as a tree of plain items, so that the page can show anything without knowing what it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

BUSY = {
    "PROVISIONING", "RECONCILING", "STOPPING", "CREATING", "DELETING", "UPDATING", "Pending", "Starting", "Waiting",
    "Terminating", "ContainerCreating", "Progressing", "PodInitializing", "STARTING", "NotReady",
}  # fmt: skip
BAD = {
    "ERROR", "DEGRADED", "RUNNING_WITH_ERROR", "FAILED", "Failed", "CrashLoopBackOff", "ImagePullBackOff",
    "ErrImagePull", "Unschedulable", "Error", "WARNING", "unreachable",
}  # fmt: skip
IDLE = {"Succeeded", "Completed", "unknown", ""}


@dataclass(frozen=True)
class Item:
    """One thing in the world with its state. ``since`` is an ISO time or empty."""

    id: str
    kind: str
    name: str
    state: str
    since: str = ""
    note: str = ""
    children: Sequence[Item] = ()

    @property
    def tone(self) -> str:
        """Return how the state is to be taken: good, busy, bad or idle."""
        if self.state in BAD:
            return "bad"
        return "busy" if self.state in BUSY else "idle" if self.state in IDLE else "good"


def as_json(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return items as the page reads them."""
    return [
        {**asdict(item), "since": item.since or None, "tone": item.tone, "children": as_json(item.children)}
        for item in items
    ]
