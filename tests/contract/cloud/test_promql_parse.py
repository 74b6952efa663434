"""What PromQL refuses, where, and in whose words."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promql_place import Metrics

from infra.local.cloud.promql_groups import written
from infra.local.cloud.promql_nodes import Binary, PromqlError, Selector
from infra.local.cloud.promql_parse import parse


@pytest.mark.parametrize(
    ("query", "where", "why"),
    [
        ("", "1:1", "no expression found in input"),
        ("sum(", "1:4", "unclosed left parenthesis"),
        ("(1", "1:1", "unclosed left parenthesis"),
        ("rate(up[5m", "1:8", "unclosed left bracket"),
        ('up{a="b"', "1:3", "unclosed left brace"),
        ("up{a}", "1:5", "expected label matching operator"),
        ("up{a=b}", "1:6", "expected string"),
        ('{a=""}', "1:1", "at least one non-empty matcher"),
        ('{a=~".*"}', "1:1", "at least one non-empty matcher"),
        ('up{__name__="down"}', "1:1", 'metric name must not be set twice: "up" or "down"'),
        ('{"up", "down"}', "1:8", 'metric name must not be set twice: "up" or "down"'),
        ("up down", "1:4", 'unexpected "down"'),
        ("up\n  + *", "2:5", 'unexpected "*"'),
        ("nosuch(up)", "1:1", 'unknown function with name "nosuch"'),
        ("rate(up)", "1:6", 'expected type range vector in call to function "rate", got instant vector'),
        ("abs(up[5m])", "1:5", "expected type instant vector"),
        ("sum(1)", "1:5", "expected type instant vector in aggregation expression, got scalar"),
        ("topk(up)", "1:1", "wrong number of arguments for aggregate expression provided, expected 2, got 1"),
        ("round()", "1:1", "expected at least 1 argument(s)"),
        ("time(1)", "1:1", "expected 0 argument(s)"),
        ("1 > 2", "1:3", "comparisons between scalars must use BOOL modifier"),
        ("1 + bool 2", "1:3", "bool modifier can only be used on comparison operators"),
        ("up and 1", "1:4", 'set operator "and" not allowed in binary scalar expression'),
        ("up + on (a) 1", "1:4", "vector matching only allowed between instant vectors"),
        ("up and on (a) group_left down", "1:4", 'no grouping allowed for "and" operation'),
        ("up / on (a) group_left (a) down", "1:4", "must not occur in ON and GROUP clause at once"),
        ("up[5m] + 1", "1:1", "must contain only scalar and instant vector types"),
        ("-up[5m]", "1:1", "unary expression only allowed on expressions of type scalar or instant vector"),
        ("up[1e99]", "1:4", "duration out of range"),
        ("up[0s]", "1:4", "duration must be greater than 0"),
        ("up[5]]", "1:6", 'unexpected "]"'),
        ("up[5mm]", "1:4", "bad number or duration syntax"),
        ("up[1s1m]", "1:4", "bad number or duration syntax"),
        ("(up)[5m]", "1:5", "ranges only allowed for vector selectors"),
        ("1 offset 5m", "1:3", "offset modifier must be preceded by"),
        ("up offset 1m offset 2m", "1:14", "offset may not be set multiple times"),
        ("up @ 1", "1:4", "the @ modifier is not simulated"),
        ('up{a=~"("}', "1:7", "error parsing regexp"),
        ('up{a=~"(?=x)y"}', "1:7", "invalid or unsupported syntax"),
        ('"abc', "1:1", "unterminated quoted string"),
        ('"\\q"', "1:1", "unknown escape sequence"),
        ("up $", "1:4", "unexpected character"),
        ("(" * 200 + "1" + ")" * 200, "1:101", "nested more than 100 deep"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(query: str, where: str, why: str) -> None:
    with pytest.raises(PromqlError) as refused:
        parse(query)
    assert str(refused.value).startswith(f"{where}: parse error: ")
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "query",
    [
        "SUM BY (region) (up)",
        "sum by (region,) (up)",
        "up # the rest is a remark",
        "up{a='it\\'s',}",
        "up{a=`no \\escapes`}",
        "rate(up[1h30m] offset 1d)",
        "up[90]",
        "max_over_time(rate(up[5m])[1h:])",
        "count_values without () ('v', up)",
        ":colon:name:",
        "bool",
        "by",
        "offset",
        "sum",
        "x == on () group_right (b) y",
        "+up",
        ".5 + 5.",
    ],
)
def test_what_prometheus_takes_is_taken(query: str) -> None:
    parse(query)


def test_escapes_in_a_string_are_read() -> None:
    node = parse(r'up{a="\x41\u00e9\t\"\\"}')
    assert isinstance(node, Selector)
    assert node.matchers[1].value == 'Aé\t"\\'


def test_or_binds_less_than_and() -> None:
    node = parse("a and b or c unless d")
    assert isinstance(node, Binary) and node.op == "or"


_WORDS = st.sampled_from(
    re.split(
        " ",
        'sum rate up by on ignoring bool offset and or group_left ( ) { } [ ] , : + - * / % ^ = != =~ == > "x" 5m 1 '
        "topk absent le @ histogram_quantile inf",
    )
)


@given(st.one_of(st.text(max_size=30), st.lists(_WORDS, max_size=12).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    # Anything but a refusal fails the test by itself.
    with contextlib.suppress(PromqlError):
        parse(text)


_SUMS = st.recursive(
    st.integers(0, 9).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(" ".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"-({one})"),
    ),
    max_leaves=12,
)


@given(_SUMS)
def test_arithmetic_binds_as_everywhere(text: str) -> None:
    assert Metrics().value(text) == eval(text)  # noqa: S307 - figures, signs and parentheses alone


@given(st.floats(allow_nan=False))
def test_a_number_is_written_so_that_it_can_be_read_back(value: float) -> None:
    text = written(value)
    assert float(text) == value
    assert "e" not in text
