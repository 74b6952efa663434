"""A process per target of the product, each of which may be killed at any moment: the next one stands there at once.

A fork server loads everything once and forks an instance per target. The ports stay open in the fork server itself, so
that whoever calls between two instances waits for the next one, as Cloud Run lets callers wait while one starts.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

from infra.local.serving import TARGETS, Apart, Listening

_PACKAGES = ("functions", "bot", "shared")
_SDKS = (
    "google.cloud.artifactregistry_v1",
    "google.cloud.compute_v1",
    "google.cloud.container_v1",
    "google.cloud.firestore",
    "google.cloud.gkehub_v1",
    "google.cloud.secretmanager_v1",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
    "google.pubsub_v1.services.publisher",
    "kubernetes.client",
    "slack_bolt",
    "slack_sdk",
)
"""What the product imports at first use: loaded here once instead of by every new instance."""


class Instances(Apart):
    """The fork server's handle: it knows each instance by its process id, and kills by that alone."""

    def __init__(self) -> None:
        super().__init__("infra.local.chaos_instances")
        self._pids: dict[str, int] = {}

    def serve(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Start an instance of every target; return target -> where it listens. Raises OSError if it cannot."""
        told = self._ask(dict(environment))
        self._pids = told["pids"]
        urls: dict[str, str] = told["urls"]
        return urls

    def kill(self, target: str) -> None:
        """End this target's instance on the spot, without a last word; return when the next one has been started.

        Raises OSError where the fork server itself is gone.
        """
        # Until the fork server has been told, its dead child keeps the id: it cannot be somebody else's by now.
        os.kill(self._pids[target], signal.SIGKILL)
        self._pids[target] = self._ask(target)


class _ForkServer:
    """The fork server's own side: the open ports, and the instance behind each."""

    def __init__(self) -> None:
        self.listening = {target: Listening(target) for target in TARGETS}
        self.pids: dict[str, int] = {}
        self._alive, self._mine = os.pipe()
        """Nothing is ever written: an instance that finds it closed knows that the fork server is gone."""

    def start(self, target: str) -> int:
        """Fork an instance; return its process id."""
        pid = os.fork()
        if pid == 0:
            self._become(target)
        self.pids[target] = pid
        return pid

    def replace(self, target: str) -> int:
        """Reap an instance that was killed, and start the next one."""
        os.waitpid(self.pids[target], 0)
        return self.start(target)

    def end(self) -> None:
        """End every instance."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _become(self, target: str) -> None:
        """Be an instance from here on: never returns."""
        os.close(self._mine)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        for name, other in self.listening.items():
            if name != target:
                other.close()
        threading.Thread(target=self._watch, daemon=True).start()
        self.listening[target].answer()
        os._exit(0)

    def _watch(self) -> None:
        os.read(self._alive, 1)
        os._exit(1)


def _load() -> None:
    """Load what instances need. Clients are not made: a channel of gRPC does not survive a fork."""
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith(".main"):
                importlib.import_module(found.name)
    for name in _SDKS:
        importlib.import_module(name)


def main() -> None:
    """Start all instances by the settings on the first line of the input; then replace whom each line names."""
    _load()
    server = _ForkServer()
    if threading.active_count() > 1:
        raise RuntimeError("threads do not survive a fork: something loaded has started one")
    if not (settings := sys.stdin.readline()):
        return
    os.environ.update(json.loads(settings))
    try:
        pids = {target: server.start(target) for target in TARGETS}
        _say({"urls": {name: each.url for name, each in server.listening.items()}, "pids": pids})
        for line in sys.stdin:
            _say(server.replace(json.loads(line)))
    finally:
        server.end()


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
