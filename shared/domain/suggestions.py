"""What is known when advice is asked for, and what is advised. Values only; advice.py decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.capacity import ServerLimits
from shared.domain.desired import DeploymentSpec
from shared.domain.forecast import Forecast
from shared.domain.intents import Ask
from shared.domain.intervals import Interval
from shared.domain.learning import Lesson
from shared.domain.windows import MetricWindow


class Diagnosis(StrEnum):
    """What is the matter in a region, told apart because each has another remedy."""

    HEALTHY = "healthy"
    KV_BOUND = "KV cache is the limit"
    PREFILL_BOUND = "prefill is the limit"
    BATCH_LIMIT = "the batch limit is the limit"
    PREEMPTING = "too many sequences for the KV cache"
    BAD_RELEASE = "the last release made it slower"
    HUNG = "servers take requests and answer none"
    BLIND = "metrics are missing"
    IDLE = "far more capacity than load"


class RemedyKind(StrEnum):
    """Kinds of remedies; the score is kept by kind."""

    SHIFT = "shift traffic"
    WARM = "add replicas on warm nodes"
    NODES = "add nodes"
    REGION = "add a region"
    TUNE = "limit the batch"
    ROLLBACK = "roll back"
    LESS = "scale down"
    NOTHING = "do nothing"


@dataclass(frozen=True)
class Slo:
    """What users should feel at least: beyond it a request counts as failed."""

    ttft: float = 2.0
    """Seconds to the first token, 95th percentile."""
    gap: float = 0.2
    """Seconds between two tokens, 95th percentile."""


@dataclass(frozen=True)
class Place:
    """One region of the deployment as it stands."""

    region: str
    window: MetricWindow
    limits: ServerLimits
    """What one server can bear, with what was learned."""
    forecast: Forecast
    """Of the requests per second that will arrive here."""
    replicas: int
    """Wanted."""
    utilization: int
    """Percent of KV at which traffic spills away from here."""
    warm: int
    """Replicas that fit on the nodes that are there."""
    replicas_per_node: int
    gpus_per_node: int
    node_price: float | None
    """USD per hour of one node; None: not known."""
    nodes_left: int | None
    """Nodes that quota still allows here; None: not visible."""
    lead_warm: timedelta
    """From the click until a new replica on a warm node serves."""
    lead_nodes: timedelta
    """From the click until a new replica on a new node serves."""


@dataclass(frozen=True)
class NewPlace:
    """A region where the deployment could be served, and is not."""

    region: str
    replicas: int
    node_price: float | None
    gpus_per_node: int
    replicas_per_node: int
    lead: timedelta


@dataclass(frozen=True)
class Release:
    """The last change of what serves: another image, model or server flag."""

    at: datetime
    image_before: str
    image_after: str
    before: MetricWindow | None = None
    """The same region in the minutes before it."""


@dataclass(frozen=True)
class Act:
    """A remedy that was applied, for cool-down and for the score."""

    kind: RemedyKind
    region: str
    at: datetime
    helped: bool | None = None
    """None: not judged yet."""


@dataclass(frozen=True)
class Room:
    """What caps still allow. None limits nothing."""

    step_gpus: int | None = None
    gpus: int | None = None
    hourly: float | None = None


@dataclass(frozen=True)
class Situation:
    """All that advice about one region of one deployment rests on."""

    deployment: str
    generation: int
    spec: DeploymentSpec
    region: str
    places: Mapping[str, Place]
    now: datetime
    slo: Slo = field(default_factory=Slo)
    new_places: tuple[NewPlace, ...] = ()
    release: Release | None = None
    room: Room = field(default_factory=Room)
    acts: tuple[Act, ...] = ()
    offered: tuple[datetime, ...] = ()
    """When suggestions were offered here in the last 24 hours."""
    lessons: Mapping[RemedyKind, Lesson] = field(default_factory=dict)
    """How remedies of a kind have done so far."""


@dataclass(frozen=True)
class Suggestion:
    """A ready ask with what it is expected to do, and why."""

    id: str
    """Derived from deployment, generation and ask: the same advice is the same suggestion."""
    kind: RemedyKind
    ask: Ask | None
    """None: do nothing, for the reason given."""
    title: str
    why: str
    why_not_more: str
    risk: str
    kv: Interval
    """Mean KV share in the region once it has taken effect."""
    ttft: Interval
    """95th percentile of the time to the first token then, seconds."""
    hourly_delta: float | None
    """USD per hour more; None: price not known."""
    gpu_delta: int
    relief: timedelta
    """From the click until it is felt."""
    score: float
    """Expected harm avoided against cost; higher is better."""
    figures: tuple[tuple[str, str], ...] = ()
    """What the prediction rests on: name and value, formulas included, for "Why"."""


@dataclass(frozen=True)
class Advice:
    """A diagnosis with its evidence, and what can be done, best first."""

    diagnosis: Diagnosis
    evidence: tuple[str, ...]
    """One sentence each, with figures."""
    suggestions: tuple[Suggestion, ...] = ()
    quiet: str = ""
    """Why nothing is suggested; empty where something is."""
