"""What a history that did not end well is explained by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.inventory import Status
from shared.domain.names import ResourceKey
from shared.domain.records import STATUSES
from shared.store import read

if TYPE_CHECKING:
    from tests.simulation.house import House


def what_is_wrong(house: House, have: dict[ResourceKey, dict[str, object]]) -> str:
    """Return what differs from what is desired, and all that may tell why."""
    wanted = house.wanted()
    keys = sorted(key for key in have.keys() | wanted.keys() if have.get(key) != wanted.get(key))
    statuses = [read(Status, document) for document in house.documents.find(STATUSES)]
    lines = [f"{key}: have {have.get(key)}, want {wanted.get(key)}" for key in keys]
    lines += [f"{s.unit} next {s.next_check_at}: {c.message}" for s in statuses if s for c in s.conditions if c.message]
    lines += [
        f"pending {house.deliveries()}",
        f"outbox {house.documents.find('outbox')}",
        f"audit {[d.body for d in house.documents.find('audit')]}",
        f"decisions {[d.body for d in house.documents.find('decisions')]}",
        f"units {[s.unit for s in statuses]}",
    ]
    return "observed is not desired\n" + "\n".join(lines)
