"""Answers reads at once and privately, from documents that the bot only reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from bot import reads
from bot.help import help_text
from bot.words import did_you_mean
from shared.blocks.reading import Standing, history_text, list_text, status_text, why_text
from shared.blocks.view import View, Work
from shared.domain.desired import FLEET_PATH, DeploymentSpec, Desired, deployment_path
from shared.domain.errors import TerminalError
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.names import GLOBAL
from shared.domain.proposals import Decision, Proposal, state_of
from shared.domain.records import DEPLOYMENTS, PROPOSALS, decision_path, desired_path, status_path
from shared.ports import Readable
from shared.store import desired_at, read, status_at, votes_on

_EVENTS = 8
"""Proposals that a history shows."""


def answer(asked: reads.Read, documents: Readable, now: datetime) -> str:
    """Return the answer in Slack mrkdwn. Raises TerminalError where a name means nothing."""
    match asked:
        case reads.Help(verb):
            return help_text(verb)
        case reads.List():
            return list_text(_standings(_all(documents), documents))
        case reads.Status(name):
            return _status(name, documents)
        case reads.Why(name, region):
            return why_text(_one(_chosen(name, documents), documents), region)
        case reads.History(name):
            return _history(name, documents, now)
        case other:
            assert_never(other)


def _status(name: str, documents: Readable) -> str:
    there = [_named(name, documents)] if name else _all(documents)
    if len(there) == 1:
        return status_text(_one(there[0], documents))
    return list_text(_standings(there, documents))


def _all(documents: Readable) -> list[Desired]:
    found = [desired_at(document, document.path) for document in documents.find(DEPLOYMENTS)]
    return [desired for desired in found if desired.spec is not None]


def _chosen(name: str, documents: Readable) -> Desired:
    if name:
        return _named(name, documents)
    there = _all(documents)
    if len(there) == 1:
        return there[0]
    names = ", ".join(map(_name, there)) or "none"
    message = f"say which deployment is meant, as the word after the verb; there is: {names}"
    raise TerminalError(message, reason="WhichDeployment", field="name")


def _named(name: str, documents: Readable) -> Desired:
    path = deployment_path(name)
    found = desired_at(documents.get([path])[0], path)
    if found.generation == 0:
        names = list(map(_name, _all(documents)))
        message = f"there is no deployment {name}{did_you_mean(name, names)}; there is: {', '.join(names) or 'none'}"
        raise TerminalError(message, reason="UnknownDeployment", field="name")
    return found


def _name(desired: Desired) -> str:
    return desired.path.partition("/")[2]


def _one(desired: Desired, documents: Readable) -> Standing:
    return _standings([desired], documents)[0]


def _standings(deployments: Iterable[Desired], documents: Readable) -> list[Standing]:
    """Read the statuses of all of them, and of the platform below them, in one call."""
    units = {desired.path: _units(desired) for desired in deployments}
    every = sorted({unit for found in units.values() for unit in found})
    platforms = sorted({desired_path(unit) for unit in every if unit.is_platform})
    got = documents.get([*map(status_path, every), *platforms]) if every else []
    statuses = dict(zip(every, got, strict=False))
    generations = {
        path: desired_at(document, path).generation for path, document in zip(platforms, got[len(every) :], strict=True)
    }
    generations |= {desired.path: desired.generation for desired in deployments}

    def work(unit: Unit) -> Work:
        document = statuses[unit]
        return Work(unit, generations[desired_path(unit)], status_at(document, unit) if document else None)

    return [Standing(_name(d), d, tuple(map(work, units[d.path]))) for d in deployments]


def _units(desired: Desired) -> list[Unit]:
    """Return its units by region, its global one, then those of the platform below."""
    spec = desired.spec or desired.previous
    regions = sorted(spec.regions) if isinstance(spec, DeploymentSpec) else []
    places = [*regions, GLOBAL]
    below = places if desired.spec is not None else []
    return [*(Unit(_name(desired), place) for place in places), *(Unit(PLATFORM, place) for place in below)]


def _history(name: str, documents: Readable, now: datetime) -> str:
    name = name or _name(_chosen(name, documents))
    found = documents.find(PROPOSALS, {"deployment": name})
    newest = sorted(found, key=lambda document: document.fields.get("created_at", 0), reverse=True)[:_EVENTS]
    proposals = [proposal for document in newest if (proposal := read(Proposal, document))]
    paths = sorted({change.path for proposal in proposals for change in proposal.changes} | {FLEET_PATH})
    got = documents.get([*paths, *(decision_path(proposal.id) for proposal in proposals)])
    generations = {path: desired_at(document, path).generation for path, document in zip(paths, got, strict=False)}
    decisions = [read(Decision, document) for document in got[len(paths) :]]
    views = [
        _view(proposal, decision, generations, documents, now)
        for proposal, decision in zip(proposals, decisions, strict=True)
    ]
    return history_text(name, views)


def _view(
    proposal: Proposal,
    decision: Decision | None,
    generations: dict[str, int],
    documents: Readable,
    now: datetime,
) -> View:
    votes = votes_on(proposal.id, documents)
    return View(proposal, state_of(proposal, votes, generations, now, decision), votes, decision)
