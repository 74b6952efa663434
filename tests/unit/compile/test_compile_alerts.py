"""The alert policy of each region, the channel behind it, and what must be there before either."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.compile_alerts import CHANNEL_KEY, hot_above, labels_of
from shared.domain.desired import Placement
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import Kind
from tests.unit.compile.conftest import FLEET, SITE

REGIONS = ("us-east4", "europe-west3")


def _policy(graph: ResourceGraph, region: str = "us-east4") -> Resource:
    [found] = [r for r in graph if r.key.kind is Kind.ALERT_POLICY and r.key.location == region]
    return found


def _conditions(resource: Resource) -> dict[str, dict[str, Any]]:
    made = resource.spec["conditions"]
    return {each["display_name"]: each["condition_prometheus_query_language"] for each in made}


def test_every_region_has_a_policy_of_its_own(compiled: Any) -> None:
    policies = [r.key for r in compiled() if r.key.kind is Kind.ALERT_POLICY]
    assert sorted(key.location for key in policies) == ["europe-west3", "us-east4"]
    assert {key.name for key in policies} == {"llama3-8b"}


def test_a_notification_names_owner_deployment_and_region(compiled: Any) -> None:
    assert _policy(compiled()).spec["user_labels"] == {
        "managed-by": "inferops",
        "inferops-owner": "inferops",
        "inferops-deployment": "llama3-8b",
        "inferops-region": "us-east4",
    }


def test_what_is_made_is_marked_with_what_it_is_found_by(compiled: Any, platform: Any) -> None:
    made = [_policy(compiled()), platform("platform/global", FLEET).resources[CHANNEL_KEY]]
    assert all(each.spec["user_labels"] == labels_of(each.key, SITE) for each in made)


def test_a_policy_stays_within_six_conditions_of_different_names(compiled: Any) -> None:
    names = [each["display_name"] for each in _policy(compiled()).spec["conditions"]]
    assert len(names) == len(set(names)) == 6


def test_every_condition_asks_about_this_deployment_in_this_region_alone(compiled: Any) -> None:
    for name, condition in _conditions(_policy(compiled())).items():
        selectors = condition["query"].count("vllm:")
        own = condition["query"].count('{namespace="infer-llama3-8b", location="us-east4"')
        assert selectors == own > 0, name


def test_no_condition_waits_for_a_metric_to_be_known(compiled: Any) -> None:
    assert all(each["disable_metric_validation"] for each in _conditions(_policy(compiled())).values())


@pytest.mark.parametrize(("percent", "share"), [(60, 0.65), (80, 0.825), (100, 1.0), (1, 0.134)])
def test_a_region_is_hot_above_the_point_where_its_traffic_spills(percent: int, share: float) -> None:
    assert hot_above(percent) == pytest.approx(share, abs=0.001)


def test_a_region_that_spills_earlier_is_hot_earlier(compiled: Any) -> None:
    graph = compiled(utilization=60, utilizations={"us-east4": 40})
    hot = {region: _conditions(_policy(graph, region))["KV cache hot"]["query"] for region in REGIONS}
    assert hot["us-east4"].endswith("> 0.475")
    assert hot["europe-west3"].endswith("> 0.65")


def test_the_only_server_of_a_region_is_never_called_idle(compiled: Any) -> None:
    graph = compiled(regions={"us-east4": Placement(1, "us-east4-a")})
    assert "Idle" not in _conditions(_policy(graph))


def test_a_policy_waits_for_its_channel_the_servers_and_their_scrape(compiled: Any) -> None:
    found = {(key.kind, key.short_name) for key in _policy(compiled()).needs}
    assert found == {
        (Kind.NOTIFICATION_CHANNEL, "alerts"),
        (Kind.WORKLOAD, "llama3-8b"),
        (Kind.POD_MONITORING, "llama3-8b-servers"),
    }


def test_the_policy_says_what_to_type(compiled: Any) -> None:
    assert "`/infer why llama3-8b us-east4`" in _policy(compiled()).spec["documentation"]["content"]


def test_the_channel_speaks_to_the_topic_that_alerts_hears(platform: Any) -> None:
    channel = platform("platform/global", FLEET).resources[CHANNEL_KEY]
    assert (channel.spec["type_"], channel.spec["labels"]) == ("pubsub", {"topic": "projects/demo/topics/alerts"})
    assert {key.name for key in channel.needs} == {"monitoring.googleapis.com"}


def test_nobody_is_asked_to_grant_a_role_to_an_account_that_does_not_exist_yet(platform: Any) -> None:
    graph = platform("platform/global", FLEET).resources
    [grant] = [r for key, r in graph.items() if key.name == "alert-notifications"]
    assert grant.needs == {CHANNEL_KEY}
    assert "gcp-sa-monitoring-notification" in grant.remedy


def test_servers_and_picker_are_scraped_apart(compiled: Any) -> None:
    graph = compiled().at("us-east4")
    found = {r.key.short_name: r.spec["spec"] for r in graph if r.key.kind is Kind.POD_MONITORING}
    assert found.keys() == {"llama3-8b", "llama3-8b-servers"}
    [server] = [r.spec for r in graph if r.key.kind is Kind.WORKLOAD and r.key.short_name == "llama3-8b"]
    pod = server["spec"]["template"]
    assert found["llama3-8b-servers"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
    assert {each["port"] for each in found["llama3-8b-servers"]["endpoints"]} <= ports
