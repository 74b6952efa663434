"""Two recordings side by side: which checks agree, and the table that is kept in the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.differential.checks import Check
from tests.differential.stage import Recording

_SHOWN = 12


@dataclass(frozen=True)
class Line:
    """One check with what both servers said."""

    check: Check
    real: list[Any]
    ours: list[Any]

    @property
    def same(self) -> bool:
        """Whether both said the same."""
        return self.real == self.ours

    @property
    def verdict(self) -> str:
        """The last cell of the table."""
        if self.check.too_new:
            return f"not comparable: {self.check.too_new}"
        return "yes" if self.same else "NO"


def lines(checks: Sequence[Check], real: Recording, ours: Recording) -> list[Line]:
    """Return one line per check."""
    return [Line(check, real.get(check.name, []), ours.get(check.name, [])) for check in checks]


def codes(heard: list[Any]) -> str:
    """Return the HTTP codes of a check's answers, in order; a code that repeats is written once with its count."""
    found = [str(each["code"]) for each in heard if isinstance(each, dict) and "code" in each]
    runs: list[list[str]] = []
    for code in found:
        if runs and runs[-1][0] == code:
            runs[-1].append(code)
        else:
            runs.append([code])
    written = [f"{run[0]}x{len(run)}" if len(run) > 1 else run[0] for run in runs]
    return " ".join(written[:_SHOWN]) + (" …" if len(written) > _SHOWN else "") or "-"


def differences(line: Line) -> Iterator[str]:
    """Yield what differs, answer by answer."""
    for i in range(max(len(line.real), len(line.ours))):
        theirs, mine = (heard[i] if i < len(heard) else "nothing" for heard in (line.real, line.ours))
        if theirs != mine:
            yield f"  answer {i}:\n    real {theirs}\n    ours {mine}"


def summary(found: Sequence[Line]) -> str:
    """Say in one sentence how many agree."""
    compared = [line for line in found if not line.check.too_new]
    same = sum(line.same for line in compared)
    return (
        f"{len(found)} checks: {len(compared)} are compared and {same} of them are equal; "
        f"{len(found) - len(compared)} cannot be compared because the real server is too old."
    )


def table(found: Sequence[Line]) -> str:
    """Return the table in Markdown."""
    rows = ["| area | check | real | ours | same |", "|---|---|---|---|---|"]
    for line in found:
        cells = (line.check.area, line.check.name, codes(line.real), codes(line.ours), line.verdict)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
