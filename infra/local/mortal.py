"""Functions that die in the middle of an invocation, for the page's fault of that name.

In one process with everything else there is nothing to send SIGKILL to. What an invocation gets instead is an
exception that no handler catches, at whatever line of the product's own code it has reached by then; never inside a
library, which may hold a lock that others need. Whoever called hears no answer. (``inferops demo --chaos`` kills real
processes.)
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGEST = 0.08
"""Wall seconds into an invocation at the latest; one that is over by then dies before it can answer."""
_OURS = tuple(str(Path(__file__).parents[2] / top) for top in ("bot", "functions", "shared"))


class Mortality:
    """Which targets are to die. ``around`` wraps a target's app."""

    def __init__(self, seed: int = 0) -> None:
        self.doomed: Counter[str] = Counter()
        """Target -> how many of its next invocations die."""
        self._dice = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._lock = threading.Lock()

    def around(self, target: str, app: Wsgi) -> Wsgi:
        """Return the app as a mortal one."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not self._strikes(target):
                return app(environ, start_response)
            sys.settrace(_death(time.monotonic() + self._dice.uniform(0, LONGEST)))
            try:
                app(environ, start_response)
            finally:
                sys.settrace(None)
            raise SystemExit

        return answer

    def _strikes(self, target: str) -> bool:
        with self._lock:
            if self.doomed[target] <= 0:
                return False
            self.doomed[target] -= 1
            return True


def _death(at: float) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function, of one thread alone, that ends it at the first line of ours after that time."""

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        if time.monotonic() >= at:
            raise SystemExit
        return trace

    return trace
