"""Each fault of the page's menu, as a person meets it: what Slack says, what to do, and that it ends well."""

from __future__ import annotations

from collections.abc import Iterator

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
        self.menu = Menu(journey.cloud, tuple(Topic), FUNCTIONS, mortality.doom)
        report = journey.host.documents("statuses")[f"{NAME}@global"]["report"]
        self.addresses = {region: report[f"address/{region}"] for region in (AMERICA, EUROPE)}

    def breaks(self, fault: str, **fields: str) -> str:
        self.journey.cloud.server.run(lambda: self.menu.set(fault, fields))
        active = self.menu.shown()["active"]
        return str(active[-1]["key"]) if active else ""

    def mends(self, key: str) -> None:
        self.journey.cloud.server.run(lambda: self.menu.take_back(key))

    def why(self, region: str = "") -> str:
        return self.journey.people.say("dev", f"/infer why {NAME} {region}".strip())

    def met(self, fault: str) -> int:
        return int(self.menu.shown()["met"].get(fault, 0))

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
    for active in whole.menu.shown()["active"]:
        whole.mends(active["key"])


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
    proposal = trial.journey.propose(f"balance {NAME} {41 + FUNCTIONS.index(target)}")
    trial.breaks("kill", target=target)
    trial.journey.approve(proposal)
    trial.journey.card_says(proposal, "Done")
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


def test_a_pool_deleted_by_hand_is_built_again(trial: Trial) -> None:
    trial.breaks("deleted", region=EUROPE)
    trial.journey.until(lambda: trial.answers()[EUROPE] == 200, "Europe")
    trial.journey.until(lambda: trial.journey.sights.ready(NAME)[EUROPE] == "1/1", "the pool again")


def test_what_cannot_be_broken_is_refused_with_what_can(trial: Trial) -> None:
    with pytest.raises(Exception, match="there is no fault flood; there is: stockout"):
        trial.breaks("flood")
    with pytest.raises(Exception, match="Zone: mars-1a is none of"):
        trial.breaks("stockout", zone="mars-1a")
