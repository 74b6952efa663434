"""Money, GPUs, quota: what is unknown is said to be unknown and never counted as nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.quotes import Cost, PriceLine, QuotaFinding, QuotaVerdict, Quote, total
from tests.unit.domain.examples import ANY, US, minutes

lines = st.lists(
    st.builds(PriceLine, st.just(US), st.sampled_from("abc"), st.integers(0, 99), st.none() | st.floats(0, 999))
).map(tuple)


def quote_of(before: float | None, after: float | None) -> Quote:
    def line(each: float | None) -> tuple[PriceLine, ...]:
        return (PriceLine(US, "node", 2, each),)

    return Quote(line(before), line(after), 2, 8, (), minutes(20), "2026-01")


def test_a_line_costs_its_count_times_each() -> None:
    assert PriceLine(US, "node", 3, 2.5).hourly == 7.5


def test_an_unknown_price_is_unknown_and_never_nothing() -> None:
    assert PriceLine(US, "node", 3, None).hourly is None


@ANY
@given(lines)
def test_a_total_names_everything_it_could_not_count(priced: tuple[PriceLine, ...]) -> None:
    missing = [f"{line.what} in {line.region}" for line in priced if line.each is None]
    assert list(total(priced).unknown) == missing


@ANY
@given(lines)
def test_a_total_is_the_sum_of_what_is_known(priced: tuple[PriceLine, ...]) -> None:
    assert total(priced).hourly == sum(line.hourly for line in priced if line.hourly is not None)


def test_a_month_has_730_hours() -> None:
    assert Cost(2.0).monthly == 1460.0


@pytest.mark.parametrize(
    ("limit", "usage", "verdict"),
    [
        pytest.param(8, 4, QuotaVerdict.ENOUGH, id="it just fits"),
        pytest.param(8, 5, QuotaVerdict.SHORT, id="one too few"),
        pytest.param(0, 0, QuotaVerdict.SHORT, id="nothing granted"),
        pytest.param(None, 0, QuotaVerdict.NOT_VISIBLE, id="the limit is not visible"),
        pytest.param(8, None, QuotaVerdict.NOT_VISIBLE, id="the usage is not visible"),
        pytest.param(3, None, QuotaVerdict.SHORT, id="too little whatever is in use"),
    ],
)
def test_a_quota_covers_a_need_of_four(limit: float | None, usage: float | None, verdict: QuotaVerdict) -> None:
    assert QuotaFinding(US, "NVIDIA_L4_GPUS", 4, limit, usage).verdict is verdict


def test_a_quote_knows_what_is_more_than_now() -> None:
    assert (quote_of(1.0, 4.0).hourly_delta, quote_of(1.0, 4.0).gpu_delta) == (6.0, 6)


def test_what_a_vote_binds_is_in_whole_cents() -> None:
    assert quote_of(1.0, 4.001).cents == quote_of(1.0, 4.0).cents == (200, 800)
