"""Every value that is stored or travels reads back as it was written, through JSON, whatever it holds."""

from __future__ import annotations

import json
import typing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import codec
from shared.domain.codec import SCHEMA, build, decode, encode, plain
from shared.domain.desired import Desired, PlatformSpec
from shared.domain.intents import Deploy, Intent
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.messages import IntentSubmitted, Message
from shared.domain.names import ResourceKey
from shared.domain.policy import Directory
from shared.domain.proposals import Decision, Proposal, Vote
from tests.unit.domain.examples import ANY, EU, POOL, SUBNET, T0, US, asked, keys, minutes, need, serving, times

st.register_type_strategy(ResourceKey, keys)
st.register_type_strategy(datetime, times)
st.register_type_strategy(timedelta, st.integers(0, 10**7).map(lambda count: timedelta(seconds=count / 4)))
st.register_type_strategy(float, st.floats(-1e9, 1e9))

STORED = [Intent, Proposal, Vote, Decision, Desired, Status, Directory]
TRAVELLING = list(typing.get_args(Message))


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("cls", STORED)
@ANY
@given(st.data())
def test_a_stored_value_reads_back_as_it_was_written(cls: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(cls))
    assert decode(cls, through_json(encode(value)), getattr(value, "version", "")) == value


@pytest.mark.parametrize("cls", TRAVELLING)
@ANY
@given(st.data())
def test_a_message_is_known_by_its_type_when_it_arrives(cls: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(cls))
    assert build(Message, through_json(plain(value))) == value


@pytest.mark.parametrize("cls", STORED)
@ANY
@given(st.data())
def test_equal_values_make_equal_documents(cls: type, data: st.DataObject) -> None:
    document = encode(data.draw(st.from_type(cls)))
    assert encode(decode(cls, document)) == document


def test_a_document_carries_its_schema() -> None:
    assert encode(asked())["schema"] == SCHEMA


def test_the_stores_version_stays_outside_the_document() -> None:
    status = Status(Unit("chat", US), version="v7")
    assert "version" not in encode(status) and decode(Status, encode(status), "v8") == replace(status, version="v8")


def test_the_order_that_regions_were_typed_in_travels_along() -> None:
    """The first one becomes the config cluster's."""
    message = IntentSubmitted(asked(Deploy("llama3-8b", {US: 1, EU: 2})))
    back = build(Message, through_json(plain(message))).intent.ask
    assert list(back.regions) == [US, EU]


def test_keys_are_text_in_a_document() -> None:
    body = plain(Status(Unit("chat", US), {POOL: Entry(needs=need(SUBNET))}))
    assert list(body["inventory"]) == [f"{US}|NodePool|chat-1|{US}/inferops-{US}"]
    assert body["inventory"][f"{US}|NodePool|chat-1|{US}/inferops-{US}"]["needs"] == [f"{US}|Subnetwork|proxy|"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(T0, "2026-01-05T09:00:00+00:00", id="a time with its zone"),
        pytest.param(minutes(1.5), 90.0, id="a span in seconds"),
        pytest.param(frozenset("ba"), ["a", "b"], id="a set in order"),
        pytest.param((1, 2), [1, 2], id="a tuple"),
        pytest.param(
            PlatformSpec(frozenset()), {"type": "PlatformSpec", "deployments": []}, id="a value with its type"
        ),
    ],
)
def test_plain(value: Any, text: Any) -> None:
    assert plain(value) == text


def test_a_field_that_a_newer_release_added_is_passed_over() -> None:
    assert decode(Vote, {**encode(Vote("p", "d", "ben", True, T0)), "mood": "good"}).user == "ben"


def test_a_field_that_an_older_release_did_not_write_takes_its_default() -> None:
    body = encode(Desired("deployments/chat", 1, serving()))
    del body["spec"]["utilization"], body["proposal"]
    assert decode(Desired, body) == Desired("deployments/chat", 1, serving())


def test_a_document_without_a_schema_is_of_this_one() -> None:
    body = encode(asked())
    del body["schema"]
    assert decode(Intent, body) == asked()


def test_a_newer_schema_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match=f"schema {SCHEMA + 1} cannot be read"):
        decode(Intent, {**encode(asked()), "schema": SCHEMA + 1})


def test_there_is_an_upcast_from_every_older_schema() -> None:
    assert set(codec.UPCASTS) == set(range(1, SCHEMA))
