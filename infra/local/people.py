"""The people of the try-out's Slack: they type, click, and see what stands before them."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_line import Answer
from infra.local.cloud.slack_store import Message

OPS = "infer-ops"
_INCIDENT = "Incident `"
_PROPOSAL = re.compile(r"p-[0-9a-f]{12}")
T = TypeVar("T")


class People:
    """Everybody's keyboard, mouse and eyes."""

    def __init__(self, slack: Slack, server: Server) -> None:
        self._slack, self._server = slack, server

    def say(self, user: str, text: str, channel: str = OPS) -> str:
        """Type a slash command such as ``/infer help``; return what Slack showed for it."""
        command, _, rest = text.partition(" ")
        return self._answered(lambda: self._slack.command(user, channel, rest, command))

    def click(self, user: str, action: str, proposal: str = "", channel: str = OPS) -> str:
        """Click a button on the newest card that has it, or on that proposal's card; return what the bot answered.

        LookupError where there is no such button.
        """
        card = self._with_button(action, proposal, channel)
        return self._answered(lambda: self._slack.click(user, channel, card.ts, action))

    def choose(self, user: str, incident: str, suggestion: str, channel: str = OPS) -> str:
        """Click the button of one suggestion on an incident's card; return what the bot answered.

        LookupError where the card has no such button.
        """
        card = self._incident_card(incident, channel)
        value = f"{incident}:{suggestion}"
        rows = (block for block in (card.blocks if card else ()) if value in _values(block))
        row = next(rows, None)
        if card is None or row is None:
            raise LookupError(f"the card of {incident} has no button for {suggestion}")
        action, where = row["elements"][0]["action_id"], row["block_id"]
        return self._answered(lambda: self._slack.click(user, channel, card.ts, action, block_id=where))

    def choices(self, incident: str, channel: str = OPS) -> list[str]:
        """Return the suggestions that an incident's card has buttons for, in their order."""
        card = self._incident_card(incident, channel)
        values = (value for block in (card.blocks if card else ()) for value in _values(block))
        return [value.removeprefix(f"{incident}:") for value in values if value.startswith(f"{incident}:")]

    def incident_card(self, incident: str, channel: str = OPS) -> str:
        """Return what an incident's card says now; empty while there is none."""
        found = self._incident_card(incident, channel)
        return found.text if found else ""

    def incident_cards(self, channel: str = OPS) -> list[str]:
        """Return what every incident's card says now."""
        every = self._run(lambda: self._slack.messages(channel))
        return [m.text for m in every if not m.in_thread and _INCIDENT in m.text]

    def incident_thread(self, incident: str, channel: str = OPS) -> list[str]:
        """Return what was said below an incident's card."""
        return self._below(self._incident_card(incident, channel), channel)

    def posted_at(self, incident: str, channel: str = OPS) -> float | None:
        """Return when an incident's card was posted, in seconds of the cloud's time; None while there is none."""
        found = self._incident_card(incident, channel)
        return float(found.ts) if found else None

    def proposal_in(self, text: str) -> str:
        """Return the proposal that a text names; LookupError where it names none."""
        found = _PROPOSAL.search(text)
        if found is None:
            raise LookupError(f"no proposal is named in: {text}")
        return found[0]

    def card(self, proposal: str, channel: str = OPS) -> str:
        """Return what the proposal's card says now; empty while there is none."""
        found = self._card(proposal, channel)
        return found.text if found else ""

    def thread(self, proposal: str, channel: str = OPS) -> list[str]:
        """Return what was said below the proposal's card."""
        return self._below(self._card(proposal, channel), channel)

    def told(self, user: str) -> list[str]:
        """Return what only this person was told: ephemeral or directly."""
        return self._run(
            lambda: [
                *(one.text for one in self._slack.ephemerals(user)),
                *(one.text for one in self._slack.directs(user)),
            ]
        )

    def transcript(self) -> list[str]:
        """Return all that happened in Slack so far, a line each."""
        return self._run(lambda: list(self._slack.store.log))

    def traffic(self) -> list[str]:
        """Return every request and answer between the bot and Slack as text."""
        return self._run(lambda: list(self._slack.traffic))

    def _card(self, proposal: str, channel: str) -> Message | None:
        every = self._run(lambda: self._slack.messages(channel))
        # A card's foot names its own proposal; others may be named in its text.
        return next((m for m in every if proposal and not m.in_thread and _foot(proposal) in m.text), None)

    def _incident_card(self, incident: str, channel: str) -> Message | None:
        every = self._run(lambda: self._slack.messages(channel))
        foot = f"{_INCIDENT}{incident}`"
        return next((m for m in every if not m.in_thread and foot in m.text), None)

    def _below(self, head: Message | None, channel: str) -> list[str]:
        every = self._run(lambda: self._slack.messages(channel))
        return [m.text for m in every if head and m.in_thread and m.thread_ts == head.ts]

    def _with_button(self, action: str, proposal: str, channel: str) -> Message:
        every = self._run(lambda: self._slack.messages(channel))
        for message in reversed(every):
            if (not proposal or _foot(proposal) in message.text) and any(
                action in _actions(block) for block in message.blocks
            ):
                return message
        raise LookupError(f"no card of {proposal or 'any proposal'} has a button {action}")

    def _answered(self, act: Callable[[], Coroutine[Any, Any, int]]) -> str:
        self._server.call(act)
        answer: Answer = self._run(lambda: self._slack.answers[-1])
        return answer.error or answer.body

    def _run(self, what: Callable[[], T]) -> T:
        return self._server.run(what)


def _foot(proposal: str) -> str:
    return f"Proposal `{proposal}`"


def _actions(block: dict[str, Any]) -> list[str]:
    return [element.get("action_id", "") for element in block.get("elements", [])]


def _values(block: dict[str, Any]) -> list[str]:
    return [str(element.get("value", "")) for element in block.get("elements", [])]
