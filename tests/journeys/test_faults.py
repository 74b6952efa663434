"""Each fault of the page's menu, as a person meets it: what Slack says, what to do, and that it ends well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.mortal import Mortality
from infra.local.serving import FUNCTIONS
from infra.local.web import Menu
from shared.domain.topics import Topic
from tests.journeys.journey import Journey, travelling

MODEL, NAME = "qwen2.5-0.5b", "qwen2-5-0-5b"
EUROPE, AMERICA = "europe-west3", "us-east4"


class Trial:
    """A deployment of one small replica in each of two regions, and the menu beside it."""

    def __init__(self, journey: Journey, mortality: Mortality) -> None:
        self.journey = journey
        self.menu = Menu(journey.cloud, tuple(Topic), FUNCTIONS, mortality.doomed)
        report = journey.host.documents("statuses")[f"{NAME}@global"]["report"]
        self.addresses = {region: report[f"address/{region}"] for region in (AMERICA, EUROPE)}

    def breaks(self, fault: str, **fields: str) -> str:
        """Set a fault off; return what it is taken back by, nothing if it was over at once."""
        self.journey.cloud.server.run(lambda: self.menu.set(fault, fields))
        return next((str(one["key"]) for one in reversed(self._active()) if one["id"] == fault), "")

    def mends(self, key: str) -> None:
        self.journey.cloud.server.run(lambda: self.menu.take_back(key))

    def why(self, region: str = "") -> str:
        return self.journey.people.say("dev", f"/infer why {NAME} {region}".strip())

    def wrecks(self, region: str) -> None:
        """Wreck a region's pool, and wait until it is said what a person must do."""
        self.breaks("wreck", region=region)
        self.journey.until(lambda: "gcloud container node-pools delete" in self.why(region), "what a person must do")

    def met(self, fault: str) -> int:
        """How often a fault was met so far, as the page says it."""
        shown = self.journey.cloud.server.run(self.menu.shown)
        return int(next(one["met"] for one in shown["menu"] if one["id"] == fault))

    def to_come(self, fault: str) -> int:
        return sum(one["left"] or 0 for one in self._active() if one["id"] == fault)

    def mend_all(self) -> None:
        for one in self._active():
            self.mends(one["key"])

    def machines(self, region: str) -> set[str]:
        """The names of the machines with GPUs in a region."""

        def look() -> set[str]:
            clusters = [one for one in self.journey.cloud.gke.clusters() if one.location == region]
            pools = [pool for cluster in clusters for pool in cluster.pools.values() if pool.shape.gpus]
            return {name for pool in pools for name in pool.nodes}

        return self.journey.cloud.server.run(look)

    def stand(self) -> dict[str, tuple[str, int]]:
        """Region -> replicas that are ready, and machines."""
        ready = self.journey.sights.ready(NAME)
        return {region: (ready.get(region, ""), len(self.machines(region))) for region in (AMERICA, EUROPE)}

    def ends_as(self, before: dict[str, tuple[str, int]]) -> None:
        """Wait until all stands as before, both regions answer, and the product knows it."""
        machines = {region: count for region, (_, count) in before.items()}
        self.journey.until(lambda: {r: len(self.machines(r)) for r in machines} == machines, f"{machines} machines")
        self.journey.until(lambda: self.stand() == before, f"{before}")
        self.journey.until(lambda: self.answers() == {AMERICA: 200, EUROPE: 200}, "answers from both regions")
        self.journey.until(lambda: all(self._ready(region) for region in machines), "that the product knows it")

    def _ready(self, region: str) -> bool:
        return self.journey.condition(f"{NAME}@{region}", "Ready").get("status") == "True"

    def _active(self) -> list[dict[str, Any]]:
        return list(self.journey.cloud.server.run(self.menu.shown)["active"])

    def answers(self) -> dict[str, int]:
        """Region -> status of a question that is asked at its own address."""
        return {region: self.journey.sights.ask(where, NAME).status for region, where in self.addresses.items()}


@pytest.fixture(scope="module")
def whole() -> Iterator[Trial]:
    mortality = Mortality()
    with travelling(around=mortality.around) as journey:
        journey.do(f"deploy {MODEL} {AMERICA},{EUROPE} --replicas 1")
        yield Trial(journey, mortality)


@pytest.fixture
def trial(whole: Trial) -> Iterator[Trial]:
    yield whole
    whole.mend_all()


def test_a_region_outage_moves_traffic_says_what_cannot_be_seen_and_deletes_nothing(trial: Trial) -> None:
    before = trial.journey.sights.ready(NAME)
    key = trial.breaks("outage", region=EUROPE)
    trial.journey.until(lambda: "GKE could not ask all of" in trial.why(EUROPE), "the outage")
    assert trial.answers() == {AMERICA: 200, EUROPE: 0}
    trial.mends(key)
    trial.journey.until(lambda: trial.answers() == {AMERICA: 200, EUROPE: 200}, "Europe again")
    assert trial.journey.sights.ready(NAME) == before


def test_a_quota_that_is_cut_is_told_in_the_plan_before_anybody_approves(trial: Trial) -> None:
    key = trial.breaks("quota", region=AMERICA, metric="NVIDIA_L4_GPUS", limit="1")
    card = trial.journey.people.card(trial.journey.propose(f"scale {NAME} {AMERICA} +2"))
    assert "Too little:* NVIDIA_L4_GPUS in us-east4" in card
    trial.mends(key)


def test_while_slack_is_down_the_work_goes_on_and_the_card_is_put_right_afterwards(trial: Trial) -> None:
    proposal = trial.journey.propose(f"scale {NAME} {AMERICA} +1")
    key = trial.breaks("slack-down")
    trial.journey.people.say("ben", f"/infer approve {proposal}")
    trial.journey.until(lambda: trial.journey.sights.ready(NAME)[AMERICA] == "2/2", "the second replica")
    assert "Done" not in trial.journey.people.card(proposal)
    trial.mends(key)
    trial.journey.card_says(proposal, "Done")


@pytest.mark.parametrize("target", FUNCTIONS)
def test_a_function_that_is_killed_loses_and_doubles_nothing(trial: Trial, target: str) -> None:
    if target == "propose":
        trial.breaks("kill", target=target)
    proposal = trial.journey.propose(f"balance {NAME} {41 + FUNCTIONS.index(target)}")
    if target != "propose":
        trial.breaks("kill", target=target)
    if target == "alerts":  # nothing of a proposal's way comes by there
        alerting = trial.journey.cloud.alerting
        trial.journey.cloud.server.run(lambda: alerting.send_test(next(iter(alerting.channels.all))))
    trial.journey.approve(proposal)
    trial.journey.card_says(proposal, "Done")
    trial.journey.until(lambda: trial.to_come("kill") == 0, "the end of the function")
    assert sum(f"Proposal `{proposal}`" in card for card in cards(trial)) == 1


def cards(trial: Trial) -> list[str]:
    """What stands in the channel, threads aside."""
    slack = trial.journey.cloud.slack
    found = trial.journey.cloud.server.run(lambda: slack.messages("infer-ops"))
    return [message.text for message in found if not message.in_thread]


@pytest.mark.parametrize(("fault", "topic"), [("lost", "statuses"), ("duplicate", "votes"), ("duplicate", "decisions")])
def test_messages_that_are_lost_or_doubled_are_made_good(trial: Trial, fault: str, topic: str) -> None:
    before = trial.met(fault)
    trial.breaks(fault, topic=topic, count="2")
    trial.journey.do(f"balance {NAME} {70 + len(topic)}")
    assert trial.met(fault) > before


def test_a_slow_operation_is_waited_for(trial: Trial) -> None:
    key = trial.breaks("slow", kind="CREATE_NODE_POOL", factor="5")
    trial.journey.do(f"deploy {MODEL} {AMERICA},{EUROPE} --replicas 1 --zone {AMERICA}-c")
    assert trial.met("slow") > 0
    trial.mends(key)


@pytest.mark.parametrize("topic", ["votes", "decisions", "rounds"])
def test_messages_that_are_late_are_waited_for(trial: Trial, topic: str) -> None:
    before = trial.met("late")
    trial.breaks("late", topic=topic, seconds="300")
    trial.journey.do(f"balance {NAME} {50 + len(topic)}")
    assert trial.met("late") > before


@pytest.mark.parametrize("service", ["kubernetes", "firestore", "slack"])
def test_a_change_whose_answer_is_lost_is_made_once(trial: Trial, service: str) -> None:
    before = trial.met("answer-lost")
    trial.breaks("answer-lost", service=service, count="2")
    proposal = trial.journey.do(f"balance {NAME} {60 + len(service)}")
    assert trial.met("answer-lost") > before
    assert sum(f"Proposal `{proposal}`" in card for card in cards(trial)) == 1


@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
def test_slack_that_says_too_fast_is_heard_and_told_later(trial: Trial, method: str) -> None:
    before = trial.met("rate-limited")
    trial.breaks("rate-limited", method=method, count="2")
    proposal = trial.journey.do(f"balance {NAME} {80 + len(method) % 10}")
    assert trial.met("rate-limited") == before + 2
    assert "Done" in trial.journey.people.card(proposal)


def test_a_scale_up_where_machines_are_sold_out_says_where_and_what_to_do_and_ends_well_afterwards(
    trial: Trial,
) -> None:
    before = trial.met("stockout")
    key = trial.breaks("stockout", zone=f"{EUROPE}-a")
    proposal = trial.journey.approve(trial.journey.propose(f"scale {NAME} {EUROPE} +1"))
    where = f"no nodes in {EUROPE}-a, which has no machines of this type free"
    remedy = "choose another zone, region, machine or way of buying"
    trial.journey.card_says(proposal, f"{where}: {remedy}")
    assert where in trial.why(EUROPE)
    assert trial.met("stockout") > before
    trial.mends(key)
    assert remedy not in trial.journey.card_says(proposal, "Done")
    assert trial.journey.sights.ready(NAME)[EUROPE] == "2/2"


def test_a_machine_that_is_taken_away_is_replaced(trial: Trial) -> None:
    before, machines = trial.stand(), trial.machines(AMERICA)
    trial.breaks("preempt", region=AMERICA)
    assert len(machines - trial.machines(AMERICA)) == 1
    trial.ends_as(before)
    assert trial.machines(AMERICA) != machines


def test_a_pool_deleted_by_hand_is_built_again(trial: Trial) -> None:
    before = trial.stand()
    trial.breaks("deleted", region=EUROPE)
    assert not trial.machines(EUROPE)
    trial.ends_as(before)


def test_a_pool_whose_building_fails_is_cleared_away_and_built_again(trial: Trial) -> None:
    before, met = trial.stand(), trial.met("failing")
    trial.breaks("failing", kind="CREATE_NODE_POOL", count="1")
    trial.breaks("deleted", region=EUROPE)
    trial.journey.until(lambda: trial.met("failing") == met + 1, "the failure")
    trial.ends_as(before)


def test_a_wrecked_pool_waits_for_a_person_and_is_built_again_once_it_is_deleted_by_hand(trial: Trial) -> None:
    before = trial.stand()
    trial.wrecks(EUROPE)
    told = "gcloud container node-pools delete"
    trial.journey.until(lambda: any("a person is needed" in card and told in card for card in cards(trial)), "the card")
    trial.journey.later(hours=1)
    assert trial.stand()[EUROPE][1] == 0, "nobody touched it"
    assert trial.answers()[AMERICA] == 200
    trial.breaks("deleted", region=EUROPE)
    trial.ends_as(before)


def test_a_wrecked_pool_is_left_behind_by_a_deployment_to_another_zone(trial: Trial) -> None:
    trial.wrecks(EUROPE)
    trial.journey.do(f"deploy {MODEL} {AMERICA},{EUROPE} --replicas 1 --zone {EUROPE}-b")
    assert "as wanted" in trial.why(EUROPE)
    assert trial.answers() == {AMERICA: 200, EUROPE: 200}


def test_what_cannot_be_broken_is_refused_with_what_can(trial: Trial) -> None:
    with pytest.raises(Exception, match="there is no fault flood; there is: stockout"):
        trial.breaks("flood")
    with pytest.raises(Exception, match="Zone: mars-1a is none of"):
        trial.breaks("stockout", zone="mars-1a")
