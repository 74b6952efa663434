"""`inferops up` in a process of its own: how soon its page answers, and how much memory a deployment takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.bench.figures import Figure, median

SECONDS, MEGABYTES = 3.0, 500.0
STARTS = 3
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "infra.local.cli", "up", "--port", "0", "--speed", "max", "--json"]
DEPLOY = "/infer deploy llama3-8b us-east4,europe-west3"
PATIENCE, NAP = 300.0, 0.02


def started() -> list[Figure]:
    """Start it a few times; in the last one, let a two-region deployment come up."""
    times = []
    for turn in range(STARTS):
        with _running() as (process, url, begun):
            _say(url, "ana", "/infer help")
            times.append(time.monotonic() - begun)
            if turn == STARTS - 1:
                idle, busy = _megabytes(process), _deployed(process, url)
    soon = f"median {median(times):.1f} s, longest {max(times):.1f} s of {STARTS}"
    held = f"{busy:.0f} MB after a deployment in two regions, {idle:.0f} MB before"
    return [
        Figure(
            "`inferops up`: from the start to a page that answers `/infer help`",
            soon,
            f"< {SECONDS:.0f} s",
            max(times) < SECONDS,
        ),
        Figure("`inferops up`: memory, all in one process", held, f"< {MEGABYTES:.0f} MB", busy < MEGABYTES),
    ]


@contextmanager
def _running() -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    begun = time.monotonic()
    process = subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError("inferops up did not start")
        url = json.loads(line)["url"]
        httpx.get(url, trust_env=False).raise_for_status()
        yield process, url, begun
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _deployed(process: subprocess.Popen[str], url: str) -> float:
    """Deploy in two regions and return the most memory that was seen until both served, in megabytes."""
    most = 0.0

    def until(holds: Callable[[], bool]) -> None:
        nonlocal most
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError("the deployment did not come up")
            most = max(most, _megabytes(process))
            time.sleep(NAP)

    _say(url, "ana", DEPLOY)
    until(lambda: bool(_proposals(url)))
    _say(url, "ben", f"/infer approve {_proposals(url)[0]}")
    until(lambda: [one["state"] for one in _section(url, "traffic")] == ["answers"] * 2)
    return most


def _say(url: str, user: str, text: str) -> None:
    asked = {"user": user, "channel": "C0INFEROPS", "text": text}
    httpx.post(f"{url}/api/say", json=asked, trust_env=False, timeout=PATIENCE).raise_for_status()


def _proposals(url: str) -> list[str]:
    asked = {"text": "/infer approve "}
    found = httpx.get(f"{url}/api/complete", params=asked, trust_env=False, timeout=PATIENCE).json()
    return [one["label"] for one in found["items"]]


def _section(url: str, name: str) -> Any:
    with httpx.stream("GET", f"{url}/api/events?user=U0ANA00001", trust_env=False, timeout=PATIENCE) as stream:
        for line in stream.iter_lines():
            if line.startswith('data: {"name"') and (told := json.loads(line[6:]))["name"] == name:
                return told["value"]
    return None


def _megabytes(process: subprocess.Popen[str]) -> float:
    """Return what the process and any children hold of the machine's memory."""
    top = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in [top, *top.children(recursive=True)]) / 2**20
