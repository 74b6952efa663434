"""Reads the fleet for the Home tab: how every deployment stands, what it costs, what waits for approval."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.services import BotServices
from bot.standing import no_votes, standings, views_of
from shared.blocks.home import MOST_WAITING, Fleet
from shared.domain.catalog import Catalog
from shared.domain.costing import Specs, price_lines
from shared.domain.desired import Desired
from shared.domain.errors import TerminalError
from shared.domain.proposals import Proposal, State
from shared.domain.quotes import Cost, total
from shared.domain.records import CARDS, DEPLOYMENTS, PLATFORM_DOCUMENTS, proposal_path
from shared.ports import Readable
from shared.store import desired_at, read

_AHEAD = timedelta(days=3650)
"""Longer than any proposal waits."""
_UNPRICED = Cost(0.0, ("what the catalogue no longer knows",))


def read_fleet(services: BotServices) -> Fleet:
    """Return the fleet as the documents have it now."""
    documents, catalog = services.documents, services.catalog
    deployments, platform = _desired(DEPLOYMENTS, documents), _desired(PLATFORM_DOCUMENTS, documents)
    found = standings(deployments, documents)
    specs = {desired.path: desired.spec for desired in (*deployments, *platform)}
    waiting = _waiting(documents, services.clock())
    return Fleet(
        standings=tuple(standing for standing in found if standing.word != "deleted"),
        waiting=tuple(views_of(waiting[:MOST_WAITING], documents, services.clock())),
        waiting_in_all=len(waiting),
        costs={one.name: _cost({one.desired.path: one.desired.spec}, catalog) for one in found},
        total=_cost(specs, catalog),
    )


def _desired(collection: str, documents: Readable) -> list[Desired]:
    return [desired_at(document, document.path) for document in documents.find(collection)]


def _cost(specs: Specs, catalog: Catalog) -> Cost:
    try:
        return total(price_lines(specs, catalog))
    except TerminalError:
        return _UNPRICED


def _waiting(documents: Readable, now: datetime) -> list[Proposal]:
    """Return the open proposals, the most urgent first.

    A proposal that waits is one whose card changes by time alone: so notify's ``due`` finds it, among few others.
    """
    cards = documents.find(CARDS, at_most={"due": (now + _AHEAD).timestamp()})
    found = documents.get([proposal_path(card.path.partition("/")[2]) for card in cards]) if cards else []
    proposals = [proposal for document in found if (proposal := read(Proposal, document)) and not proposal.dry_run]
    views = views_of(proposals, documents, now, no_votes) if proposals else []
    waiting = [view.proposal for view in views if view.state in {State.OPEN, State.APPROVED}]
    return sorted(waiting, key=lambda proposal: (proposal.gate.approve_by, proposal.id))
