"""Incidents to draw cards of: a usual one at three in the morning, and any that a store may hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from shared.domain.incidents import UNREADABLE, Alarm, Incident, IncidentState, Outcome, Snooze
from shared.domain.intents import Balance, Scale
from shared.domain.intervals import Interval
from shared.domain.learning import Lesson
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind, Suggestion
from shared.domain.windows import MetricWindow, Series
from tests.unit.blocks.values import T0, asks, regions, times, ugly, users

MINUTE = timedelta(minutes=1)
CONSOLE = "https://console.cloud.google.com/monitoring/alerting/incidents/0.a?project=p&x=1"
EMPTY: Series = (None,) * 60


def ramp(low: float, high: float, count: int = 60) -> Series:
    """Return a series that goes evenly from one value to the other."""
    return tuple(low + (high - low) * step / (count - 1) for step in range(count))


FILLS: Series = ramp(0.41, 0.93)


def window(kv: Series = FILLS, region: str = "us-east4", **other: Series) -> MetricWindow:
    """Return half an hour of a region that fills up."""
    count = len(kv)
    told: dict[str, Series] = {
        "replicas": (4.0,) * count,
        "kv": kv,
        "kv_max": kv,
        "waiting": ramp(0, 120, count),
        "running": (200.0,) * count,
        "ttft": ramp(0.4, 6, count),
        "gap": (0.03,) * count,
        "requests": (12.0,) * count,
        "prompt_tokens": (9000.0,) * count,
        "output_tokens": (3000.0,) * count,
        "preemptions": (0.0,) * count,
        "failures": (0.0,) * count,
    }
    return MetricWindow("chat", region, T0, MINUTE / 2, **{**told, **other})


BLIND = window(EMPTY, **dict.fromkeys(("replicas", "kv_max", "waiting", "running", "ttft", "gap", "requests"), EMPTY))
SHIFT = Suggestion(
    id="s-1",
    kind=RemedyKind.SHIFT,
    ask=Balance(40, "chat", "us-east4"),
    title="Shift traffic to europe-west3",
    why="europe-west3 has room",
    why_not_more="more would fill europe-west3",
    risk="europe-west3 gets a third more",
    kv=Interval(0.55, 0.58, 0.62),
    ttft=Interval(0.4, 0.6, 0.8),
    hourly_delta=0.0,
    gpu_delta=0,
    relief=timedelta(seconds=90),
    score=2.0,
    figures=(("load that stays", "12 x 0.6 = 7.2 requests per second"),),
)
ADD = replace(
    SHIFT,
    id="s-2",
    kind=RemedyKind.NODES,
    ask=Scale("us-east4", "chat", delta=2),
    title="Add 2 replicas on new nodes",
    hourly_delta=12.4,
    gpu_delta=2,
    relief=9 * MINUTE,
)
NOTHING = replace(SHIFT, id="s-3", kind=RemedyKind.NOTHING, ask=None, title="Do nothing", kv=Interval(0.9, 0.95, 1))
ALARM = Alarm("KV cache is nearly full", T0 - 5 * MINUTE, open=True, url=CONSOLE, summary="KV above 80 %", times=1)
ADVICE = Advice(
    Diagnosis.KV_BOUND, ("KV cache is 93 % full, above 60 %, and 120 requests wait",), (SHIFT, ADD, NOTHING)
)
OUTCOME = Outcome(
    "s-1",
    RemedyKind.SHIFT,
    "Shift traffic to europe-west3",
    "us-east4",
    T0,
    T0 + 5 * MINUTE,
    Interval(0.55, 0.58, 0.62),
    Interval(0.4, 0.6, 0.8),
    0.93,
    6.0,
    "p-0123456789ab",
    "U0ANA00001",
)
JUST_OPENED = Incident(
    "chat.us-east4.3", "chat.us-east4", "chat", "us-east4", T0 - 5 * MINUTE, alarms={"c": ALARM}, received=1
)
ADVISED = replace(
    JUST_OPENED,
    looked_at=T0,
    window=window(),
    elsewhere={"europe-west3": window(ramp(0.3, 0.34), "europe-west3")},
    threshold=0.6,
    advice=ADVICE,
)
RESOLVED = replace(
    ADVISED,
    state=IncidentState.RESOLVED,
    alarms={"c": replace(ALARM, open=False)},
    window=window(ramp(0.93, 0.45), ttft=ramp(6, 0.4)),
    advice=Advice(Diagnosis.HEALTHY, ("All is in order",)),
    outcomes=(replace(OUTCOME, judged=True, kv_after=0.58, ttft_after=0.6),),
    ended_at=T0 + 38 * MINUTE,
)

figures = st.none() | st.floats(-1, 2) | st.floats()
steps = st.sampled_from([timedelta(seconds=30), MINUTE, timedelta(seconds=1), timedelta()])


@st.composite
def windows(draw: st.DrawFn) -> MetricWindow:
    """Any window, of numbers that are none too."""
    count = draw(st.sampled_from([0, 1, 2, 20, 21, 60]))
    some = draw(st.lists(figures, min_size=3, max_size=6))
    made = [tuple(some[(n * stride) % len(some)] for n in range(count)) for stride in (0, 1, 2)]
    return MetricWindow(
        "chat", draw(regions), T0, draw(steps), *(draw(st.sampled_from(made)) for _ in range(12)), draw(figures)
    )


intervals = st.builds(Interval, st.floats(), st.floats(), st.floats()) | st.just(Interval(0.1, 0.2, 0.3))
spans = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))
ids = st.sampled_from(["s-1", "s-2", "s-3", "w" * 40])
suggestions = st.builds(
    Suggestion,
    ids,
    st.sampled_from(RemedyKind),
    st.none() | asks,
    ugly,
    ugly,
    ugly,
    ugly,
    intervals,
    intervals,
    st.none() | st.floats(),
    st.integers(-64, 64),
    spans,
    st.floats(),
    st.lists(st.tuples(ugly, ugly), max_size=40).map(tuple),
)
advices = st.builds(
    Advice,
    st.sampled_from(Diagnosis),
    st.lists(ugly, max_size=9).map(tuple),
    st.lists(suggestions, max_size=9, unique_by=lambda each: each.id).map(tuple),
    st.just("") | ugly,
)
urls = st.sampled_from(["", CONSOLE, "https://evil.example/console.cloud.google.com", "javascript:x", f"{CONSOLE}|x>"])
alarms = st.builds(Alarm, ugly, times, st.booleans(), urls, ugly, st.integers(1, 200))
outcomes = st.builds(
    Outcome,
    ids,
    st.sampled_from(RemedyKind),
    ugly,
    regions,
    times,
    times,
    intervals,
    intervals,
    figures,
    figures,
    ugly,
    users,
    figures,
    figures,
    st.booleans(),
    st.booleans(),
)
scores = st.dictionaries(
    st.sampled_from(RemedyKind), st.builds(Lesson, hits=st.floats(0, 99), tries=st.floats(0, 99)), max_size=8
)
incidents = st.builds(
    Incident,
    id=st.just("chat.us-east4.3"),
    place=st.sampled_from(["chat.us-east4", "chat.us-east4", UNREADABLE]),
    deployment=st.sampled_from(["chat", "a" * 30]),
    region=regions,
    opened_at=times,
    state=st.sampled_from(IncidentState),
    alarms=st.dictionaries(st.sampled_from(["c1", "c2", *(f"d{n}" for n in range(9))]), alarms),
    received=st.integers(0, 500),
    problems=st.lists(ugly, max_size=20).map(tuple),
    looked_at=st.none() | times,
    window=st.none() | windows(),
    elsewhere=st.sets(regions, max_size=20).flatmap(lambda names: windows().map(lambda one: dict.fromkeys(names, one))),
    threshold=st.sampled_from([0.0, 0.6, 1.0]),
    advice=st.none() | advices,
    chosen=st.dictionaries(ids, ugly, max_size=3),
    pinned=st.dictionaries(ids, suggestions, max_size=3),
    outcomes=st.lists(outcomes, max_size=9, unique_by=lambda each: (each.suggestion, each.at)).map(tuple),
    snooze=st.none() | st.builds(Snooze, users, times, ugly),
    shadow=st.booleans(),
    note=st.just("") | ugly,
    ended_at=st.none() | times,
)
