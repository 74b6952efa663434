"""Whose effect it was: who in the product wrote, published, said or started what has just crossed the wires.

Each document, topic and service has one writer, so what was done says who did it. Timers do not count: they are set
last, when there is nothing left to lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WRITERS: Mapping[str, str] = {
    "intents": "propose",
    "proposals": "propose",
    "votes": "decide",
    "decisions": "decide",
    "deployments": "decide",
    "platform": "decide",
    "statuses": "reconcile",
    "cards": "notify",
    "directory": "sweep",
}
_PUBLISHERS: Mapping[str, str] = {
    "intents": "bot",
    "votes": "bot",
    "proposals": "propose",
    "decisions": "decide",
    "rounds": "reconcile",
    "statuses": "reconcile",
    "due": "sweep",
}
_SAID: Mapping[str, str] = {
    "chat.postMessage": "posted a message",
    "chat.postEphemeral": "told one person",
    "chat.update": "edited a card",
    "chat.delete": "removed a message",
}
_CLOUDS = frozenset({"gke", "fleet", "compute", "kubernetes", "storage", "monitoring"})
_READS = ("Get", "List", "AggregatedList", "BatchGet", "Run")


def effect(service: str, what: str, request: Any) -> tuple[str, str] | None:
    """Return (target, what it had just done) of an exchange that changed something; None of any other."""
    match service:
        case "slack":
            said = _SAID.get(what.removeprefix("POST /api/"))
            return ("notify", said) if said else None
        case "firestore" if what == "Commit":
            return _written(request)
        case "pubsub" if what == "Publish":
            topic = str(request.topic).rpartition("/")[2]
            return (_PUBLISHERS[topic], f"published on {topic}") if topic in _PUBLISHERS else None
        case _ if service in _CLOUDS and not what.startswith((*_READS, "GET ")):
            return "reconcile", f"called {what.partition('?')[0]}"
        case _:
            return None


def _written(request: Any) -> tuple[str, str] | None:
    """Say who made a commit, by the documents in it; one that only clears the outbox may be anybody's."""
    for write in request.writes:
        path = str(write.update.name or write.delete).partition("/documents/")[2]
        writer = _WRITERS.get(path.partition("/")[0])
        if writer:
            return writer, f"written {path}"
    return None
