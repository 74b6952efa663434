"""Which region a request goes to, by what the balancer has learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.cloud.engine.gateway import LOOK, STEP, Balancer, Region

EAST, WEST, SOUTH = "us-east4", "europe-west3", "us-west1"


def region(utilization: float | None, endpoints: int = 2, target: float = 0.6, scaler: float = 1.0) -> Region:
    return Region(endpoints, utilization, target, scaler)


def looked(regions: Mapping[str, Region], times: int = 1, balancer: Balancer | None = None) -> Balancer:
    made = balancer or Balancer(EAST)
    start = 0.0 if balancer is None else 1e6
    for count in range(times):
        made.look(regions, start + count * LOOK)
    return made


def share(balancer: Balancer, name: str) -> float:
    return balancer.shares.get(name, 0.0)


@pytest.mark.parametrize("utilization", [None, 0.0, 0.59])
def test_below_its_target_the_own_region_gets_everything(utilization: float | None) -> None:
    assert share(looked({EAST: region(utilization), WEST: region(0.0)}, 5), EAST) == 1


def test_above_its_target_the_excess_goes_away_within_30_seconds() -> None:
    balancer = looked({EAST: region(0.72), WEST: region(0.1)})
    assert share(balancer, EAST) == pytest.approx(0.6 / 0.72)
    assert share(balancer, WEST) == pytest.approx(1 - 0.6 / 0.72)


def test_one_look_moves_a_third_of_the_requests_at_most() -> None:
    balancer = looked({EAST: region(1.0, target=0.1), WEST: region(0.0)})
    assert share(balancer, EAST) == pytest.approx(1 - STEP)


def test_nothing_moves_between_two_looks() -> None:
    balancer = looked({EAST: region(0.3), WEST: region(0.1)})
    balancer.look({EAST: region(1.0), WEST: region(0.1)}, LOOK / 2)
    assert share(balancer, EAST) == 1


def test_the_excess_is_shared_by_room() -> None:
    balancer = looked({EAST: region(0.9), WEST: region(0.3), SOUTH: region(0.5)})
    assert share(balancer, WEST) == pytest.approx(3 * share(balancer, SOUTH))


def test_when_nobody_has_room_all_is_spread_by_capacity() -> None:
    balancer = looked({EAST: region(0.9), WEST: region(0.9, endpoints=6)}, 10)
    assert share(balancer, EAST) == pytest.approx(0.25)


@pytest.mark.parametrize(("target", "scaler"), [(0.3, 1.0), (0.6, 0.5)])
def test_a_lower_target_or_scaler_moves_more(target: float, scaler: float) -> None:
    usual = looked({EAST: region(0.66), WEST: region(0.1)})
    lower = looked({EAST: region(0.66, target=target, scaler=scaler), WEST: region(0.1)})
    assert share(lower, EAST) < share(usual, EAST)


def test_traffic_comes_back_slowly() -> None:
    balancer = looked({EAST: region(0.9), WEST: region(0.1)})
    away = share(balancer, WEST)
    looked({EAST: region(0.0), WEST: region(0.1)}, 1, balancer)
    assert away - 0.1 <= share(balancer, WEST) < away
    looked({EAST: region(0.0), WEST: region(0.1)}, 20, balancer)
    assert share(balancer, EAST) == 1


@pytest.mark.parametrize("gone", [region(0.0, endpoints=0), region(0.0, scaler=0.0)], ids=["no endpoints", "drained"])
def test_a_region_that_is_gone_gets_nothing_at_once_and_all_when_it_is_back(gone: Region) -> None:
    balancer = looked({EAST: region(0.1), WEST: region(0.1)})
    balancer.look({EAST: gone, WEST: region(0.1)}, 1.0)
    assert balancer.shares == {WEST: 1}
    balancer.look({EAST: region(0.1), WEST: region(0.1)}, 2.0)
    assert share(balancer, EAST) == 1


def test_nobody_there_is_nobody_chosen() -> None:
    assert looked({EAST: region(0.0, endpoints=0)}).choose() is None


def test_requests_follow_the_shares() -> None:
    balancer = looked({EAST: region(0.72), WEST: region(0.1)})
    chosen = Counter(balancer.choose() for _ in range(600))
    assert chosen == {EAST: 500, WEST: 100}


seen = st.builds(region, st.none() | st.floats(0, 1), st.integers(0, 5), st.floats(0.01, 1), st.floats(0, 1))


@given(st.lists(st.fixed_dictionaries({EAST: seen, WEST: seen, SOUTH: seen}), min_size=1, max_size=20))
def test_shares_are_whole_and_only_of_regions_that_can_serve(history: list[dict[str, Region]]) -> None:
    balancer = Balancer(EAST)
    for count, regions in enumerate(history):
        balancer.look(regions, count * LOOK)
        able = {name for name, one in regions.items() if one.capacity > 0}
        assert balancer.shares.keys() <= able
        assert sum(balancer.shares.values()) == pytest.approx(1 if able else 0)
        assert min(balancer.shares.values(), default=0) >= 0
