"""The form read: the same ask as typed words, or what is wrong at the field where it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forms import MOST_ERROR, Carried, FormError, ask_of, carried_by, words_in
from bot.grammar import parse
from shared.blocks.asks import command_of
from shared.blocks.form import CHOOSE, FIELDS, Filled, deploy_form
from shared.catalog.load import load
from shared.domain.intents import Deploy, Intent
from tests.unit.bot.choosing import state_of

CATALOG = load()
EMPTY = deploy_form(Filled(), "C1", CATALOG)
GOOD: dict[str, Any] = {"model": "llama-3.1-8b", "regions": ["us-east4"]}


def asked(state: Any, more: tuple[str, ...] = ()) -> Deploy:
    return ask_of(words_in(state, more, CATALOG), CATALOG)


def outcome(state: Any, more: tuple[str, ...] = ()) -> tuple[Deploy | None, dict[str, str]]:
    """Return the ask, or what is wrong at which field."""
    try:
        return asked(state, more), {}
    except FormError as refused:
        return None, dict(refused.fields)


def wrong(more: tuple[str, ...] = (), **chosen: Any) -> dict[str, str]:
    return outcome(state_of(EMPTY, **{**GOOD, **chosen}), more)[1]


def typed_again(ask: Deploy) -> object:
    said = command_of(Intent("i-1", ask, "U1", "C1", datetime.now(UTC)))
    return parse(said.removeprefix("/infer "), CATALOG)


def test_a_form_left_as_it_opened_asks_for_the_defaults() -> None:
    assert asked(state_of(EMPTY, **GOOD)) == parse("deploy llama-3.1-8b us-east4 --replicas 3", CATALOG)


def test_every_field_says_what_its_option_would() -> None:
    chosen = {
        **GOOD,
        "regions": ["us-east4", "europe-west3"],
        "replicas": "5",
        "machine": "g2-standard-12",
        "buy": "spot",
        "name": "Chat",
    }
    typed = "deploy llama-3.1-8b us-east4,europe-west3 as chat --replicas 5 --machine g2-standard-12 --spot"
    assert asked(state_of(EMPTY, **chosen)) == parse(typed, CATALOG)


def test_an_emptied_number_is_left_to_inferops() -> None:
    assert asked(state_of(EMPTY, **GOOD, replicas="")).replicas is None


def test_what_the_form_has_no_field_for_is_kept() -> None:
    assert asked(state_of(EMPTY, **GOOD), ("--zone", "us-east4-a")).zones == {"us-east4": "us-east4-a"}


@pytest.mark.parametrize(
    ("chosen", "field", "hint"),
    [
        pytest.param({"model": "abacus"}, "model", "there is no model", id="model unknown"),
        pytest.param({"model": "gemma-4-31b"}, "model", "cannot be deployed", id="model not for deployment"),
        pytest.param({"regions": []}, "regions", "choose at least one region", id="no region"),
        pytest.param({"regions": ["mars"]}, "regions", "there is no region", id="region unknown"),
        pytest.param({"regions": ["us-east4", "us-east4"]}, "regions", "named twice", id="region twice"),
        pytest.param({"replicas": "0"}, "replicas", "between 1 and 64", id="no replicas"),
        pytest.param({"replicas": "many"}, "replicas", "whole number", id="replicas in words"),
        pytest.param({"machine": "abacus"}, "machine", "there is no machine", id="machine unknown"),
        pytest.param({"machine": "g2-standard-12", "model": "llama-3.1-70b"}, "machine", "it fits", id="too small"),
        pytest.param({"machine": "a3-highgpu-1g", "buy": "on-demand"}, "buy", "it is sold as", id="not sold so"),
        pytest.param({"buy": "barter"}, "buy", "no way to buy", id="way unknown"),
        pytest.param({"regions": ["me-west1"]}, "regions", "fits a2-highgpu-1g", id="not offered there"),
        pytest.param({"name": "Chat!"}, "name", "letters", id="bad name"),
        pytest.param({"name": "platform"}, "name", "platform", id="a name of ours"),
        pytest.param({"name": "chat --spot"}, "name", "one word", id="an option for a name"),
        pytest.param({"name": "--spot"}, "name", "one word", id="only an option for a name"),
        pytest.param({"name": "chat\nas evil"}, "name", "one line", id="two lines"),
        pytest.param({"name": "<@U0123456>"}, "name", "mention", id="a mention"),
        pytest.param({"name": "x" * 3000}, "name", "characters long", id="an endless name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(chosen: dict[str, Any], field: str, hint: str) -> None:
    found = wrong(**chosen)
    assert list(found) == [field]
    assert hint in found[field]


def test_everything_wrong_is_said_at_once() -> None:
    assert wrong(model="abacus", replicas="0", name="Chat!").keys() == {"model", "replicas", "name"}


def test_a_zone_that_was_typed_and_does_not_go_with_the_regions_is_said_at_the_regions() -> None:
    assert "not one of the regions" in wrong(("--zone", "europe-west3-a"))["regions"]


def options_of(field: str) -> list[str]:
    found = next(block["element"] for block in EMPTY["blocks"] if block.get("block_id") == field)
    return [option["value"] for option in found["options"]]


choices = st.fixed_dictionaries(
    {"model": st.sampled_from(options_of("model"))},
    optional={
        "regions": st.lists(st.sampled_from(options_of("regions")), max_size=29, unique=True),
        "replicas": st.integers(-1, 70).map(str),
        "machine": st.sampled_from(options_of("machine")),
        "buy": st.sampled_from(options_of("buy")),
        "name": st.sampled_from(["", "chat", "Chat", "8b", "platform", "a b", "chat\N{EN DASH}8b"]),
    },
)
extras = st.sampled_from([(), ("--zone", "us-east4-a"), ("--weights", "gs://m-1/x"), ("--image", "x"), ("as",), ("y",)])


@settings(max_examples=300, deadline=None)
@given(choices, extras)
def test_whatever_is_chosen_is_what_would_be_typed_or_wrong_at_a_field(
    chosen: dict[str, Any], more: tuple[str, ...]
) -> None:
    ask, refused = outcome(state_of(EMPTY, **chosen), more)
    assert refused.keys() <= set(FIELDS)
    assert refused if ask is None else typed_again(ask) == ask


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.sampled_from([*FIELDS, CHOOSE, "us-east4"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
option = st.fixed_dictionaries({"value": junk | st.sampled_from(["us-east4", "llama3-8b", "--spot", "a,b=c"])})
held = st.dictionaries(
    st.sampled_from(["selected_option", "value"]), option | junk, max_size=2
) | st.fixed_dictionaries({"selected_options": st.lists(option, max_size=3)})
states = st.dictionaries(
    st.sampled_from(FIELDS), st.sampled_from(FIELDS).flatmap(lambda name: st.fixed_dictionaries({name: held})) | junk
)


@settings(max_examples=300, deadline=None)
@given(states, st.lists(st.text(max_size=20), max_size=3).map(tuple))
def test_any_state_at_all_is_an_ask_or_wrong_at_a_field(state: dict[str, Any], more: tuple[str, ...]) -> None:
    ask, refused = outcome(state, more)
    assert refused.keys() <= set(FIELDS)
    assert all(0 < len(text) <= MOST_ERROR for text in refused.values())
    assert refused if ask is None else typed_again(ask) == ask


def test_a_form_carries_its_channel_and_what_was_typed_beside() -> None:
    form = deploy_form(Filled(more=("--zone", "us-east4-a")), "C0INFEROPS", CATALOG)
    assert carried_by(form["private_metadata"]) == Carried("C0INFEROPS", ("--zone", "us-east4-a"))


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        json.dumps({"channel": "C1"}),
        json.dumps({"channel": None, "more": []}),
        json.dumps({"channel": "<!channel>", "more": []}),
        json.dumps({"channel": "#general", "more": []}),
        json.dumps({"channel": "C0INFEROPS", "more": [1]}),
        json.dumps({"channel": "C0INFEROPS", "more": "--spot"}),
        json.dumps({"channel": "C0INFEROPS", "more": ["x"] * 61}),
    ],
)
def test_metadata_that_is_none_of_ours_is_refused(metadata: str) -> None:
    with pytest.raises(FormError) as refused:
        carried_by(metadata)
    assert "type /infer deploy again" in refused.value.fields["model"]
