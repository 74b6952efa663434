"""What an incident costs: a look at it, and a storm of notifications, counted on the stand-ins of the simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from functions.looking import look
from shared.domain.queries import HISTORY, WINDOW
from shared.domain.records import ALERTS, INCIDENTS
from shared.domain.topics import Topic
from shared.ports import Put, Write
from tests.bench.figures import Figure
from tests.notifications import notification
from tests.unit.functions.alarmed import alerted, hot, incident, later
from tests.unit.functions.place import Place

STORM, LOOKS = 200, 4
READS, WRITES = 20, 3
"""Of one look: documents read, and documents written with their record and the row of their message."""


def incidents() -> list[Figure]:
    """Count one look at an incident in a deployment of two regions, and what a storm causes."""
    return [*_look(), _storm()]


def _watched(place: Place) -> Counter[str]:
    """Count documents as they are written, by collection; the judge of the simulation keeps judging."""
    written: Counter[str] = Counter()

    def count(writes: Sequence[Write]) -> None:
        written.update(write.path.partition("/")[0] for write in writes if isinstance(write, Put))

    place.documents.guards.append(count)
    return written


def _look() -> list[Figure]:
    place = hot()
    alerted(place)
    found = incident(place)
    written, before = _watched(place), place.documents.reads
    place.metrics.asked.clear()
    look(found, place.services)
    asked = place.metrics.asked
    queries = asked["window"] * (len(WINDOW) + 1) + asked["history"] * len(HISTORY)
    own = written["incidents"] + written["scores"] + written["outbox"]
    reads = place.documents.reads - before
    return [
        Figure("Look at an incident, 2 regions: documents read", f"{reads}", f"≤ {READS}", reads <= READS),
        Figure("The same: documents written, the row of its message included", f"{own}", f"≤ {WRITES}", own <= WRITES),
        Figure("The same: queries to Cloud Monitoring", f"{queries}", detail=f"{dict(asked)}"),
    ]


def _storm() -> Figure:
    place = hot()
    written = _watched(place)
    for number in range(STORM):
        place.publish(Topic.ALERTS, notification(incident=f"0.{number}", state="open" if number % 2 else "closed"))
    place.drain()
    later(place, 0.5)
    looks = written[INCIDENTS]
    if incident(place).received != STORM or written[ALERTS] != STORM:
        raise RuntimeError(f"{incident(place).received} of {STORM} notifications were counted")
    text = f"{looks} writes of the incident, {len(place.chat.messages)} messages in Slack"
    return Figure(f"Storm of {STORM} notifications in a moment", text, f"≤ {LOOKS} writes", looks <= LOOKS)
