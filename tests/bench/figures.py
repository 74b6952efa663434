"""What a benchmark hands back, and how figures are shown: as a table, as JSON, and in the README between its marks."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
OPEN, CLOSE = "<!-- bench -->", "<!-- /bench -->"
COMMAND = "uv run python -m tests.bench --write-readme"
QUIET = 0.2
_TIMES = Path("/proc/stat")
_VERDICTS = {True: "met", False: "**missed**", None: ""}


@dataclass(frozen=True)
class Figure:
    """One thing measured. ``met`` is None where there is no budget; ``detail`` is for who looks closer."""

    what: str
    measured: str
    budget: str = ""
    met: bool | None = None
    detail: str = ""


@dataclass(frozen=True)
class Circumstances:
    """Where figures were taken. Wall times mean little beside other work, so what else ran belongs to them."""

    cores: int
    python: str
    others: float
    """Cores that others kept busy just before or just after, whichever was more."""

    def __str__(self) -> str:
        beside = "nothing else was running"
        if self.others > QUIET:
            beside = f"others kept {self.others:.1f} of them busy, so wall times are too long"
        return f"{self.cores} cores, Python {self.python}; {beside}"


def circumstances(before: float) -> Circumstances:
    """Return them at the end of a run; ``before`` is what ``others`` said at its beginning."""
    return Circumstances(os.cpu_count() or 1, platform.python_version(), round(max(before, others()), 2))


def others() -> float:
    """Return how many cores are busy over a second in which we do nothing; by the load where nothing else tells."""
    if not _TIMES.exists():
        return os.getloadavg()[0]
    before = _busy()
    time.sleep(1)
    return (_busy() - before) / os.sysconf("SC_CLK_TCK")


def _busy() -> int:
    """Return the ticks in which any core did anything: all but idle and waiting for disks."""
    user, nice, system, _idle, _waiting, *more = map(int, _TIMES.read_text().split("\n", 1)[0].split()[1:9])
    return user + nice + system + sum(more)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: a value that was really measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [f"| {f.what} | {f.measured} | {f.budget} | {_VERDICTS[f.met]} |" for f in figures]
    return "\n".join(["| What | Measured | Budget | |", "|---|---|---|---|", *rows])


def as_json(figures: Iterable[Figure], where: Circumstances) -> str:
    """Return everything, details included, as one JSON."""
    return json.dumps({"circumstances": asdict(where), "figures": [asdict(f) for f in figures]}, indent=2)


def write_readme(figures: Iterable[Figure], where: Circumstances, path: Path = README) -> None:
    """Replace what stands between the marks. Raises ValueError where they are not there."""
    text = path.read_text(encoding="utf-8")
    block = re.compile(f"{re.escape(OPEN)}.*?{re.escape(CLOSE)}", re.DOTALL)
    if not block.search(text):
        raise ValueError(f"{path.name} has no place for figures: {OPEN} … {CLOSE}")
    fresh = f"{OPEN}\n\n`{COMMAND}` on {where}:\n\n{table(figures)}\n\n{CLOSE}"
    path.write_text(block.sub(lambda _: fresh, text, count=1), encoding="utf-8")
