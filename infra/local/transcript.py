"""How the story looks while it is told: live with a moving line on a terminal, plain lines anywhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from infra.local.host import Host
from infra.local.story import Check, Listener, Story

_LONGEST = 160
_DATE = re.compile(r"<!date\^\d+\^[^|]*\|([^>]*)>")


class Transcript:
    """Prints what people say and see. ``quiet`` prints nothing: only the JSON at the end counts."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._out = Console(file=sys.stdout, quiet=quiet, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._host: Host | None = None
        self._seen = 0

    @contextmanager
    def hearing(self, host: Host) -> Iterator[Listener]:
        """Return who is to hear the story on this host."""
        self._host, self._seen = host, len(host.people.transcript())
        if not self._out.is_terminal:
            yield Listener(self._step, self._check, self._progress, self.say)
            return
        with self._out.status("") as self._status:
            yield Listener(self._step, self._check, self._progress, self.say)

    def sum_up(self, story: Story, virtual: timedelta, wall: float) -> None:
        """Print how it ended."""
        self._slack()
        good = sum(check.passed for check in story.checks)
        self._out.print()
        for step in story.steps:
            self._out.print(
                f"  {_minutes(step.virtual):>9} of the cloud's time, {step.wall:5.1f} s: {escape(step.title)}"
            )
        word = "[bold green]passed[/]" if story.passed else "[bold red]FAILED[/]"
        self._out.print(
            f"\n{word}: {good} of {len(story.checks)} checks; "
            f"{_minutes(virtual)} of the cloud's time in {wall:.1f} s of ours"
        )

    def say(self, text: str) -> None:
        """Print a line."""
        self._out.print(escape(text))

    def _step(self, title: str) -> None:
        self._slack()
        self._out.print(f"\n[bold]{escape(title)}[/]")

    def _check(self, check: Check) -> None:
        self._slack()
        mark = "[green]ok[/]  " if check.passed else "[red]FAIL[/]"
        shown = _short(check.evidence) if check.passed else check.evidence
        self._out.print(f"  {mark} {escape(check.name)}: [dim]{escape(shown)}[/]")

    def _progress(self, card: str) -> None:
        lines = [line for line in card.split("\n") if line.startswith("*")]
        said = [line for line in lines if "places as wanted" in line or "In progress" in line or "needed" in line]
        now = self._host.cloud.world.now if self._host else None
        text = _short(" ".join([f"{now:%H:%M:%S}", *said]) if said else card.split("\n", maxsplit=1)[0])
        if self._status:
            self._status.update(escape(text))

    def _slack(self) -> None:
        """Print what was newly said in Slack, one line for each; edits of cards are shown as progress only."""
        if self._host is None:
            return
        every = self._host.people.transcript()
        for line in every[self._seen :]:
            if " (edited): " not in line:
                self._out.print(f"  [cyan]{escape(_short(line))}[/]")
        self._seen = len(every)


def _short(text: str) -> str:
    line = " | ".join(part for part in _DATE.sub(r"\1", text).split("\n") if part)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - an hour
