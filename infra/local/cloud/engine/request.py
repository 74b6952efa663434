"""One request to a model server: what it asks, how far it is, and who wants to know how it ended."""

from __future__ import annotations

from typing import Literal, Protocol

Outcome = Literal["served", "gave up", "lost"]


class Sender(Protocol):
    """Whoever sent a request and wants to know how it ended."""

    def ended(self, request: Request, outcome: Outcome) -> None:
        """Hear of the end."""


class Request:
    """One request: what it asks, and how far it is."""

    __slots__ = (
        "age", "arrived", "deadline", "done", "last", "left", "made", "need", "output", "prompt", "scheduled", "sender",
        "since",
    )  # fmt: skip

    def __init__(
        self, arrived: float, prompt: int, output: int, deadline: float = float("inf"), sender: Sender | None = None
    ) -> None:
        self.arrived, self.prompt, self.output = arrived, prompt, max(output, 1)
        self.deadline, self.sender = deadline, sender
        self.need = prompt
        """Tokens to compute before the next one comes: the prompt, and what was made before it was thrown out."""
        self.left = prompt
        """How many of these are not computed yet."""
        self.made = 0
        """Tokens made up to ``since``."""
        self.since = -1
        """The step after which it began to decode; -1 while it does not."""
        self.age = 0
        """How often it was thrown out."""
        self.scheduled = -1.0
        """When it left the queue for the first time."""
        self.last = 0.0
        """When its last token came before it was thrown out."""
        self.done = False
