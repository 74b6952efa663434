"""The command: ``uv run python -m tests.bench [NAME ...] [--json] [--seeds N] [--write-readme]``."""

from __future__ import annotations

import argparse
import sys

from tests.bench.figures import Circumstances, Figure, as_json, circumstances, others, table, write_readme
from tests.bench.suite import SEEDS, benches


def main() -> int:
    """Measure what was asked for; return 0 if every budget was met, 1 if one was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the budgets of the design.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(benches())}")
    parser.add_argument("--json", action="store_true", help="print one JSON with all details, nothing else")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"worlds to deploy in (default {SEEDS})")
    parser.add_argument("--write-readme", action="store_true", help="put the table into README.md, between its marks")
    chosen = parser.parse_args()
    every = benches(chosen.seeds)
    if unknown := set(chosen.names) - every.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if chosen.write_readme and chosen.names:
        parser.error("the README shows all figures or none: leave the names out")
    before, figures = others(), list[Figure]()
    for name in chosen.names or every:
        sys.stderr.write(f"{name} …\n")
        figures += every[name]()
    where = circumstances(before)
    if chosen.write_readme:
        write_readme(figures, where)
    sys.stdout.write(f"{as_json(figures, where) if chosen.json else _text(figures, where)}\n")
    return int(any(figure.met is False for figure in figures))


def _text(figures: list[Figure], where: Circumstances) -> str:
    details = [f"- {figure.what}: {figure.detail}" for figure in figures if figure.detail]
    return "\n".join([f"On {where}.", "", table(figures), "", *details])


if __name__ == "__main__":
    sys.exit(main())
