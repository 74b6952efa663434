"""Rule 7: what is seen is compared by the fields that we set, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.observations import NOT_LOOKED_AT, Absent, Unknown, differences
from tests.unit.domain.examples import ANY, plain_values, words

specs = st.dictionaries(words, plain_values, max_size=4)


@pytest.mark.parametrize(
    ("wanted", "seen", "paths"),
    [
        pytest.param({"max": 3}, {"max": 3}, (), id="as wanted"),
        pytest.param({"max": 3}, {"max": 3, "count": 7}, (), id="what only the provider sets is no difference"),
        pytest.param({"max": 3}, {"max": 4}, ("max",), id="a field reads back otherwise"),
        pytest.param({"max": 3}, {}, ("max",), id="a field is not there"),
        pytest.param({"_zone": "a"}, {}, (), id="a hint for the provider is never read back"),
        pytest.param({"a": {"_x": 1, "y": 2}}, {"a": {"y": 2}}, (), id="a hint further down"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, ("a.b",), id="the path goes down"),
        pytest.param({"a": {"b": 1}}, {"a": 5}, ("a",), id="a value where a mapping should be"),
        pytest.param({"a": {"b": 1}}, {"a": None}, ("a",), id="nothing where a mapping should be"),
        pytest.param({"l": [1, 2]}, {"l": [1, 2]}, (), id="equal lists"),
        pytest.param({"l": (1, 2)}, {"l": [1, 2]}, (), id="a tuple is a list"),
        pytest.param({"l": [1, 2]}, {"l": [2, 1]}, ("l[0]", "l[1]"), id="lists have an order"),
        pytest.param({"l": [1]}, {"l": [1, 2]}, ("l",), id="lists have a length"),
        pytest.param({"l": [1]}, {"l": 1}, ("l",), id="a value where a list should be"),
        pytest.param({"l": [{"a": 1}]}, {"l": [{"a": 1, "own": 2}]}, (), id="elements by our fields only"),
        pytest.param({"l": [{"a": 1}]}, {"l": [{"a": 2}]}, ("l[0].a",), id="the path goes through lists"),
        pytest.param({"a": 1, "b": 2}, {"a": 2, "b": 3}, ("a", "b"), id="each difference is named"),
        pytest.param({"a": 1}, None, (".",), id="nothing at all"),
    ],
)
def test_differences(wanted: Any, seen: Any, paths: tuple[str, ...]) -> None:
    assert differences(wanted, seen) == paths


@ANY
@given(specs)
def test_nothing_differs_from_itself(spec: dict[str, Any]) -> None:
    assert differences(spec, spec) == ()


@ANY
@given(specs, specs)
def test_fields_of_others_never_make_a_difference(spec: dict[str, Any], more: dict[str, Any]) -> None:
    assert differences(spec, {**more, **spec}) == ()


@ANY
@given(specs, st.from_regex(r"[a-z]{1,5}", fullmatch=True), plain_values)
def test_a_changed_field_is_always_noticed(spec: dict[str, Any], name: str, value: Any) -> None:
    assert differences({**spec, name: [value]}, {**spec, name: "something else"}) == (name,)


@ANY
@given(specs, specs)
def test_differences_come_in_the_same_order_each_time(wanted: dict[str, Any], seen: dict[str, Any]) -> None:
    assert differences(wanted, seen) == differences(wanted, dict(reversed(seen.items())))


def test_unknown_is_never_absent() -> None:
    assert not isinstance(Unknown("timeout"), Absent)


def test_what_was_not_looked_at_is_unknown() -> None:
    assert isinstance(NOT_LOOKED_AT, Unknown)
