"""Situations as they may be drawn: sound ones over the whole range of what can be, and ones made of odd numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from shared.domain.capacity import Workload
from shared.domain.forecast import HORIZONS, Forecast
from shared.domain.intents import MOST_REPLICAS
from shared.domain.intervals import Interval
from shared.domain.learning import Lesson
from shared.domain.suggestions import Act, Place, Release, RemedyKind, Room, Situation, Slo
from shared.domain.windows import MetricWindow
from tests.unit.domain.examples import EU, T0, US, minutes
from tests.unit.domain.situations import CHAT, CODE, H100, L4, bears, new_place, place, situation

SERIES = (
    *("replicas", "kv", "kv_max", "waiting", "running", "ttft", "gap", "requests", "prompt_tokens", "output_tokens"),
    *("preemptions", "failures"),
)
LOOKS: tuple[Mapping[str, Any], ...] = (
    {},
    {},
    {},
    {"kv": 0.95, "waiting": 90.0, "ttft": 9.0},
    {"waiting": 200.0, "ttft": 9.0, "kv": 0.2},
    {"preemptions": 40.0, "kv_max": 1.0, "kv": 0.97},
)
servers = st.sampled_from([L4, H100, replace(L4, most_running=12), replace(H100, most_running=48)])
mixes = st.sampled_from([CHAT, CODE, Workload(1268, 1527)])
rooms = st.builds(
    Room,
    step_gpus=st.none() | st.integers(0, 40),
    gpus=st.none() | st.integers(0, 40),
    hourly=st.none() | st.floats(0, 100),
)
acts = st.builds(
    Act, st.sampled_from(RemedyKind), st.sampled_from([US, EU]), st.integers(0, 200).map(lambda ago: T0 - minutes(ago))
)
lessons = st.dictionaries(
    st.sampled_from(RemedyKind),
    st.builds(Lesson, st.floats(0, 50), st.floats(-1, 1), st.floats(0.02, 1), st.just(1.0), st.floats(1, 9)),
    max_size=3,
)
new_places = st.lists(
    st.builds(new_place, replicas=st.integers(1, 9), node_price=st.none() | st.floats(1, 9)), max_size=2
)
images = st.sampled_from(["", "vllm@sha256:1", "vllm@sha256:2"])


@st.composite
def places(draw: st.DrawFn, region: str = US) -> Place:
    """Return a region at any load, which runs as the model of capacity says or looks worse."""
    server, mix, replicas = draw(servers), draw(mixes), draw(st.integers(1, MOST_REPLICAS))
    load = draw(st.floats(0.01, 0.8) | st.floats(0.8, 4.0)) * replicas * bears(server, mix, replicas)
    return place(
        load,
        region,
        replicas,
        load * draw(st.floats(0.1, 3.0)),
        server=server,
        mix=mix,
        spread=draw(st.floats(0.0, 0.5)),
        utilization=draw(st.integers(1, 100)),
        warm=draw(st.integers(0, 10)),
        replicas_per_node=draw(st.integers(1, 4)),
        gpus_per_node=draw(st.integers(1, 8)),
        node_price=draw(st.none() | st.floats(0.1, 90)),
        nodes_left=draw(st.none() | st.integers(0, 12)),
        lead_warm=minutes(draw(st.integers(1, 10))),
        lead_nodes=minutes(draw(st.integers(5, 60))),
        **draw(st.sampled_from(LOOKS)),
    )


@st.composite
def releases(draw: st.DrawFn, here: Place) -> Release:
    """Return a release before which the region was as now, or a little faster."""
    gap = tuple(value * draw(st.floats(0.3, 1.0)) for value in here.window.gap if value is not None)
    before = replace(here.window, gap=gap)
    return Release(T0 - minutes(draw(st.integers(5, 400))), draw(images), "vllm@sha256:2", before)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Return any sound situation of one or two regions."""
    here, others = draw(places()), [draw(places(region)) for region in draw(st.sampled_from([(), (EU,)]))]
    made = situation(
        here, *others, room=draw(rooms), new_places=tuple(draw(new_places)), lessons=draw(lessons), acts=()
    )
    way = draw(st.sampled_from(["on_demand", "spot", "flex_start", "reservation", "calendar"]))
    return replace(
        made,
        acts=tuple(draw(st.lists(acts, max_size=1))),
        release=draw(st.none() | releases(here)),
        spec=replace(made.spec, consumption=way),
    )


odd = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300])
numbers = odd | st.floats(0, 1e6)
series = st.lists(st.none() | numbers, max_size=8).map(tuple)
intervals = st.builds(Interval, numbers, numbers, numbers)
forecasts = st.builds(Forecast, intervals, st.dictionaries(st.sampled_from(HORIZONS), intervals))
odd_servers = st.builds(
    lambda tokens, base, prompt, most: replace(
        L4, kv_tokens=tokens, step_base=base, seconds_per_prompt_token=prompt, most_running=most
    ),
    *(numbers, numbers, numbers, st.integers(-1, 9)),
)


@st.composite
def odd_windows(draw: st.DrawFn, region: str) -> MetricWindow:
    """Return a window of anything, of any length."""
    bent = {name: draw(series) for name in SERIES}
    step = draw(st.sampled_from([minutes(0), minutes(-1), minutes(0.5), minutes(500)]))
    return MetricWindow("chat", region, T0, step, **bent, kv_tokens=draw(st.none() | numbers))


@st.composite
def odd_places(draw: st.DrawFn, region: str = US) -> Place:
    """Return a region of which no figure need make sense."""
    counts = st.integers(-2, 70)
    return Place(
        region=region,
        window=draw(odd_windows(region)),
        limits=draw(odd_servers),
        forecast=draw(forecasts),
        replicas=draw(counts),
        utilization=draw(st.integers(-1, 101)),
        warm=draw(counts),
        replicas_per_node=draw(st.integers(0, 2)),
        gpus_per_node=draw(st.integers(0, 2)),
        node_price=draw(st.none() | numbers),
        nodes_left=draw(st.none() | counts),
        lead_warm=minutes(draw(st.integers(-5, 90))),
        lead_nodes=minutes(draw(st.integers(-5, 900))),
    )


@st.composite
def odd_situations(draw: st.DrawFn) -> Situation:
    """Return a situation of which no figure need make sense."""
    made = situation(
        draw(odd_places()), draw(odd_places(EU)), new_places=(new_place(replicas=draw(st.integers(-1, 99))),)
    )
    release = Release(T0 - minutes(30), draw(images), draw(images), draw(odd_windows(US)))
    slo = Slo(draw(numbers), draw(numbers))
    return replace(made, release=draw(st.sampled_from([None, release])), slo=slo, room=draw(rooms))
