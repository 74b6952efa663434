"""Google's own Pub/Sub and Firestore emulators, as children of this process. Found through gcloud; Java runs them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from functools import cache
from pathlib import Path

HOST = "127.0.0.1"
READY_SECONDS = 30.0
_FIRESTORE = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


@cache
def why_not() -> str:
    """Say why the emulators cannot run here; empty where they can."""
    if shutil.which("java") is None:
        return "there is no java here"
    if shutil.which("gcloud") is None:
        return "there is no gcloud here, which brings the emulators"
    missing = [path for path in (_pubsub_jar(), _firestore_jar()) if path is None]
    return "gcloud lacks the components pubsub-emulator and cloud-firestore-emulator" if missing else ""


@cache
def _platform() -> Path:
    found = subprocess.run(
        ["gcloud", "info", "--format=value(installation.sdk_root)"],  # noqa: S607 - found on the path, as a user would
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Path(found.stdout.strip() or "/nonexistent") / "platform"


def _pubsub_jar() -> Path | None:
    found = _platform().glob("pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar")
    return next(found, None)


def _firestore_jar() -> Path | None:
    found = _platform() / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
    return found if found.is_file() else None


class Emulators:
    """Both emulators on free ports. ``pubsub`` and ``firestore`` are ``HOST:PORT`` once started."""

    def __init__(self) -> None:
        self.pubsub = self.firestore = ""
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both and wait until their ports answer. Raises RuntimeError where they cannot run."""
        if reason := why_not():
            raise RuntimeError(reason)
        ports = _free_port(), _free_port()
        self._run(["-Xmx256m", "-jar", str(_pubsub_jar()), f"--host={HOST}", f"--port={ports[0]}"])
        place = [f"--host={HOST}", f"--port={ports[1]}", "--database-mode=firestore-native"]
        self._run(["-Xmx512m", "-cp", str(_firestore_jar()), _FIRESTORE, "start", *place])
        for port in ports:
            _wait_for(port)
        self.pubsub, self.firestore = (f"{HOST}:{port}" for port in ports)

    def stop(self) -> None:
        """End both."""
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.wait(timeout=10)
        self._children.clear()

    def _run(self, arguments: list[str]) -> None:
        quiet = subprocess.DEVNULL
        # Java itself, not gcloud's wrapper: ending that one would leave its child running.
        self._children.append(subprocess.Popen(["java", *arguments], stdout=quiet, stderr=quiet))  # noqa: S603, S607 - as above


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"an emulator did not answer on port {port} within {READY_SECONDS:.0f} s")
