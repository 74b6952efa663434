"""Functions that die in the middle of an invocation, for the page's fault of that name.

In one process with everything else there is nothing to send SIGKILL to; what an invocation's thread can be given is an
exception that no handler catches, at whatever line it is. Whoever called hears no answer. (``inferops demo --chaos``
kills real processes.)
"""

from __future__ import annotations

import ctypes
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGEST = 0.08
"""Wall seconds into an invocation at the latest; one that is over by then dies before it can answer."""


class Mortality:
    """Which targets are to die. ``around`` wraps a target's app; ``doom`` ends its next invocation."""

    def __init__(self, seed: int = 0) -> None:
        self._doomed: Counter[str] = Counter()
        self._dice = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._lock = threading.Lock()

    def doom(self, target: str) -> None:
        """Let the target's next invocation die, and as many more as this is called."""
        with self._lock:
            self._doomed[target] += 1

    def around(self, target: str, app: Wsgi) -> Wsgi:
        """Return the app as a mortal one."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not self._strikes(target):
                return app(environ, start_response)
            blow = _Blow(threading.get_ident())
            threading.Timer(self._dice.uniform(0, LONGEST), blow.fall).start()
            try:
                app(environ, start_response)
                raise SystemExit
            finally:
                blow.avert()

        return answer

    def _strikes(self, target: str) -> bool:
        with self._lock:
            if self._doomed[target] <= 0:
                return False
            self._doomed[target] -= 1
            return True


class _Blow:
    """Falls on one thread, unless it is averted before: the thread's id may be another's afterwards."""

    def __init__(self, thread: int) -> None:
        self._thread = thread
        self._averted = False
        self._lock = threading.Lock()

    def fall(self) -> None:
        with self._lock:
            if not self._averted:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(SystemExit))

    def avert(self) -> None:
        with self._lock:
            self._averted = True
