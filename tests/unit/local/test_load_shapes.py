"""Shapes of load, and the traces that they may be read from."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from infra.local.cloud.load_shapes import Asked, Mark, Shape, curve, day, length, scaled, steady
from infra.local.cloud.load_traces import TraceError, minutes, requests
from infra.local.cloud.world import World

SUMS = "minute,rpm,rpm_low,rpm_high,prompt_tokens_per_min,output_tokens_per_min\n"


def test_between_two_marks_the_rate_changes_in_a_straight_line() -> None:
    shape = Shape(curve([(0, 2), (10, 6)], 100, 10))
    assert [shape.at(minute).rate for minute in (0, 5, 10)] == [2, 4, 6]


def test_lengths_change_with_the_rate() -> None:
    shape = Shape([Mark(0, 1, 100, 10), Mark(10, 1, 300, 30)])
    assert (shape.at(5).prompt, shape.at(5).output) == (200, 20)


def test_after_the_last_mark_it_stays_or_begins_anew() -> None:
    marks = curve([(0, 2), (10, 6)], 100, 10)
    assert Shape(marks).at(15).rate == 6
    assert Shape(marks, repeat=True).at(15).rate == 4


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param((), id="none"),
        pytest.param(curve([(5, 1), (5, 2)], 100, 10), id="two at once"),
        pytest.param(curve([(5, 1), (1, 2)], 100, 10), id="backwards"),
        pytest.param(steady(-1, 100, 10), id="less than nothing"),
        pytest.param(steady(1, 0, 10), id="no prompt"),
    ],
)
def test_marks_that_make_no_shape_are_refused(marks: tuple[Mark, ...]) -> None:
    with pytest.raises(ValueError, match="a load"):
        Shape(marks)


def test_a_shape_may_be_scaled() -> None:
    assert [mark.rate for mark in scaled(curve([(0, 2), (10, 6)], 100, 10), 0.5)] == [1, 3]


def test_a_day_is_high_twice_and_low_at_night() -> None:
    shape = Shape(day(10, 1000, 200))
    # An hour around each, since noise lies on every mark.
    hours = [[shape.at(hour * 60 + around).rate for around in range(-30, 31, 5)] for hour in (3, 10.5, 15.5, 20)]
    night, morning, noon, evening = (sum(rates) / len(rates) for rates in hours)
    assert night < 3
    assert min(morning, evening) > noon > night
    assert morning == pytest.approx(10, rel=0.25)


def test_a_day_is_the_same_for_the_same_seed_and_joins_the_next() -> None:
    one, same, other = day(10, 1000, 200, seed=4), day(10, 1000, 200, seed=4), day(10, 1000, 200, seed=5)
    assert one == same != other
    assert one[0].rate == one[-1].rate
    assert one[-1].minute == 1440


def test_lengths_have_the_mean_that_is_asked_and_no_more_than_the_longest() -> None:
    dice = World().dice("lengths")
    drawn = [length(dice, 500, 0.8, 100_000) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(500, rel=0.03)
    assert max(length(dice, 500, 0.8, 600) for _ in range(1000)) == 600
    assert length(dice, 500, 0, 1000) == 500


def written(folder: Path, text: str, name: str = "trace.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["trace.csv", "trace.csv.gz"])
def test_a_trace_of_requests_is_read_from_its_first_one_on(tmp_path: Path, name: str) -> None:
    text = (
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:47.5000000,396,109\n"
        "2023-11-16 18:15:46.5000000,374,44\n"
    )
    assert requests(written(tmp_path, text, name)) == (Asked(0, 374, 44), Asked(1, 396, 109))


def test_json_lines_are_read_in_milliseconds(tmp_path: Path) -> None:
    lines = [
        '{"timestamp": 2000, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}',
        '{"timestamp": 3500, "input_length": 10, "output_length": 0, "hash_ids": []}',
    ]
    assert requests(written(tmp_path, "\n".join(lines))) == (Asked(0, 6758, 500), Asked(1.5, 10, 1))


def test_sums_by_the_minute_become_marks(tmp_path: Path) -> None:
    found = minutes(written(tmp_path, SUMS + "3.5,120,100,140,24000,6000\n"))
    assert found == (Mark(3.5, 2, 200, 50),)


def test_a_trace_without_output_needs_their_mean(tmp_path: Path) -> None:
    path = written(tmp_path, SUMS + "3.5,120,100,140,24000,\n")
    assert minutes(path, output=28)[0].output == 28
    with pytest.raises(TraceError, match="line 2: it tells no output tokens"):
        minutes(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("a,b\n1,2\n", "no column TIMESTAMP, ContextTokens, GeneratedTokens", id="other columns"),
        pytest.param("TIMESTAMP,ContextTokens,GeneratedTokens\n", "no requests", id="no rows"),
        pytest.param("TIMESTAMP,ContextTokens,GeneratedTokens\nnow,1,2\n", "line 2", id="no time"),
        pytest.param('{"timestamp": 1}\n', "line 1", id="a field is missing"),
        pytest.param('{"timestamp"\n', "line 1", id="no JSON"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        requests(written(tmp_path, text))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        requests(tmp_path / "nowhere.csv")
