"""Eleven planted bugs, each a rule of the house broken on purpose and injected as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.following import Look, follow
from shared.domain.graph import ResourceGraph
from shared.domain.incidents import Incident, IncidentState
from shared.domain.inventory import Entry, Status
from shared.domain.names import ResourceKey
from shared.domain.observations import Absent, Broken, Observation, Unknown
from shared.domain.planning import Do, Plan, Verb, make_plan
from shared.domain.policy import may_vote
from shared.domain.proposals import State, state_of
from shared.domain.settling import remember, settle
from shared.services import Decisions


@dataclass(frozen=True)
class Bug:
    """A broken rule, and within how many histories it must be noticed."""

    name: str
    decisions: Decisions
    within: int


def _unknown_is_absent(graph: ResourceGraph, inventory: Any, seen: Observation, *rest: Any) -> Plan:
    blind = {key: Absent() if isinstance(found, Unknown) else found for key, found in seen.items()}
    return make_plan(graph, inventory, blind, *rest)


def _nothing_is_remembered(status: Status, graph: ResourceGraph) -> Status:
    """Only what is already built is noted down, after the fact."""
    known = remember(status, graph)
    first = min((r.key for r in graph if r.key not in status.inventory and not r.is_check), default=None)
    return replace(known, inventory={key: entry for key, entry in known.inventory.items() if key != first})


def _forgotten_at_once(status: Status, generation: int, plan: Plan, seen: Any, results: Any, now: Any) -> Status:
    settled = settle(status, generation, plan, seen, results, now)
    return replace(settled, inventory={key: e for key, e in settled.inventory.items() if e.gone_since is None})


def _needs_do_not_matter(graph: ResourceGraph, *rest: Any) -> Plan:
    free = ResourceGraph({k: replace(r, needs=frozenset(), any_of=frozenset()) for k, r in graph.resources.items()})
    return make_plan(free, *rest)


def _users_do_not_matter(
    graph: Any, inventory: Mapping[ResourceKey, Entry], seen: Any, now: Any, _: Any = None
) -> Plan:
    alone = {key: replace(entry, needs=frozenset()) for key, entry in inventory.items()}
    return make_plan(graph, alone, seen, now, {})


def _wrecks_are_left(graph: ResourceGraph, inventory: Any, seen: Observation, now: Any, others: Any = None) -> Plan:
    """A pool in ERROR is taken for one that stands."""
    plan = make_plan(graph, inventory, seen, now, others)
    wrecks = {key for key, found in seen.items() if isinstance(found, Broken) and found.wreck}
    return Plan(
        {k: s for k, s in plan.steps.items() if not (k in wrecks and isinstance(s, Do) and s.verb is Verb.DELETE)}
    )


def _any_vote_will_do(proposal: Any, votes: Any, generations: Any, now: Any, decision: Any = None) -> State:
    state = state_of(proposal, votes, generations, now, decision)
    return State.APPROVED if state is State.OPEN else state


def _own_vote_counts(user: str, requester: str, *rest: Any) -> Any:
    return None if user == requester else may_vote(user, requester, *rest)


def _own_vote_is_added(proposal: Any, votes: Any, *rest: Any) -> State:
    stranger = replace(proposal, intent=replace(proposal.intent, user="nobody"))
    return state_of(stranger, votes, *rest)


def _digest_is_blind(draft: Any, rule: str, policy: str) -> str:  # noqa: ARG001 - that is the bug
    return draft.digest(rule, "any policy")  # type: ignore[no-any-return]  # a draft, seen as any value


def _closed_is_over(incident: Incident, look: Look, now: Any) -> Incident:
    """What Monitoring closed is called over, without a look at the metrics."""
    seen = follow(incident, look, now)
    over = not seen.alarming and seen.state is IncidentState.OPEN
    return replace(seen, state=IncidentState.RESOLVED, ended_at=now, next_check_at=None) if over else seen


def _never_outdated(*_: Any) -> bool:
    return False


BUGS = (
    Bug("what could not be seen is taken for absent", Decisions(plan=_unknown_is_absent), 200),
    Bug("building starts before it is remembered", Decisions(remember=_nothing_is_remembered), 20),
    Bug("what is gone is forgotten at once", Decisions(settle=_forgotten_at_once), 300),
    Bug("needs are not waited for", Decisions(plan=_needs_do_not_matter), 20),
    Bug("users are not waited for", Decisions(plan=_users_do_not_matter), 100),
    Bug("a wreck is left where it is", Decisions(plan=_wrecks_are_left), 200),
    Bug("applied before the quorum is met", Decisions(state_of=_any_vote_will_do), 20),
    Bug("the requester's own vote counts", Decisions(may_vote=_own_vote_counts, state_of=_own_vote_is_added), 100),
    Bug("a void digest is applied", Decisions(digest=_digest_is_blind), 200),
    Bug("an alert that was closed is taken for one that is over", Decisions(follow=_closed_is_over), 100),
    Bug("a suggestion is taken for a world that has moved", Decisions(outdated=_never_outdated), 300),
)
