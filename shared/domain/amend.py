"""From an intent to the next specs: the asked deployment's, and those of the platform it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.domain.catalog import Catalog
from shared.domain.desired import (
    FLEET_PATH,
    DeploymentSpec,
    Desired,
    FleetSpec,
    Placement,
    PlatformSpec,
    Spec,
    deployment_path,
    platform_path,
)
from shared.domain.errors import TerminalError
from shared.domain.intents import (
    Balance,
    Delete,
    Deploy,
    Intent,
    Rollback,
    Scale,
    Tune,
    Undo,
    check_name,
    check_percent,
    check_replicas,
    check_tuning,
)
from shared.domain.machines import Consumption
from shared.domain.proposals import Change

DEFAULT_REPLICAS = 3


@dataclass(frozen=True)
class Release:
    """What was resolved for a deploy, once: images by digest, the token by version."""

    image: str
    picker_image: str
    probe_image: str
    token: str = ""


@dataclass(frozen=True)
class Estate:
    """All desired state as it stands, by document path."""

    desired: Mapping[str, Desired]

    def at(self, path: str) -> Desired:
        """Return a document; one that is not there is generation 0 of nothing."""
        return self.desired.get(path) or Desired(path, 0, None)

    @property
    def deployments(self) -> dict[str, DeploymentSpec]:
        """The deployments that should exist, by name."""
        return {
            path.partition("/")[2]: desired.spec
            for path, desired in sorted(self.desired.items())
            if isinstance(desired.spec, DeploymentSpec)
        }

    @property
    def fleet(self) -> FleetSpec | None:
        """The global part, where there is one."""
        spec = self.at(FLEET_PATH).spec
        return spec if isinstance(spec, FleetSpec) else None


def target_of(intent: Intent, estate: Estate) -> str:
    """Return the name of the deployment that is meant; TerminalError where that cannot be told."""
    match intent.ask:
        case Deploy(name=name, model=model):
            return check_name(name or model)
        case (
            Delete(name=name)
            | Undo(name=name)
            | Balance(name=name)
            | Scale(name=name)
            | Tune(name=name)
            | Rollback(name=name)
        ) if name:
            return _existing(name, intent, estate)
        case Scale(region=region) | Balance(region=region) if region:
            return _only({n for n, spec in estate.deployments.items() if region in spec.regions}, f"in {region}")
        case _:
            return _only(set(estate.deployments), "")


def _existing(name: str, intent: Intent, estate: Estate) -> str:
    known = deployment_path(name) in estate.desired
    # One that was deleted can be brought back; who would change it is told so by _there.
    if name in estate.deployments or (known and not isinstance(intent.ask, Delete)):
        return name
    there = ", ".join(estate.deployments) or "none yet: /infer deploy MODEL REGION makes one"
    message = f"there is no deployment {name}; there is: {there}"
    raise TerminalError(message, reason="UnknownDeployment", field="name")


def _only(names: set[str], where: str) -> str:
    if len(names) == 1:
        return names.pop()
    found = ", ".join(sorted(names)) or "none"
    message = (
        f"say which deployment{' ' + where if where else ''} is meant (there is: {found}), as the word after the verb"
    )
    raise TerminalError(message, reason="WhichDeployment", field="name")


def amend(intent: Intent, estate: Estate, catalog: Catalog, release: Release | None) -> tuple[Change, ...]:
    """Return the changes that the intent asks for, the deployment's own first. Raises TerminalError.

    ``release`` is needed for a deploy alone.
    """
    name = target_of(intent, estate)
    desired = estate.at(deployment_path(name))
    before = desired.spec if isinstance(desired.spec, DeploymentSpec) else None
    after = _next_spec(intent, name, desired, before, catalog, release)
    if after == before:
        message = f"{name} is already as asked: nothing would change"
        raise TerminalError(message, reason="NothingToDo", field="name")
    own = Change(desired.path, desired.generation, before, after)
    return (own, *_platform_changes(estate, name, after))


def _next_spec(
    intent: Intent,
    name: str,
    desired: Desired,
    before: DeploymentSpec | None,
    catalog: Catalog,
    release: Release | None,
) -> DeploymentSpec | None:
    match intent.ask:
        case Deploy() as ask:
            return _kept(_deployed(ask, name, catalog, release or Release("", "", "")), before)
        case Delete():
            return None
        case Undo():
            if desired.previous is not None and not isinstance(desired.previous, DeploymentSpec):
                raise TypeError(desired.path)
            return desired.previous
        case Scale() as ask:
            return _scaled(ask, name, _there(before, name))
        case Balance() as ask:
            return _balanced(ask, name, _there(before, name))
        case Tune() as ask:
            return _tuned(ask, _there(before, name), catalog)
        case Rollback(image=image):
            return replace(_there(before, name), image=image or _earlier_image(desired, name))


def _there(spec: DeploymentSpec | None, name: str) -> DeploymentSpec:
    if spec is None:
        message = f"{name} has been deleted; /infer undo {name} would bring it back"
        raise TerminalError(message, reason="DeletedDeployment", field="name")
    return spec


def _served_in(region: str, name: str, spec: DeploymentSpec) -> Placement:
    if region not in spec.regions:
        message = f"{name} does not serve in {region}; it serves in {', '.join(sorted(spec.regions))}"
        raise TerminalError(message, reason="NotServedThere", field="region")
    return spec.regions[region]


def _balanced(ask: Balance, name: str, spec: DeploymentSpec) -> DeploymentSpec:
    percent = check_percent(ask.percent)
    if not ask.region:
        return replace(spec, utilization=percent, utilizations={})
    _served_in(ask.region, name, spec)
    others = {region: each for region, each in spec.utilizations.items() if region != ask.region}
    return replace(spec, utilizations=others if percent == spec.utilization else {**others, ask.region: percent})


def _tuned(ask: Tune, spec: DeploymentSpec, catalog: Catalog) -> DeploymentSpec:
    check_tuning(ask.max_num_seqs, ask.max_model_len)
    region = catalog.region(next(iter(spec.regions)))
    fit = catalog.option_for(catalog.model(spec.model), catalog.machine(spec.machine), region)
    longest = fit.model.max_model_len(fit.option)
    if ask.max_model_len is not None and ask.max_model_len > longest:
        message = (
            f"--max-model-len can be at most {longest} for {spec.model} on {spec.machine}, not {ask.max_model_len}"
        )
        raise TerminalError(message, reason="BadLimit", field="max_model_len")
    return replace(
        spec,
        max_num_seqs=spec.max_num_seqs if ask.max_num_seqs is None else ask.max_num_seqs,
        max_model_len=spec.max_model_len if ask.max_model_len is None else ask.max_model_len,
    )


def _earlier_image(desired: Desired, name: str) -> str:
    now, was = desired.spec, desired.previous
    if isinstance(was, DeploymentSpec) and isinstance(now, DeploymentSpec) and was.image != now.image:
        return was.image
    message = f"the last change of {name} did not change its image: say which one, by its Artifact Registry path"
    raise TerminalError(message, reason="WhichImage", field="image")


def _scaled(ask: Scale, name: str, spec: DeploymentSpec) -> DeploymentSpec:
    placement = _served_in(ask.region, name, spec)
    count = ask.replicas if ask.replicas is not None else placement.replicas + (ask.delta or 0)
    scaled = replace(placement, replicas=check_replicas(count, ask.region))
    return replace(spec, regions={**spec.regions, ask.region: scaled})


def _deployed(ask: Deploy, name: str, catalog: Catalog, release: Release) -> DeploymentSpec:
    model = catalog.model(ask.model)
    machine = catalog.machine(ask.machine or model.default_machine or "")
    consumption = catalog.consumption(machine, ask.consumption or None)
    regions = {}
    for region, asked in ask.regions.items():  # in the order typed: the first becomes the config cluster's
        catalog.option_for(model, machine, catalog.region(region))  # raises where the model or machine is not for there
        zones = catalog.zones_for(machine, catalog.region(region), consumption)
        zone = _zone(ask.zones.get(region, ""), zones, machine.machine_type, region, consumption)
        count = asked if asked is not None else ask.replicas if ask.replicas is not None else DEFAULT_REPLICAS
        regions[region] = Placement(check_replicas(count, region), zone)
    return DeploymentSpec(
        model=model.id,
        served_name=name,
        machine=machine.machine_type,
        consumption=consumption,
        regions=regions,
        image=release.image,
        picker_image=release.picker_image,
        probe_image=release.probe_image,
        token=release.token,
        weights=ask.weights,
    )


def _kept(spec: DeploymentSpec, before: DeploymentSpec | None) -> DeploymentSpec:
    """Return the spec with what a deploy cannot say and somebody had set: where traffic spills, and servers' limits."""
    if before is None:
        return spec
    utilizations = {region: percent for region, percent in before.utilizations.items() if region in spec.regions}
    spec = replace(spec, utilization=before.utilization, utilizations=utilizations)
    if (spec.model, spec.machine) != (before.model, before.machine):
        return spec
    return replace(spec, max_num_seqs=before.max_num_seqs, max_model_len=before.max_model_len)


def _zone(asked: str, zones: tuple[str, ...], machine: str, region: str, consumption: Consumption) -> str:
    if not zones:
        message = f"{machine} is not offered in {region} as {consumption.replace('_', '-')}"
        raise TerminalError(message, reason="MachineNotInRegion", field="region")
    if asked and asked not in zones:
        message = f"{machine} is not offered in zone {asked}; in {region} it is in {', '.join(zones)}"
        raise TerminalError(message, reason="MachineNotInZone", field="zone")
    return asked or zones[0]


def _platform_changes(estate: Estate, name: str, after: DeploymentSpec | None) -> tuple[Change, ...]:
    """Return what the platform must become. A region stands while a deployment, or the config cluster, needs it."""
    deployments = {**estate.deployments, name: after}
    serving = {n: spec for n, spec in deployments.items() if spec is not None}
    fleet = _fleet(estate.fleet, serving, after)
    regions = {region for spec in serving.values() for region in spec.regions}
    known = {path.partition("/")[2] for path in estate.desired if path.startswith("platform/")} - {"global"}
    wanted: dict[str, Spec | None] = {FLEET_PATH: fleet}
    for region in sorted(regions | known | ({fleet.config_region} if fleet else set())):
        users = frozenset(n for n, spec in serving.items() if region in spec.regions)
        if fleet and region == fleet.config_region:
            users = frozenset(serving)
        wanted[platform_path(region)] = PlatformSpec(users) if users else None
    changes = []
    for path, spec in wanted.items():
        now = estate.at(path)
        if now.spec != spec:
            changes.append(Change(path, now.generation, now.spec, spec))
    return tuple(changes)


def _fleet(
    now: FleetSpec | None, serving: Mapping[str, DeploymentSpec], after: DeploymentSpec | None
) -> FleetSpec | None:
    if not serving:
        return None
    if now is not None:
        return FleetSpec(now.config_region, frozenset(serving))
    first = after or next(iter(serving.values()))
    return FleetSpec(next(iter(first.regions)), frozenset(serving))
