"""From documents to values: how deployments stand, and what became of proposals. For answers and the Home tab."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from shared.blocks.reading import Standing
from shared.blocks.view import View, Work
from shared.domain.desired import FLEET_PATH, DeploymentSpec, Desired
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.names import GLOBAL
from shared.domain.proposals import Decision, Proposal, Vote, state_of
from shared.domain.records import decision_path, desired_path, status_path
from shared.ports import Readable
from shared.store import desired_at, read, status_at, votes_on

Votes = Callable[[str, Readable], tuple[Vote, ...]]


def name_of(desired: Desired) -> str:
    """Return the name of a deployment."""
    return desired.path.partition("/")[2]


def standings(deployments: Iterable[Desired], documents: Readable) -> list[Standing]:
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

    return [Standing(name_of(d), d, tuple(map(work, units[d.path]))) for d in deployments]


def _units(desired: Desired) -> list[Unit]:
    """Return its units by region, its global one, then those of the platform below."""
    spec = desired.spec or desired.previous
    regions = sorted(spec.regions) if isinstance(spec, DeploymentSpec) else []
    places = [*regions, GLOBAL]
    below = places if desired.spec is not None else []
    return [*(Unit(name_of(desired), place) for place in places), *(Unit(PLATFORM, place) for place in below)]


def no_votes(_: str, __: Readable) -> tuple[Vote, ...]:
    """Read no votes: what a proposal without a decision is waiting for is then not told, only that it waits."""
    return ()


def views_of(proposals: Sequence[Proposal], documents: Readable, now: datetime, votes: Votes = votes_on) -> list[View]:
    """Return what became of these proposals, in their order. Votes are a call for each of them."""
    paths = sorted({change.path for proposal in proposals for change in proposal.changes} | {FLEET_PATH})
    got = documents.get([*paths, *(decision_path(proposal.id) for proposal in proposals)])
    generations = {path: desired_at(document, path).generation for path, document in zip(paths, got, strict=False)}
    decisions = [read(Decision, document) for document in got[len(paths) :]]

    def view(proposal: Proposal, decision: Decision | None) -> View:
        cast = votes(proposal.id, documents)
        return View(proposal, state_of(proposal, cast, generations, now, decision), cast, decision)

    return list(map(view, proposals, decisions))
