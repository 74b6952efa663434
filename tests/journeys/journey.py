"""A person's way through a running try-out, in the steps that the journeys share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.local.cloud.durations import SECONDS
from infra.local.host import POLICY, Host
from infra.local.sights import Sights

ASKER, APPROVER = "ana", "ben"
FASTER = 0.25
"""Share of their usual time that the cloud's operations take where a journey is not about time: fewer rounds."""


class Journey:
    """One host with its people and what can be seen of its cloud."""

    def __init__(self, host: Host) -> None:
        self.host, self.cloud, self.people = host, host.cloud, host.people
        self.sights = Sights(host.cloud)

    def propose(self, text: str) -> str:
        """Type ``/infer text``; return the proposal whose card then stands in the channel."""
        proposal = self.people.proposal_in(self.people.say(ASKER, f"/infer {text}"))
        self.until(lambda: bool(self.people.card(proposal)), f"the card of {text}")
        return proposal

    def approve(self, proposal: str) -> str:
        self.people.click(APPROVER, "approve", proposal)
        self.until(lambda: proposal in self.host.documents("decisions"), f"the decision on {proposal}")
        return proposal

    def do(self, text: str) -> str:
        """Ask, approve, and wait until the card says that it is done."""
        proposal = self.approve(self.propose(text))
        self.card_says(proposal, "Done", "Deleted")
        return proposal

    def card_says(self, proposal: str, *words: str, limit: timedelta = timedelta(hours=4)) -> str:
        """Wait until the card begins with, or contains, one of these; return the card."""
        self.until(lambda: any(word in self.people.card(proposal) for word in words), f"{words} on the card", limit)
        return self.people.card(proposal)

    def until(self, seen: Callable[[], bool], what: str, limit: timedelta = timedelta(hours=4)) -> None:
        if not self.host.wait(seen, limit):
            raise AssertionError(f"not seen: {what}\n{self.why()}")

    def later(self, **units: float) -> None:
        """Let so much of the cloud's time pass."""
        over = threading.Event()
        self.cloud.server.run(lambda: self.cloud.world.after(timedelta(**units), over.set))
        assert self.host.wait(over.is_set), "time stands still"

    def fault(self, change: Callable[[Any], object]) -> None:
        """Change the world's faults inside its loop."""
        self.cloud.server.run(lambda: change(self.cloud.world.faults))

    def condition(self, unit: str, kind: str) -> dict[str, Any]:
        status = self.host.documents("statuses").get(unit, {})
        return next((c for c in status.get("conditions", ()) if c["type"] == kind), {})

    def operations(self) -> list[tuple[str, str]]:
        """Return (type, how it ended) of GKE's operations, oldest first."""
        works = self.cloud.server.run(lambda: list(self.cloud.gke.ledger.works.values()))
        return [(work.kind, work.failure.status if work.failure else "OK") for work in works if work.ended]

    def why(self) -> str:
        lines = [f"{self.cloud.world.now:%H:%M:%S}"]
        for unit, status in self.host.documents("statuses").items():
            said = [f"{c['type']} {c['status']} {c['reason']} {c['message']}" for c in status["conditions"]]
            lines.append(f"{unit}: {'; '.join(said)}")
        return "\n".join(lines)


@contextmanager
def travelling(*, quick: bool = True, policy: Path = POLICY, **settings: Any) -> Iterator[Journey]:
    """Run a host for as long as the block lasts."""
    with Host(policy=policy, **settings) as host:
        journey = Journey(host)
        if quick:
            journey.fault(lambda faults: faults.slow.update(dict.fromkeys(SECONDS, FASTER)))
        yield journey
        assert journey.cloud.world.mishaps == []
