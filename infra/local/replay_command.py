"""`inferops replay` on the command line: reads what is asked, prints the comparison, writes the picture."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.local.replay import Asked

_SHIFT, _MACHINE = "7h", "the model's own"
_MINUTES = {"h": 60.0, "m": 1.0}
_ABOUT = """\
Replays a load under several policies side by side: a fixed number of servers, Kubernetes' autoscaler by three signals,
and inferops with a person who clicks what it suggests. Each region sees the same load, shifted in time.
The world is the embedded cloud's own engine, with constants drawn around the published ones (--seed).
"""
_EXAMPLES = """\
examples:
  inferops replay                                      a made-up week of llama3-8b in two regions
  inferops replay --days 2 --picture replay.svg        two days of it, and a picture
  inferops replay --trace week.csv.gz --machine g2-standard-12 --json
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "replay",
        help="replay a week of load under several policies, and compare them",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--trace",
        type=Path,
        metavar="FILE",
        help="CSV or JSON lines, gzipped or not: sums by the minute, or single requests, with the columns of the Azure "
        "and Mooncake traces (default: a made-up week)",
    )
    parser.add_argument("--model", default="llama3-8b", help="what is served (default llama3-8b)")
    parser.add_argument("--machine", default="", help=f"machine type (default: {_MACHINE})")
    parser.add_argument(
        "--regions", default="us-east4,europe-west4", metavar="A,B", help="where (default us-east4,europe-west4)"
    )
    parser.add_argument(
        "--shift",
        type=_minutes,
        default=_SHIFT,
        metavar="TIME",
        help=f"between the days of one region and the next, such as 90m (default {_SHIFT})",
    )
    parser.add_argument(
        "--scale",
        type=_positive,
        metavar="X",
        help="multiplies the requests (default: so that the greatest mean load needs 12 servers)",
    )
    parser.add_argument("--days", type=_positive, metavar="N", help="only the first days (default: the whole trace)")
    parser.add_argument("--ttft", type=_positive, metavar="S", help="SLO: seconds to the first token, 95th percentile")
    parser.add_argument("--gap", type=_positive, metavar="S", help="SLO: mean seconds between two tokens")
    parser.add_argument("--seed", type=int, default=0, help="what chance follows: the world, noise, people (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON for a machine to read, nothing else")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw the servers over time into this file")


def run(chosen: argparse.Namespace) -> int:
    """Replay and report; return the exit code: 0 if it was replayed, 1 for a file, 2 for a mistake in the words."""
    from infra.local.replay import NoReplayError, replay  # noqa: PLC0415 - only what this command needs
    from infra.local.replay_show import as_json, picture, table  # noqa: PLC0415

    try:
        report = replay(_asked(chosen))
    except NoReplayError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(as_json(report), indent=2) + "\n" if chosen.json else table(report) + "\n")
    if chosen.picture is not None:
        try:
            chosen.picture.write_text(picture(report), encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"cannot write {chosen.picture}: {error.strerror or error}\n")
            return 1
    return 0


def _asked(chosen: argparse.Namespace) -> Asked:
    from infra.local.replay import Asked  # noqa: PLC0415 - as above
    from shared.domain.suggestions import Slo  # noqa: PLC0415

    slo = Slo()
    return Asked(
        trace=chosen.trace,
        model=chosen.model,
        machine=chosen.machine,
        regions=tuple(dict.fromkeys(name.strip() for name in chosen.regions.split(",") if name.strip())),
        shift=chosen.shift,
        scale=chosen.scale,
        seed=chosen.seed,
        days=chosen.days,
        slo=Slo(chosen.ttft or slo.ttft, chosen.gap or slo.gap),
    )


def _minutes(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hm])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no time: hours or minutes, such as 7h or 90m")
    return float(found[1]) * _MINUTES[found[2]]


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return value
