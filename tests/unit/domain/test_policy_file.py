"""The policy file: one mistake, and the whole of it refuses every change and says in which line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy import Caps, Directory, Request, Role, evaluate
from shared.domain.verdicts import Refuse
from shared.policy_file import parse_policy, read_policy
from tests.unit.domain.examples import ANY, T0, US, minutes

GOOD = """\
roles:
  engineers: {groups: [ml-platform]}
  approvers: {users: [U0BEN]}
rules:
  - name: small steps
    requesters: [engineers]
    verbs: [balance]
    quorum: 0
  - name: changes
    requesters: [engineers]
    regions: [us-east4]
    gpus_up_to: 8
    cost_up_to: 50
    approvers: [approvers]
    quorum: 2
    approve_within_hours: 0.5
    run_within_hours: 12
caps: {gpus: 64, usd_per_hour: 400, gpus_per_change: 16}
"""
REQUEST = Request("deploy", "U0BEN", frozenset({US}), 4, 2.0, False, 10, 20.0)


DENIES = GOOD.replace("cost_up_to: 50\n", "deny: true\n")


def refuses(text: str) -> bool:
    directory = Directory({"ml-platform": frozenset({"U0BEN"})}, frozenset(), T0)
    return isinstance(evaluate(parse_policy(text, "policy.yaml"), directory, REQUEST, T0), Refuse)


def test_a_good_file_is_read_whole() -> None:
    policy = parse_policy(GOOD, "policy.yaml")
    assert not policy.broken
    assert policy.roles == {
        "engineers": Role(frozenset({"ml-platform"})),
        "approvers": Role(users=frozenset({"U0BEN"})),
    }
    assert policy.caps == Caps(64, 400, 16)


def test_a_rule_is_read_with_its_bounds_and_clocks() -> None:
    rule = parse_policy(GOOD, "policy.yaml").rules[1]
    assert (rule.name, rule.regions, rule.gpus_up_to, rule.cost_up_to) == ("changes", frozenset({US}), 8, 50.0)
    assert (rule.approvers, rule.quorum) == (("approvers",), 2)
    assert (rule.approve_within, rule.run_within) == (minutes(30), minutes(720))


def test_a_good_file_allows_what_its_rules_allow() -> None:
    assert not refuses(GOOD)


def test_a_denial_without_a_bound_is_read() -> None:
    policy = parse_policy(DENIES.replace("    gpus_up_to: 8\n", ""), "policy.yaml")
    assert not policy.broken and policy.rules[1].deny


def test_the_hash_is_that_of_the_very_text() -> None:
    assert parse_policy(GOOD, "a").hash == parse_policy(GOOD, "b").hash != parse_policy(GOOD + "# x", "a").hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "line 1", id="an empty file"),
        pytest.param("roles: {}\nrules: []\n", "line 2: rules", id="no rules at all"),
        pytest.param(GOOD.replace("quorum: 2", "quorum: -1"), "line 15: rules.1.quorum", id="a quorum below nobody"),
        pytest.param(GOOD.replace("verbs", "verb"), "line 7: rules.0.verb", id="a word that is none"),
        pytest.param(GOOD.replace("run_within_hours: 12", "run_within_hours: 99"), "line 17", id="a clock too long"),
        pytest.param(GOOD.replace("[engineers]\n    verbs", "[]\n    verbs"), "line 6", id="a rule for nobody"),
        pytest.param(GOOD.replace("approvers: [approvers]", "approvers: [bosses]"), "'bosses'", id="an unknown role"),
        pytest.param(GOOD + "caps: {", "line 19", id="not YAML"),
        pytest.param(GOOD.replace("gpus: 64", "gpus: many"), "line 18: caps.gpus", id="a cap that is no number"),
        pytest.param(GOOD.replace("small steps", "2026-13-45"), "cannot be read", id="a date that is none"),
        pytest.param(
            DENIES, "line 12: rules.1.gpus_up_to: a rule that denies takes no bound", id="a bound to a denial"
        ),
        pytest.param(DENIES.replace("gpus", "cost"), "line 12: rules.1.cost_up_to", id="a price bound to a denial"),
        pytest.param("[" * 900, "policy.yaml", id="a bottomless text"),
    ],
)
def test_a_mistake_is_said_with_its_place_and_refuses_every_change(text: str, said: str) -> None:
    assert said in parse_policy(text, "policy.yaml").broken and refuses(text)


@ANY
@given(st.text() | st.text("{}[]:-,!&*#|>?%@`'\" \n0123456789abc"))
def test_no_text_makes_a_policy_by_accident(text: str) -> None:
    assert parse_policy(text, "policy.yaml").broken


@ANY
@given(st.integers(0, len(GOOD)), st.integers(0, 40))
def test_a_torn_file_never_raises(start: int, length: int) -> None:
    torn = GOOD[:start] + GOOD[start + length :]
    assert isinstance(parse_policy(torn, "policy.yaml").broken, str)


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_policy(str(path)) == replace(parse_policy(GOOD, ""))


@pytest.mark.parametrize("path", ["", "/nowhere/policy.yaml", "/"])
def test_without_a_file_every_change_is_refused_with_the_reason(path: str) -> None:
    assert read_policy(path).broken


def test_a_file_that_is_no_text_refuses_every_change(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in read_policy(str(path)).broken
