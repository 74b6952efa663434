"""Conditions mean the same each time they are stated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.conditions import Condition, ConditionType, Reason, Truth, carry_over, find
from tests.unit.domain.examples import ANY, T0, minutes, times, words

conditions = st.lists(
    st.builds(
        Condition,
        st.sampled_from(ConditionType),
        st.sampled_from(Truth),
        st.sampled_from(Reason),
        words,
        st.integers(0, 3),
        times,
    ),
    unique_by=lambda condition: condition.type,
).map(tuple)
OLD = Condition(ConditionType.READY, Truth.FALSE, Reason.STOCK_OUT, "no stock", 1, T0)


def test_only_a_changed_status_is_a_transition() -> None:
    new = Condition(ConditionType.READY, Truth.FALSE, Reason.QUOTA_EXCEEDED, "no quota", 2, T0 + minutes(1))
    assert carry_over((OLD,), (new,))[0].last_transition_time == T0


def test_a_changed_status_keeps_its_own_time() -> None:
    new = Condition(ConditionType.READY, Truth.TRUE, Reason.AS_WANTED, "", 2, T0 + minutes(1))
    assert carry_over((OLD,), (new,)) == (new,)


@ANY
@given(conditions, conditions)
def test_carrying_over_changes_times_only(old: tuple[Condition, ...], new: tuple[Condition, ...]) -> None:
    made = [(c.type, c.status, c.reason, c.message, c.observed_generation) for c in carry_over(old, new)]
    assert made == [(c.type, c.status, c.reason, c.message, c.observed_generation) for c in new]


@ANY
@given(conditions)
def test_saying_the_same_again_changes_nothing(old: tuple[Condition, ...]) -> None:
    later = tuple(
        Condition(c.type, c.status, c.reason, c.message, c.observed_generation, T0 + minutes(10**6)) for c in old
    )
    assert carry_over(old, later) == old


def test_a_condition_is_found_by_its_type() -> None:
    assert find((OLD,), ConditionType.READY) == OLD


def test_a_condition_that_was_never_stated_is_none() -> None:
    assert find((OLD,), ConditionType.STALLED) is None


def test_reasons_are_words_that_kubernetes_takes() -> None:
    assert all(reason.value.isalnum() and reason.value[0].isupper() for reason in Reason)
