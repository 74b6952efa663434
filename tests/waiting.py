"""How tests wait for what another thread brings about: long enough for a slow machine, no longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud.server import Server
from infra.local.cloud.world import World

PATIENCE = 120.0
"""Wall seconds after which a thing is taken for one that will never come."""


def eventually(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Look until there is something to see, and return it."""
    end = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > end:
            pytest.fail(f"not seen within {patience:.0f} s")
        time.sleep(0.005)
    return found


def let_pass(server: Server, world: World, virtual: timedelta) -> None:
    """Let virtual time go on, with all that is due in it."""
    until = world.now + virtual
    server.run(lambda: world.at(until, lambda: None))
    eventually(lambda: world.now >= until)
