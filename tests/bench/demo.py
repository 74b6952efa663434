"""The whole story of ``inferops demo``, in a process of its own, by the time that it reports itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure

BUDGET = 60.0
ROOT = Path(__file__).parents[2]


def told() -> list[Figure]:
    """Run it once. RuntimeError where the story did not end well: its time would mean nothing."""
    command = [sys.executable, "-m", "infra.local.cli", "demo", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves, with arguments of ours
    if ran.returncode:
        raise RuntimeError(f"the demo failed: {ran.stderr.strip()}")
    said = json.loads(ran.stdout)
    wall, hours = said["wall_s"], said["virtual_s"] / 3600
    text = f"{wall:.0f} s, {len(said['checks'])} checks passed, {hours:.1f} h of the cloud's time"
    steps = "; ".join(f"{step['title']} {step['wall_s']} s" for step in said["steps"])
    return [Figure("`inferops demo`, the whole story", text, f"< {BUDGET:.0f} s", wall < BUDGET, steps)]
