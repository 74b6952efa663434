"""Votes and proposals → desired state. The one door: nothing is applied but here, on the very digest people saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.propose import estate_of, request_of
from shared.domain.amend import Estate
from shared.domain.desired import DeploymentSpec, Desired, FleetSpec, PlatformSpec
from shared.domain.drafting import Draft, draft
from shared.domain.errors import InferError
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.messages import Decided, ProposalMade, Told, VoteCast
from shared.domain.names import GLOBAL, short_hash
from shared.domain.policy import over_caps
from shared.domain.proposals import Change, Decision, Outcome, Proposal, State, Vote
from shared.domain.records import decision_path, proposal_path, vote_path
from shared.domain.topics import Topic
from shared.ports import ConflictError
from shared.services import Services
from shared.store import Commit, directory, load, read, votes_on

TRIES = 4
LAST_APPLIED = decision_path("last")
"""A copy of the decision applied last. Each apply replaces the one it found, so no two build on the same estate."""


def decide(message: VoteCast | ProposalMade, services: Services) -> None:
    """Count a vote, or see whether a fresh proposal needs none; then apply what may be applied."""
    proposal = load(services.documents, Proposal, proposal_path(message.proposal))
    for _ in range(TRIES):
        try:
            if isinstance(message, VoteCast) and not _counts(message, proposal, services):
                return
            if proposal is not None:
                _conclude(proposal, message, services)
        except ConflictError:
            continue  # another vote, or another proposal, was faster: look again
        return
    raise ConflictError(message.proposal)


def _counts(cast: VoteCast, proposal: Proposal | None, services: Services) -> bool:
    """Say whether this vote stands, having recorded it; or tell the person why it does not."""
    if _counted(cast, services):
        return True
    if refusal := _refusal(cast, proposal, services):
        _refuse(cast, refusal, services)
        return False
    _record(cast, services)
    return True


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
            "; if it stays so, the log of the function sweep says what Slack answered"
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
    commit.audit("vote refused", user=vote.user, approve=vote.approve, because=because, cast=vote.id)
    telling = short_hash([vote.proposal, vote.user, vote.id], 16)
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
    if vote.approve:
        commit.send(Topic.DECISIONS, Decided(vote.proposal))
        commit.run(services.documents, services.bus)
        return
    # In one commit with the vote: whoever applies at this moment writes the same document, and one of both must lose.
    _close(commit, Decision(vote.proposal, Outcome.REJECTED, "", services.clock(), {}), (), services)


def _state(proposal: Proposal, services: Services, now: datetime) -> State:
    paths = [change.path for change in proposal.changes]
    *documents, decided = services.documents.get([*paths, decision_path(proposal.id)])
    desired = [read(Desired, document) for document in documents]
    generations = {d.path: d.generation for d in desired if d}
    state: State = services.decisions.state_of(
        proposal, votes_on(proposal.id, services.documents), generations, now, read(Decision, decided)
    )
    return state


def _conclude(proposal: Proposal, message: VoteCast | ProposalMade, services: Services) -> None:
    now = services.clock()
    state = _state(proposal, services, now)
    if state is not State.APPROVED:
        return
    [last] = services.documents.get([LAST_APPLIED])  # before the estate: whatever is applied from here on conflicts
    estate = estate_of(services.documents)
    if because := _objection(proposal, estate, services):
        _void(proposal, message, because, services, now)
        return
    _apply(proposal, estate, last.version if last else "", services, now)


def _objection(proposal: Proposal, estate: Estate, services: Services) -> str:
    """Say why what was approved may no longer be done; empty where it may.

    The caps are looked at again: proposals that kept them one by one when they were made may exceed them together.
    """
    policy = services.policy()
    try:
        made = _made_now(proposal, estate, services)
    except InferError as error:
        return f"what was approved makes no sense any more: {error}"
    if services.decisions.digest(made, proposal.gate.rule, policy.hash) != proposal.digest:
        return "what was approved is no longer what would be done: prices, policy or the catalogue have changed"
    refuse = over_caps(policy.caps, request_of(proposal.intent, made, estate, services))
    return f"rule {refuse.rule!r} now refuses it: {refuse.because}. Who could: {refuse.who_could}" if refuse else ""


def _made_now(proposal: Proposal, estate: Estate, services: Services) -> Draft:
    """Draft it again on the documents as they are; the quota verdict is the one that people saw."""
    now_changes = tuple(
        Change(c.path, estate.at(c.path).generation, estate.at(c.path).spec, c.after) for c in proposal.changes
    )
    return draft(now_changes, estate, services.compile, proposal.quote.quota, services.catalog)


def _apply(proposal: Proposal, estate: Estate, last: str, services: Services, now: datetime) -> None:
    """Write it, if nothing else was applied since ``last``: the version of LAST_APPLIED that this estate goes with."""
    commit = Commit("decide", proposal.id, now)
    generations = {}
    for change in proposal.changes:
        old = estate.at(change.path)
        new = Desired(change.path, old.generation + 1, change.after, proposal.id, old.spec)
        generations[change.path] = new.generation
        commit.put(change.path, new, old.version)
    units = tuple(sorted({unit for change in proposal.changes for unit in units_of(change, estate)}))
    because = f"approved under rule {proposal.gate.rule}"
    decision = Decision(proposal.id, Outcome.APPLIED, because, now, generations)
    commit.put(LAST_APPLIED, decision, last)
    _close(commit, decision, units, services)


def _void(
    proposal: Proposal, message: VoteCast | ProposalMade, because: str, services: Services, now: datetime
) -> None:
    """End it without doing anything. Whoever's vote met the quorum meant to start it, so they are told privately."""
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
