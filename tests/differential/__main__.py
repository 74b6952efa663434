"""The command: ``uv run python -m tests.differential --real URL --token TOKEN [--write docs/kubernetes-api.md]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.differential import recording
from tests.differential.asked import CHECKS
from tests.differential.asking import Server
from tests.differential.compare import differences, lines, summary, table
from tests.differential.ours import ours
from tests.differential.page import page
from tests.differential.real import real


def main() -> int:
    """Ask both servers; return 0 when all comparable checks agree, 1 otherwise."""
    chosen = _arguments()
    with _real(chosen) as server:
        sys.stderr.write(f"asking {server.url} …\n")
        theirs = recording.record(server, CHECKS)
        with server.client() as client:
            release = client.get(f"{server.url}/version").json()["gitVersion"]
    with ours() as server:
        mine = recording.record(server, CHECKS)
    found = lines(CHECKS, theirs, mine)
    wrong = [line for line in found if line.verdict == "NO"]
    sys.stdout.write(table(found) + "\n\n")
    for line in wrong:
        sys.stdout.write("\n".join([line.check.name, *differences(line)]) + "\n")
    sys.stdout.write(summary(found) + "\n")
    if chosen.record:
        recording.keep({name: heard for name, heard in theirs.items() if name in recording.comparable()})
    if chosen.write:
        chosen.write.write_text(page(found, release), encoding="utf-8")
    return int(bool(wrong))


def _arguments() -> argparse.Namespace:
    about = "Hold the embedded cloud's Kubernetes API server against a real one."
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=about)
    parser.add_argument("--real", required=True, metavar="WHERE", help="its URL, or a folder with the binaries")
    parser.add_argument("--token", default="", help="a bearer token of an administrator, with a URL")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the table to this page of the documentation")
    parser.add_argument("--record", action="store_true", help="keep what the real server said for the tests")
    return parser.parse_args()


@contextmanager
def _real(chosen: argparse.Namespace) -> Iterator[Server]:
    if "://" in chosen.real:
        yield Server(chosen.real.rstrip("/"), chosen.token)
        return
    with tempfile.TemporaryDirectory() as home, real(Path(chosen.real).resolve(), Path(home)) as server:
        yield server


if __name__ == "__main__":
    sys.exit(main())
