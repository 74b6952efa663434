"""A try-out in a process of its own, as its user starts it, spoken to as its page does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.waiting import PATIENCE

ANA, OPS = "U0ANA00001", "C0INFEROPS"


@dataclass
class Up:
    process: subprocess.Popen[str]
    url: str
    endpoints: dict[str, str]

    def post(self, what: str, **asked: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/api/{what}", json=asked, trust_env=False, timeout=PATIENCE)

    def say(self, text: str) -> None:
        assert self.post("say", user=ANA, channel=OPS, text=text).json() == {"ok": True}

    def section(self, name: str, user: str = ANA) -> Any:
        """The first value of a section that the page is told."""
        with httpx.stream("GET", f"{self.url}/api/events?user={user}", trust_env=False, timeout=PATIENCE) as stream:
            for line in stream.iter_lines():
                if line.startswith('data: {"name"') and (told := json.loads(line[6:]))["name"] == name:
                    return told["value"]
        return None

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def up(*options: str) -> Iterator[Up]:
    command = [sys.executable, "-m", "infra.local.cli", "up", "--json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        yield Up(process, said["url"], said["endpoints"])
    finally:
        process.kill()
        process.wait(PATIENCE)


def wire(tryout: Up) -> list[dict[str, Any]]:
    """What a page is told of the wires when it connects."""
    with httpx.stream("GET", f"{tryout.url}/api/events?user={ANA}", trust_env=False, timeout=PATIENCE) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data: ["))
    found: list[dict[str, Any]] = json.loads(line[6:])
    return found


def refused(*options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "infra.local.cli", "up", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - as above
    return ended.returncode, ended.stderr
