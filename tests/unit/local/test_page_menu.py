"""The page's loads and its faults of metrics and alerts, in a cloud where nothing serves yet."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud.cloud import Cloud
from infra.local.web.fault_kinds import BadFaultError
from infra.local.web.faults import Menu
from infra.local.web.load import Loads

TOPIC = "intents"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def menu(cloud: Cloud) -> Menu:
    return Menu(cloud, [TOPIC])


def active(menu: Menu) -> dict[str, Any]:
    return {one["key"]: one for one in menu.shown()["active"]}


def test_without_a_deployment_a_load_is_refused_with_what_to_do(cloud: Cloud) -> None:
    with pytest.raises(BadFaultError, match="deploy a model first"):
        Loads(cloud).start({"rate": "130 %"})


def test_a_load_that_does_not_run_cannot_be_stopped(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="no stream nobody runs"):
        Loads(cloud).stop("nobody")


def test_metrics_vanish_until_they_are_given_back(cloud: Cloud, menu: Menu) -> None:
    menu.set("metrics-vanish", {"region": "us-east4"})
    assert cloud.world.faults.is_down("exporter/us-east4")
    assert active(menu)["metrics-vanish/us-east4"]["met"] == 1
    menu.take_back("metrics-vanish/us-east4")
    assert not cloud.world.faults.is_down("exporter/us-east4")


def test_where_no_server_runs_none_hangs(menu: Menu) -> None:
    with pytest.raises(BadFaultError, match="no model server runs in us-east4"):
        menu.set("hang", {"region": "us-east4"})
    assert active(menu) == {}


@pytest.mark.parametrize("fault", ["alert-storm", "time-out"])
def test_without_alerts_there_is_no_storm_and_no_time_out(menu: Menu, fault: str) -> None:
    with pytest.raises(BadFaultError, match="us-east4"):
        menu.set(fault, {"region": "us-east4"})


def test_lost_notifications_and_lost_messages_are_told_apart(cloud: Cloud, menu: Menu) -> None:
    menu.set("notifications-lost", {"count": "2"})
    menu.set("lost", {"topic": TOPIC, "count": "3"})
    left = {key: one["left"] for key, one in active(menu).items()}
    assert left == {"notifications-lost/monitoring": 2, f"lost/{TOPIC}": 3}
    menu.take_back("notifications-lost/monitoring")
    assert dict(cloud.world.faults.lost) == {TOPIC: 3}


def test_late_notifications_come_in_time_once_they_are_taken_back(cloud: Cloud, menu: Menu) -> None:
    menu.set("notifications-late", {"seconds": "90"})
    assert cloud.world.faults.late == {"monitoring": 90}
    menu.take_back("notifications-late/monitoring")
    assert cloud.world.faults.late == {}
