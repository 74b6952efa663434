"""Answers reads at once and privately, from documents that the bot only reads."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bot import reads
from bot.help import help_text
from bot.incidents import incident_text, open_incidents
from bot.standing import name_of, standings, views_of
from bot.words import did_you_mean
from shared.blocks.reading import Standing, history_text, list_text, status_text, why_text
from shared.domain.desired import Desired, deployment_path
from shared.domain.errors import TerminalError
from shared.domain.proposals import Proposal
from shared.domain.records import DEPLOYMENTS, PROPOSALS
from shared.ports import Readable
from shared.store import desired_at, read

_EVENTS = 8
"""Proposals that a history shows."""


def answer(asked: reads.Read, documents: Readable, now: datetime) -> str:
    """Return the answer in Slack mrkdwn. Raises TerminalError where a name means nothing."""
    match asked:
        case reads.Help(verb):
            return help_text(verb)
        case reads.List():
            return list_text(standings(_all(documents), documents))
        case reads.Status(name):
            return _status(name, documents)
        case reads.Why(name, region):
            return why_text(_one(_chosen(name, documents), documents), region)
        case reads.History(name):
            return _history(name, documents, now)
        case reads.Incidents():
            return open_incidents(documents)
        case reads.IncidentOf():
            return incident_text(asked, documents, now)
        case other:
            assert_never(other)


def _status(name: str, documents: Readable) -> str:
    there = [_named(name, documents)] if name else _all(documents)
    if len(there) == 1:
        return status_text(_one(there[0], documents))
    return list_text(standings(there, documents))


def _all(documents: Readable) -> list[Desired]:
    found = [desired_at(document, document.path) for document in documents.find(DEPLOYMENTS)]
    return [desired for desired in found if desired.spec is not None]


def _chosen(name: str, documents: Readable) -> Desired:
    if name:
        return _named(name, documents)
    there = _all(documents)
    if len(there) == 1:
        return there[0]
    names = ", ".join(map(name_of, there)) or "none"
    message = f"say which deployment is meant, as the word after the verb; there is: {names}"
    raise TerminalError(message, reason="WhichDeployment", field="name")


def _named(name: str, documents: Readable) -> Desired:
    path = deployment_path(name)
    found = desired_at(documents.get([path])[0], path)
    if found.generation == 0:
        names = list(map(name_of, _all(documents)))
        message = f"there is no deployment {name}{did_you_mean(name, names)}; there is: {', '.join(names) or 'none'}"
        raise TerminalError(message, reason="UnknownDeployment", field="name")
    return found


def _one(desired: Desired, documents: Readable) -> Standing:
    return standings([desired], documents)[0]


def _history(name: str, documents: Readable, now: datetime) -> str:
    name = name or name_of(_chosen(name, documents))
    found = documents.find(PROPOSALS, {"deployment": name})
    newest = sorted(found, key=lambda document: document.fields.get("created_at", 0), reverse=True)[:_EVENTS]
    proposals = [proposal for document in newest if (proposal := read(Proposal, document))]
    return history_text(name, views_of(proposals, documents, now))
