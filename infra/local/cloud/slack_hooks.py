"""``response_url``: the short-lived address through which an app answers one command or click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra.local.cloud.slack_chat import Chat, true
from infra.local.cloud.slack_store import Ephemeral, Message, SlackError, Store

LIFE = timedelta(minutes=30)
POSTS = 5


@dataclass
class Hook:
    """One such address: for whom, about what, and how often it was used."""

    user: str
    channel: str
    about: Message | Ephemeral | None
    since: datetime
    uses: int = 0


class Hooks:
    """All addresses handed out."""

    def __init__(self, store: Store, chat: Chat) -> None:
        self.store = store
        self.chat = chat
        self.handed: dict[str, Hook] = {}

    def hand(self, user: str, channel: str, about: Message | Ephemeral | None) -> str:
        """Return the path of a new address."""
        name = f"{len(self.handed) + 1:08d}"
        self.handed[name] = Hook(user, channel, about, self.store.world.now)
        return f"/response/{name}"

    def post(self, name: str, args: dict[str, Any]) -> None:
        """Do what the app posted there; the five posts and thirty minutes are Slack's own limits."""
        hook = self.handed.get(name)
        if hook is None or self.store.world.now - hook.since > LIFE:
            raise SlackError("expired_url")
        if hook.uses >= POSTS:
            raise SlackError("used_url")
        self.act(hook, args)
        hook.uses += 1

    def act(self, hook: Hook, args: dict[str, Any]) -> Message | Ephemeral | None:
        """Delete, replace or say, as the answer to a command or click asks."""
        if true(args.get("delete_original")):
            if hook.about:
                self.store.remove(hook.about)
            return None
        content = self.chat.content(args)
        if true(args.get("replace_original")) and hook.about:
            if isinstance(hook.about, Message):
                self.store.edit(hook.about, content)
            else:
                self.store.replace(hook.about, content)
            return hook.about
        channel, thread = self.store.workspace.channel(hook.channel), str(args.get("thread_ts") or "")
        if channel and args.get("response_type") == "in_channel":
            return self.store.add(channel, self.store.workspace.bot_user, content, thread)
        return self.store.whisper(hook.user, hook.channel, content, thread)
