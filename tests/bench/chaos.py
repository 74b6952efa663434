"""The story under chaos, seed after seed: ``uv run python -m tests.bench.chaos [--seeds 0-19]`` prints a table.

Each seed is told by ``inferops demo --chaos`` in a process of its own. Exit code 1 where one failed, or where some kind
of trouble never came up in all of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from infra.local.chaos_story import DID_ALL, EXTRA

ROOT = Path(__file__).parents[2]
HEAD = ("seed", "kills", "in flight", "doubled", "late", "lost", "put off", "extra posts", "seconds", "verdict")


def main() -> int:
    """Tell every seed and print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chaos", description="Tell the story under chaos.")
    parser.add_argument("--seeds", type=_seeds, default=range(20), metavar="A-B", help="which seeds (default 0-19)")
    chosen, met, bad = parser.parse_args(), Counter[str](), 0
    _line(HEAD)
    _line(["---"] * len(HEAD))
    for seed in chosen.seeds:
        told = _told(seed)
        chaos = told.get("chaos", {})
        counts = chaos.get("counts", {})
        met.update(counts)
        wrong = [f"{c['name']}: {c['evidence']}" for c in told["checks"] if not c["passed"] and c["name"] != DID_ALL]
        wrong += [chaos["history"]] if wrong and chaos else []
        bad += bool(wrong) or not counts
        _line(_row(seed, counts, told, wrong))
    missing = [what for what, count in met.items() if not count and what != EXTRA]
    sys.stdout.write(f"\n{', '.join(f'{what} {count}' for what, count in met.items())}\n")
    sys.stdout.write(f"never: {', '.join(missing)}\n" if missing else "")
    return int(bool(bad or missing or not met))


def _told(seed: int) -> dict[str, Any]:
    """Tell one seed's story. What it says on the error output is shown as it comes."""
    command = [sys.executable, "-m", "infra.local.cli", "demo", "--chaos", "--json", "--seed", str(seed)]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ourselves
    if not ran.stdout:
        return {"checks": [{"name": "it ran", "passed": False, "evidence": f"exit code {ran.returncode}"}], "wall_s": 0}
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _row(seed: int, counts: dict[str, int], told: dict[str, Any], wrong: list[str]) -> list[object]:
    kills = sum(count for what, count in counts.items() if what.startswith("killed "))
    columns = (
        "kills with work in flight",
        "messages doubled",
        "deliveries late",
        "answers lost",
        "calls that Slack put off",
        EXTRA,
    )
    seen = [counts.get(column, 0) for column in columns]
    return [seed, kills, *seen, round(told["wall_s"]), "; ".join(wrong) or "passed"]


def _line(cells: Any) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
