"""Who may ask for what, and who must agree. First matching rule decides; nothing matching is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.verdicts import AskFirst, Refuse, Verdict

DIRECTORY_LIFE = timedelta(minutes=15)


@dataclass(frozen=True)
class Role:
    """Slack user groups and users that have a role. Channel membership is never one."""

    groups: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """When it matches, what it asks for. Empty ``verbs`` or ``regions`` match all; None limits nothing.

    One that allows must cover the change whole. One that denies is met by any region of it, whatever its size.
    """

    name: str
    requesters: tuple[str, ...]
    verbs: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    gpus_up_to: int | None = None
    """Matches only while the change adds no more GPUs than this."""
    cost_up_to: float | None = None
    """Matches only while the change adds no more USD per hour than this; an unknown price never matches."""
    deny: bool = False
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    approve_within: timedelta = timedelta(hours=24)
    run_within: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Caps:
    """Hard limits outside any rule. None limits nothing."""

    gpus: int | None = None
    hourly: float | None = None
    """USD per hour over everything."""
    step: int | None = None
    """GPUs that one change may add."""


@dataclass(frozen=True)
class Policy:
    """The whole policy. ``hash`` is that of its file; an empty policy refuses every change."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    caps: Caps = field(default_factory=Caps)
    shadow: frozenset[str] = frozenset()
    """Deployments whose suggestions are recorded and scored, and not offered."""
    hash: str = ""
    broken: str = ""
    """Why the file could not be used; it then refuses every change."""


@dataclass(frozen=True)
class Directory:
    """Who is in which Slack user group, as last fetched. Guests have no role, whatever group they are in."""

    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    guests: frozenset[str] = frozenset()
    fetched_at: datetime | None = None

    def stale(self, now: datetime) -> bool:
        """Whether it is too old to judge by."""
        return self.fetched_at is None or now - self.fetched_at > DIRECTORY_LIFE


@dataclass(frozen=True)
class Request:
    """A change in the figures that policies look at."""

    verb: str
    """By its effect: what takes a deployment down is a delete, what brings one up a deploy."""
    user: str
    regions: frozenset[str]
    gpu_delta: int
    hourly_delta: float
    price_unknown: bool
    """In what it changes."""
    gpus_after: int
    """Over all deployments."""
    hourly_after: float
    """As far as known."""
    unpriced: tuple[str, ...] = ()
    """What has no known price, over all deployments."""
    only_less: bool = False
    """Nothing that bills by the hour does so in a greater number than before: at no price can it cost more."""


def roles_of(user: str, policy: Policy, directory: Directory) -> frozenset[str]:
    """Return the roles of a person."""
    if user in directory.guests:
        return frozenset()
    return frozenset(
        name
        for name, role in policy.roles.items()
        if user in role.users or any(user in directory.groups.get(group, ()) for group in role.groups)
    )


def evaluate(policy: Policy, directory: Directory, request: Request, now: datetime) -> Verdict:
    """Say what the policy asks for before this request may be applied."""
    if policy.broken:
        return Refuse("policy file", f"the policy cannot be used: {policy.broken}", "whoever maintains the policy file")
    if directory.stale(now):
        because = "the directory of Slack groups is older than 15 minutes, so roles cannot be judged"
        return Refuse("fresh directory", because, "anyone, once it has been fetched again (it is tried each 5 minutes)")
    if refusal := over_caps(policy.caps, request):
        return refusal
    mine = roles_of(request.user, policy, directory)
    matching = [rule for rule in policy.rules if _matches(rule, request)]
    for rule in matching:
        if mine & set(rule.requesters):
            return _apply(rule, now)
    could = sorted({role for rule in matching if not rule.deny for role in rule.requesters})
    because = f"no rule lets you {request.verb} this"
    return Refuse("deny by default", because, describe(could, policy) if could else "nobody: no rule covers it")


def _apply(rule: Rule, now: datetime) -> Verdict:
    if rule.deny:
        return Refuse(rule.name, f"rule {rule.name} denies it", "nobody while that rule stands")
    approve_by = now + rule.approve_within
    return AskFirst(rule.name, rule.approvers, rule.quorum, approve_by, approve_by + rule.run_within)


def _matches(rule: Rule, request: Request) -> bool:
    if rule.verbs and request.verb not in rule.verbs:
        return False
    if rule.deny:
        return not rule.regions or not request.regions.isdisjoint(rule.regions)
    if rule.regions and not request.regions <= rule.regions:
        return False
    if rule.gpus_up_to is not None and request.gpu_delta > rule.gpus_up_to:
        return False
    return rule.cost_up_to is None or (not request.price_unknown and request.hourly_delta <= rule.cost_up_to)


def over_caps(caps: Caps, request: Request) -> Refuse | None:
    """Return which cap the change would exceed, or None. What takes no more than before is never in the way of one."""
    because = "" if _no_more(caps, request) else _exceeds(caps, request)
    who = (
        "anyone, by asking for less or taking something down first; "
        "or whoever maintains the policy file, by raising or dropping the cap"
    )
    return Refuse("caps", because, who) if because else None


def _no_more(caps: Caps, request: Request) -> bool:
    """Say whether it takes no more. Where a price is missing sums prove nothing: nothing may then grow in number."""
    sums_hold = caps.hourly is None or not request.unpriced
    return request.only_less or (sums_hold and request.gpu_delta <= 0 and request.hourly_delta <= 0)


def _exceeds(caps: Caps, request: Request) -> str:
    if caps.gpus is not None and request.gpus_after > caps.gpus:
        return f"it would make {request.gpus_after} GPUs in all; the cap is {caps.gpus}"
    if caps.step is not None and request.gpu_delta > caps.step:
        return f"it would add {request.gpu_delta} GPUs at once; the cap for one change is {caps.step}"
    if caps.hourly is not None and request.unpriced:
        unpriced = ", ".join(request.unpriced)
        return f"no price is known of {unpriced}, so nobody can tell whether the cap of {caps.hourly:.2f} USD/h holds"
    if caps.hourly is not None and request.hourly_after > caps.hourly:
        return f"it would cost {request.hourly_after:.2f} USD/h in all; the cap is {caps.hourly:.2f}"
    return ""


def may_vote(user: str, requester: str, gate: AskFirst, policy: Policy, directory: Directory) -> Refuse | None:
    """Return why this person's approval cannot count, or None where it does."""
    who = describe(gate.roles, policy)
    if user == requester:
        return Refuse("requester excluded", "you asked for this change, so your own approval cannot count", who)
    if not roles_of(user, policy, directory) & set(gate.roles):
        return Refuse(gate.rule, f"rule {gate.rule} wants approval by {' or '.join(gate.roles) or 'nobody'}", who)
    return None


def describe(roles: Iterable[str], policy: Policy) -> str:
    """Say who has one of these roles, as Slack mentions that notify nobody."""
    named = []
    for name in roles:
        role = policy.roles.get(name, Role())
        people = [*sorted(role.groups), *sorted(role.users)]
        named.append(f"{name} ({', '.join(people) or 'nobody'})")
    return " or ".join(named) or "nobody"
