"""Who may ask, who must agree: deny by default, the first matching rule, caps outside of all rules, both clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy import (
    DIRECTORY_LIFE,
    Caps,
    Directory,
    Policy,
    Request,
    Role,
    Rule,
    describe,
    evaluate,
    may_vote,
    roles_of,
)
from shared.domain.verdicts import AskFirst, Refuse, Verdict
from tests.unit.domain.examples import ANY, EU, T0, US, minutes

ROLES = {"engineers": Role(frozenset({"ml-platform"})), "approvers": Role(users=frozenset({"ben", "chloe", "guest"}))}
CHANGES = Rule("changes", ("engineers",), approvers=("approvers",), quorum=2)
POLICY = Policy(ROLES, (CHANGES,), hash="h")
DIRECTORY = Directory({"ml-platform": frozenset({"ana", "ben", "guest"})}, frozenset({"guest"}), T0)
REQUEST = Request("deploy", "ana", frozenset({US}), 4, 2.0, False, 10, 20.0)
GATE = AskFirst("changes", ("approvers",), 2, T0 + minutes(60), T0 + minutes(120))


def verdict(*rules: Rule, caps: Caps | None = None, directory: Directory = DIRECTORY, **request: Any) -> Verdict:
    policy = replace(POLICY, rules=rules, caps=caps or Caps())
    return evaluate(policy, directory, replace(REQUEST, **request), T0)


def rule_of(answer: Verdict) -> str:
    return ("refused by " if isinstance(answer, Refuse) else "") + answer.rule


def test_what_a_rule_allows_asks_its_quorum_first() -> None:
    answer = verdict(CHANGES)
    assert isinstance(answer, AskFirst)
    assert (answer.rule, answer.roles, answer.quorum) == ("changes", ("approvers",), 2)


def test_both_clocks_start_at_the_proposal() -> None:
    answer = verdict(replace(CHANGES, approve_within=minutes(30), run_within=minutes(10)))
    assert isinstance(answer, AskFirst)
    assert (answer.approve_by, answer.run_by) == (T0 + minutes(30), T0 + minutes(40))


# deny by default -----------------------------------------------------------------------------------------------


def test_an_empty_policy_refuses_every_change() -> None:
    assert evaluate(Policy(), DIRECTORY, REQUEST, T0) == Refuse(
        "deny by default", "no rule lets you deploy this", "nobody: no rule covers it"
    )


def test_a_broken_policy_refuses_every_change_and_says_why() -> None:
    answer = evaluate(replace(POLICY, broken="line 3: what is this?"), DIRECTORY, REQUEST, T0)
    assert isinstance(answer, Refuse) and "line 3: what is this?" in answer.because


def test_a_stranger_is_refused_and_told_who_could() -> None:
    assert verdict(CHANGES, user="zoe") == Refuse(
        "deny by default", "no rule lets you deploy this", "engineers (ml-platform)"
    )


def test_a_guest_has_no_role_whatever_group_they_are_in() -> None:
    assert rule_of(verdict(CHANGES, user="guest")) == "refused by deny by default"


@pytest.mark.parametrize("fetched", [None, T0 - DIRECTORY_LIFE - minutes(1)], ids=["never fetched", "too old"])
def test_a_stale_directory_refuses_every_change(fetched: Any) -> None:
    answer = verdict(CHANGES, directory=replace(DIRECTORY, fetched_at=fetched))
    assert rule_of(answer) == "refused by fresh directory"


def test_a_directory_of_fifteen_minutes_is_fresh_enough() -> None:
    assert not replace(DIRECTORY, fetched_at=T0 - minutes(15)).stale(T0)


# which rule ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "request_", "matches"),
    [
        pytest.param({"verbs": frozenset({"deploy"})}, {}, True, id="its verb"),
        pytest.param({"verbs": frozenset({"delete"})}, {}, False, id="another verb"),
        pytest.param({"regions": frozenset({US, EU})}, {}, True, id="its regions"),
        pytest.param({"regions": frozenset({US})}, {"regions": frozenset({US, EU})}, False, id="one region too many"),
        pytest.param({"gpus_up_to": 4}, {}, True, id="just so many GPUs"),
        pytest.param({"gpus_up_to": 3}, {}, False, id="a GPU too many"),
        pytest.param({"cost_up_to": 2.0}, {}, True, id="just so much"),
        pytest.param({"cost_up_to": 1.99}, {}, False, id="too much"),
        pytest.param({"cost_up_to": 99.0}, {"price_unknown": True}, False, id="an unknown price is never within"),
        pytest.param({}, {"price_unknown": True}, True, id="without a bound any price is within"),
    ],
)
def test_a_rule_matches(limits: dict[str, Any], request_: dict[str, Any], matches: bool) -> None:
    assert isinstance(verdict(replace(CHANGES, **limits), **request_), AskFirst) is matches


def test_the_first_matching_rule_decides() -> None:
    small = replace(CHANGES, name="small", gpus_up_to=8, quorum=0)
    assert rule_of(verdict(small, CHANGES)) == "small"


def test_a_rule_for_other_people_is_passed_over() -> None:
    theirs = replace(CHANGES, name="theirs", requesters=("approvers",))
    assert rule_of(verdict(theirs, CHANGES)) == "changes"


def test_a_denying_rule_denies() -> None:
    frozen = replace(CHANGES, name="freeze", deny=True)
    assert verdict(frozen, CHANGES) == Refuse("freeze", "rule freeze denies it", "nobody while that rule stands")


@pytest.mark.parametrize(
    ("limits", "regions", "denied"),
    [
        pytest.param({"regions": frozenset({EU})}, {EU}, True, id="its region"),
        pytest.param({"regions": frozenset({EU})}, {EU, US}, True, id="its region and another"),
        pytest.param({"regions": frozenset({EU})}, {US}, False, id="another region"),
        pytest.param({}, {US}, True, id="any region"),
        pytest.param({"verbs": frozenset({"delete"})}, {EU}, False, id="another verb"),
        pytest.param({"gpus_up_to": 1, "cost_up_to": 0.5}, {EU}, True, id="whatever its size"),
    ],
)
def test_a_denying_rule_is_met_by_any_part_of_the_change(
    limits: dict[str, Any], regions: set[str], denied: bool
) -> None:
    frozen = replace(CHANGES, name="freeze", deny=True, **limits)
    answer = verdict(frozen, CHANGES, regions=frozenset(regions))
    assert rule_of(answer) == ("refused by freeze" if denied else "changes")


def test_a_quorum_of_nobody_is_an_answer_of_its_own() -> None:
    answer = verdict(replace(CHANGES, quorum=0))
    assert isinstance(answer, AskFirst) and answer.quorum == 0


# caps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caps", "refused"),
    [
        pytest.param(Caps(gpus=10), False, id="just so many GPUs in all"),
        pytest.param(Caps(gpus=9), True, id="a GPU too many in all"),
        pytest.param(Caps(step=4), False, id="just so many at once"),
        pytest.param(Caps(step=3), True, id="a GPU too many at once"),
        pytest.param(Caps(hourly=20.0), False, id="just so much an hour"),
        pytest.param(Caps(hourly=19.99), True, id="too much an hour"),
    ],
)
def test_caps_hold_whatever_the_rules_say(caps: Caps, refused: bool) -> None:
    assert (rule_of(verdict(replace(CHANGES, quorum=0), caps=caps)) == "refused by caps") is refused


@ANY
@given(st.integers(-9, 0), st.floats(-9, 0), st.builds(Caps, *[st.just(0)] * 3))
def test_no_cap_stands_in_the_way_of_less(gpus: int, cost: float, caps: Caps) -> None:
    assert isinstance(verdict(CHANGES, caps=caps, gpu_delta=gpus, hourly_delta=cost), AskFirst)


@pytest.mark.parametrize(
    ("caps", "request_"),
    [
        pytest.param(Caps(gpus=9), {"hourly_delta": -1.0}, id="more GPUs for less money"),
        pytest.param(Caps(hourly=19.99), {"gpu_delta": 0}, id="more money for no more GPUs"),
    ],
)
def test_caps_hold_for_whatever_grows(caps: Caps, request_: dict[str, Any]) -> None:
    assert rule_of(verdict(CHANGES, caps=caps, **request_)) == "refused by caps"


@pytest.mark.parametrize(
    ("caps", "request_", "refused"),
    [
        pytest.param(Caps(hourly=99.0), {}, True, id="more"),
        pytest.param(Caps(hourly=99.0), {"gpu_delta": -4, "hourly_delta": -1.0}, True, id="less as far as is known"),
        pytest.param(Caps(hourly=99.0), {"gpu_delta": -4, "only_less": True}, False, id="less at any price"),
        pytest.param(Caps(gpus=99), {}, False, id="no hourly cap"),
    ],
)
def test_an_unknown_price_is_never_within_an_hourly_cap(caps: Caps, request_: dict[str, Any], refused: bool) -> None:
    answer = verdict(CHANGES, caps=caps, unpriced=("tpu in moon-1",), **request_)
    assert (isinstance(answer, Refuse) and "no price is known of tpu in moon-1" in answer.because) is refused


# any policy ----------------------------------------------------------------------------------------------------

rules = st.builds(
    Rule,
    st.sampled_from(["a", "b", "c"]),
    st.lists(st.sampled_from([*ROLES, "ghosts"]), min_size=1, max_size=2).map(tuple),
    st.frozensets(st.sampled_from(["deploy", "scale"])),
    st.frozensets(st.sampled_from([US, EU])),
    st.none() | st.integers(0, 8),
    st.none() | st.floats(0, 8),
    st.booleans(),
)
requests = st.builds(
    Request,
    st.sampled_from(["deploy", "scale", "delete"]),
    st.sampled_from(["ana", "ben", "guest", "zoe"]),
    st.frozensets(st.sampled_from([US, EU])),
    st.integers(-4, 16),
    st.floats(-4, 16),
    st.booleans(),
    st.integers(0, 99),
    st.floats(0, 99),
)
policies = st.builds(Policy, st.just(ROLES), st.lists(rules, max_size=4).map(tuple))


@ANY
@given(policies, requests)
def test_whatever_is_allowed_is_allowed_by_a_rule_for_one_of_their_roles(policy: Policy, request: Request) -> None:
    answer = evaluate(policy, DIRECTORY, request, T0)
    mine = roles_of(request.user, policy, DIRECTORY)
    allowing = {rule.name for rule in policy.rules if not rule.deny and mine & set(rule.requesters)}
    assert isinstance(answer, Refuse) or answer.rule in allowing


@ANY
@given(policies, requests)
def test_without_a_role_nobody_is_ever_allowed_anything(policy: Policy, request: Request) -> None:
    assert isinstance(evaluate(policy, DIRECTORY, replace(request, user="zoe"), T0), Refuse)


@ANY
@given(policies, requests)
def test_every_refusal_says_which_rule_and_who_could(policy: Policy, request: Request) -> None:
    answer = evaluate(policy, DIRECTORY, request, T0)
    assert isinstance(answer, AskFirst) or (answer.rule and answer.because and answer.who_could)


# votes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "refusal"),
    [
        pytest.param("ben", "", id="another person with the role"),
        pytest.param("ana", "requester excluded", id="the requester"),
        pytest.param("zoe", "changes", id="somebody without the role"),
        pytest.param("guest", "changes", id="a guest with the role"),
    ],
)
def test_who_may_approve(user: str, refusal: str) -> None:
    refused = may_vote(user, "ana", GATE, POLICY, DIRECTORY)
    assert (refused.rule if refused else "") == refusal


def test_the_requester_is_excluded_even_with_the_role() -> None:
    refused = may_vote("ben", "ben", GATE, POLICY, DIRECTORY)
    assert refused is not None and refused.rule == "requester excluded"


def test_a_refused_vote_says_who_could() -> None:
    refused = may_vote("zoe", "ana", GATE, POLICY, DIRECTORY)
    assert refused is not None and refused.who_could == "approvers (ben, chloe, guest)"


def test_a_role_that_nobody_has_says_so() -> None:
    assert describe(["ghosts"], POLICY) == "ghosts (nobody)"


def test_no_role_at_all_is_nobody() -> None:
    assert describe([], POLICY) == "nobody"
