"""Where bad input is sent to: a small deployment, a deleted one, and proposals in every state that refuses a vote."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier

from infra.local.cloud.cloud import SIGNING_SECRET
from infra.local.host import POLICY
from shared.domain.codec import decode
from shared.domain.desired import Desired
from shared.domain.proposals import Decision, Proposal, Vote, state_of
from tests.journeys.bad_inputs import Sent
from tests.journeys.journey import Journey

QUICK_RULE = """rules:
  - name: balancing
    verbs: [balance]
    requesters: [operator]
    approvers: [approver]
    approve_within_hours: 0.25
    run_within_hours: 1
"""
"""A quarter of an hour, so that waiting for the end of a proposal's life takes few of the cloud's minutes."""
HEARD = "Heard: "
BEN, OPS = "U0BEN00001", "C0INFEROPS"
Told = tuple[str, str]
"""Who was told what."""


def write_policy(path: Path, more: str = "") -> None:
    """Write the try-out's policy with the quick rule before its own."""
    path.write_text(POLICY.read_text(encoding="utf-8").replace("rules:\n", QUICK_RULE) + more, encoding="utf-8")


class Stage:
    """The running try-out, the proposals on it, and what must not change."""

    def __init__(self, journey: Journey, policy: Path) -> None:
        self.journey, self.host, self.people, self.policy = journey, journey.host, journey.people, policy
        self.proposals: dict[str, str] = {}
        self._sent = 0

    def set_up(self) -> None:
        """Bring everything about that the rows are about, and let it come to rest."""
        self.journey.do("deploy qwen2.5-0.5b us-east4 as chat --replicas 1")
        self._made("moved", "deploy qwen2.5-0.5b us-east4 as other --replicas 1")
        self._made("stale", "scale chat us-east4 3")
        self.journey.approve(self.journey.propose("deploy qwen2.5-0.5b us-east4 as gone --replicas 1"))
        self.journey.do("delete gone")
        self.proposals["applied"] = self.journey.do("balance chat 65")
        self._made("rejected", "scale chat us-east4 4")
        self.people.click("ana", "reject", self.proposals["rejected"])
        self._made("open", "scale chat us-east4 2")
        self._made("plan", "plan scale chat us-east4 2")
        self._made("expired", "balance chat 70")
        self.rest(minutes=30)

    def _made(self, name: str, text: str) -> None:
        self.proposals[name] = self.journey.propose(text)

    def rest(self, **units: float) -> None:
        """Let exactly so much of the cloud's time pass."""
        world = self.journey.cloud.world
        self.journey.cloud.server.run(lambda: world.after(timedelta(**units), world.pause))
        if not self.host.wait(lambda: world.paused):
            raise AssertionError("time does not go on")

    # What must not change ----------------------------------------------------------------------------------------

    def record(self) -> dict[str, Any]:
        """Return the desired state, the proposals with their states, all that was decided, the channels, the cloud."""
        names = ("deployments", "platform", "proposals", "decisions", "votes")
        documents = {name: self.host.documents(name) for name in names}
        return {
            **documents,
            "states": self._states(documents),
            "channels": self.journey.cloud.server.run(self._channels),
            "cloud": self.journey.cloud.snapshot(),
        }

    def _states(self, documents: dict[str, dict[str, Any]]) -> dict[str, str]:
        now, decided = self.journey.cloud.world.now, documents["decisions"]
        desired = [decode(Desired, body) for name in ("deployments", "platform") for body in documents[name].values()]
        generations = {one.path: one.generation for one in desired}
        votes = [decode(Vote, body) for body in documents["votes"].values()]
        states = {}
        for name, body in documents["proposals"].items():
            proposal, decision = decode(Proposal, body), decided.get(name)
            own = [vote for vote in votes if vote.proposal == name]
            states[name] = str(
                state_of(proposal, own, generations, now, decode(Decision, decision) if decision else None)
            )
        return states

    def _channels(self) -> dict[str, list[tuple[str, int, str]]]:
        """Return every message, with how often it was edited."""
        slack = self.journey.cloud.slack
        return {
            channel.name: [(one.ts, len(one.versions), one.text) for one in slack.messages(channel.id)]
            for channel in slack.workspace.channels
            if not channel.is_im
        }

    def told(self) -> list[Told]:
        """Return what people were told privately, but for the bare receipt of a command."""
        people = [person.name for person in self.journey.cloud.slack.workspace.people]
        every = [(name, text) for name in people for text in self.people.told(name)]
        return [(name, text) for name, text in every if not text.startswith(HEARD)]

    def news(self, act: Callable[[], object], **units: float) -> list[Told]:
        """Return what people are privately told after this was done and some time has passed."""
        before = self.told()
        act()
        self.rest(**(units or {"seconds": 15}))
        after = self.told()
        for one in before:
            after.remove(one)
        return after

    # Sending -----------------------------------------------------------------------------------------------------

    def value(self, about: str, digest: str = "") -> str:
        """Return what a proposal's button carries."""
        proposal = self.proposals.get(about, about)
        return f"{proposal}:{digest or self.host.documents('proposals')[proposal]['digest']}"

    def command(self, **fields: str) -> str:
        """Return the body of a genuine command that would delete chat."""
        self._sent += 1
        form = {
            "team_id": self.host.settings.team,
            "channel_id": OPS,
            "user_id": "U0ANA00001",
            "command": "/infer",
            "text": "delete chat",
            "trigger_id": f"bad-{self._sent}",
        }
        return urlencode({**form, **fields})

    def click(self, **parts: Any) -> str:
        """Return the body of a genuine click of Ben's that would approve what waits for approval."""
        self._sent += 1
        team = self.host.settings.team
        payload = {
            "type": "block_actions",
            "team": {"id": team},
            "user": {"id": BEN, "team_id": team},
            "channel": {"id": OPS},
            "container": {"type": "message", "channel_id": OPS},
            "actions": [{"type": "button", "action_id": "approve", "value": self.value("open")}],
            "trigger_id": f"bad-{self._sent}",
        }
        return urlencode({"payload": json.dumps({**payload, **parts})})

    def send(self, body: str | bytes, row: Sent | None = None) -> httpx.Response:
        """Send a body to the bot, signed as Slack signs unless the row says otherwise."""
        stamp = (row and row.stamp) or str(int(time.time()) - (row.age if row else 0))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": (row and row.signature) or _signed(stamp, body),
        }
        url = self.journey.cloud.slack.bot_url
        return httpx.post(str(url), content=body, headers=headers, timeout=10, trust_env=False)


def _signed(stamp: str, body: str | bytes) -> str:
    if isinstance(body, str):
        return SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=stamp, body=body) or ""
    # Slack's own code signs text only.
    mac = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return f"v0={mac.hexdigest()}"
