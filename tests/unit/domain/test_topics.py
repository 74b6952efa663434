"""Every topic has subscribers, and every message a function that takes it."""

from __future__ import annotations

import typing

import pytest

from shared.domain.messages import Message
from shared.domain.topics import SUBSCRIBERS, Topic
from tests.simulation.setting import FUNCTIONS


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_is_heard_by_somebody(topic: Topic) -> None:
    assert SUBSCRIBERS[topic]


@pytest.mark.parametrize("topic", Topic)
def test_nobody_subscribes_twice(topic: Topic) -> None:
    assert len(set(SUBSCRIBERS[topic])) == len(SUBSCRIBERS[topic])


def test_every_subscriber_is_a_function_that_there_is() -> None:
    assert {name for names in SUBSCRIBERS.values() for name in names} == set(FUNCTIONS)


def test_every_message_is_taken_by_some_function() -> None:
    taken = {kind for kinds, _ in FUNCTIONS.values() for kind in kinds} - {bytes}
    assert taken == set(typing.get_args(Message))


def test_only_decide_hears_votes() -> None:
    assert SUBSCRIBERS[Topic.VOTES] == ("decide",)
