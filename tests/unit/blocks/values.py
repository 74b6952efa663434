"""Any domain values that a card can be made from: ugly texts, unknown prices, hundreds of regions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.blocks.view import View, Work
from shared.domain.conditions import Condition, ConditionType, Reason, Truth
from shared.domain.desired import FLEET_PATH, DeploymentSpec, FleetSpec, Placement, PlatformSpec, platform_path
from shared.domain.intents import Balance, Delete, Deploy, Intent, Rollback, Scale, Tune, Undo
from shared.domain.inventory import PLATFORM, Status, Unit
from shared.domain.names import GLOBAL
from shared.domain.proposals import Change, Decision, Outcome, Proposal, State, Vote
from shared.domain.quotes import PriceLine, QuotaFinding, Quote
from shared.domain.verdicts import AskFirst

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
UGLY = ["<!channel>", "a & b", "*x* `y` ```z```", "<https://evil|click>", "é" * 400, "w" * 5000, "a\nb", "<@U1>"]
ugly = st.one_of(st.sampled_from(UGLY), st.text(max_size=30))
names = st.sampled_from(["chat", "llama3-8b", "a" * 30])
regions = st.sampled_from(["us-east4", "europe-west3", "asia-southeast1", *(f"region-{n}" for n in range(60))])
users = st.sampled_from(["U0ANA00001", "W0BEN00001", "ben", "<!here>"])
times = st.integers(0, 10**6).map(lambda seconds: T0 + timedelta(seconds=seconds))
asks = st.one_of(
    st.builds(Deploy, ugly, st.dictionaries(regions, st.none() | st.integers(1, 64), max_size=5), names, ugly, ugly),
    st.builds(Scale, regions, names, st.integers(1, 9)),
    st.builds(Balance, st.integers(1, 100), names, regions | st.just("")),
    st.builds(Tune, st.integers(1, 4096), st.none() | st.integers(256, 1_048_576), names),
    st.builds(Rollback, names, ugly),
    st.builds(Undo, names),
    st.builds(Delete, names),
)
intents = st.builds(Intent, ugly, asks, users, st.just("C1"), times, st.booleans())
placements = st.dictionaries(regions, st.builds(Placement, st.integers(1, 64), ugly), max_size=60)
deployments = st.builds(DeploymentSpec, ugly, ugly, ugly, ugly, placements, ugly, ugly, ugly)
prices = st.lists(st.builds(PriceLine, regions, ugly, st.integers(1, 99), st.none() | st.floats(0, 500)), max_size=60)
findings = st.lists(
    st.builds(
        QuotaFinding,
        regions,
        ugly,
        st.integers(0, 99),
        st.none() | st.floats(0, 1e6),
        st.none() | st.floats(0, 1e6),
    ),
    max_size=60,
)
quotes = st.builds(
    Quote,
    prices.map(tuple),
    prices.map(tuple),
    st.integers(0, 999),
    st.integers(0, 999),
    findings.map(tuple),
    st.integers(0, 10**5).map(lambda seconds: timedelta(seconds=seconds)),
    ugly,
    st.lists(ugly, max_size=30).map(tuple),
)
gates = st.builds(AskFirst, ugly, st.lists(ugly, max_size=5).map(tuple), st.integers(0, 3), times, times)
messages = st.one_of(ugly, ugly.map(lambda text: f"quota. To mend it: gcloud x {text}\nmore"))
conditions = st.lists(
    st.builds(
        Condition,
        st.sampled_from(ConditionType),
        st.sampled_from(Truth),
        st.sampled_from(Reason),
        messages,
        st.integers(0, 3),
        times,
    ),
    max_size=6,
).map(tuple)
reports = st.dictionaries(st.sampled_from(["progress", "address", "address/us-east4", "replicas/chat"]), ugly)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    """Any proposal; its own deployment's change comes first."""
    name = draw(names)
    before, after = draw(st.none() | deployments), draw(st.none() | deployments)
    region = draw(regions)
    changes = [
        Change(f"deployments/{name}", 0, before, after),
        Change(platform_path(region), 0, None, draw(st.none() | st.just(PlatformSpec(frozenset({name}))))),
        Change(FLEET_PATH, 0, None, FleetSpec(region, frozenset({name}))),
    ]
    summary = draw(st.lists(ugly, max_size=60).map(tuple))
    counts = draw(st.dictionaries(st.sampled_from(["create", "update", "delete"]), st.integers(0, 99)))
    intent, quote, gate, made = draw(intents), draw(quotes), draw(gates), draw(times)
    return Proposal("p-0123456789ab", intent, tuple(changes), summary, counts, quote, gate, "d" * 64, made, name, "C1")


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any view, consistent or not: no values may make a card that Slack refuses."""
    proposal = draw(proposals())
    votes = draw(
        st.lists(
            st.builds(Vote, st.just(proposal.id), st.just(proposal.digest), users, st.booleans(), times), max_size=20
        )
    )
    decisions = st.builds(Decision, st.just(proposal.id), st.sampled_from(Outcome), ugly, times, st.just({}))
    owners = st.sampled_from([PLATFORM, proposal.deployment])
    statuses = st.builds(Status, st.just(Unit("x", "y")), st.just({}), conditions, reports, st.integers(0, 3))
    works = st.lists(
        st.builds(Work, st.builds(Unit, owners, regions | st.just(GLOBAL)), st.integers(0, 3), st.none() | statuses),
        max_size=60,
    ).map(tuple)
    return View(
        proposal,
        draw(st.sampled_from(State)),
        tuple(votes),
        draw(st.none() | decisions),
        draw(ugly),
        draw(works),
        draw(st.sampled_from(["", "", "p-ffffffffffff"])),
        draw(st.none() | times),
    )
