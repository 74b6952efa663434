"""Situations for the tests of advice: regions that run just as the model of capacity says, until a test bends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from shared.domain.capacity import ServerLimits, Workload, limits_of, most_rate, steady
from shared.domain.desired import DeploymentSpec, Placement
from shared.domain.forecast import HORIZONS, Forecast
from shared.domain.intervals import Interval
from shared.domain.outlook import FULL, planned
from shared.domain.suggestions import NewPlace, Place, Release, Situation, Slo
from shared.domain.windows import MetricWindow, Series
from tests.unit.domain.examples import CATALOG, EU, T0, US, minutes

NAME, NEW, OLD_IMAGE, NEW_IMAGE = "chat", "us-central1", "vllm@sha256:1", "vllm@sha256:2"
CHAT, CODE = Workload(1636, 109), Workload(2645, 28)
"""Mean lengths of the public Azure weeks of 2024: conversation, and coding, whose answers are short."""
STEP = timedelta(seconds=30)
LENGTH = 80
"""Steps of a window: 40 minutes."""
SLO = Slo()


def limits(machine: str) -> ServerLimits:
    """Return what a server of the small example model bears on a machine."""
    model = CATALOG.model("llama-3.1-8b")
    option = next(each for each in model.options if each.machine == machine)
    return limits_of(model, option, CATALOG.machine(machine).accelerator)


L4, H100 = limits("g2-standard-12"), limits("a3-highgpu-1g")


def bears(server: ServerLimits = L4, mix: Workload = CHAT, replicas: int = 3) -> float:
    """Return the requests per second that each of so many servers is planned with."""
    return planned(FULL * replicas * most_rate(server, mix, SLO.ttft, SLO.gap)) / replicas


def flat(value: float | None, length: int = LENGTH) -> Series:
    return (value,) * length


def window(
    rate: float, replicas: int = 3, server: ServerLimits = L4, mix: Workload = CHAT, region: str = US, **bent: Any
) -> MetricWindow:
    """Return minutes at a constant load; a number given by the name of a series takes its place throughout."""
    run = steady(server, mix, rate / max(1, replicas))
    values: dict[str, Any] = {
        "replicas": float(replicas),
        "kv": run.kv,
        "kv_max": min(1.0, run.kv * 1.1),
        "waiting": 0.0,
        "running": run.running * replicas,
        "ttft": run.ttft,
        "gap": run.gap,
        "requests": rate,
        "prompt_tokens": rate * mix.prompt,
        "output_tokens": rate * mix.output,
        "preemptions": 0.0,
        "failures": 0.0,
        **bent,
    }
    series = {name: value if isinstance(value, tuple) else flat(value) for name, value in values.items()}
    return MetricWindow(NAME, region, T0, STEP, **series)


def outlook(now: float, later: float | None = None, spread: float = 0.1) -> Forecast:
    """Return a forecast that goes from one load to another within the hour."""
    end = now if later is None else later
    ahead = {far: now + (end - now) * far / HORIZONS[-1] for far in HORIZONS}
    return Forecast(_around(now, spread / 2), {far: _around(value, spread) for far, value in ahead.items()})


def _around(value: float, spread: float) -> Interval:
    return Interval(value * (1 - spread), value, value * (1 + spread))


_PLACE = {field.name for field in fields(Place)}


def place(rate: float, region: str = US, replicas: int = 3, later: float | None = None, **changes: Any) -> Place:
    """Return a region under a load. Changes are fields of Place, ``server``, ``mix``, ``spread`` or bend its window."""
    server, mix = changes.pop("server", L4), changes.pop("mix", CHAT)
    expected = outlook(rate, later, changes.pop("spread", 0.1))
    own = {name: value for name, value in changes.items() if name in _PLACE}
    bent = {name: value for name, value in changes.items() if name not in _PLACE}
    usual: dict[str, Any] = {
        "window": window(rate, replicas, server, mix, region, **bent),
        "limits": server,
        "forecast": expected,
        "utilization": 80,
        "warm": 0,
        "replicas_per_node": 1,
        "gpus_per_node": 1,
        "node_price": 0.7,
        "nodes_left": 20,
        "lead_warm": minutes(4),
        "lead_nodes": minutes(9),
    }
    return Place(region=region, replicas=replicas, **{**usual, **own})


def situation(here: Place, *others: Place, **changes: Any) -> Situation:
    """Return the situation of the first place's region."""
    places: Mapping[str, Place] = {each.region: each for each in (here, *others)}
    spec = DeploymentSpec(
        model="llama-3.1-8b",
        served_name=NAME,
        machine="g2-standard-12",
        consumption="on_demand",
        regions={each.region: Placement(each.replicas, f"{each.region}-a") for each in places.values()},
        image=NEW_IMAGE,
        picker_image="epp@sha256:0",
        probe_image="curl@sha256:0",
        weights="gs://weights/llama",
        utilization=here.utilization,
    )
    made = Situation(NAME, 7, spec, here.region, places, T0)
    return replace(made, **changes)


def hot(region: str = US, replicas: int = 3, share: float = 1.3, **changes: Any) -> Place:
    """Return a region with more load than it bears: by ``share`` of what is planned with, and as it then looks."""
    rate = share * replicas * bears(changes.get("server", L4), changes.get("mix", CHAT), replicas)
    seen = {"kv": 0.93, "kv_max": 0.99, "waiting": 6.0 * replicas, "ttft": 6.0, **changes}
    return place(rate, region, replicas, **seen)


def calm(region: str = EU, replicas: int = 3, share: float = 0.5, **changes: Any) -> Place:
    """Return a region that carries that share of what is planned with."""
    return place(
        share * replicas * bears(changes.get("server", L4), changes.get("mix", CHAT), replicas),
        region,
        replicas,
        **changes,
    )


def new_place(region: str = NEW, **changes: Any) -> NewPlace:
    return replace(NewPlace(region, 3, 0.7, 1, 1, minutes(25)), **changes)


def released(rate: float, replicas: int = 3, ago: float = 40) -> Release:
    """Return a release so many minutes ago, with the pace before it as the model of capacity says."""
    return Release(T0 - minutes(ago), OLD_IMAGE, NEW_IMAGE, window(rate, replicas))
