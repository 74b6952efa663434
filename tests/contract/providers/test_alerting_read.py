"""What is read of Monitoring's lists, and of what no list shows yet."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalog.load import load
from shared.domain.compile_alerts import CHANNEL_KEY, alert_policy, notification_channel
from shared.domain.compile_frame import Frame
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError
from shared.domain.inventory import Entry
from shared.domain.observations import Absent, Observed, Present, Unknown
from shared.providers import alerting
from tests.contract.providers.whole_cloud import EAST, SITE, WEST, spec

CHANNEL = notification_channel(SITE, ())
POLICY = alert_policy(Frame("llm", spec(EAST, WEST), EAST, EAST, SITE, load()), ())


MADE = {
    "name": "projects/demo/notificationChannels/7",
    "display_name": CHANNEL.spec["display_name"],
    "user_labels": CHANNEL.spec["user_labels"],
}


def read(made: Any, *listed: Any) -> Observed:
    answers = {CHANNEL_KEY.kind: list(listed), ("operation", CHANNEL_KEY): made}
    return alerting.read({CHANNEL_KEY: Entry(operation="projects/demo/notificationChannels/7")}, answers, SITE)[
        CHANNEL_KEY
    ]


@pytest.mark.parametrize(
    ("made", "seen"),
    [
        pytest.param(MADE, Present, id="it is there, though the list lags"),
        pytest.param(PreconditionError("gone", reason=Reason.WAITING), Absent, id="it was deleted meanwhile"),
        pytest.param(RetryableError("away", reason=Reason.UNAVAILABLE), Unknown, id="nobody can say"),
    ],
)
def test_what_was_made_a_moment_ago_is_asked_for_by_its_name(made: Any, seen: type) -> None:
    assert isinstance(read(made), seen)


def test_what_the_list_shows_already_does_not_count_twice() -> None:
    found = read(MADE, MADE)
    assert isinstance(found, Present) and found.spec["copies"] == 1


def test_a_policy_that_monitoring_calls_invalid_is_not_ready() -> None:
    item = {**CHANNEL.spec, "name": "n", "validity": {"code": 3, "message": "no such metric"}}
    found = read(None, item)
    assert isinstance(found, Present) and (found.ready, found.reason) == (False, Reason.INVALID)


def test_trouble_with_either_list_is_trouble_with_the_policy() -> None:
    away: InferError = NeedsHumanError("no", reason=Reason.PERMISSION_DENIED, remedy="grant it")
    answers = {POLICY.key.kind: [], CHANNEL_KEY.kind: away}
    assert isinstance(alerting.read({POLICY.key: Entry()}, answers, SITE)[POLICY.key], Unknown)
