"""The bot's door to Slack: forms and Home tabs, and nothing that others see."""

from __future__ import annotations

from shared.adapters.slack import SlackCalls
from shared.ports import Surface


class SlackViews(SlackCalls):
    """Keeps ``ports.Views``."""

    # Slack waits three seconds for the bot, and a form can be opened no later: the rest is for saying why not.
    seconds = 2

    def open(self, trigger: str, view: Surface) -> None:
        """Open a form before the person who caused the trigger, once."""
        self._say("views.open", {"trigger_id": trigger, "view": dict(view)})

    def publish(self, user: str, view: Surface) -> None:
        """Set a person's Home tab."""
        self._say("views.publish", {"user_id": user, "view": dict(view)})
