"""`inferops` on the command line: the story without hands, plans and manifests without any service, and replays."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from infra.local import replay_command, starting

if TYPE_CHECKING:
    from infra.local.host import Host
    from infra.local.story import Story

USAGE = """\
examples:
  inferops up                       a Slack and a cloud of your own, on a page of this machine
  inferops demo                     the whole story on this machine, nothing needed: no account, no network
  inferops demo --json --seed 7     the same with other chances, as one JSON for a machine to read
  inferops demo --story saturation  an incident at night, from the alert to the card that says resolved
  inferops demo --chaos --seed 7    the same while processes are killed, messages doubled and answers lost
  inferops plan deploy llama3-8b us-east4,europe-west3
                                    what would be built and what it costs, at list prices
  inferops render deploy llama3-8b us-east4 -o out/
                                    the Kubernetes objects of it, one file each
  inferops replay                   a week of load under several policies, and what each was worth
"""


STORIES = ("saturation", "both-hot", "prefill", "bad-release", "blind", "storm", "timeout")
"""Beside the usual one: those of incidents."""
PLACEHOLDERS = (
    "replace PROJECT and 000000000000 by your project's id and number, and do what the notes in the files say."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0 if all went well, 1 if not, 2 for a mistake in the words."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    _keep_proxies_out()
    run = {"up": starting.run, "demo": _demo, "plan": _plan, "render": _render, "replay": replay_command.run}[
        chosen.command
    ]
    try:
        return run(chosen)
    except KeyboardInterrupt:
        _say("Interrupted.", sys.stderr)
        return 130


def _keep_proxies_out() -> None:
    """Let nothing that is asked of this machine itself go by a proxy that the environment names."""
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        before = os.environ.get(name, "")
        if name in os.environ or name != "no_grpc_proxy":  # gRPC asks for its own first, and then for no other
            os.environ[name] = ",".join(filter(None, [before, "127.0.0.1", "localhost"]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="inferops",
        description="ChatOps for LLM inference on Google Kubernetes Engine, tried out on one machine.",
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    starting.add(commands)
    demo = commands.add_parser("demo", help="tell the whole story, and check each part of it")
    demo.add_argument("--json", action="store_true", help="print one JSON with steps, timings and checks, nothing else")
    demo.add_argument("--seed", type=int, default=0, help="what chance follows: durations, names (default 0)")
    demo.add_argument("--keep-going", action="store_true", help="go on after a check that failed")
    ways = demo.add_mutually_exclusive_group()
    ways.add_argument(
        "--emulators", action="store_true", help="use Google's Pub/Sub and Firestore emulators (needs java and gcloud)"
    )
    ways.add_argument("--story", choices=STORIES, metavar="STORY", help=f"another story: {', '.join(STORIES)}")
    ways.add_argument(
        "--chaos", action="store_true", help="kill functions and bot as they work, double, delay and lose; then judge"
    )
    plan = commands.add_parser("plan", help="show the plan of a deploy, offline")
    replay_command.add(commands)
    render = commands.add_parser("render", help="write the Kubernetes objects of a deploy, offline")
    for each, more in ((plan, ""), (render, "; and -o DIR: the folder to write into")):
        what = f"the command as in Slack, such as: deploy llama3-8b us-east4{more}"
        if each is render:
            each.add_argument("-o", "--out", metavar="DIR", help="the folder to write into; new or empty")
        each.add_argument("words", nargs=argparse.REMAINDER, metavar="deploy MODEL REGIONS …", help=what)
    return parser


def _demo(chosen: argparse.Namespace) -> int:
    from infra.local.emulators import why_not  # noqa: PLC0415 - only what this command needs

    if chosen.emulators and (reason := why_not()):
        _say(f"the emulators cannot run here: {reason}. Without --emulators nothing is needed.", sys.stderr)
        return 2
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # else its core speaks into the story when connections end
    begun, (stage, how) = time.monotonic(), _stage(chosen)
    from infra.local.story import StoppedError  # noqa: PLC0415 - only what this command needs
    from infra.local.transcript import Transcript  # noqa: PLC0415

    transcript = Transcript(quiet=chosen.json)
    transcript.say("Starting a cloud, a Slack and inferops on this machine …")
    with stage as host, transcript.hearing(host) as listener:
        story, since = how(host, listener, keep_going=chosen.keep_going), host.cloud.world.now
        try:
            story.tell()
        except StoppedError as stopped:
            _say(f"stopped: {stopped}", sys.stderr)
        virtual, wall = host.cloud.world.now - since, time.monotonic() - begun
        transcript.sum_up(story, virtual, wall)
    if chosen.json:
        _say(json.dumps(_as_json(story, chosen.seed, virtual.total_seconds(), wall), indent=2))
    return 0 if story.passed else 1


def _stage(chosen: argparse.Namespace) -> tuple[Host, type[Story]]:
    """Return where the story is told, and how. The product's own process starts while this one is still loading."""
    if chosen.chaos:
        from infra.local.chaos_instances import Instances  # noqa: PLC0415 - only what this command needs

        instances = Instances()
        from infra.local.chaos import RoughHost  # noqa: PLC0415
        from infra.local.chaos_story import RoughStory  # noqa: PLC0415

        return RoughHost(chosen.seed, instances), RoughStory
    from infra.local.serving import Apart  # noqa: PLC0415

    apart = Apart()
    from infra.local.host import Host  # noqa: PLC0415 - a whole cloud, for this command only
    from infra.local.incident_stories import STORIES as TOLD  # noqa: PLC0415
    from infra.local.story import Story  # noqa: PLC0415

    if chosen.story:
        return Host(chosen.seed, apart=apart), TOLD[chosen.story]
    return Host(chosen.seed, emulators=chosen.emulators, apart=apart), Story


def _as_json(story: Any, seed: int, virtual: float, wall: float) -> dict[str, Any]:
    steps = [
        {"title": s.title, "virtual_s": s.virtual.total_seconds(), "wall_s": round(s.wall, 2)} for s in story.steps
    ]
    checks = [{"name": c.name, "passed": c.passed, "evidence": c.evidence} for c in story.checks]
    head = {"passed": story.passed, "seed": seed, "virtual_s": virtual, "wall_s": round(wall, 2)}
    return {**head, "steps": steps, "checks": checks, **story.more()}


def _plan(chosen: argparse.Namespace) -> int:
    from infra.local.offline import RefusedError, plan  # noqa: PLC0415 - as above

    try:
        _say(plan(" ".join(chosen.words)))
    except RefusedError as refused:
        _say(str(refused), sys.stderr)
        return 2
    return 0


def _render(chosen: argparse.Namespace) -> int:
    from infra.local.offline import RefusedError, manifests  # noqa: PLC0415 - as above

    words, after = _without_folder(chosen.words)
    if not (folder := after or chosen.out):
        _say("say where to write: inferops render deploy MODEL REGIONS -o DIR", sys.stderr)
        return 2
    try:
        files = manifests(" ".join(words))
    except RefusedError as refused:
        _say(str(refused), sys.stderr)
        return 2
    try:
        _write(files, Path(folder))
    except OSError as error:
        _say(f"cannot write into {folder}: {error.strerror or error}; name a new or an empty folder", sys.stderr)
        return 1
    _say(f"{len(files)} files in {folder}. Before you apply them: {PLACEHOLDERS}")
    return 0


def _write(files: Mapping[str, str], folder: Path) -> None:
    """Write into a folder that holds nothing else: what an older render left there would be applied with it."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise OSError(errno.ENOTEMPTY, "it is not empty")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _say(text: str, where: TextIO | None = None) -> None:
    (where or sys.stdout).write(f"{text}\n")


def _without_folder(words: Sequence[str]) -> tuple[list[str], str]:
    """Take ``-o DIR`` out of the words: argparse leaves options to the command's own grammar."""
    left = list(words)
    for option in ("-o", "--out"):
        if option in left[:-1]:
            at = left.index(option)
            return left[:at] + left[at + 2 :], left[at + 1]
    return left, ""


if __name__ == "__main__":
    sys.exit(main())
