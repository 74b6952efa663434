"""People who do not give up: Slack tells them that it did not work, so they wait a moment, look, and do it again."""

from __future__ import annotations

from collections.abc import Callable

from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.people import OPS, People

TRIES = 12
"""Far more than any run needs: whoever still gets no answer then has found a fault."""
_FAILED = ("operation_timeout", "dispatch_failed", "http_service_error", "Not heard", "That could not be read")
_SLACK_SAYS = ("that did not work: ", "failed with the error ")


class Persistent(People):
    """Everybody's keyboard, mouse and eyes, and patience. ``pause`` lets a moment pass."""

    def __init__(self, slack: Slack, server: Server, pause: Callable[[], object]) -> None:
        super().__init__(slack, server)
        self.asked, self.answered = 0, 0
        """How often the bot was asked something, and how often that has ended, well or badly."""
        self.failures: list[str] = []
        """What people did in vain."""
        self._pause = pause

    def say(self, user: str, text: str, channel: str = OPS) -> str:
        """Type a command until it is answered; return the last answer."""
        return self._until_heard(f"{user}: {text}", lambda: super(Persistent, self).say(user, text, channel))

    def click(self, user: str, action: str, proposal: str = "", channel: str = OPS) -> str:
        """Click until that is answered, or until the button has gone: then it was heard all the same."""
        before = len(self.failures)

        def click() -> str:
            try:
                return super(Persistent, self).click(user, action, proposal, channel)
            except LookupError:
                if len(self.failures) == before:
                    raise
                return ""

        return self._until_heard(f"{user} clicks {action} {proposal}", click)

    def told(self, user: str) -> list[str]:
        """Return what the bot told this person alone: not Slack's own word that something failed."""
        return [text for text in super().told(user) if not any(says in text for says in _SLACK_SAYS)]

    def _until_heard(self, what: str, act: Callable[[], str]) -> str:
        for _ in range(TRIES):
            self.asked += 1
            try:
                answer = act()
            finally:
                self.answered += 1
            if not answer.startswith(_FAILED):
                break
            self.failures.append(f"{what}: {answer.partition(':')[0]}")
            self._pause()
        return answer
