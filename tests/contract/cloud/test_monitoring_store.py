"""The store of time series: fine near now, coarse further back, bounded, and kept with the cloud."""

from __future__ import annotations

import itertools

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promql_place import START

from infra.local.cloud import monitoring_store
from infra.local.cloud.monitoring_series import DAY, HOUR, MINUTE, SECOND, Series
from infra.local.cloud.monitoring_store import Scraped, Store

GAUGE, COUNTER = "prometheus.googleapis.com/m/gauge", "prometheus.googleapis.com/m_total/counter"


def scraped(kind: str, until: int, every: int = 15 * SECOND) -> Series:
    series = Series(kind, {}, {}, {"__name__": "m"})
    for at in range(0, until + 1, every):
        series.add(START + at, float(at))
    return series


@pytest.mark.parametrize(
    ("kind", "back", "spacing"),
    [
        pytest.param(GAUGE, 30 * MINUTE, 15 * SECOND, id="as scraped in the last hour"),
        pytest.param(GAUGE, 12 * HOUR, MINUTE, id="a minute apart in the last day"),
        pytest.param(GAUGE, 3 * DAY, 5 * MINUTE, id="five minutes apart before"),
        pytest.param(COUNTER, 3 * DAY, 2 * MINUTE, id="what counts keeps a rate over five minutes"),
    ],
)
def test_points_thin_out_with_their_age(kind: str, back: int, spacing: int) -> None:
    series = scraped(kind, 5 * DAY)
    middle = START + 5 * DAY - back
    times, _ = series.between(middle, middle + 20 * MINUTE)
    assert {after - before for before, after in itertools.pairwise(times)} == {spacing}


def test_what_is_older_than_eight_days_is_forgotten() -> None:
    series = scraped(GAUGE, 10 * DAY, MINUTE)
    times, _ = series.between(0, START + 10 * DAY)
    assert 7 * DAY < START + 10 * DAY - times[0] <= 8 * DAY + 30 * MINUTE


def test_a_thinned_gauge_is_never_stale() -> None:
    series = scraped(GAUGE, 3 * DAY)
    assert all(series.at(START + at, 5 * MINUTE) is not None for at in range(HOUR, 3 * DAY, 7 * MINUTE))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=200)
def test_a_range_holds_what_was_written_in_it(gaps: list[int], one: int, two: int) -> None:
    series, at, wanted = Series(GAUGE, {}, {}, {}), START, list[int]()
    after, until = sorted((START + one * SECOND, START + two * SECOND))
    for gap in gaps:
        at += gap * SECOND
        if at < START + HOUR:
            series.add(at, 1.0)
            wanted += [at] if after < at <= until else []
    assert list(series.between(after, until)[0]) == wanted


def test_a_second_value_of_one_moment_takes_its_place() -> None:
    series = Series(GAUGE, {}, {}, {})
    series.add(START, 1.0)
    series.add(START, 2.0)
    assert (len(series), series.at(START, MINUTE)) == (1, 2.0)


def test_all_points_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring_store, "MOST_POINTS", 20_000)
    monkeypatch.setattr(monitoring_store, "_LOOK_EVERY", 5_000)
    store, samples = Store(), [Scraped(f"m{number}", "gauge", {}, 1.0) for number in range(50)]
    for at in range(0, 3 * DAY, 5 * MINUTE):
        store.scrape(START + at, {}, samples)
    assert sum(map(len, store)) <= 20_000 + 5_000
    assert all(one.last == store.newest for one in store)


def test_series_that_ended_long_ago_go() -> None:
    store = Store()
    store.scrape(START, {"instance": "gone"}, [Scraped("m", "gauge", {}, 1.0)])
    for at in range(0, 9 * DAY, DAY // 100):
        store.scrape(START + 9 * DAY + at, {"instance": "here"}, [Scraped("m", "gauge", {}, 1.0)] * 300)
    assert [one.labels["instance"] for one in store.named("m")] == ["here"]


def test_a_store_is_kept_and_goes_on() -> None:
    store, sample = Store(), [Scraped("m", "gauge", {"pod": "a"}, 1.0)]
    store.scrape(START, {"cluster": "east"}, sample)
    again = cloudpickle.loads(cloudpickle.dumps(store))
    again.scrape(START + MINUTE, {"cluster": "east"}, sample)
    assert [len(one) for one in again.named("m")] == [2]


def test_a_label_that_the_target_has_too_is_set_aside() -> None:
    store = Store()
    store.scrape(START, {"cluster": "east"}, [Scraped("m", "gauge", {"cluster": "mine"}, 1.0)])
    (series,) = store.named("m")
    assert (series.labels["cluster"], series.labels["exported_cluster"]) == ("east", "mine")


def test_metrics_of_google_have_the_names_that_promql_knows() -> None:
    store = Store()
    resource = {"type": "gce_instance", "zone": "us-east4-a"}
    store.write(START, "compute.googleapis.com/instance/cpu/utilization", resource, {"name": "n"}, 0.5)
    (series,) = store.named("compute_googleapis_com:instance_cpu_utilization")
    assert series.bare == {"monitored_resource": "gce_instance", "zone": "us-east4-a", "name": "n"}
