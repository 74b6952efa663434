"""The whole story, told without hands: a deployment comes, is changed, and goes, beside another one that stays.

Each step is done as people do it, in Slack; each check is an observation with its evidence, most of them of the cloud
itself and not of what the product says about it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local.host import Host
from infra.local.sights import Sights

FIRST, MODEL = "gemma-2-9b", "llama3-8b"
REGIONS = ("us-east4", "europe-west3")
SETTLE = timedelta(minutes=30)
"""Longer than machines stand idle before they are given back, and than anything gone is still watched for."""
REQUESTER, APPROVER = "ana", "ben"


@dataclass(frozen=True)
class Check:
    """One observation: what was to be seen, whether it was, and what was seen."""

    name: str
    passed: bool
    evidence: str


@dataclass(frozen=True)
class Step:
    """One part of the story with how long it took."""

    title: str
    virtual: timedelta
    wall: float


@dataclass
class Listener:
    """Who hears the story while it is told. What is not set is not heard."""

    on_step: Callable[[str], None] = lambda _: None
    on_check: Callable[[Check], None] = lambda _: None
    on_progress: Callable[[str], None] = lambda _: None
    on_event: Callable[[str], None] = lambda _: None
    """Anything else worth a line; may be called by any thread."""


class StoppedError(Exception):
    """A check failed, so the rest would mean nothing."""


@dataclass
class Story:
    """Tells the story on a running host. ``steps`` and ``checks`` fill up meanwhile."""

    host: Host
    listener: Listener = field(default_factory=Listener)
    keep_going: bool = False
    steps: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._people, self._sights = self.host.people, Sights(self.host.cloud)

    @property
    def passed(self) -> bool:
        """Whether everything was observed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def tell(self) -> None:
        """Tell all of it. Raises StoppedError at the first failed check, unless it is to keep going."""
        with self._step(f"Before: {FIRST} is deployed in {REGIONS[1]}"):
            self._change(f"deploy {FIRST} {REGIONS[1]} --replicas 1", self._serves(FIRST, 1))
            before = self._snapshot()
        with self._step(f"{REQUESTER} asks for {MODEL} in two regions"):
            proposal = self._asked(f"deploy {MODEL} {','.join(REGIONS)}")
            self._plan_card(proposal)
        with self._step(f"{REQUESTER}'s own approval does not count"):
            self._own_approval(proposal)
        with self._step(f"{APPROVER} approves; both regions are built"):
            self._approved(proposal, f"Done: {MODEL}")
            self._regions_ready()
            self._check(*self._serves(MODEL, len(REGIONS))())
        self._changes()
        with self._step(f"{MODEL} is deleted"):
            self._change(f"delete {MODEL}", self._gone, "Deleted")
            self._same_as(before)
            self._check(*self._serves(FIRST, 1)())
            broken = self.host.cloud.world.mishaps
            self._check("nothing broke inside the cloud itself", not broken, "\n".join(broken) or "no mishap")

    def more(self) -> dict[str, Any]:
        """Return what a machine should read beside steps and checks."""
        return {}

    def _changes(self) -> None:
        with self._step("One replica more"):
            self._change(f"scale {MODEL} {REGIONS[0]} +1", lambda: self._replicas("4/4"))
        first = self._sights.utilisation(MODEL)
        with self._step("Traffic spills earlier"):
            self._change(f"balance {MODEL} 55", lambda: self._balanced(55))
        with self._step("That is undone"):
            self._change(f"undo {MODEL}", lambda: self._as_before(first))

    # Doing -----------------------------------------------------------------------------------------------

    def _asked(self, text: str) -> str:
        """Type the command and wait for the card; return the proposal's id."""
        answer = self._people.say(REQUESTER, f"/infer {text}")
        proposal = self._people.proposal_in(answer)
        shown = self.host.wait(lambda: bool(self._people.card(proposal)), timedelta(minutes=10))
        self._check(f"the plan of `{text}` is shown", shown, f"card of {proposal}")
        return proposal

    def _change(self, text: str, seen: Callable[[], tuple[str, bool, str]], word: str = "Done") -> None:
        self._approved(self._asked(text), word)
        self._check(*seen())

    def _approved(self, proposal: str, word: str) -> None:
        """Approve by the second person and wait for the end, noting the cards in between."""
        self._people.click(APPROVER, "approve", proposal)
        texts: dict[str, None] = {}

        def ended() -> bool:
            card = self._people.card(proposal)
            if card not in texts:
                texts[card] = None
                self.listener.on_progress(card)
            return card.startswith(word)

        done = self.host.wait(ended)
        self._check(f"the card says {word!r}", done, list(texts)[-1].split("\n")[0])
        if word.endswith(MODEL):
            moved = [text for text in texts if "places as wanted" in text]
            self._check("the card shows progress", len(moved) > 1, f"{len(moved)} states of the card before the end")

    def _own_approval(self, proposal: str) -> None:
        told = len(self._people.told(REQUESTER))
        self._people.click(REQUESTER, "approve", proposal)
        self.host.wait(lambda: len(self._people.told(REQUESTER)) > told, timedelta(minutes=5))
        refusal = "\n".join(self._people.told(REQUESTER)[told:])
        ruled = "requester excluded" in refusal
        self._check("the refusal names its rule, privately", ruled, refusal or "nothing was told")
        decided = proposal in self.host.documents("decisions")
        self._check("nothing was applied", not decided, f"decision on {proposal}: {decided}")

    def _snapshot(self) -> dict[str, Any]:
        end = self.host.cloud.world.now + SETTLE
        self.host.wait(lambda: self.host.cloud.world.now >= end)
        return self.host.cloud.snapshot()

    # Seeing ----------------------------------------------------------------------------------------------

    def _plan_card(self, proposal: str) -> None:
        card = self._people.card(proposal)
        for name, word in (("the cost", "Cost per hour"), ("a quota finding", "GPUS in"), ("an ETA", "Takes:")):
            line = next((line for line in card.split("\n") if word in line), "")
            self._check(f"the plan shows {name}", bool(line), line or card)

    def _serves(self, name: str, regions: int) -> Callable[[], tuple[str, bool, str]]:
        def look() -> tuple[str, bool, str]:
            replies = {address: self._sights.ask(address, name) for address in self._sights.addresses(name)}
            answered = [address for address, reply in replies.items() if reply.status == 200]  # noqa: PLR2004 - HTTP: OK
            evidence = "; ".join(f"{a}: {reply.status} {_choice(reply.text)}" for a, reply in replies.items())
            return f"{name} answers at {regions} address(es)", len(answered) == regions, evidence or "no address"

        return look

    def _regions_ready(self) -> None:
        ready = self._sights.ready(MODEL)
        whole = set(ready) == set(REGIONS) and all(_is_whole(count) for count in ready.values())
        self._check("model servers are ready in both regions", whole, json.dumps(ready))
        statuses = self.host.documents("statuses")
        said = {region: _ready_of(statuses.get(f"{MODEL}@{region}", {})) for region in REGIONS}
        self._check("both regions are Ready", set(said.values()) == {"True"}, json.dumps(said))
        jobs = [region for region, job in self._sights.objects("Job.batch", f"infer-{MODEL}") if _succeeded(job)]
        self._check("the smoke test passed in both regions", set(jobs) == set(REGIONS), f"jobs in {sorted(jobs)}")

    def _replicas(self, wanted: str) -> tuple[str, bool, str]:
        ready = self._sights.ready(MODEL)
        return f"{REGIONS[0]} serves with {wanted}", ready.get(REGIONS[0]) == wanted, json.dumps(ready)

    def _balanced(self, percent: int, name: str = MODEL) -> tuple[str, bool, str]:
        found = self._sights.utilisation(name)
        seen = any(f'"maxUtilizationPercent": {percent}' in text for text in found)
        return f"the backends spill over at {percent} %", seen, "; ".join(found)

    def _as_before(self, first: list[str]) -> tuple[str, bool, str]:
        found = self._sights.utilisation(MODEL)
        return "the balancing is as before", found == first, "; ".join(found)

    def _gone(self) -> tuple[str, bool, str]:
        left = sorted(self._sights.ready(MODEL))
        return f"nothing of {MODEL} runs", not left, f"regions left: {left}"

    def _same_as(self, before: dict[str, Any]) -> None:
        after = self._snapshot()
        moved = sorted(differences(before, after))
        evidence = "; ".join(moved[:5]) or f"{len(json.dumps(after)):,} characters of state, equal"
        self._check("the world is as it was before", not moved, evidence)

    def _check(self, name: str, passed: object, evidence: str) -> None:
        check = Check(name, bool(passed), evidence)
        self.checks.append(check)
        self.listener.on_check(check)
        if not check.passed and not self.keep_going:
            raise StoppedError(name)

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self.listener.on_step(title)
        begun: tuple[datetime, float] = (self.host.cloud.world.now, time.monotonic())
        try:
            yield
        finally:
            self.steps.append(Step(title, self.host.cloud.world.now - begun[0], time.monotonic() - begun[1]))


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Return the places where two plain values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}/{key}")
    elif before != after:
        yield path


def _choice(text: str) -> str:
    try:
        return str(json.loads(text)["choices"][0]["text"])
    except (ValueError, KeyError, IndexError):
        return text[:120]


def _is_whole(count: str) -> bool:
    ready, _, wanted = count.partition("/")
    return ready == wanted != "0"


def _succeeded(job: dict[str, Any]) -> bool:
    return any(c["type"] == "Complete" and c["status"] == "True" for c in job.get("status", {}).get("conditions", ()))


def _ready_of(status: dict[str, Any]) -> str:
    return next((str(c["status"]) for c in status.get("conditions", ()) if c["type"] == "Ready"), "unknown")
