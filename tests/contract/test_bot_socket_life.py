"""The life of a connection in Socket Mode: begun by settings alone, ended without losing what was heard."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.socket_mode import connect, listen
from shared.domain.messages import Message
from shared.settings import as_environment
from tests.contract.bot_place import Bus, Place, fresh_place, running_bot  # noqa: F401 - fixtures are found by name
from tests.contract.bot_socket_place import only_by_socket
from tests.house.tree import ROOT
from tests.waiting import PATIENCE, eventually


@pytest.fixture(name="socketed")
def reached_by_socket_alone(place: Place) -> Place:
    only_by_socket(place)
    return place


def test_once_closed_nothing_comes_any_more(socketed: Place) -> None:
    listen(socketed.works).close()
    eventually(lambda: not socketed.slack.sockets.connected)
    assert socketed.commands("delete chat") == 0


class Held(Bus):
    """A bus that takes a message only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = threading.Event(), threading.Event()

    def publish(self, topic: str, message: Message) -> None:
        self.asked.set()
        self.released.wait(PATIENCE)
        super().publish(topic, message)


def test_what_is_under_way_when_it_closes_is_still_answered(socketed: Place) -> None:
    bus, socketed.works.bus = socketed.works.bus, Held()
    held = socketed.works.bus
    made = listen(socketed.works)
    try:
        with ThreadPoolExecutor() as pool:
            said = pool.submit(socketed.types, "delete chat")
            assert held.asked.wait(PATIENCE)
            closed = pool.submit(made.close)
            with pytest.raises(TimeoutError):  # it waits, and does not disconnect meanwhile
                closed.result(3)
            held.released.set()
            assert "Heard" in said.result(PATIENCE)
            closed.result(PATIENCE)
    finally:
        socketed.works.bus = bus


def test_it_connects_by_settings_alone(socketed: Place) -> None:
    made = connect(socketed.works.settings)
    try:
        assert "`/infer help VERB`" in socketed.types("help")
    finally:
        made.close()


def test_without_an_app_token_it_says_what_is_missing(socketed: Place) -> None:
    with pytest.raises(ValueError, match="INFEROPS_APP_TOKEN"):
        connect(replace(socketed.works.settings, app_token=""))


def test_a_wrong_app_token_ends_it(socketed: Place) -> None:
    before = set(threading.enumerate())
    with pytest.raises(Exception, match="invalid_auth"):
        connect(replace(socketed.works.settings, app_token="xapp-other"))
    eventually(lambda: set(threading.enumerate()) <= before)


def run(place: Place, **other: str) -> subprocess.Popen[str]:
    environment = as_environment(replace(place.works.settings, **other))
    command = [sys.executable, "-m", "bot.socket_mode"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ourselves


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_cleanly_when_it_is_told_to(socketed: Place, number: signal.Signals) -> None:
    with run(socketed) as process:
        try:
            eventually(lambda: socketed.slack.sockets.connected)
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
    eventually(lambda: not socketed.slack.sockets.connected)


def test_a_process_that_cannot_connect_says_what_to_look_at(socketed: Place) -> None:
    with run(socketed, app_token="xapp-other") as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "connections:write" in said
    assert "xapp-other" not in said
