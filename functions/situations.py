"""Gathers what advice rests on: measurements, limits, forecast, price, quota, history. Used by incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.propose import estate_of
from shared.domain.amend import Estate
from shared.domain.calibration import learn_limits
from shared.domain.capacity import ServerLimits, limits_of
from shared.domain.catalog import Catalog
from shared.domain.costing import gpus_of, nodes_of, price_lines
from shared.domain.desired import DeploymentSpec, deployment_path
from shared.domain.errors import InferError, TerminalError
from shared.domain.forecast import forecast
from shared.domain.incidents import Incident
from shared.domain.machines import Consumption, Machine
from shared.domain.names import Kind
from shared.domain.policy import Caps
from shared.domain.proposals import Decision, Outcome, Proposal
from shared.domain.quotes import total
from shared.domain.records import PROPOSALS, decision_path
from shared.domain.scores import Score
from shared.domain.suggestions import NewPlace, Place, Release, Room, Situation
from shared.domain.windows import MetricWindow
from shared.ports import Documents
from shared.services import Services
from shared.store import read

WINDOW_MINUTES = 30
HISTORY_DAYS = 7
RELEASE_LIFE = timedelta(hours=6)
"""A release older than this is not blamed any more."""
BEFORE_MINUTES = 15
OFFERS_LIFE = timedelta(hours=24)
_NEW_PLACES = 2
_DEFAULT_LOAD = timedelta(minutes=8)
_DEFAULT_NODE = timedelta(minutes=5)


@dataclass(frozen=True)
class Gathered:
    """A situation, the windows it rests on, and what they taught of the servers' limits."""

    situation: Situation
    windows: Mapping[str, MetricWindow]
    limits: Mapping[str, ServerLimits]


def gather(incident: Incident, spec: DeploymentSpec, generation: int, score: Score, services: Services) -> Gathered:
    """Read everything there is about a deployment. Raises InferError where the metrics cannot be read."""
    now, name = services.clock(), incident.deployment
    windows = {region: services.metrics.window(name, region, now, WINDOW_MINUTES) for region in sorted(spec.regions)}
    places = {region: _place(incident, region, spec, window, score, services) for region, window in windows.items()}
    estate = estate_of(services.documents)
    situation = Situation(
        deployment=name,
        generation=generation,
        spec=spec,
        region=incident.region,
        places=places,
        now=now,
        new_places=_new_places(spec, services.catalog),
        release=_release(incident, now, services),
        room=_room(services.policy().caps, estate, services.catalog),
        acts=incident.all_acts,
        offered=_offered(incident, generation, now),
        lessons=score.lessons,
    )
    limits = {kind_of(region, spec): learn_limits(place.limits, windows[region]) for region, place in places.items()}
    return Gathered(situation, windows, limits)


def _offered(incident: Incident, generation: int, now: datetime) -> tuple[datetime, ...]:
    """Return the rounds that nobody followed: one that stands is this one, and one that was acted on was welcome."""
    rounds = tuple(at for at in incident.offered if now - at < OFFERS_LIFE)
    standing = incident.advice is not None and bool(incident.advice.suggestions) and incident.generation == generation
    acted = bool(rounds) and any(act.at >= rounds[-1] for act in incident.all_acts)
    return rounds[:-1] if standing or acted else rounds


def _place(
    incident: Incident, region: str, spec: DeploymentSpec, window: MetricWindow, score: Score, services: Services
) -> Place:
    catalog, now = services.catalog, services.clock()
    machine, wanted = catalog.machine(spec.machine), spec.regions[region].replicas
    fit = catalog.option_for(catalog.model(spec.model), machine, catalog.region(region))
    limits = first_limits(spec, catalog).taught(score.limits.get(kind_of(region, spec)))
    history = services.metrics.history(incident.deployment, region, now, HISTORY_DAYS)
    load, node = _leads(catalog)
    return Place(
        region=region,
        window=window,
        limits=limits.measured(window.kv_tokens),
        forecast=forecast(history, window),
        replicas=wanted,
        utilization=spec.spills_at(region),
        warm=nodes_of(spec, region, catalog) * fit.replicas_per_node - wanted,
        replicas_per_node=fit.replicas_per_node,
        gpus_per_node=machine.accelerator.count,
        node_price=_price(machine, region, spec, catalog),
        nodes_left=_nodes_left(machine, region, spec, services),
        lead_warm=load,
        lead_nodes=load + node,
    )


def kind_of(region: str, spec: DeploymentSpec) -> str:
    """Return what a lesson about servers holds for: another model or machine has to be learned anew."""
    return f"{region} {spec.model} {spec.machine}"


def first_limits(spec: DeploymentSpec, catalog: Catalog) -> ServerLimits:
    """Return what the catalogue promises of one server, before any was measured. Raises TerminalError."""
    machine, model = catalog.machine(spec.machine), catalog.model(spec.model)
    fit = catalog.option_for(model, machine, catalog.region(next(iter(spec.regions))))
    most = spec.max_num_seqs or catalog.engine().max_num_seqs
    return limits_of(model, fit.option, machine.accelerator, most)


def _leads(catalog: Catalog) -> tuple[timedelta, timedelta]:
    load, node = catalog.duration(Kind.WORKLOAD), catalog.duration(Kind.NODE_POOL)
    return (load.typical if load else _DEFAULT_LOAD), (node.typical if node else _DEFAULT_NODE)


def _price(machine: Machine, region: str, spec: DeploymentSpec, catalog: Catalog) -> float | None:
    price = catalog.price(machine, catalog.region(region), Consumption(spec.consumption))
    return None if price is None else float(price.usd_per_hour)


def _nodes_left(machine: Machine, region: str, spec: DeploymentSpec, services: Services) -> int | None:
    metric = machine.quota.metric(Consumption(spec.consumption))
    if metric is None:
        return None
    [found] = services.quotas.findings({(region, metric): machine.accelerator.count})
    if found.limit is None or found.usage is None:
        return None
    return max(0, int((found.limit - found.usage) // machine.accelerator.count))


def _new_places(spec: DeploymentSpec, catalog: Catalog) -> tuple[NewPlace, ...]:
    """Return the cheapest regions that could serve it too; one without a known price comes last."""
    machine, model = catalog.machine(spec.machine), catalog.model(spec.model)
    load, node = _leads(catalog)
    cluster = catalog.duration(Kind.CLUSTER)
    lead = load + node + (cluster.typical if cluster else timedelta(minutes=10))
    found = []
    for region in catalog.where(machine):
        if region.name in spec.regions or not catalog.zones_for(machine, region, Consumption(spec.consumption)):
            continue
        try:
            fit = catalog.option_for(model, machine, region)
        except TerminalError:
            continue
        price = _price(machine, region.name, spec, catalog)
        each = NewPlace(
            region.name, fit.replicas_per_node, price, machine.accelerator.count, fit.replicas_per_node, lead
        )
        found.append((price is None, price or 0.0, region.name, each))
    return tuple(each for *_, each in sorted(found, key=lambda entry: entry[:3])[:_NEW_PLACES])


def _room(caps: Caps, estate: Estate, catalog: Catalog) -> Room:
    specs = {path: desired.spec for path, desired in estate.desired.items()}
    cost = total(price_lines(specs, catalog))
    hourly = None
    if caps.hourly is not None:
        hourly = 0.0 if cost.unknown else max(0.0, caps.hourly - cost.hourly)
    gpus = None if caps.gpus is None else max(0, caps.gpus - gpus_of(specs, catalog))
    return Room(step_gpus=caps.step, gpus=gpus, hourly=hourly)


def _release(incident: Incident, now: datetime, services: Services) -> Release | None:
    """Return the newest applied change of what serves, if it is young enough to be blamed."""
    path = deployment_path(incident.deployment)
    for proposal, decision in _applied(incident.deployment, services.documents):
        if now - decision.at > RELEASE_LIFE:
            return None
        own = next((change for change in proposal.changes if change.path == path), None)
        before, after = (own.before, own.after) if own else (None, None)
        if not isinstance(before, DeploymentSpec) or not isinstance(after, DeploymentSpec):
            continue
        if before.image != after.image:
            return Release(decision.at, before.image, after.image, _before(incident, decision.at, services))
    return None


def _before(incident: Incident, at: datetime, services: Services) -> MetricWindow | None:
    try:
        return services.metrics.window(incident.deployment, incident.region, at, BEFORE_MINUTES)
    except InferError:
        return None


def _applied(name: str, documents: Documents) -> Iterable[tuple[Proposal, Decision]]:
    """Yield what was applied to a deployment, newest first."""
    proposals = [p for d in documents.find(PROPOSALS, {"deployment": name}) if (p := read(Proposal, d))]
    decided = documents.get([decision_path(proposal.id) for proposal in proposals]) if proposals else []
    pairs = [(p, d) for p, found in zip(proposals, decided, strict=True) if (d := read(Decision, found))]
    applied = [pair for pair in pairs if pair[1].outcome is Outcome.APPLIED]
    return sorted(applied, key=lambda pair: pair[1].at, reverse=True)


def taught(score: Score, limits: Mapping[str, ServerLimits]) -> Score:
    """Return the score with what the servers taught."""
    return replace(score, limits={**score.limits, **limits})
