"""What Cloud Monitoring publishes, read leniently: nothing raises, and what is not for us says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.incidents import UNREADABLE, Alert, AlertState
from shared.notifications import LARGEST, read_notification
from tests.notifications import OWNER, PROJECT, notification

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def heard(data: bytes) -> Alert:
    return read_notification(data, PROJECT, OWNER, NOW)


def changed(**fields: Any) -> bytes:
    return notification(**fields)


def test_an_open_alert_names_its_place_its_condition_and_its_value() -> None:
    alert = heard(notification("chat", "europe-west3"))
    assert (alert.place, alert.state, alert.condition_name) == ("chat.europe-west3", AlertState.OPEN, "KV cache hot")
    assert (alert.observed, alert.threshold, alert.ended_at) == (0.93, None, None)


def test_a_closed_alert_says_when_it_ended() -> None:
    alert = heard(notification(state="closed", started=1_767_603_600))
    assert alert.state is AlertState.CLOSED and alert.ended_at == datetime(2026, 1, 5, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize("state", ["OPEN", "Open", "open"])
def test_the_state_may_be_written_in_any_case(state: str) -> None:
    assert heard(notification(state=state)).state is AlertState.OPEN


def test_numbers_come_as_text_and_zero_is_a_number() -> None:
    alert = heard(changed(threshold_value="0", observed_value="1.5e-1", started_at="1767603600"))
    assert (alert.threshold, alert.observed, alert.started_at) == (0.0, 0.15, NOW)


def test_a_value_that_is_no_number_counts_as_not_said() -> None:
    assert heard(changed(observed_value="n/a")).observed is None


@pytest.mark.parametrize(
    "field", ["url", "severity", "summary", "metric", "resource", "observed_value", "documentation", "started_at"]
)
def test_a_field_that_is_missing_does_not_matter(field: str) -> None:
    assert heard(changed(**{field: None})).state is AlertState.OPEN


def test_unknown_fields_are_fine() -> None:
    assert heard(changed(something_new={"deep": [1, 2]})).state is AlertState.OPEN


def test_the_same_notification_delivered_twice_is_the_same_alert() -> None:
    assert heard(notification()).id == heard(notification()).id


def test_open_and_close_of_one_incident_are_two_alerts() -> None:
    assert heard(notification()).id != heard(notification(state="closed")).id


def test_two_conditions_of_one_policy_are_two_alerts() -> None:
    other = {"name": "projects/demo/alertPolicies/11/conditions/23", "displayName": "Requests waiting"}
    assert heard(notification()).id != heard(changed(condition=other, condition_name="Requests waiting")).id


@pytest.mark.parametrize(
    ("data", "because"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="cut off"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="not text"),
        pytest.param(b"[" * 90_000, "not JSON", id="deeply nested"),
        pytest.param(b"[]", "no incident", id="another shape"),
        pytest.param(b'{"version": "1.2"}', "no incident", id="no incident"),
        pytest.param(b"x" * (LARGEST + 1), f"{LARGEST + 1} bytes", id="oversized"),
        pytest.param(notification(incident=""), "incident.incident_id", id="no id"),
        pytest.param(notification(state="ajar"), "incident.state", id="unknown state"),
        pytest.param(notification(scoping_project_id="other"), "of project other", id="another project's"),
        pytest.param(notification(policy_user_labels={}), "not one of ours", id="another's policy"),
        pytest.param(notification(deployment="../x"), "not one of ours", id="a label that is no name"),
    ],
)
def test_what_cannot_be_acted_upon_says_why(data: bytes, because: str) -> None:
    alert = heard(data)
    assert alert.place == UNREADABLE and alert.state is AlertState.UNREADABLE and because in alert.problem


@pytest.mark.parametrize("version", ["1.3", "2.0", "", None, 12])
def test_another_schema_is_shown_with_its_summary_and_not_acted_upon(version: object) -> None:
    body = {**json.loads(notification()), "version": version}
    alert = heard(json.dumps(body).encode())
    assert alert.state is AlertState.UNREADABLE and "schema" in alert.problem and alert.summary.startswith("KV cache")


def test_the_consoles_test_message_is_recognised() -> None:
    body = {**json.loads(notification(state="OPEN")), "version": "test"}
    body["incident"]["documentation"] = "a bare text"
    assert "test message" in heard(json.dumps(body).encode()).problem


def test_a_policy_of_another_installation_in_the_project_is_not_ours() -> None:
    labels = {"inferops-owner": "other", "inferops-deployment": "chat", "inferops-region": "us-east4"}
    assert "not one of ours" in heard(changed(policy_user_labels=labels)).problem


@given(JSON)
def test_nothing_that_is_json_is_too_odd_to_be_recorded(body: object) -> None:
    assert heard(json.dumps(body).encode()).state is AlertState.UNREADABLE


@given(st.dictionaries(st.sampled_from([*json.loads(notification())["incident"]]), JSON, max_size=3))
def test_odd_fields_never_raise(fields: dict[str, Any]) -> None:
    body = json.loads(notification())
    body["incident"] |= fields
    assert heard(json.dumps(body).encode()).received_at == NOW
