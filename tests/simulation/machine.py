"""Hypothesis writes the history: who asks what, who votes how, and everything that goes wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.domain.intents import Ask, Balance, Delete, Deploy, Intent, Scale, Undo, intent_id
from shared.domain.inventory import Unit
from shared.domain.messages import IntentSubmitted, VoteCast, Wake
from shared.domain.names import Kind, ResourceKey
from shared.domain.proposals import Proposal
from shared.domain.records import PROPOSALS
from shared.domain.topics import Topic
from shared.store import read
from tests.simulation.alarms import Alarms, check_incidents
from tests.simulation.house import House
from tests.simulation.setting import ANA, BEN, CHLOE, GUEST

REGIONS = ["us-east4", "europe-west3", "us-central1"]
NAMES = ["chat", "code"]
places = st.dictionaries(st.sampled_from(REGIONS), st.integers(1, 4), min_size=1, max_size=2)
deploys = st.builds(Deploy, st.just("llama3-8b"), places, st.sampled_from(NAMES))
asks: st.SearchStrategy[Ask] = st.one_of(
    deploys,
    st.builds(Scale, st.sampled_from(REGIONS), st.sampled_from(NAMES), st.integers(1, 5)),
    st.builds(Balance, st.integers(40, 80), st.sampled_from(NAMES)),
    st.builds(Undo, st.sampled_from(NAMES)),
    st.builds(Delete, st.sampled_from(NAMES)),
)
people = st.sampled_from([ANA, BEN, CHLOE, GUEST])
FAULTS = ["busy", "lost", "quota", "stockout"]


class History(Alarms, RuleBasedStateMachine):
    """One history. Subclasses say which house it happens in."""

    def __init__(self) -> None:
        super().__init__()
        self.house = self.build()
        self.asked = 0
        self.choices = []
        self.house.tick()
        self.house.drain()

    def build(self) -> House:
        """Return the house for this history."""
        return House()

    @initialize(
        first=deploys, count=st.integers(0, 8), fault=st.sampled_from(["", "", *FAULTS]), where=st.sampled_from(REGIONS)
    )
    def something_is_under_way(self, first: Ask, count: int, fault: str, where: str) -> None:
        """Without it most histories would never build anything."""
        if fault:
            self.house.cloud.faults[where] = fault
        self.someone_asks(first, ANA, dry=False, twice=False)
        self.the_newest_is_approved()
        for n in range(count):
            self.messages_arrive(n, 2, None, stale=False, duplicate=False)

    @rule(
        ask=asks,
        user=st.sampled_from([ANA, BEN]),
        dry=st.sampled_from([False, False, False, True]),
        twice=st.booleans(),
    )
    def someone_asks(self, ask: Ask, user: str, dry: bool, twice: bool) -> None:
        self.asked += 1
        intent = Intent(intent_id("T1", str(self.asked)), ask, user, "C1", self.house.now(), dry_run=dry)
        for _ in range(1 + twice):
            self.house.publish(Topic.INTENTS, IntentSubmitted(intent))
        self.house.cloud.met["duplicate"] += twice

    def proposals(self) -> list[Proposal]:
        found = (read(Proposal, document) for document in self.house.documents.find(PROPOSALS))
        return [proposal for proposal in found if proposal]

    @precondition(lambda self: self.proposals())
    @rule(data=st.data(), user=people, approve=st.sampled_from([True, True, True, False]), late=st.booleans())
    def someone_votes(self, data: st.DataObject, user: str, approve: bool, late: bool) -> None:
        proposal = data.draw(st.sampled_from(self.proposals()))
        self.vote(proposal, user, approve=approve)
        if late:
            self.house.cloud.met["two votes at once"] += 1
            self.vote(proposal, CHLOE, approve=data.draw(st.booleans()))

    def vote(self, proposal: Proposal, user: str, *, approve: bool = True) -> None:
        now = self.house.now()
        cast = VoteCast(proposal.id, proposal.digest, user, approve, now, "C1", f"i-{user}-{now}")
        self.house.publish(Topic.VOTES, cast)

    @rule()
    def the_newest_is_approved(self) -> None:
        """Most histories get somewhere."""
        self.house.drain()
        for proposal in self.proposals()[-3:]:
            other = BEN if proposal.intent.user != BEN else CHLOE
            self.vote(proposal, other)

    @rule(
        index=st.integers(0, 50),
        count=st.integers(1, 6),
        kill=st.none() | st.integers(0, 12),
        stale=st.sampled_from([False, False, False, True]),
        duplicate=st.sampled_from([False, False, True]),
    )
    def messages_arrive(self, index: int, count: int, kill: int | None, stale: bool, duplicate: bool) -> None:
        self.house.chaos.fuse = kill
        for n in range(count):
            self.house.deliver(index + n, stale=stale, duplicate=duplicate)
        self.house.chaos.fuse = None
        self.house.cloud.met["duplicate"] += duplicate
        self.house.cloud.met["reordered"] += bool(index)

    @rule(index=st.integers(0, 50), at=st.integers(0, 10), other=st.integers(0, 50), gap=st.integers(0, 120))
    def two_at_once(self, index: int, at: int, other: int, gap: int) -> None:
        def meanwhile() -> None:
            self.house.seconds += gap
            self.house.deliver(other)

        self.house.chaos.fuse, self.house.chaos.strike = at, meanwhile
        self.house.deliver(index)

    @rule(seconds=st.integers(1, 900))
    def time_passes(self, seconds: int) -> None:
        self.house.seconds += seconds

    @rule(count=st.integers(1, 12))
    def minutes_pass(self, count: int) -> None:
        for _ in range(count):
            self.house.seconds += 60
            self.house.tick()
            self.house.drain()

    @rule(count=st.integers(1, 8), kills=st.lists(st.none() | st.integers(0, 14), min_size=1, max_size=6))
    def rough_minutes_pass(self, count: int, kills: list[int | None]) -> None:
        """Every few deliveries the instance dies."""
        for _ in range(count):
            self.house.seconds += 60
            self.house.tick()
            for n in range(min(40, len(self.house.deliveries()))):
                self.house.chaos.fuse = kills[n % len(kills)]
                self.house.deliver(n)

    @rule(fault=st.sampled_from(FAULTS), where=st.sampled_from([*REGIONS, "global"]))
    def a_fault_begins(self, fault: str, where: str) -> None:
        self.house.cloud.faults[where] = fault

    @rule(where=st.sets(st.sampled_from([*REGIONS, "global"]), max_size=2), slowness=st.sampled_from([0.1, 1.0, 4.0]))
    def sight_changes(self, where: set[str], slowness: float) -> None:
        self.house.cloud.blind, self.house.cloud.slowness = where, slowness
        self.house.cloud.met["slow"] += slowness > 1

    @rule(where=st.sampled_from(REGIONS), count=st.integers(5, 20))
    def capacity_is_short(self, where: str, count: int) -> None:
        """Pools fail and leave a wreck, for a while."""
        self.house.cloud.faults[where] = "stockout"
        self.minutes_pass(count)
        self.house.cloud.faults.pop(where, None)

    @rule(ask=asks)
    def the_policy_changes_under_a_proposal(self, ask: Ask) -> None:
        self.someone_asks(ask, ANA, dry=False, twice=False)
        self.house.drain()
        self.house.seconds += 1
        self.the_policy_changes()
        self.the_newest_is_approved()

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 6))
    def a_deployment_goes(self, name: str, count: int) -> None:
        self.house.tick()
        self.someone_asks(Delete(name), ANA, dry=False, twice=False)
        self.the_newest_is_approved()
        self.rough_minutes_pass(count, [None])

    @rule(ask=asks, kills=st.lists(st.integers(0, 9), min_size=1, max_size=4))
    def the_speaker_dies(self, ask: Ask, kills: list[int]) -> None:
        """notify is killed while it posts the card of a fresh proposal."""
        self.someone_asks(ask, ANA, dry=False, twice=False)
        self.arrive_at("propose", [None])
        self.arrive_at("notify", kills)

    def arrive_at(self, subscriber: str, kills: Sequence[int | None]) -> None:
        """Deliver what waits for one function, which dies at these effects."""
        for kill in kills:
            waiting = [n for n, (_, _, who) in enumerate(self.house.deliveries()) if who == subscriber]
            if waiting:
                self.house.chaos.fuse = kill
                self.house.deliver(waiting[-1])

    def endpoints(self) -> list[ResourceKey]:
        return sorted(key for key in self.house.cloud.things if key.kind is Kind.INFERENCE_POOL)

    @precondition(lambda self: self.endpoints())
    @rule(data=st.data(), minutes=st.integers(1, 6))
    def a_start_is_overtaken(self, data: st.DataObject, minutes: int) -> None:
        """One slow invocation stands still before it mends something, while that deployment is taken down."""
        key = data.draw(st.sampled_from(self.endpoints()))
        name = key.namespace.removeprefix("infer-")
        [other] = {*NAMES} - {name}
        self.house.tick()
        self.someone_asks(Deploy("llama3-8b", {key.location: 1}, other), ANA, dry=False, twice=False)
        self.the_newest_is_approved()
        self.house.drain()  # the cluster now stays whatever becomes of the first one
        self.house.cloud.drop(key)
        self.house.publish(Topic.ROUNDS, Wake(Unit(name, key.location)))
        chaos = self.house.chaos
        chaos.fuse, chaos.only, chaos.strike = 0, "start", lambda: self.a_deployment_goes(name, minutes)
        self.house.deliver(len(self.house.deliveries()) - 1)

    @rule(ask=deploys)
    def the_requester_votes(self, ask: Ask) -> None:
        self.someone_asks(ask, BEN, dry=False, twice=False)
        self.house.drain()
        for proposal in self.proposals():
            if proposal.intent.user == BEN:
                self.vote(proposal, BEN)
        self.house.drain()

    @rule()
    def faults_end(self) -> None:
        self.house.cloud.faults.clear()
        self.house.cloud.blind.clear()

    @rule(down=st.booleans())
    def slack_goes_away(self, down: bool) -> None:
        self.house.chat.down = down
        self.house.cloud.met["Slack down"] += down

    @rule()
    def timers_are_lost(self) -> None:
        self.house.cloud.met["timer lost"] += bool(self.house.timers.pending)
        self.house.timers.pending.clear()

    @rule()
    def the_policy_changes(self) -> None:
        self.house.change_policy()
        self.house.cloud.met["policy changed"] += 1

    @precondition(lambda self: self.house.cloud.things)
    @rule(data=st.data())
    def someone_deletes_by_hand(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.house.cloud.things)))
        note(f"by hand: {key}")
        self.house.cloud.drop(key)
        self.house.cloud.met["deleted by hand"] += 1

    @invariant()
    def nothing_exists_that_nobody_remembers(self) -> None:
        self.house.check()

    @invariant()
    def a_place_has_one_incident_at_most(self) -> None:
        check_incidents(self.house)

    def teardown(self) -> None:
        self.house.calm()
