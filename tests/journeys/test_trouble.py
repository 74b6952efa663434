"""When the cloud does not do what it should: one region's trouble stays its own, and wrecks are replaced."""

from __future__ import annotations

from datetime import timedelta

from tests.journeys.journey import Journey, travelling

MODEL, NAME = "qwen2.5-0.5b", "qwen2-5-0-5b"
EUROPE, AMERICA = "europe-west3", "us-east4"


def test_europe_sold_out_stops_neither_america_nor_itself_for_ever() -> None:
    zones = {f"{EUROPE}-{letter}/g2-standard-12" for letter in "abc"}
    with travelling() as journey:
        journey.fault(lambda faults: faults.stockout.update(zones))
        proposal = journey.approve(journey.propose(f"deploy {MODEL} {AMERICA},{EUROPE} --replicas 1"))
        journey.until(lambda: _condition(journey, EUROPE, "StockOut"), "the stock-out in Europe")
        journey.until(lambda: journey.condition(f"{NAME}@{AMERICA}", "Ready").get("status") == "True", "America")
        card = journey.card_says(proposal, "choose another zone, region, machine or way of buying")
        assert f"{EUROPE}-a has no machines of this type free" in card
        assert journey.sights.ready(NAME)[AMERICA] == "1/1"
        assert journey.sights.ask(_address(journey, AMERICA), NAME).status == 200
        journey.fault(lambda faults: faults.stockout.clear())
        journey.card_says(proposal, "Done")
        assert journey.sights.ready(NAME) == {AMERICA: "1/1", EUROPE: "1/1"}


def test_a_wrecked_pool_is_replaced_after_its_pause() -> None:
    with travelling() as journey:
        journey.fault(lambda faults: faults.failing.update({"CREATE_NODE_POOL": 1}))
        proposal = journey.approve(journey.propose(f"deploy {MODEL} {AMERICA} --replicas 1"))
        begun = journey.cloud.world.now
        journey.card_says(proposal, "Done")
        pools = [each for each in journey.operations() if "NODE_POOL" in each[0]]
        assert pools[:3] == [("CREATE_NODE_POOL", "INTERNAL"), ("DELETE_NODE_POOL", "OK"), ("CREATE_NODE_POOL", "OK")]
        assert journey.cloud.world.now - begun > timedelta(minutes=3)


def test_a_missing_grant_holds_with_the_exact_command() -> None:
    agent = "serviceAccount:service-123456789012@gcp-sa-multiclusteringress.iam.gserviceaccount.com"
    command = (
        f"gcloud projects add-iam-policy-binding demo --member={agent} --role=roles/container.admin --condition=None"
    )
    with travelling() as journey:
        project = journey.cloud.project
        journey.cloud.server.run(lambda: project.revoke("roles/container.admin", agent))
        proposal = journey.approve(journey.propose(f"deploy {MODEL} {AMERICA} --replicas 1"))
        card = journey.card_says(proposal, command, limit=timedelta(minutes=30))
        assert "a person is needed" in card
        assert not journey.cloud.server.run(lambda: project.granted("roles/container.admin", agent))
        journey.cloud.server.run(lambda: project.grant("roles/container.admin", agent))
        assert command not in journey.card_says(proposal, "Done")


def _address(journey: Journey, region: str) -> str:
    """Return the address that people are told to call in a region."""
    return str(journey.host.documents("statuses")[f"{NAME}@global"]["report"][f"address/{region}"])


def _condition(journey: Journey, region: str, reason: str) -> bool:
    return journey.condition(f"{NAME}@{region}", "CapacityReady").get("reason") == reason
