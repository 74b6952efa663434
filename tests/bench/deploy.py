"""The deployment of the documentation's example, all fresh: its time against the cloud's own, and what it writes.

Time is the cloud's: from the approving click until the card says that it is done. It depends on chance, so several
worlds are built, each from its own seed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from infra.local.cloud.cloud import Cloud
from infra.local.host import Host
from shared.domain.desired import FLEET_PATH, Desired
from shared.domain.graph import ResourceGraph
from shared.store import desired_at
from shared.wiring import services
from tests.bench.critical import Spans, longest, spans_of, without_waiting_for_the_import
from tests.bench.figures import Figure, percentile
from tests.bench.places import carry_through

NAME, REGIONS = "llama3-8b", ("us-east4", "europe-west3")
PATHS = (*(f"platform/{region}" for region in REGIONS), FLEET_PATH, f"deployments/{NAME}")
MEAN, P95 = 1.03, 1.05
PER_OPERATION = 3
WHILE = timedelta(seconds=10)
BESIDE = ("outbox", "audit")
OneWrite = tuple[datetime, str]


@dataclass(frozen=True)
class Run:
    """One deployment, as the cloud and the store saw it."""

    seed: int
    makespan: float
    """Seconds from the approving click to the card that says so."""
    spans: Spans
    writes: tuple[OneWrite, ...]
    """When which document was written or deleted, as ``collection/id``."""
    named: int
    """Long-running operations that have a name in an API. Controllers' long work has none; it is in the spans."""
    visible: int
    """How often the card in Slack came to say something new."""
    graph: ResourceGraph
    """All that was built, as it was asked for."""
    config_region: str


@cache
def run(seed: int) -> Run:
    """Deploy in a new world."""
    with Host(seed) as host:
        made = carry_through(host, f"deploy {NAME} {','.join(REGIONS)}")
        cloud, done = host.cloud, made.done
        spans = cloud.server.run(lambda: spans_of(cloud, NAME, REGIONS))
        found = cloud.fleet.config_cluster(cloud.project.name)
        assert found is not None
        return Run(
            seed,
            (done - made.approved).total_seconds(),
            spans,
            tuple(_between(cloud, made.approved, done)),
            cloud.server.run(lambda: _operations(cloud)),
            sum(version.at >= made.approved for version in made.card.versions),
            _graph(host),
            found[0],
        )


def makespan(seeds: int) -> list[Figure]:
    """Compare each run with its own critical path."""
    runs = [run(seed) for seed in range(seeds)]
    ratios = [each.makespan / longest(each.spans)[0] for each in runs]
    mean, worst = sum(ratios) / seeds, percentile(ratios, 0.95)
    early = [each.makespan / longest(without_waiting_for_the_import(each.spans))[0] for each in runs]
    seconds = ", ".join(f"{each.makespan:.0f} / {longest(each.spans)[0]:.0f} s" for each in runs)
    return [
        Figure(
            f"Deploy to {len(REGIONS)} fresh regions against the cloud's critical path ({seeds} seeds)",
            f"mean {mean:.3f} of it, p95 {worst:.3f} ({seconds}); {sum(early) / seeds:.2f} of a path on which "
            "the Gateway need not wait for its import",
            f"mean ≤ {MEAN}, p95 ≤ {P95}",
            mean <= MEAN and worst <= P95,
            "; ".join(_story(each) for each in runs),
        )
    ]


def _story(each: Run) -> str:
    length, path = longest(each.spans)
    steps = " > ".join(f"{name} {each.spans[name].seconds:.0f}" for name in path)
    early = longest(without_waiting_for_the_import(each.spans))[0]
    return f"seed {each.seed}: {steps} = {length:.0f} s; were the Gateway not to wait for the import: {early:.0f} s"


def commits(seeds: int) -> list[Figure]:
    """Count the writes of statuses against what the cloud's long work and the visible changes allow."""
    runs = [run(seed) for seed in range(seeds)]
    counted = [Counter(path.partition("/")[0] for _, path in each.writes) for each in runs]
    allowed = [PER_OPERATION * len(each.spans) + each.visible for each in runs]
    written = [each["statuses"] for each in counted]
    beside = ", ".join(f"{name} {_each(c[name] for c in counted)}" for name in BESIDE)
    narrow = [PER_OPERATION * each.named + each.visible for each in runs]
    rows = [
        f"seed {r.seed}: {len(r.spans)} long operations, {r.named} named; {r.visible} states of the card" for r in runs
    ]
    return [
        Figure(
            "Status commits of that deploy",
            f"{_each(written)} of {_each(allowed)} allowed ({_each(narrow)} if only operations that have a name "
            f"in an API counted as long); apart: {beside}",
            f"≤ {PER_OPERATION} per long operation + 1 per visible change",
            all(w <= a for w, a in zip(written, allowed, strict=True)),
            "; ".join(rows),
        ),
        _rate(runs),
    ]


def _each(counts: Iterable[int]) -> str:
    return "/".join(map(str, counts))


def _rate(runs: Iterable[Run]) -> Figure:
    """Judge a while, as the store's own limit does: the cloud's time stands still while calls are under way, so what
    takes a round some seconds in earnest falls into one instant here.
    """
    while_, path = max(_busiest(each.writes, WHILE) for each in runs)
    once, _ = max(_busiest(each.writes, timedelta(seconds=1)) for each in runs)
    rate = while_ / WHILE.total_seconds()
    text = f"{rate:.1f}/s over its busiest {WHILE.seconds} s ({path.partition('/')[0]}); {once} in one instant"
    return Figure("Writes to the busiest document in that deploy", text, "≤ 1/s", rate <= 1)


def _busiest(writes: Iterable[OneWrite], within: timedelta) -> tuple[int, str]:
    """Return the most writes that one document saw within a time, and which one."""
    by_path: Mapping[str, list[datetime]] = defaultdict(list)
    for when, path in writes:
        by_path[path].append(when)
    return max((_most(times, within), path) for path, times in by_path.items())


def _most(times: list[datetime], within: timedelta) -> int:
    """Return the most of these ordered times that lie within less than so much."""
    return max(i + 1 - bisect_right(times, then - within) for i, then in enumerate(times))


def _between(cloud: Cloud, begun: datetime, done: datetime) -> Iterable[OneWrite]:
    log = cloud.server.run(lambda: list(cloud.firestore.log))
    return ((when, name.partition("/documents/")[2]) for when, name in log if begun <= when <= done)


def _operations(cloud: Cloud) -> int:
    ledgers = (cloud.gke.ledger, cloud.compute.ledger, cloud.fleet.ledger)
    return sum(len(ledger.works) for ledger in ledgers)


def _graph(host: Host) -> ResourceGraph:
    works = services(host.settings)
    documents = works.documents.get(PATHS)
    desired: dict[str, Desired] = {p: desired_at(d, p) for p, d in zip(PATHS, documents, strict=True)}
    fleet, whole = desired[FLEET_PATH].spec, ResourceGraph()
    for path, one in desired.items():
        whole |= works.compile(path, one.spec, fleet)  # type: ignore[arg-type]  # the fleet's path holds the fleet's spec
    return whole
