"""Votes and proposals → desired state. The one door: nothing is applied but here, on the very digest people saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.propose import estate_of
from shared.domain.amend import Estate
from shared.domain.desired import DeploymentSpec, Desired, FleetSpec, PlatformSpec
from shared.domain.drafting import draft
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.messages import Decided, ProposalMade, Told, VoteCast
from shared.domain.names import GLOBAL, short_hash
from shared.domain.proposals import Change, Decision, Outcome, Proposal, State, Vote
from shared.domain.records import VOTES, decision_path, proposal_path, vote_path
from shared.domain.topics import Topic
from shared.ports import ConflictError
from shared.services import Services
from shared.store import Commit, directory, load, read

TRIES = 4


def decide(message: VoteCast | ProposalMade, services: Services) -> None:
    """Count a vote, or see whether a fresh proposal needs none; then apply what may be applied."""
    proposal = load(services.documents, Proposal, proposal_path(message.proposal))
    if isinstance(message, VoteCast) and not _counted(message, services):
        if refusal := _refusal(message, proposal, services):
            _refuse(message, refusal, services)
            return
        _record(message, services)
    if proposal is None:
        return
    for _ in range(TRIES):
        try:
            _conclude(proposal, message, services)
        except ConflictError:
            continue  # another vote, or another proposal, was faster: look again
        return
    raise ConflictError(proposal.id)


def _vote(cast: VoteCast) -> Vote:
    return Vote(cast.proposal, cast.digest, cast.user, cast.approve, cast.at)


def _counted(cast: VoteCast, services: Services) -> bool:
    """Say whether this vote stands already: a second click, or a second delivery, is the same vote."""
    return services.documents.get([vote_path(_vote(cast).id)])[0] is not None


def _refusal(vote: VoteCast, proposal: Proposal | None, services: Services) -> str:
    """Say why this vote cannot count; empty where it does."""
    now = services.clock()
    if proposal is None:
        return f"there is no proposal {vote.proposal}; /infer history lists them"
    if proposal.dry_run:
        return f"{proposal.id} is only a plan: type the command without the word plan to propose it"
    if vote.digest != proposal.digest:
        return f"your vote was for another version of {proposal.id}; look at its card and vote there"
    who = directory(services.documents)
    if who.stale(now):
        return (
            "the directory of Slack groups is older than 15 minutes, so roles cannot be judged; try again in 5 minutes"
        )
    if not vote.approve and vote.user == proposal.intent.user:
        return _closed(proposal, services, now)  # withdrawing one's own is always allowed
    refuse = services.decisions.may_vote(vote.user, proposal.intent.user, proposal.gate, services.policy(), who)
    if refuse:
        return f"refused by rule {refuse.rule!r}: {refuse.because}. Who could: {refuse.who_could}"
    return _closed(proposal, services, now)


def _closed(proposal: Proposal, services: Services, now: datetime) -> str:
    state = _state(proposal, services, now)
    if state is State.OPEN or state is State.APPROVED:
        return ""
    again = (
        "; type the command again for a fresh plan" if state in {State.EXPIRED, State.SUPERSEDED, State.VOID} else ""
    )
    moved = ", because what it would change has changed meanwhile" if state is State.SUPERSEDED else ""
    return f"{proposal.id} is {state}{moved}{again}"


def _refuse(vote: VoteCast, because: str, services: Services) -> None:
    """Tell the person why, and nobody else; the record keeps it."""
    commit = Commit("decide", vote.proposal, services.clock())
    commit.audit("vote refused", user=vote.user, approve=vote.approve, because=because, at_vote=vote.at)
    telling = short_hash([vote.proposal, vote.user, vote.approve, vote.at.isoformat()], 16)
    commit.send(Topic.DECISIONS, Told(telling, vote.user, vote.channel, f"{because}. Nothing was changed."))
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        return  # this very vote was already refused


def _record(cast: VoteCast, services: Services) -> None:
    vote = _vote(cast)
    commit = Commit("decide", cast.proposal, services.clock())
    commit.put(vote_path(vote.id), vote, fields={"proposal": vote.proposal})
    commit.audit("vote", user=vote.user, approve=vote.approve, digest=vote.digest)
    commit.send(Topic.DECISIONS, Decided(vote.proposal))
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        return  # two deliveries at once


def votes_on(proposal: Proposal, services: Services) -> tuple[Vote, ...]:
    """Return the votes on a proposal."""
    found = services.documents.find(VOTES, {"proposal": proposal.id})
    return tuple(vote for document in found if (vote := read(Vote, document)))


def _state(proposal: Proposal, services: Services, now: datetime) -> State:
    paths = [change.path for change in proposal.changes]
    *documents, decided = services.documents.get([*paths, decision_path(proposal.id)])
    desired = [read(Desired, document) for document in documents]
    generations = {d.path: d.generation for d in desired if d}
    state: State = services.decisions.state_of(
        proposal, votes_on(proposal, services), generations, now, read(Decision, decided)
    )
    return state


def _conclude(proposal: Proposal, message: VoteCast | ProposalMade, services: Services) -> None:
    now = services.clock()
    state = _state(proposal, services, now)
    if state is not State.APPROVED:
        return
    estate = estate_of(services.documents)
    current = _digest_now(proposal, estate, services)
    if current != proposal.digest:
        _void(proposal, message, services, now)
        return
    _apply(proposal, estate, services, now)


def _digest_now(proposal: Proposal, estate: Estate, services: Services) -> str:
    """Recompute the digest from the documents as they are; the quota verdict is the one that people saw."""
    now_changes = tuple(
        Change(c.path, estate.at(c.path).generation, estate.at(c.path).spec, c.after) for c in proposal.changes
    )
    made = draft(now_changes, estate, services.compile, proposal.quote.quota, services.catalog)
    return services.decisions.digest(made, proposal.gate.rule, services.policy().hash)


def _apply(proposal: Proposal, estate: Estate, services: Services, now: datetime) -> None:
    commit = Commit("decide", proposal.id, now)
    generations = {}
    for change in proposal.changes:
        old = estate.at(change.path)
        new = Desired(change.path, old.generation + 1, change.after, proposal.id, old.spec)
        generations[change.path] = new.generation
        commit.put(change.path, new, old.version)
    units = tuple(sorted({unit for change in proposal.changes for unit in units_of(change, estate)}))
    because = f"approved under rule {proposal.gate.rule}"
    _close(commit, Decision(proposal.id, Outcome.APPLIED, because, now, generations), units, services)


def _void(proposal: Proposal, message: VoteCast | ProposalMade, services: Services, now: datetime) -> None:
    """End it without doing anything. Whoever's vote met the quorum meant to start it, so they are told privately."""
    because = "what was approved is no longer what would be done: prices, policy or the catalogue have changed"
    commit = Commit("decide", proposal.id, now)
    if isinstance(message, VoteCast):
        text = f"{proposal.id} is void: {because}. Nothing was changed; type the command again for a fresh plan."
        telling = short_hash([proposal.id, message.user, "void"], 16)
        commit.send(Topic.DECISIONS, Told(telling, message.user, message.channel, text))
    _close(commit, Decision(proposal.id, Outcome.VOID, because, now, {}), (), services)


def _close(commit: Commit, decision: Decision, units: tuple[Unit, ...], services: Services) -> None:
    commit.put(decision_path(decision.proposal), decision, fields={"proposal": decision.proposal})
    details: dict[str, Any] = {"because": decision.because, "generations": decision.generations}
    commit.audit(str(decision.outcome), **details)
    commit.send(Topic.DECISIONS, Decided(decision.proposal, units))
    commit.run(services.documents, services.bus)


def units_of(change: Change, estate: Estate) -> set[Unit]:
    """Return the units that a change concerns."""
    collection, _, name = change.path.partition("/")
    if collection == PLATFORM:
        return {Unit(PLATFORM, name)}
    specs = (spec for spec in (change.before, change.after, estate.at(change.path).previous) if spec is not None)
    regions = {region for spec in specs for region in _regions(spec)}
    return {Unit(name, location) for location in (*regions, GLOBAL)}


def _regions(spec: DeploymentSpec | PlatformSpec | FleetSpec) -> tuple[str, ...]:
    return tuple(spec.regions) if isinstance(spec, DeploymentSpec) else ()
