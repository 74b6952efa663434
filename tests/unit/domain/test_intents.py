"""What a person may ask for, and how a refusal tells them the right form."""

from __future__ import annotations

import typing

import pytest

from shared.domain.errors import TerminalError
from shared.domain.intents import (
    MOST_REPLICAS,
    TAKEN_NAMES,
    VERBS,
    Ask,
    Delete,
    check_name,
    check_percent,
    check_replicas,
    intent_id,
)
from tests.unit.domain.examples import asked


def test_every_ask_has_the_word_that_is_typed_for_it() -> None:
    assert set(typing.get_args(Ask)) == set(VERBS)


def test_an_intent_knows_its_verb() -> None:
    assert asked(Delete("chat")).verb == "delete"


def test_a_replay_of_one_invocation_is_the_same_intent() -> None:
    assert intent_id("T1", "123.456") == intent_id("T1", "123.456")


def test_another_team_or_trigger_is_another_intent() -> None:
    assert len({intent_id(team, trigger) for team in ("T1", "T2") for trigger in ("1", "2")}) == 4


@pytest.mark.parametrize("count", [1, 3, MOST_REPLICAS])
def test_replicas_that_can_be_meant(count: int) -> None:
    assert check_replicas(count, "us-east4") == count


@pytest.mark.parametrize("count", [-1, 0, MOST_REPLICAS + 1])
def test_replicas_that_cannot_be_meant_are_refused_with_the_bounds(count: int) -> None:
    with pytest.raises(TerminalError, match=f"us-east4 must be between 1 and 64, not {count}; .*use delete"):
        check_replicas(count, "us-east4")


@pytest.mark.parametrize("percent", [1, 60, 100])
def test_a_utilisation_that_the_load_balancer_takes(percent: int) -> None:
    assert check_percent(percent) == percent


@pytest.mark.parametrize("percent", [0, 101, -5])
def test_a_utilisation_that_it_would_refuse_comes_back_with_an_example(percent: int) -> None:
    with pytest.raises(TerminalError, match="for example: balance 60"):
        check_percent(percent)


def test_a_name_comes_back_as_it_is() -> None:
    assert check_name("chat-8b") == "chat-8b"


@pytest.mark.parametrize("name", sorted(TAKEN_NAMES))
def test_a_name_that_units_have_already_is_refused(name: str) -> None:
    with pytest.raises(TerminalError, match="and not global or platform"):
        check_name(name)


def test_a_bad_name_is_refused_with_an_example() -> None:
    with pytest.raises(TerminalError, match="for example: as chat-8b") as refused:
        check_name("Chat_8B")
    assert refused.value.field == "name"
