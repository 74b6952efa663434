"""Tick → what would otherwise be forgotten: unsent outbox rows, units that are due, open cards, the directory."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.errors import InferError
from shared.domain.inventory import Unit
from shared.domain.messages import CardDue, IncidentDue, Tick, Wake
from shared.domain.policy import Directory
from shared.domain.records import CARDS, DIRECTORY, INCIDENTS, OUTBOX, SHARE, STATUSES
from shared.domain.topics import Topic
from shared.logs import log
from shared.ports import ConflictError, Document, RateLimitedError
from shared.services import Services
from shared.store import Commit, read, send_row

UNSENT = timedelta(seconds=30)
"""A row younger than this may still be on its way by its writer's own hand."""
DIRECTORY_PERIOD = timedelta(minutes=5)
MOST_DUE = 500


def sweep(_: Tick, services: Services) -> None:
    """Do the minute's rounds of the house."""
    now = services.clock()
    _send_forgotten(now, services)
    for unit in _due(now, services) | _share(now, services):
        services.bus.publish(Topic.DUE, Wake(unit))
    for incident in services.documents.find(INCIDENTS, at_most={"due": now.timestamp()}, limit=MOST_DUE):
        services.bus.publish(Topic.DUE, IncidentDue(incident.path.partition("/")[2]))
    for card in services.documents.find(CARDS, at_most={"due": now.timestamp()}, limit=MOST_DUE):
        services.bus.publish(Topic.DUE, CardDue(card.path.partition("/")[2]))
    _refresh_directory(now, services)


def _send_forgotten(now: datetime, services: Services) -> None:
    for row in services.documents.find(OUTBOX, at_most={"at": (now - UNSENT).timestamp()}, limit=MOST_DUE):
        send_row(row, services.documents, services.bus)


def _due(now: datetime, services: Services) -> set[Unit]:
    found = services.documents.find(STATUSES, at_most={"next_check_at": now.timestamp()}, limit=MOST_DUE)
    return {_unit(document) for document in found}


def _share(now: datetime, services: Services) -> set[Unit]:
    """Pick this minute's tenth of the converged units, the same tenth for whoever asks."""
    minute = int(now.timestamp()) // 60 % SHARE
    found = services.documents.find(STATUSES, {"share": minute, "next_check_at": None})
    return {_unit(document) for document in found}


def _unit(document: Document) -> Unit:
    return Unit.parse(document.path.partition("/")[2])


def _refresh_directory(now: datetime, services: Services) -> None:
    """Fetch Slack's groups anew. Where Slack cannot be asked, decide refuses once the old answer is too old."""
    documents = services.documents
    [document] = documents.get([DIRECTORY])
    old = read(Directory, document)
    if old is not None and old.fetched_at is not None and now - old.fetched_at < DIRECTORY_PERIOD:
        return
    try:
        groups, guests = services.chat.directory()
    except (InferError, RateLimitedError) as error:
        log("Slack's groups could not be read", error=str(error), remedy=getattr(error, "remedy", ""))
        return
    version = document.version if document else ""
    commit = Commit("sweep", DIRECTORY, now).put(DIRECTORY, Directory(groups, guests, now), version)
    try:
        commit.run(documents, services.bus)
    except ConflictError:
        return  # another sweep was faster
