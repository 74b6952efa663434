"""The story under chaos: told as ever, then left to come to rest, then judged. Its history is kept where it failed."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.chaos import Chaos, RoughHost
from infra.local.chaos_evidence import COLLECTIONS, gather, undelivered
from infra.local.chaos_judge import extra_posts, judge
from infra.local.chaos_plan import TARGETS
from infra.local.host import Host
from infra.local.story import Story

EXTRA = "extra posts"
DID_ALL = "chaos did all that it can do"
FAULTS = {"duplicate": "messages doubled", "late": "deliveries late", "answer_lost": "answers lost"}


@dataclass
class RoughStory(Story):
    """Tells the story while chaos strikes, on a RoughHost."""

    counts: dict[str, int] = field(default_factory=dict)
    """What went wrong, by kind."""
    history: str = ""
    """File with all that is known of a run that failed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.host, RoughHost):
            raise TypeError("chaos needs a host whose instances can be killed")
        self._rough = self.host
        self._chaos = Chaos(self.host, self.listener.on_event)

    def tell(self) -> None:
        """Tell all of it, and judge. Raises StoppedError as the story does; the history of what failed is kept."""
        ended = False
        try:
            with self._chaos:
                super().tell()
            with self._step("Chaos ends; all comes to rest, and is judged"):
                self._judge()
            ended = True
        finally:
            self.counts = {**self._met(), **self.counts}
            if not (ended and self.passed):
                self.history = str(self._keep())
                self.listener.on_event(f"\nWhat was done, what Slack showed and what was stored: {self.history}")

    def more(self) -> dict[str, Any]:
        """Return the counts, every kill, and where the history is if the run failed."""
        kills = [str(kill) for kill in self._chaos.kills]
        return {"chaos": {"counts": self.counts, "kills": kills, "history": self.history}}

    def _judge(self) -> None:
        rested = self.host.wait(lambda: at_rest(self.host))
        self._check("all comes to rest", rested, "no round, card, timer or message is due" if rested else "it does not")
        evidence = gather(self._rough, self._chaos)
        self.counts = {**self._met(), EXTRA: extra_posts(evidence)}
        for check in judge(evidence):
            self._check(check.name, check.passed, check.evidence)
        self.listener.on_event(f"\n{', '.join(f'{what} {count}' for what, count in self.counts.items())}")
        missing = [what for what, count in self.counts.items() if not count and what != EXTRA]
        self._check(DID_ALL, not missing, f"never: {', '.join(missing)}" if missing else "yes")

    def _met(self) -> dict[str, int]:
        kills, seen = Counter(kill.target for kill in self._chaos.kills), self.host.cloud.world.faults.seen
        return {
            **{f"killed {target}": kills[target] for target in TARGETS},
            "kills with work in flight": sum(kill.in_flight > 0 for kill in self._chaos.kills),
            "deliveries broken off": self._chaos.broken.total(),
            "clicks and commands broken off": len(self._rough.people.failures),
            **{what: seen[kind] for kind, what in FAULTS.items()},
            "calls that Slack put off": seen["rate_limited"],
        }

    def _keep(self) -> Path:
        """Write down all that is known of this run; return where."""
        folder = Path(tempfile.mkdtemp(prefix=f"inferops-chaos-{self.host.cloud.world.seed}-"))
        told = {
            "seed": self.host.cloud.world.seed,
            "checks": [[check.name, check.passed, check.evidence] for check in self.checks],
            "done to it": self._chaos.history,
            "people's failures": self._rough.people.failures,
            "slack": self.host.people.transcript(),
            "deliveries": dict(self.host.cloud.pubsub.counts),
            "timers": dict(self.host.cloud.tasks.counts),
            "mishaps of the cloud": self.host.cloud.world.mishaps,
            "documents": {name: self.host.documents(name) for name in (*COLLECTIONS, "audit")},
        }
        path = folder / "history.json"
        path.write_text(json.dumps(told, indent=1, default=str), encoding="utf-8")
        return path


def at_rest(host: Host) -> bool:
    """Say whether nothing is due: no round, no card, no timer, no message, no row of an outbox."""
    cloud = host.cloud
    queues: Any = cloud.server.run(cloud.tasks.snapshot)
    if any(queue["tasks"] for queue in queues.values()):
        return False
    if any(status["next_check_at"] for status in host.documents("statuses").values()):
        return False
    if host.documents("outbox") or any(card.get("due") for card in host.documents("cards").values()):
        return False
    return not undelivered(cloud)
