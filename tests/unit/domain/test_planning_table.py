"""The table of the round: what is seen, crossed with what is wanted, gives one step."""

from __future__ import annotations

import pytest

from shared.domain.errors import RetryableError
from shared.domain.graph import ResourceGraph
from shared.domain.inventory import Entry
from shared.domain.names import ResourceKey
from shared.domain.observations import Absent, Broken, InFlight, Observed, Present, Unknown
from shared.domain.planning import Do, Gone, Hold, Keep, Step, make_plan
from tests.unit.domain.examples import CLUSTER, POOL, SUBNET, T0, WORK, minutes, need, wanted

NO_STOCK = RetryableError("no stock", reason="StockOut")
SPEC = {"max": 3}
GRAPH = ResourceGraph.of([wanted(POOL, SUBNET, **SPEC)])
THERE, NOT_THERE = Present({}, ready=True), Absent()
PAUSED = Entry(needs=need(SUBNET, CLUSTER), not_before=T0, because="no stock", reason="StockOut")
PAUSED_LATER = Entry(needs=need(SUBNET, CLUSTER), not_before=T0 + minutes(1), because="no stock", reason="StockOut")
ONCE_READY = Entry(needs=need(SUBNET, CLUSTER), not_before=T0, ready_once=True)

UNKNOWN = Unknown("read timed out")
IN_FLIGHT = InFlight("op-7")
BROKEN = Broken(NO_STOCK)
WRECK = Broken(NO_STOCK, wreck=True)
AS_WANTED = Present({"max": 3, "count": 9}, ready=True)
STARTING = Present({"max": 3}, ready=False, because="2 of 3 nodes are up")
DIFFERENT = Present({"max": 5}, ready=True)

WAITING = "Hold: waiting for Subnetwork proxy in us-east4"
USED = "Hold: still used by Deployment infer-chat/chat in us-east4"


def said(step: Step) -> str:
    match step:
        case Do(verb=verb):
            return f"Do {verb}"
        case Hold(because=because):
            return f"Hold: {because}"
        case Keep() | Gone():
            return type(step).__name__


def rows(*table: tuple[str, Entry, Observed, str]) -> pytest.MarkDecorator:
    """Parametrise over rows of id, entry, what is seen, step."""
    cases = [pytest.param(entry, seen, step, id=name) for name, entry, seen, step in table]
    return pytest.mark.parametrize(("entry", "seen", "step"), cases)


def step_of(entry: Entry, others: dict[ResourceKey, Observed], *, graph: ResourceGraph = GRAPH) -> Step:
    return make_plan(graph, {POOL: entry}, {CLUSTER: THERE, SUBNET: THERE, **others}, T0).steps[POOL]


@rows(
    ("unknown → hold, why it could not be seen", Entry(), UNKNOWN, "Hold: read timed out"),
    ("in flight → hold, which operation", Entry(), IN_FLIGHT, "Hold: operation op-7 is running"),
    ("broken, nothing remains, fresh → the failure is folded in first", Entry(), BROKEN, "Hold: no stock"),
    ("broken, nothing remains, pausing → hold", PAUSED_LATER, BROKEN, "Hold: no stock"),
    ("broken, nothing remains, after the pause → create", PAUSED, BROKEN, "Do create"),
    ("a wreck, fresh → the failure is folded in first", Entry(), WRECK, "Hold: no stock"),
    ("a wreck, never ready yet, pausing → hold", PAUSED_LATER, WRECK, "Hold: no stock"),
    ("a wreck, never ready yet, after the pause → delete", PAUSED, WRECK, "Do delete"),
    ("a wreck of what was ready once → hold, a person is needed", ONCE_READY, WRECK, "Hold: no stock"),
    ("absent → create", Entry(), Absent(), "Do create"),
    ("absent, pausing → hold", PAUSED_LATER, Absent(), "Hold: no stock"),
    ("present, as wanted, ready → keep", Entry(), AS_WANTED, "Keep"),
    ("present, as wanted, starting → hold", Entry(), STARTING, "Hold: 2 of 3 nodes are up"),
    ("present, different → update", Entry(), DIFFERENT, "Do update"),
    ("present, different, pausing → hold", PAUSED_LATER, DIFFERENT, "Hold: no stock"),
)
def test_wanted_and_needs_kept(entry: Entry, seen: Observed, step: str) -> None:
    assert said(step_of(entry, {POOL: seen})) == step


@rows(
    ("unknown → hold", Entry(), UNKNOWN, "Hold: read timed out"),
    ("in flight → hold", Entry(), IN_FLIGHT, "Hold: operation op-7 is running"),
    ("broken, nothing remains → hold", PAUSED, BROKEN, WAITING),
    ("a wreck, never ready yet → hold", PAUSED, WRECK, WAITING),
    ("a wreck of what was ready once → hold", ONCE_READY, WRECK, "Hold: no stock"),
    ("absent → hold, waiting for …", Entry(), Absent(), WAITING),
    ("present, as wanted, ready → keep", Entry(), AS_WANTED, "Keep"),
    ("present, as wanted, starting → hold", Entry(), STARTING, "Hold: 2 of 3 nodes are up"),
    ("present, different → hold, waiting for …", Entry(), DIFFERENT, WAITING),
)
@pytest.mark.parametrize("missing", [NOT_THERE, UNKNOWN, IN_FLIGHT, BROKEN, Present({}, ready=False)], ids=repr)
def test_wanted_and_needs_not_yet(entry: Entry, seen: Observed, step: str, missing: Observed) -> None:
    assert said(step_of(entry, {POOL: seen, SUBNET: missing})) == step


@rows(
    ("unknown → hold", Entry(), UNKNOWN, "Hold: read timed out"),
    ("in flight → hold", Entry(), IN_FLIGHT, "Hold: operation op-7 is running"),
    ("broken, nothing remains → gone", PAUSED, BROKEN, "Gone"),
    ("a wreck remains → delete", PAUSED, WRECK, "Do delete"),
    ("absent → gone", Entry(), Absent(), "Gone"),
    ("present, as wanted, ready → delete", Entry(), AS_WANTED, "Do delete"),
    ("present, as wanted, starting → delete", Entry(), STARTING, "Do delete"),
    ("present, different → delete", Entry(), DIFFERENT, "Do delete"),
    ("present, its last delete failed → hold for the pause", PAUSED_LATER, AS_WANTED, "Hold: no stock"),
)
def test_not_wanted_any_more(entry: Entry, seen: Observed, step: str) -> None:
    assert said(step_of(entry, {POOL: seen}, graph=ResourceGraph())) == step


@rows(
    ("unknown → hold", Entry(), UNKNOWN, "Hold: read timed out"),
    ("in flight → hold", Entry(), IN_FLIGHT, "Hold: operation op-7 is running"),
    ("absent → gone", Entry(), Absent(), "Gone"),
    ("a wreck remains → hold", PAUSED, WRECK, USED),
    ("present, as wanted, ready → hold", Entry(), AS_WANTED, USED),
    ("present, as wanted, starting → hold", Entry(), STARTING, USED),
    ("present, different → hold", Entry(), DIFFERENT, USED),
)
@pytest.mark.parametrize("user", [THERE, UNKNOWN, IN_FLIGHT, WRECK, Present({}, ready=False)], ids=repr)
def test_not_wanted_any_more_but_still_used(entry: Entry, seen: Observed, step: str, user: Observed) -> None:
    inventory = {POOL: entry, WORK: Entry(needs=need(POOL))}
    plan = make_plan(ResourceGraph(), inventory, {POOL: seen, WORK: user}, T0)
    assert said(plan.steps[POOL]) == step


def test_whoever_only_looks_creates_nothing_twice() -> None:
    """A key that another round is already building is held, whatever its entry says."""
    assert not list(make_plan(GRAPH, {POOL: Entry(serial=9)}, {POOL: IN_FLIGHT, SUBNET: THERE}, T0).actions)
