"""What a notification says: schema 1.2, path by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alerting_place import KV, PROJECT, Place, running

from infra.local.cloud.notifications import console_test

TOLD = {
    "content": "See ${policy.display_name} in ${resource.label.location} for ${metric.label.model_name}${nothing}.",
    "mime_type": "text/markdown",
    "subject": "${condition.display_name} in ${resource.label.cluster}",
    "links": [{"display_name": "Runbook", "url": "https://example.com/${project}"}],
}


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        made.subscribe()
        yield made


def incident(place: Place, **fields: Any) -> dict[str, Any]:
    """Have one incident open, and return the policy's name and what was told."""
    place.policy(notification_channels=[place.channel()], **fields)
    place.scraped().start(**{KV: 0.75})
    place.pass_time(60)
    (told,) = place.notified()
    return dict(told)


def test_an_open_incident_says_what_it_is(place: Place) -> None:
    told = incident(place, user_labels={"deployment": "llama", "kind": "kv"})
    assert {key: told[key] for key in ("state", "ended_at", "severity", "policy_name", "condition_name")} == {
        "state": "open",
        "ended_at": None,
        "severity": "No severity",
        "policy_name": "KV hot",
        "condition_name": "KV cache hot",
    }
    assert told["policy_user_labels"] == {"deployment": "llama", "kind": "kv"}
    assert (told["scoping_project_id"], told["scoping_project_number"]) == ("demo", 123456789012)
    assert told["started_at"] == int(place.world.now.timestamp()) - 30


def test_an_incident_says_on_which_series_it_is(place: Place) -> None:
    told = incident(place)
    labels = {"project_id": "demo", "location": "us-east4", "cluster": "east", "namespace": "llama"}
    assert told["resource"] == {"type": "prometheus_target", "labels": labels}
    kind = f"prometheus.googleapis.com/{KV}/gauge"
    assert told["metric"] == {"type": kind, "displayName": KV, "labels": {"model_name": "llama"}}
    assert told["metadata"] == {"system_labels": {}, "user_labels": {}}


def test_a_condition_in_promql_has_an_observed_value_and_no_threshold(place: Place) -> None:
    told = incident(place)
    assert told["observed_value"] == "0.75"
    assert "threshold_value" not in told


def test_the_condition_goes_by_its_full_name(place: Place) -> None:
    told = incident(place)
    (policy,) = place.policies.list_alert_policies(name=PROJECT)
    assert told["condition"]["name"] == policy.conditions[0].name
    assert told["condition"]["conditionPrometheusQueryLanguage"]["query"].endswith("> 0.6")


def test_the_documentation_is_filled_in(place: Place) -> None:
    told = incident(place, documentation=TOLD)
    assert told["documentation"] == {
        "content": "See KV hot in us-east4 for llama.",
        "mime_type": "text/markdown",
        "subject": "KV cache hot in east",
        "links": [{"displayName": "Runbook", "url": "https://example.com/demo"}],
    }


def test_a_long_subject_is_cut(place: Place) -> None:
    told = incident(place, documentation={"content": "x", "subject": "ü" * 200})
    assert told["documentation"]["subject"] == "ü" * 127


def test_without_documentation_there_is_a_subject_all_the_same(place: Place) -> None:
    assert incident(place)["documentation"]["subject"].startswith("[ALERT] KV cache hot on demo Prometheus Target")


def test_labels_of_the_condition_are_added_and_filled_in(place: Place) -> None:
    asked = {"query": f"{KV} > 0.6", "labels": {"where": "${location}/${pod}"}, "disable_metric_validation": True}
    condition = {"display_name": "hot", "condition_prometheus_query_language": asked}
    told = incident(place, conditions=[condition])
    assert told["metric"]["labels"]["where"] == "us-east4/a"


def test_the_severity_is_told(place: Place) -> None:
    assert incident(place, severity="CRITICAL")["severity"] == "Critical"


def test_a_message_has_no_attributes(place: Place) -> None:
    incident(place)
    assert [message.attributes for message in place.pubsub.published] == [{}]


def test_the_version_is_told(place: Place) -> None:
    place.policy(notification_channels=[place.channel()])
    place.scraped().start(**{KV: 0.75})
    place.pass_time(60)
    assert [body["version"] for body in place.bodies()] == ["1.2"]


def test_the_test_message_names_its_policy_by_a_path() -> None:
    assert console_test()["incident"]["policy_name"] == "projects/12345/alertPolicies/12345"
