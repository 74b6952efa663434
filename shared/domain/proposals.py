"""A proposal: what would change, what it costs, who must agree. Its state is computed, not stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.desired import Spec
from shared.domain.graph import Difference
from shared.domain.intents import Intent
from shared.domain.names import canonical, encode_key, short_hash
from shared.domain.observations import differences
from shared.domain.quotes import Quote
from shared.domain.verdicts import AskFirst


@dataclass(frozen=True)
class Change:
    """The next spec of one document, and the generation that it was made for (0: it did not exist)."""

    path: str
    generation: int
    before: Spec | None
    after: Spec | None


@dataclass(frozen=True)
class Proposal:
    """A change with its price and its gate. Written once."""

    id: str
    intent: Intent
    changes: tuple[Change, ...]
    summary: tuple[str, ...]
    """What changes, field by field, one line each."""
    counts: Mapping[str, int]
    """How many resources are created, updated and deleted."""
    quote: Quote
    gate: AskFirst
    digest: str
    created_at: datetime
    deployment: str
    channel: str

    @property
    def dry_run(self) -> bool:
        """Whether only a plan was asked for."""
        return self.intent.dry_run


@dataclass(frozen=True)
class Vote:
    """One person's verdict on one digest. Its id makes a second click the same vote."""

    proposal: str
    digest: str
    user: str
    approve: bool
    at: datetime

    @property
    def id(self) -> str:
        """Proposal, person and verdict."""
        return f"{self.proposal}:{self.user}:{'yes' if self.approve else 'no'}"


class Outcome(StrEnum):
    """How decide ended a proposal."""

    APPLIED = "applied"
    VOID = "void"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Decision:
    """What decide did with a proposal. Written once."""

    proposal: str
    outcome: Outcome
    because: str
    at: datetime
    generations: Mapping[str, int]
    """Document -> generation that came of it."""


class State(StrEnum):
    """Where a proposal stands."""

    PLAN_ONLY = "plan only"
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    APPLIED = "applied"
    VOID = "void"


def proposal_id(intent: str) -> str:
    """Derive a proposal's id from its intent's: the same ask makes the same proposal."""
    return f"p-{short_hash(intent, 12)}"


def approvers(proposal: Proposal, votes: Iterable[Vote]) -> frozenset[str]:
    """Return who approved this very digest. The requester never counts."""
    agreed = (v for v in votes if v.approve and v.proposal == proposal.id and v.digest == proposal.digest)
    return frozenset(vote.user for vote in agreed) - {proposal.intent.user}


def rejecters(proposal: Proposal, votes: Iterable[Vote]) -> frozenset[str]:
    """Return who rejected it. The requester may withdraw their own."""
    return frozenset(v.user for v in votes if not v.approve and v.proposal == proposal.id)


def state_of(
    proposal: Proposal,
    votes: Iterable[Vote],
    generations: Mapping[str, int],
    now: datetime,
    decision: Decision | None = None,
) -> State:
    """Say where a proposal stands. ``generations`` are those of the documents it would change, as they are now."""
    votes = tuple(votes)
    if decision is not None:
        return State(decision.outcome)
    if proposal.dry_run:
        return State.PLAN_ONLY
    if rejecters(proposal, votes):
        return State.REJECTED
    if any(generations.get(change.path, 0) != change.generation for change in proposal.changes):
        return State.SUPERSEDED
    in_time = tuple(vote for vote in votes if vote.at < proposal.gate.approve_by)
    if len(approvers(proposal, in_time)) >= proposal.gate.quorum:
        return State.APPROVED if now < proposal.gate.run_by else State.EXPIRED
    return State.OPEN if now < proposal.gate.approve_by else State.EXPIRED


def field_changes(change: Change, plain: Mapping[str, Any], was: Mapping[str, Any]) -> list[str]:
    """Return one line for each field that differs, ``path: before → after``. The specs come as plain values."""
    paths = sorted({*differences(plain, was), *differences(was, plain)})
    return [f"{change.path} {path}: {_at(was, path)} → {_at(plain, path)}" for path in paths]


def _at(value: Any, path: str) -> str:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "none" if value is None else canonical(value).strip('"')


def digest_of(
    changes: Iterable[tuple[str, int, Any, Any]], difference: Difference, quote: Quote, rule: str, policy: str
) -> str:
    """Return the SHA-256 that a vote binds.

    ``changes``: document, generation, spec before and after as plain values. Times, ETA and live figures are left
    out; the price is in whole cents; of the quota only the verdict counts.
    """
    content = {
        "changes": [list(change) for change in changes],
        "create": [[encode_key(r.key), short_hash(_json(r.spec), 16)] for r in difference.create],
        "update": [[encode_key(new.key), short_hash(_json(new.spec), 16)] for _, new in difference.update],
        "delete": [encode_key(r.key) for r in difference.delete],
        "price": quote.cents,
        "catalogue": quote.catalogue,
        "quota": [[finding.region, finding.metric, finding.verdict] for finding in quote.quota],
        "rule": rule,
        "policy": policy,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _json(spec: Mapping[str, Any]) -> Any:
    return dict(spec)
