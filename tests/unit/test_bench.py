"""The benchmarks are no part of the test run; that they can be run at all is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.critical import Span, longest
from tests.bench.figures import CLOSE, OPEN, Circumstances, Figure, write_readme
from tests.bench.suite import benches

SOMEWHERE = Circumstances(2, "3.11", 0.1)


def test_every_budget_has_its_benchmark() -> None:
    assert set(benches()) == {
        "ack",
        "cold",
        "rounds",
        "deploy",
        "guide",
        "commits",
        "sweep",
        "facades",
        "up",
        "demo",
        "incidents",
    }


def test_the_critical_path_is_the_longest_way_through_with_the_earliest_of_alternatives() -> None:
    spans = {"a": Span(5), "b": Span(1), "c": Span(2, any_of=("a", "b")), "d": Span(1, ("c", "b")), "e": Span(2.5)}
    assert longest(spans) == (5, ["a"])
    assert longest({**spans, "d": Span(9, ("c", "b"))}) == (12, ["b", "c", "d"])


def test_a_missed_budget_is_shown_as_missed_between_the_marks_and_nothing_else_moves(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{OPEN}\nold\n{CLOSE}\nafter\n")
    write_readme([Figure("speed", "3 s", "< 2 s", met=False)], SOMEWHERE, readme)
    text = readme.read_text()
    assert (text.startswith("before\n"), text.endswith("after\n"), "old" in text) == (True, True, False)
    assert "| speed | 3 s | < 2 s | **missed** |" in text


def test_a_readme_without_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here")
    with pytest.raises(ValueError, match="no place"):
        write_readme([], SOMEWHERE, readme)
