"""The judging of a replay, and the command."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest

from infra.local.cli import main
from infra.local.replay_judge import Run, hindsight, lead, play
from infra.local.replay_ours import Offered
from infra.local.replay_policies import Servers
from infra.local.replay_world import Curve, Point, Seen, World
from shared.domain.suggestions import RemedyKind

HEAD = "minute,rpm,rpm_low,rpm_high,prompt_tokens_per_min,output_tokens_per_min"


class Scripted:
    """A policy that offers and clicks what it was told, at these steps."""

    name = "scripted"

    def __init__(self, *offers: Offered) -> None:
        self.targets, self.offers = [60], []
        self._offers = offers

    def decide(self, step: int, seen: Sequence[Seen], servers: Sequence[Servers]) -> Mapping[int, int]:
        self.offers += [offer for offer in self._offers if offer.step == step]
        return {offer.region: offer.after for offer in self._offers if offer.clicked == step}


def played(rates: Sequence[float], first: int, *offers: Offered) -> tuple[Run, list[tuple[float]]]:
    """One region whose servers bear 10 requests/s each, 8 within the SLO."""
    points = [(0.0, 0.1), (8.0, 2.0), (10.0, 20.0)]
    curve = Curve([Point(rate, rate / 10, rate, 0.05, ttft, ttft) for rate, ttft in points], 100_000)
    loads = [(rate,) for rate in rates]
    dice = Random(1)  # noqa: S311 - a test's chance
    return play(Scripted(*offers), World(curve, 1, 2.0, 0.2), loads, [first], dice), loads


def more(step: int, after: int = 2) -> Offered:
    return Offered(step, 0, RemedyKind.NODES, 1, after, step + 2)


def less(step: int) -> Offered:
    return Offered(step, 0, RemedyKind.LESS, 2, 1, step + 2)


def test_the_share_within_the_slo_and_the_hours_are_counted() -> None:
    run, _ = played([5.0] * 60 + [9.0] * 60, 1)
    assert run.attained == pytest.approx(5 / 14) and run.hours == pytest.approx(1.0)


def test_servers_that_averted_a_miss_were_right_and_came_so_much_before_it() -> None:
    run, loads = played([5.0] * 100 + [9.0] * 100, 1, more(20))
    (verdict,) = hindsight(run, loads)
    assert run.missed == 0 and verdict.right and verdict.lead == (100 - 20) * 30


def test_servers_without_which_nothing_would_have_been_missed_were_not_right() -> None:
    run, loads = played([5.0] * 200, 1, more(20))
    assert [(each.right, each.lead) for each in hindsight(run, loads)] == [(False, None)]


def test_servers_given_back_before_a_peak_were_not_right() -> None:
    run, loads = played([5.0] * 60 + [9.0] * 60, 2, less(20))
    assert [each.right for each in hindsight(run, loads)] == [False]


def test_servers_given_back_for_nothing_missed_were_right() -> None:
    run, loads = played([5.0] * 200, 2, less(20))
    assert [each.right for each in hindsight(run, loads)] == [True] and run.hours < 2 * 200 * 30 / 3600


def test_what_nobody_clicked_is_not_judged() -> None:
    offer = more(20)
    offer.clicked = -1
    run, loads = played([9.0] * 60, 2, offer)
    assert hindsight(run, loads) == [] and lead([]) is None


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of six hours with one peak, and a file that holds it."""
    path = tmp_path_factory.mktemp("traces") / "day.csv.gz"
    rows = []
    for number in range(72):
        rpm = 600 + 900 * math.exp(-(((number - 36) / 12) ** 2))
        rows.append(f"{5 * number + 2.5},{rpm:.1f},{0.9 * rpm:.1f},{1.1 * rpm:.1f},{900 * rpm:.0f},{120 * rpm:.0f}")
    path.write_bytes(gzip.compress("\n".join((HEAD, *rows)).encode()))
    return path


def test_policies_are_compared_on_one_trace(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "replay.svg"
    words = ["replay", "--trace", str(trace), "--machine", "a3-highgpu-1g", "--days", "0.2", "--shift", "90m"]
    assert main([*words, "--regions", "us-east4,us-central1", "--json", "--picture", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in told["policies"]}
    assert rows["static peak"]["within_slo"] > 0.98
    assert all(row["of_bound"] >= 1 or row["within_slo"] < 0.99 for row in told["policies"])
    assert {"inferops", "static peak", "clairvoyant by the hour"} <= set(rows)
    drawn = ET.parse(picture).getroot()  # noqa: S314 - written here a moment ago
    assert len(drawn.findall(".//{*}polyline")) == len(told["policies"])


def test_the_same_seed_tells_the_same(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["replay", "--trace", str(trace), "--machine", "a3-highgpu-1g", "--regions", "us-east4,us-central1"]
    told = [main([*words, "--days", "0.05", "--seed", "5"]) or capsys.readouterr().out for _ in range(2)]
    assert told[0] == told[1] and "clairvoyant bound" in told[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--trace", "nowhere.csv"], "cannot be read", id="no file"),
        pytest.param(["--model", "gpt-9"], "there is no model", id="no such model"),
        pytest.param(["--machine", "n1-standard-4"], "there is no machine", id="no such machine"),
        pytest.param(["--regions", "us-east4,atlantis"], "there is no region", id="no such region"),
        pytest.param(["--regions", ","], "name a region", id="no region"),
        pytest.param(["--ttft", "0.001"], "not one request", id="an SLO that nothing meets"),
    ],
)
def test_a_mistake_in_the_words_is_said_and_is_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--shift", "soon"], ["--scale", "0"], ["--days", "nan"]])
def test_a_figure_that_cannot_be_meant_is_refused_by_the_parser(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["replay", *words])


def test_a_picture_that_cannot_be_written_is_exit_code_1(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["replay", "--trace", str(trace), "--machine", "a3-highgpu-1g", "--regions", "us-east4", "--days", "0.02"]
    assert main([*words, "--picture", str(tmp_path / "no" / "such.svg")]) == 1
    assert "cannot write" in capsys.readouterr().err
