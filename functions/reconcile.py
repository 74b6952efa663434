"""One round: bring one unit one round closer to its desired state. Looks, decides, starts, writes down; never waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.domain.desired import FLEET_PATH, DeploymentSpec, Desired, FleetSpec, PlatformSpec
from shared.domain.errors import TerminalError
from shared.domain.graph import ResourceGraph
from shared.domain.inventory import PLATFORM, Entry, Status, Unit
from shared.domain.messages import Decided, StatusChanged, Wake
from shared.domain.names import GLOBAL, ResourceKey
from shared.domain.planning import Plan, Verb, users_of
from shared.domain.records import STATUSES, desired_path, status_path
from shared.domain.settling import Result, late_results, pace
from shared.domain.summary import stuck, summarize
from shared.domain.topics import Topic
from shared.ports import ConflictError
from shared.services import Services
from shared.store import Commit, desired_at, read, status_at

TRIES = 3
TIMED = timedelta(seconds=90)
"""What is due within this time gets a timer; what is due later is left to the minute sweep."""


@dataclass(frozen=True)
class Situation:
    """What a round reads before it looks at the world."""

    desired: Desired
    graph: ResourceGraph
    status: Status
    others: Mapping[ResourceKey, Entry]
    """Of other units: what may still use what this unit no longer wants."""


def reconcile(message: Wake | Decided, services: Services) -> None:
    """Do one round for the unit, or for each unit that a decision concerns.

    Raises ConflictError where others keep writing first: the message then comes again.
    """
    units = message.units if isinstance(message, Decided) else (message.unit,)
    for unit in units:
        reconcile_unit(unit, services)


def reconcile_unit(unit: Unit, services: Services) -> None:
    """Do one round; where another round of the same unit was faster, do it again on what that one left."""
    for _ in range(TRIES):
        try:
            _round(unit, services)
        except ConflictError:
            continue
        return
    raise ConflictError(str(unit))


def _round(unit: Unit, services: Services) -> None:
    now = services.clock()
    try:
        here = _read(unit, services)
    except TerminalError as error:
        _give_up(unit, error, services)
        return
    remembered: Status = services.decisions.remember(here.status, here.graph)
    if remembered != here.status:
        remembered = _commit(remembered, Commit("reconcile", str(unit), now), services)
    asked = {**_blank(here.graph), **here.others, **remembered.inventory}
    seen = services.providers.look(asked)
    plan: Plan = services.decisions.plan(here.graph, remembered.inventory, seen, now, here.others)
    if _deletes(plan) and _moved(here, services):
        return  # the message about the newer generation is on its way
    started = services.providers.start(plan.actions, remembered.inventory)
    results = {**late_results(seen), **started}
    generation = here.desired.generation
    settled: Status = services.decisions.settle(remembered, generation, plan, seen, results, services.clock())
    settled = summarize(settled, plan, seen, generation, now)
    _write(remembered, settled, plan, results, here, services)


def _give_up(unit: Unit, error: TerminalError, services: Services) -> None:
    """Say on the unit that what is wanted of it makes no sense, as after a change of the catalogue; touch nothing."""
    path = desired_path(unit)
    documents = services.documents.get([path, status_path(unit)])
    before, now = status_at(documents[1], unit), services.clock()
    after = stuck(before, error, desired_at(documents[0], path).generation, now)
    if after != before:
        _commit(after, Commit("reconcile", str(unit), now).send(Topic.STATUSES, StatusChanged(unit)), services)


def _read(unit: Unit, services: Services) -> Situation:
    """Read what the round rests on. Raises TerminalError where the catalogue cannot make sense of what is wanted."""
    path = desired_path(unit)
    documents = services.documents.get([path, FLEET_PATH, status_path(unit)])
    desired = desired_at(documents[0], path)
    fleet = desired_at(documents[1], FLEET_PATH).spec
    whole = services.compile(path, desired.spec, fleet if isinstance(fleet, FleetSpec) else None)
    graph, status = whole.at(unit.location), status_at(documents[2], unit)
    unwanted = status.inventory.keys() - graph.resources.keys()
    others = _users_elsewhere(unit, unwanted, services) if unwanted else {}
    return Situation(desired, graph, status, others)


def _users_elsewhere(unit: Unit, unwanted: set[ResourceKey], services: Services) -> Mapping[ResourceKey, Entry]:
    """Return what other units remember that leads to a key which this one no longer wants."""
    found = services.documents.find(STATUSES)
    statuses = [status for document in found if (status := read(Status, document)) and status.unit != unit]
    everything = {key: entry for status in statuses for key, entry in status.inventory.items()}
    used = users_of(everything)
    users = frozenset().union(*(used.get(key, frozenset()) for key in unwanted))
    passing = {key: entry for key, entry in everything.items() if entry.needs & unwanted}
    return {**passing, **{user: everything[user] for user in users}}


def _blank(graph: ResourceGraph) -> dict[ResourceKey, Entry]:
    """Ask to see what the graph needs of other units too."""
    return {key: Entry() for key in graph.outside}


def _deletes(plan: Plan) -> bool:
    return any(action.verb is Verb.DELETE for action in plan.actions)


def _moved(here: Situation, services: Services) -> bool:
    """Read the desired state once more: a delete must not act on what is no longer wanted gone."""
    [document] = services.documents.get([here.desired.path])
    return desired_at(document, here.desired.path).generation != here.desired.generation


def _commit(status: Status, commit: Commit, services: Services) -> Status:
    version = commit.put_status(status).run(services.documents, services.bus)[0]
    return replace(status, version=version)


def _write(
    before: Status,
    after: Status,
    plan: Plan,
    results: Mapping[ResourceKey, Result],
    here: Situation,
    services: Services,
) -> None:
    """Write what changed, wake who waits for it, and see to the next look. Having learnt nothing, write nothing."""
    now, unit = services.clock(), after.unit
    if replace(before, next_check_at=None) != replace(after, next_check_at=None) or _sooner(before, after, now):
        commit = Commit("reconcile", str(unit), now)
        started = {str(a.key): a.verb for a in plan.actions if a.key in results}
        if started:
            commit.audit("started", actions=started, generation=here.desired.generation)
        if (before.conditions, before.report) != (after.conditions, after.report):
            commit.send(Topic.STATUSES, StatusChanged(unit))
        for neighbour in _neighbours(unit, here.desired) if _kept(before) != _kept(after) else ():
            commit.send(Topic.ROUNDS, Wake(neighbour))
        _commit(after, commit, services)
    _set_timer(after, now, services)


def _sooner(before: Status, after: Status, now: datetime) -> bool:
    """Whether the next look must be written down: it was none, has become none, or is due before the one noted."""
    if before.next_check_at is None or after.next_check_at is None:
        return before.next_check_at != after.next_check_at
    return after.next_check_at < before.next_check_at or after.next_check_at - now > TIMED > before.next_check_at - now


def _kept(status: Status) -> frozenset[tuple[ResourceKey, bool]]:
    kept = {(key, True) for key, entry in status.inventory.items() if entry.kept}
    return frozenset(kept | {(key, False) for key, entry in status.inventory.items() if entry.gone_since})


def _neighbours(unit: Unit, desired: Desired) -> tuple[Unit, ...]:
    """Return the units whose cross-unit needs may have changed with this one."""
    specs = [spec for spec in (desired.spec, desired.previous) if spec is not None]
    found: set[Unit] = set()
    for spec in specs:
        match spec:
            case PlatformSpec(deployments=names):
                found |= {Unit(name, place) for name in names for place in (unit.location, GLOBAL)}
                found.add(Unit(PLATFORM, GLOBAL))
            case FleetSpec(deployments=names, config_region=region):
                found |= {Unit(name, GLOBAL) for name in names} | {Unit(PLATFORM, region)}
            case DeploymentSpec(regions=regions):
                places = (*regions, GLOBAL)
                found |= {Unit(unit.owner, place) for place in places} | {Unit(PLATFORM, place) for place in places}
    return tuple(sorted(found - {unit}))


def _set_timer(status: Status, now: datetime, services: Services) -> None:
    """Ask to be woken, on a grid as fine as the pace: chains of rounds that meet become one."""
    due = status.next_check_at
    if due is None or due - now > TIMED:
        return
    grid = 2 ** (int(pace(status.inventory, now).total_seconds()).bit_length() - 1)
    on_grid = max(round(due.timestamp() / grid) * grid, int(now.timestamp()) + 1)
    name = f"{status.unit.owner}-{status.unit.location}-{on_grid}"
    services.timers.at(datetime.fromtimestamp(on_grid, UTC), name, Topic.ROUNDS, Wake(status.unit))
