"""`inferops replay`: a recorded or made-up week under several policies side by side, and what each was worth.

All policies meet the same load, the same servers, the same lead times and the same balancer. The world is the embedded
cloud's engine with constants drawn around the published ones; what the product believes comes from its own catalogue.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from infra.local.cloud.engine.physics import Options, physics_of
from infra.local.replay_judge import Run, Verdict, hindsight, lead, play
from infra.local.replay_ours import Deployed, Ours, spec_of
from infra.local.replay_policies import Autoscaler, Fixed, Policy, Rules, clairvoyant, hourly
from infra.local.replay_trace import STEP, Trace, TraceError, demand, read, synthetic
from infra.local.replay_world import Curve, World, drawn
from shared.catalog.load import load
from shared.domain.capacity import limits_of
from shared.domain.catalog import Catalog
from shared.domain.desired import DEFAULT_UTILIZATION
from shared.domain.errors import InferError
from shared.domain.machines import Consumption
from shared.domain.models import Fit
from shared.domain.suggestions import Slo

PEAK = 12.0
"""Servers that the clairvoyant needs at the greatest mean load, where no scale is asked for."""
_FIRST = 1.3
"""How many times what the first minute needs everybody begins with."""
_TUNED, _CALM, _PAUSE = 0.8, 900.0, 300.0
"""The tuned autoscaler: KV share at 80 % of what a server bears; 15 min of calm, one server less in 5 min."""
_QUEUE = 3.0
"""Waiting requests of one server that Google's guide begins with."""
_HOUR, _DAY = 3600.0, 86400.0


class NoReplayError(Exception):
    """The question cannot be replayed; the text says why."""


@dataclass(frozen=True)
class Asked:
    """What is to be replayed."""

    trace: Path | None = None
    """None: a week of our own."""
    model: str = "llama3-8b"
    machine: str = ""
    """Empty: the model's own default."""
    regions: tuple[str, ...] = ("us-east4", "europe-west4")
    shift: float = 420.0
    """Minutes between the days of one region and the next."""
    scale: float | None = None
    """Multiplies the requests; None: so that the clairvoyant's peak is PEAK servers."""
    seed: int = 0
    days: float | None = None
    slo: Slo = field(default_factory=Slo)


@dataclass(frozen=True)
class Row:
    """What one policy was worth."""

    name: str
    attained: float
    """Share of requests within the SLO."""
    hours: float
    """Server hours paid for."""
    suggestions: float | None = None
    """A region and day; None: it makes none."""
    precision: float | None = None
    """Share of the suggestions that were right in hindsight."""
    lead: float | None = None
    """Median minutes by which right ones came before the first miss that they averted."""


@dataclass(frozen=True)
class Report:
    """All of it."""

    trace: str
    model: str
    machine: str
    days: float
    scale: float
    bears: float
    """Requests per second that one server of this world bears within the SLO."""
    bound: float
    """Server hours of the clairvoyant."""
    rows: tuple[Row, ...]
    servers: Mapping[str, Sequence[float]]
    """By policy: servers wanted in all regions at each step. The clairvoyant's among them."""
    verdicts: Sequence[Verdict]


def replay(asked: Asked) -> Report:
    """Replay it. Raises NoReplayError for what cannot be meant."""
    trace, fit, catalog = _trace(asked), _fit(asked), load()
    accelerator = fit.machine.accelerator
    most = catalog.engine().max_num_seqs
    options = Options(fit.model.hf_id, fit.model.max_model_len(fit.option), most, gpus=fit.option.tp)
    physics = drawn(physics_of(options, accelerator.type), _dice(asked, "world"))
    curve = Curve.measured(physics, trace.prompt, trace.output, _dice(asked, "curve"))
    each = curve.bears(asked.slo.ttft, asked.slo.gap)
    if each <= 0:
        raise NoReplayError(f"not one request is within the SLO on {fit.machine.machine_type}; try another machine")
    shape = demand(trace, len(asked.regions), asked.shift, 1.0, None)
    scale = asked.scale or PEAK * each / max(sum(rates) for rates in shape)
    loads = demand(trace, len(asked.regions), asked.shift, scale, _dice(asked, "load"), asked.days)
    try:
        limits = limits_of(fit.model, fit.option, accelerator, most)
    except InferError as error:
        raise NoReplayError(str(error)) from error
    deployed = Deployed(
        asked.regions, spec_of(fit.model.id, fit.machine.machine_type, asked.regions), limits,
        _price(catalog, fit, asked.regions[0]), fit.option.tp, (trace.prompt, trace.output), float(curve.tokens),
        asked.slo,
    )  # fmt: skip
    runs = [
        _run(policy, first, curve, loads, asked) for policy, first in _policies(loads, curve, each, deployed, asked)
    ]
    return _report(asked, trace, fit, scale, each, loads, runs)


def _policies(
    loads: Sequence[Sequence[float]], curve: Curve, each: float, deployed: Deployed, asked: Asked
) -> Iterator[tuple[Policy, list[int]]]:
    """Yield the policies, and with how many servers in each region they begin."""
    count, target = len(asked.regions), DEFAULT_UTILIZATION
    peak = [max(1, math.ceil(max(column) / each)) for column in zip(*loads, strict=True)]
    first = [max(1, math.ceil(_FIRST * rate / each)) for rate in loads[0]]
    rules, aim = Rules(2 * max(peak)), curve.at(_TUNED * each).kv
    tuned = Rules(2 * max(peak), _CALM, 1, _PAUSE)
    yield Fixed(count, target), peak
    yield Autoscaler("HPA on KV 60 %", count, target, lambda seen: seen.point.kv, target / 100, rules), first
    spill = max(1, round(100 * aim))
    yield Autoscaler(f"HPA on KV {spill} %, tuned", count, spill, lambda seen: seen.point.kv, aim, tuned), first
    yield (
        Autoscaler("HPA on waiting requests", count, target, lambda s: s.waiting / max(1, s.ready), _QUEUE, rules),
        first,
    )
    yield Ours(deployed, _dice(asked, "people")), first


def _run(policy: Policy, first: list[int], curve: Curve, loads: Sequence[Sequence[float]], asked: Asked) -> Run:
    world = World(curve, len(asked.regions), asked.slo.ttft, asked.slo.gap)
    return play(policy, world, loads, first, _dice(asked, "leads"))


def _report(
    asked: Asked, trace: Trace, fit: Fit, scale: float, each: float, loads: Sequence[Sequence[float]],
    runs: Sequence[Run],
) -> Report:  # fmt: skip
    days = len(loads) * STEP / _DAY
    fewest = clairvoyant(loads, each)
    by_hour = [sum(counts) for counts in hourly(loads, each)]
    verdicts = hindsight(runs[-1], loads)
    rows = [_row(run, hindsight(run, loads), days * len(asked.regions)) for run in runs]
    rows.append(Row("clairvoyant by the hour", 1.0, sum(by_hour) * STEP / _HOUR))
    wanted = {run.name: [float(sum(counts)) for counts in run.wanted] for run in runs}
    return Report(
        trace=trace.name,
        model=fit.model.id,
        machine=fit.machine.machine_type,
        days=days,
        scale=scale,
        bears=each,
        bound=sum(fewest) * STEP / _HOUR,
        rows=tuple(rows),
        servers={**wanted, "clairvoyant": [float(count) for count in fewest]},
        verdicts=verdicts,
    )


def _row(run: Run, verdicts: Sequence[Verdict], region_days: float) -> Row:
    if not hasattr(run, "offers") or not run.offers:
        return Row(run.name, run.attained, run.hours)
    seconds = lead(verdicts)
    return Row(
        run.name,
        run.attained,
        run.hours,
        len(run.offers) / region_days,
        sum(each.right for each in verdicts) / len(verdicts) if verdicts else None,
        None if seconds is None else seconds / 60,
    )


def _trace(asked: Asked) -> Trace:
    try:
        return read(asked.trace) if asked.trace else synthetic(asked.seed)
    except TraceError as error:
        raise NoReplayError(str(error)) from error


def _fit(asked: Asked) -> Fit:
    catalog = load()
    if not asked.regions:
        raise NoReplayError("name a region, such as us-east4")
    try:
        machine = catalog.machine(asked.machine) if asked.machine else None
        model = catalog.model(asked.model)
        fits = [catalog.option_for(model, machine, catalog.region(name)) for name in asked.regions]
    except InferError as error:
        raise NoReplayError(str(error)) from error
    return fits[0]


def _price(catalog: Catalog, fit: Fit, region: str) -> float | None:
    """Return what one server costs an hour: its part of the machine."""
    found = catalog.price(fit.machine, catalog.region(region), Consumption.ON_DEMAND)
    return None if found is None else float(found.usd_per_hour) / fit.replicas_per_node


def _dice(asked: Asked, what: str) -> Random:
    """Return chance for one purpose, so that what one part draws moves nothing elsewhere."""
    return Random(f"{what}/{asked.seed}")  # noqa: S311 - a replay's chance, not a secret
