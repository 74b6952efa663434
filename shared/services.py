"""What a function works with. Everything that touches the world comes in here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.domain.advice import diagnose
from shared.domain.catalog import Catalog
from shared.domain.desired import FleetSpec, Spec
from shared.domain.drafting import Draft
from shared.domain.following import follow
from shared.domain.graph import ResourceGraph
from shared.domain.intents import outdated
from shared.domain.planning import make_plan
from shared.domain.policy import Policy, may_vote
from shared.domain.proposals import state_of
from shared.domain.settling import remember, settle
from shared.domain.site import Site
from shared.ports import Bus, Chat, Clock, Documents, Metrics, Providers, Quotas, Resolver, Timers

Compile = Callable[[str, Spec | None, FleetSpec | None], ResourceGraph]
"""Document path, its spec, the fleet's spec: the graph of that document."""


@dataclass(frozen=True)
class Decisions:
    """The pure decisions that the functions take, as values: the simulation shows that breaking one is noticed."""

    remember: Callable[..., Any] = remember
    plan: Callable[..., Any] = make_plan
    settle: Callable[..., Any] = settle
    state_of: Callable[..., Any] = state_of
    may_vote: Callable[..., Any] = may_vote
    digest: Callable[..., str] = Draft.digest
    diagnose: Callable[..., Any] = diagnose
    follow: Callable[..., Any] = follow
    outdated: Callable[..., bool] = outdated


@dataclass(frozen=True)
class Services:
    """The collaborators of every function."""

    documents: Documents
    bus: Bus
    timers: Timers
    providers: Providers
    quotas: Quotas
    metrics: Metrics
    resolver: Resolver
    chat: Chat
    clock: Clock
    policy: Callable[[], Policy]
    compile: Compile
    catalog: Catalog
    site: Site
    channel: str
    """Where cards are posted."""
    hf_token_secret: str = ""
    """Secret Manager secret that gated models need; empty: there is none."""
    decisions: Decisions = field(default_factory=Decisions)
