"""Rules 1 and 2: names and request ids are derived, so a lost answer can make no second thing."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.names import (
    LONGEST_NAME,
    Kind,
    ResourceKey,
    canonical,
    cut,
    decode_key,
    encode_key,
    request_id,
    short_hash,
    valid_name,
)
from tests.unit.domain.examples import ANY, CLUSTER, POOL, SUBNET, US, WORK, keys, plain_values

dns_names = st.from_regex(r"[a-z][-a-z0-9]{0,80}", fullmatch=True)


def test_rule_1_a_key_is_the_same_value_wherever_it_is_derived() -> None:
    assert ResourceKey(US, Kind.CLUSTER, f"inferops-{US}") == CLUSTER


@ANY
@given(keys)
def test_a_key_reads_back_as_it_was_written(key: ResourceKey) -> None:
    assert decode_key(encode_key(key)) == key


@ANY
@given(keys, keys)
def test_two_keys_are_never_written_alike(one: ResourceKey, other: ResourceKey) -> None:
    assert (encode_key(one) == encode_key(other)) == (one == other)


def test_what_lives_in_a_cluster_has_it_as_its_container() -> None:
    assert POOL.container == CLUSTER


def test_what_lives_in_the_project_has_no_container() -> None:
    assert SUBNET.container is None


def test_a_kubernetes_name_carries_its_namespace() -> None:
    assert (WORK.namespace, WORK.short_name) == ("infer-chat", "chat")


def test_a_name_without_namespace_is_short_already() -> None:
    assert (POOL.namespace, POOL.short_name) == ("", "chat-1")


@ANY
@given(dns_names)
def test_a_cut_name_is_never_too_long(name: str) -> None:
    assert len(cut(name)) <= LONGEST_NAME


@ANY
@given(dns_names.filter(lambda name: len(name) <= LONGEST_NAME))
def test_a_short_name_is_left_as_it_is(name: str) -> None:
    assert cut(name) == name


def test_names_that_differ_only_behind_the_cut_stay_different() -> None:
    assert cut("a" * 60 + "x") != cut("a" * 60 + "y")


def test_a_cut_name_never_has_two_hyphens_where_it_was_cut() -> None:
    assert "--" not in cut("a" * 32 + "-" + "b" * 40)


@pytest.mark.parametrize("name", ["a", "chat", "chat-8b", "a" * 30])
def test_people_may_name_a_deployment(name: str) -> None:
    assert valid_name(name)


@pytest.mark.parametrize("name", ["", "8b", "-a", "a-", "Chat", "a_b", "a.b", "a/b", "a\n", "é", "a" * 31])
def test_people_may_not_name_a_deployment(name: str) -> None:
    assert not valid_name(name)


@ANY
@given(keys, st.integers(0, 5))
def test_rule_2_the_same_attempt_has_the_same_request_id(key: ResourceKey, serial: int) -> None:
    assert request_id(key, "create", serial) == request_id(decode_key(encode_key(key)), "create", serial)


def test_rule_2_another_key_verb_or_serial_is_another_request() -> None:
    made = {request_id(key, verb, n) for key in (POOL, WORK) for verb in ("create", "delete") for n in (0, 1)}
    assert len(made) == 8


def test_a_request_id_is_a_uuid_as_the_apis_want_it() -> None:
    assert str(uuid.UUID(request_id(POOL, "create", 0))) == request_id(POOL, "create", 0)


@ANY
@given(st.dictionaries(st.text(max_size=5), plain_values, max_size=4))
def test_the_order_of_fields_never_changes_a_hash(value: dict[str, object]) -> None:
    assert short_hash(value) == short_hash(dict(reversed(value.items())))


def test_canonical_text_has_sorted_keys_and_no_spaces() -> None:
    assert canonical({"b": [1, 2], "a": "é"}) == '{"a":"é","b":[1,2]}'
