"""Reads what a card is made from, in three calls to the store, at the moment it is drawn. Used by notify."""

from __future__ import annotations

from dataclasses import dataclass

from functions.card_record import CardRecord
from shared.blocks.view import View, Work, units_of
from shared.domain.desired import Desired, FleetSpec, PlatformSpec, deployment_path
from shared.domain.inventory import Unit
from shared.domain.policy import describe
from shared.domain.proposals import Decision, Outcome, Proposal, State, Vote
from shared.domain.records import card_path, decision_path, desired_path, proposal_path, status_path
from shared.ports import Documents
from shared.services import Services
from shared.store import desired_at, read, status_at, votes_on


@dataclass(frozen=True)
class Facts:
    """A card's record and what it should say now. ``view`` was read later than ``record``: it is never older."""

    record: CardRecord
    view: View


def facts_of(proposal_id: str, services: Services) -> Facts | None:
    """Return what is known about a proposal's card; None for a proposal that does not exist."""
    documents = services.documents
    first = documents.get([card_path(proposal_id), proposal_path(proposal_id), decision_path(proposal_id)])
    proposal, decision = read(Proposal, first[1]), read(Decision, first[2])
    if proposal is None:
        return None
    record = read(CardRecord, first[0]) or CardRecord(proposal_id, proposal.channel)
    view = _view(proposal, decision, votes_on(proposal_id, documents), record, services)
    return Facts(record, view)


def _view(
    proposal: Proposal, decision: Decision | None, votes: tuple[Vote, ...], record: CardRecord, services: Services
) -> View:
    paths = [change.path for change in proposal.changes]
    is_applied = decision is not None and decision.outcome is Outcome.APPLIED
    units = units_of(proposal.changes) if is_applied else []
    own = deployment_path(proposal.deployment)
    got = services.documents.get([own, *paths, *(status_path(unit) for unit, _ in units)])
    generations = {path: desired_at(document, path).generation for path, document in zip(paths, got[1:], strict=False)}
    statuses = got[1 + len(paths) :]
    reached = decision.generations if decision else {}
    works = tuple(
        Work(unit, reached.get(path, 0), status_at(document, unit) if document else None)
        for (unit, path), document in zip(units, statuses, strict=True)
    )
    last = desired_at(got[0], own).proposal
    state = services.decisions.state_of(proposal, votes, generations, services.clock(), decision)
    if state is State.SUPERSEDED and (late := _decided_meanwhile(proposal, services)):
        return _view(proposal, late, votes, record, services)
    return View(
        proposal,
        state,
        votes,
        decision,
        describe(proposal.gate.roles, services.policy()),
        works,
        last if is_applied and last != proposal.id else "",
        record.finished,
    )


def _decided_meanwhile(proposal: Proposal, services: Services) -> Decision | None:
    """Look again whether it was this very proposal that moved the generations, after the decision was read."""
    return read(Decision, services.documents.get([decision_path(proposal.id)])[0])


def proposals_of(unit: Unit, documents: Documents) -> list[str]:
    """Return the proposals whose cards show this unit: those that its documents name as their origin."""
    path = desired_path(unit)
    desired = desired_at(documents.get([path])[0], path)
    return sorted({desired.proposal, *_users(desired, documents)} - {""})


def _users(desired: Desired, documents: Documents) -> set[str]:
    """Return the current proposals of the deployments that stand on a platform document."""
    spec = desired.spec or desired.previous
    names = spec.deployments if isinstance(spec, PlatformSpec | FleetSpec) else ()
    paths = [deployment_path(name) for name in sorted(names)]
    if not paths:
        return set()
    return {desired_at(document, path).proposal for document, path in zip(documents.get(paths), paths, strict=True)}
