"""What a person does in Slack, done for them: typed, clicked, sent, closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.cloud.slack import Slack

Asked = Mapping[str, Any]
Done = dict[str, Any]


class Actions:
    """Each takes what the page asked for, as JSON. LookupError where the person cannot do it."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def say(self, asked: Asked) -> Done:
        """Type a slash command, or say something."""
        user, channel, text = _text(asked, "user"), _text(asked, "channel"), _text(asked, "text").strip()
        if not text:
            raise ValueError("there is nothing to say")
        command, _, rest = text.partition(" ")
        if command.startswith("/"):
            await self._slack.command(user, channel, rest.strip(), command)
        else:
            self._slack.say(user, channel, text, str(asked.get("thread_ts") or ""))
        return {}

    async def click(self, asked: Asked) -> Done:
        """Click or choose something in a message, in a modal or on the Home tab."""
        user, action, block = _text(asked, "user"), _text(asked, "action_id"), str(asked.get("block_id") or "")
        given = asked.get("option", asked.get("value", ""))
        option = [str(one) for one in given] if isinstance(given, list) else str(given or "")
        if view := asked.get("view_id"):
            status = await self._slack.act_in_view(user, str(view), block, action, option, asked.get("values"))
        else:
            place, ts = _text(asked, "channel"), _text(asked, "ts")
            status = await self._slack.click(user, place, ts, action, option, block)
        return {"status": status}

    async def submit(self, asked: Asked) -> Done:
        """Send a modal's form; ``errors`` say what is wrong with which field."""
        sent = await self._slack.submit(_text(asked, "user"), _text(asked, "view_id"), asked.get("values") or {})
        if sent.trouble:
            raise ValueError(sent.trouble)
        return {"errors": sent.errors}

    async def close(self, asked: Asked) -> Done:
        """Close the modal in front."""
        await self._slack.close(_text(asked, "user"), _text(asked, "view_id"))
        return {}

    async def home(self, asked: Asked) -> Done:
        """Open the app's Home tab."""
        await self._slack.open_home(_text(asked, "user"))
        return {}


def _text(asked: Asked, name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name} is missing")
    return found
