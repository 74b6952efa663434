"""`inferops up` on the command line: starts the try-out, says where it is, and ends it cleanly."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from infra.local.up import TryOut

PORT, SPEED, AT_ONCE = 8765, 60.0, "max"
_HELD = "port {port} is held by {holder}: end that first, or choose another with --port (0 takes any free one)"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    up = commands.add_parser("up", help="a Slack and a cloud to try it in, on a page of this machine")
    up.add_argument(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"where the page is; the wires take the ports after it; 0 takes any free ones (default {PORT})",
    )
    up.add_argument(
        "--speed",
        type=_speed,
        default=SPEED,
        metavar="X",
        help=f"virtual seconds a second, or {AT_ONCE} for as fast as it can (default {SPEED:g})",
    )
    up.add_argument("--seed", type=int, default=0, help="what chance follows: durations, names (default 0)")
    up.add_argument(
        "--emulators", action="store_true", help="use Google's Pub/Sub and Firestore emulators (needs java and gcloud)"
    )
    up.add_argument("--keep", type=Path, metavar="DIR", help="keep the state there, and go on from it the next time")
    up.add_argument("--socket-mode", action="store_true", help="let the bot connect to Slack by WebSocket")
    up.add_argument("--json", action="store_true", help="say where everything is as one JSON, and nothing else")


def _port(text: str) -> int:
    port = int(text) if text.isdigit() else -1
    if port and not 1024 <= port <= 65_000:  # noqa: PLR2004 - what anybody may listen on, with some left after it
        raise argparse.ArgumentTypeError(f"{text} is no port to listen on: 0 for any that are free, or 1024 to 65000")
    return port


def _speed(text: str) -> float | None:
    if text == AT_ONCE:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 100_000:  # noqa: PLR2004 - more than a day a second
        raise argparse.ArgumentTypeError(f"{text} is no speed: virtual seconds a second, such as 60, or {AT_ONCE}")
    return speed


def run(chosen: argparse.Namespace) -> int:
    """Start, stay until Ctrl-C, stop; return the exit code."""
    from infra.local.emulators import why_not  # noqa: PLC0415 - only what this command needs

    if chosen.emulators and (reason := why_not()):
        return _fail(f"the emulators cannot run here: {reason}. Without --emulators nothing is needed.")
    if chosen.emulators and chosen.keep:
        return _fail("--keep needs the embedded Pub/Sub and Firestore, for Google's emulators forget: leave one out.")
    if not chosen.json:
        _say("Starting a cloud, a Slack and inferops on this machine …")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # else its core speaks when connections end
    begun = time.monotonic()
    from infra.local.cloud.keeping import NotKeptError  # noqa: PLC0415 - a whole cloud, for this command only
    from infra.local.cloud.server import PortTakenError  # noqa: PLC0415
    from infra.local.up import TryOut, Wishes  # noqa: PLC0415

    wishes = Wishes(
        chosen.port, chosen.speed, chosen.seed, chosen.emulators, chosen.keep, socket_mode=chosen.socket_mode
    )
    try:
        tryout = TryOut(wishes)
        tryout.start()
    except PortTakenError as taken:
        return _fail(_HELD.format(port=taken.port, holder=holder(taken.port)), code=1)
    except NotKeptError as error:
        return _fail(str(error), code=1)
    _until_interrupted(tryout)
    _greet(tryout, time.monotonic() - begun, as_json=chosen.json)
    tryout.run(lambda said: _say(said, sys.stderr))
    return _leave(tryout, quiet=chosen.json)


def _until_interrupted(tryout: TryOut) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        tryout.end()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _greet(tryout: TryOut, seconds: float, *, as_json: bool) -> None:
    if as_json:
        _say(json.dumps({"url": tryout.url, "endpoints": tryout.cloud.endpoints, "seconds": round(seconds, 2)}))
        return
    seed = tryout.cloud.world.seed
    went_on = f" It goes on from {tryout.wishes.keep}, with its seed {seed}." if tryout.restored else ""
    _say(f"inferops is up after {seconds:.1f} s.{went_on}\n\n    {tryout.url}\n")
    _say("Open that page, and type: /infer deploy llama3-8b us-east4,europe-west3")
    _say("Its Wire pane says where gcloud, kubectl and Slack's own client can connect. Ctrl-C ends it.")


def _leave(tryout: TryOut, *, quiet: bool) -> int:
    from infra.local.cloud.keeping import NotKeptError  # noqa: PLC0415 - loaded by now

    if not quiet:
        _say("\nStopping …")
    try:
        tryout.stop()
    except NotKeptError as error:
        return _fail(str(error), code=1)
    if not quiet:
        _say(f"Stopped; the state is kept in {tryout.wishes.keep}." if tryout.wishes.keep else "Stopped.")
    return 0


def holder(port: int) -> str:
    """Return who listens on a port of this machine, as far as this user may know."""
    import psutil  # noqa: PLC0415 - asked for in trouble only

    for process in psutil.process_iter(["pid", "cmdline", "create_time"]):
        try:
            found = process.net_connections("tcp")
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found):
            since = time.strftime("%H:%M", time.localtime(process.info["create_time"]))
            return f"process {process.info['pid']}, {' '.join(process.info['cmdline'])[:120]}, which runs since {since}"
    return "a process of another user"


def _say(text: str, where: TextIO | None = None) -> None:
    (where or sys.stdout).write(f"{text}\n")
    (where or sys.stdout).flush()


def _fail(why: str, code: int = 2) -> int:
    _say(why, sys.stderr)
    return code
