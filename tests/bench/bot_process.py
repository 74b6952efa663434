"""The bot alone in a process, with its settings from the environment: prints its address, ends with its input."""

from __future__ import annotations

import sys

from infra.local.serving import Served

if __name__ == "__main__":
    served = Served("bot")
    sys.stdout.write(f"{served.url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    served.stop()
