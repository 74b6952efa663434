"""The whole house on stand-ins: real functions, a simulated cloud, and a chaos that may strike at every effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.catalog.load import load
from shared.domain.desired import FLEET_PATH, Desired, FleetSpec, Spec, deployment_path
from shared.domain.errors import RetryableError
from shared.domain.graph import CHECKS, ResourceGraph
from shared.domain.incidents import Incident, IncidentState
from shared.domain.inventory import Status
from shared.domain.messages import (
    Message,
    Tick,
)
from shared.domain.names import ResourceKey
from shared.domain.proposals import Proposal, Vote, proposal_id
from shared.domain.records import INCIDENTS, PROPOSALS, STATUSES, VOTES, decision_path, desired_path
from shared.domain.site import Site
from shared.domain.topics import SUBSCRIBERS, Topic
from shared.ports import ConflictError, Put, RateLimitedError, Write
from shared.services import Compile, Decisions, Services
from shared.store import load as load_value
from shared.store import read
from tests.notifications import notification
from tests.simulation.cloud import SimCloud
from tests.simulation.metrics import SimMetrics
from tests.simulation.reduced import compile_reduced
from tests.simulation.report import what_is_wrong
from tests.simulation.setting import (
    ANA,
    BEN,
    CHLOE,
    DRIFT_MINUTES,
    FUNCTIONS,
    GUEST,
    POLICY,
    T0,
    Chaos,
    Killed,
    Quotas,
    Resolver,
)
from tests.standins import MemoryBus, MemoryChat, MemoryDocuments, MemoryTimers


class House:
    """Everything that one history happens in."""

    def __init__(self, decisions: Decisions | None = None, compiled: Compile = compile_reduced) -> None:
        self.seconds = 0.0
        self.chaos = Chaos()
        self.cloud = SimCloud(self.now)
        self.documents = MemoryDocuments(self.chaos)
        self.bus, self.timers, self.chat = MemoryBus(self.chaos), MemoryTimers(self.chaos), MemoryChat(self.chaos)
        self.chat.groups = {"ml-platform": frozenset({ANA, BEN, CHLOE}), "approvers": frozenset({BEN, CHLOE})}
        self.chat.guests = frozenset({GUEST})
        self.documents.guards.append(self._only_approved)
        self.metrics = SimMetrics(self.documents, self.chaos)
        self.policy = POLICY
        self.nested = 0
        self.presses = 0
        self.alerted: set[tuple[str, str, str]] = set()
        """Deployment, region and Monitoring's id of every alert that ever opened."""
        self.services = Services(
            documents=self.documents,
            bus=self.bus,
            timers=self.timers,
            providers=self.cloud.provider(self.chaos),
            quotas=Quotas(),
            resolver=Resolver(),
            metrics=self.metrics,
            chat=self.chat,
            clock=self.now,
            policy=lambda: self.policy,
            compile=self._noting(compiled),
            catalog=load(),
            site=Site("demo", "1", repository="us-docker.pkg.dev/demo/inferops"),
            channel="C1",
            hf_token_secret="projects/demo/secrets/hf-token",
            decisions=decisions or Decisions(),
        )

    def _noting(self, compiled: Compile) -> Compile:
        """Let the judge know what each key needs, whatever a broken plan says."""

        def compile_and_note(path: str, spec: Spec | None, fleet: FleetSpec | None) -> ResourceGraph:
            graph = compiled(path, spec, fleet)
            for resource in graph.resources.values():
                self.cloud.needs.setdefault(resource.key, set()).add((resource.all_needs, resource.any_of))
            return graph

        return compile_and_note

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds)

    # happenings ------------------------------------------------------------------------------------------

    def publish(self, topic: Topic, message: Message | bytes) -> None:
        """Let a message arrive that the functions did not send themselves."""
        self.bus.pending.append((str(topic), message))

    def deliveries(self) -> list[tuple[str, Message, str]]:
        """Every pending (topic, message, subscriber)."""
        self.fan_out()
        return list(self._queue)

    _queue: list[tuple[str, Message, str]]

    def fan_out(self) -> None:
        """Give each subscriber its own copy of what was published or came due."""
        if not hasattr(self, "_queue"):
            self._queue = []
        for topic, message in self.timers.due(self.now()):
            self.bus.pending.append((topic, message))
        for topic, message in self.bus.pending:
            self._queue += [
                (topic, message, subscriber)
                for subscriber in SUBSCRIBERS[Topic(topic)]
                if isinstance(message, FUNCTIONS[subscriber][0])
            ]
        self.bus.pending.clear()

    def deliver(self, index: int, *, stale: bool = False, duplicate: bool = False) -> bool:
        """Deliver one pending message; one whose function dies or fails stays. Return whether it was acknowledged."""
        self.fan_out()
        if not self._queue:
            return False
        item = self._queue[index % len(self._queue)]
        done = self._invoke(item, stale=stale)
        if done and not duplicate and item in self._queue:
            self._queue.remove(item)
        return done

    def _invoke(self, item: tuple[str, Message, str], *, stale: bool) -> bool:
        _, message, subscriber = item
        provider = self.cloud.provider(self.chaos, stale=stale, overlapped=self.nested > 0)
        services = replace(self.services, providers=provider)
        self.nested += 1
        try:
            FUNCTIONS[subscriber][1](message, services)
        except (Killed, ConflictError, RetryableError, RateLimitedError):
            return False
        finally:
            self.nested -= 1
            if self.nested == 0:
                self.chaos.fuse, self.chaos.strike, self.chaos.only = None, None, ""
        return True

    def tick(self) -> None:
        """Let a minute's sweep arrive."""
        self.publish(Topic.TICKS, Tick())

    # what must always hold -------------------------------------------------------------------------------

    def _only_approved(self, writes: Sequence[Write]) -> None:
        """No desired state changes without a proposal whose quorum was met on that very digest."""
        for write in writes:
            if not isinstance(write, Put) or not write.path.startswith(("deployments/", "platform/")):
                continue
            proposal = load_value(self.documents, Proposal, f"{PROPOSALS}/{write.body['proposal']}")
            assert proposal is not None, f"{write.path} was changed without a proposal"
            assert not proposal.dry_run, f"{write.path} was changed by a mere plan"
            cast = [read(Vote, document) for document in self.documents.find(VOTES, {"proposal": proposal.id})]
            assert all(v.approve for v in cast if v), f"{proposal.id} was applied although it had been rejected"
            good = {v.user for v in cast if v and v.approve and v.digest == proposal.digest}
            good = {user for user in good if user in self.chat.groups["approvers"]} - {proposal.intent.user}
            assert len(good) >= proposal.gate.quorum, f"{proposal.id} was applied with {good} of {proposal.gate.quorum}"
            self._for_this_world(proposal, write)
            assert decision_path(proposal.id) in {w.path for w in writes}, "state and decision are one commit"
            assert self.policy.hash == POLICY.hash or self._fresh(proposal), "a void digest was applied"

    def _for_this_world(self, proposal: Proposal, write: Put) -> None:
        """A suggestion is applied to the very generation that it was made for."""
        remedy = proposal.intent.remedy
        if remedy is not None and write.path == deployment_path(proposal.deployment):
            assert write.body["generation"] == remedy.generation + 1, f"{proposal.id} is for another world"

    def _fresh(self, proposal: Proposal) -> bool:
        """Whether the proposal was made under the policy of today."""
        return proposal.created_at >= self.policy_since

    policy_since: datetime = T0

    def change_policy(self) -> None:
        """Replace the policy file: whatever was proposed under the old one is void."""
        number = int(self.policy.hash.removeprefix("policy-")) + 1
        self.policy = replace(self.policy, hash=f"policy-{number}")
        self.policy_since = self.now()

    def remembered(self) -> set[ResourceKey]:
        """Every key of every inventory."""
        statuses = [read(Status, document) for document in self.documents.find(STATUSES)]
        return {key for status in statuses if status for key in status.inventory}

    def check(self) -> None:
        """Whatever exists of ours is in an inventory."""
        forgotten = self.cloud.things.keys() - self.remembered()
        assert not forgotten, f"nobody remembers {sorted(map(str, forgotten))}"

    # the end ---------------------------------------------------------------------------------------------

    def calm(self, rounds: int = 400) -> None:
        """Let all faults stop and everything come to rest; then observed must equal desired."""
        self.cloud.blind.clear()
        self.cloud.faults.clear()
        self.cloud.slowness, self.chat.down = 1.0, False
        self.metrics.down = False
        self.metrics.vanished.clear()
        self.metrics.rates.clear()
        for name, region, sign in sorted(self.alerted):
            self.publish(Topic.ALERTS, notification(name, region, "closed", sign))
        quiet = 0
        for _ in range(rounds):
            self.seconds += 60
            self.tick()
            self.drain()
            quiet = quiet + 1 if self.at_rest() else 0
            if quiet > DRIFT_MINUTES:
                break
        self.check_the_end()

    def drain(self, limit: int = 3000) -> None:
        """Deliver everything that is pending, except what nobody can take just now."""
        refused = 0
        for _ in range(limit):
            if len(self.deliveries()) <= refused:
                return
            if self.deliver(0):
                refused = 0
            else:
                refused += 1
                self._queue.append(self._queue.pop(0))
        message = f"messages never end: {self._queue[:5]}"
        raise AssertionError(message)

    def wanted(self) -> dict[ResourceKey, dict[str, object]]:
        """What all desired state asks for, checks aside."""
        fleet = load_value(self.documents, Desired, FLEET_PATH)
        spec = fleet.spec if fleet and isinstance(fleet.spec, FleetSpec) else None
        found: dict[ResourceKey, dict[str, object]] = {}
        for path in sorted(self.documents.stored):
            if path.startswith(("deployments/", "platform/")):
                desired = load_value(self.documents, Desired, path)
                assert desired is not None
                graph = self.services.compile(path, desired.spec, spec)
                found |= {r.key: dict(r.spec) for r in graph if not r.is_check}
        return found

    def at_rest(self) -> bool:
        """Whether nothing is left to do or to forget."""
        statuses = [read(Status, document) for document in self.documents.find(STATUSES)]
        return not self.timers.pending and all(s is not None and s.next_check_at is None for s in statuses)

    def check_the_end(self) -> None:
        """Observed equals desired, inventory equals world, every unit's generation is the desired one."""
        self.check()
        still = [each.place for each in self.incidents() if each.deployment and each.state is IncidentState.OPEN]
        assert not still, f"incidents never ended: {still}"
        have = {key: dict(thing.spec) for key, thing in self.cloud.things.items()}
        assert have == self.wanted(), what_is_wrong(self, have)
        checks = {key for key in self.remembered() if key not in have}
        assert all(key.kind in CHECKS for key in checks), checks
        for document in self.documents.find(STATUSES):
            status = read(Status, document)
            assert status is not None
            desired = load_value(self.documents, Desired, desired_path(status.unit))
            assert desired is not None and status.observed_generation == desired.generation, str(status.unit)
        self._check_words()

    def incidents(self) -> list[Incident]:
        """Return every incident."""
        found = (read(Incident, document) for document in self.documents.find(INCIDENTS) if document.fields)
        return [each for each in found if each]

    def _check_words(self) -> None:
        """Every intent was answered and nobody was told through two live cards."""
        told = {text for _, text in self.chat.told}
        cards = Counter(key for _, _, key, thread in self.chat.messages.values() if key and not thread)
        assert all(count == 1 for count in cards.values()), f"more than one live card: {cards}"
        proposals = {path.partition("/")[2] for path in self.documents.stored if path.startswith("proposals/")}
        assert proposals <= set(cards), f"no card for {proposals - set(cards)}"
        for document in self.documents.find("intents"):
            intent = document.path.partition("/")[2]
            answered = proposal_id(intent) in cards or f"cards/told-{intent}" in self.documents.stored
            assert answered, f"{document.body} was never answered; told: {told}"
        assert not self.documents.find("outbox"), "a message was never sent"
