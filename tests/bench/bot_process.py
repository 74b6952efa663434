"""The bot alone in a process, with its settings from the environment: prints its address, ends with its input."""

from __future__ import annotations

import sys

from infra.local.serving import ROOT, Served

if __name__ == "__main__":
    served = Served("bot", ROOT / "bot" / "main.py", "http")
    sys.stdout.write(f"{served.url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    served.stop()
