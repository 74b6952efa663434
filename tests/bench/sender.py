"""Sends signed requests at a fixed rate, each timed from the moment it was due; imports nothing of ours.

``python -m tests.bench.sender URL RATE`` reads JSON of [body, timestamp, signature] and prints JSON of
[seconds, status].
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

WORKERS = 32
HELD = threading.local()


def ask(place: str, due: float, signed: list[str]) -> tuple[float, int]:
    """Wait until it is due, post, and return the seconds since then and the status."""
    body, stamp, signature = signed
    if not hasattr(HELD, "line"):
        HELD.line = http.client.HTTPConnection(place, timeout=10)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
    }
    time.sleep(max(0.0, due - time.monotonic()))
    HELD.line.request("POST", "/", body, headers)
    answer = HELD.line.getresponse()
    answer.read()
    return time.monotonic() - due, answer.status


def main(url: str, rate: float) -> None:
    """Send all that stands in the input."""
    every, begin = json.load(sys.stdin), time.monotonic() + 0.5
    place = urlsplit(url).netloc
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [pool.submit(ask, place, begin + i / rate, signed) for i, signed in enumerate(every)]
        json.dump([each.result() for each in asked], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
