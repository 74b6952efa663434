"""The Web API methods that ask: auth, conversations, users, user groups."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from infra.local.cloud.slack_chat import Args, Method, true
from infra.local.cloud.slack_store import Message, SlackError, Store, message_json
from infra.local.cloud.slack_workspace import Channel, Group, channel_json, user_json


def page(found: Sequence[Any], args: Args, default: int) -> tuple[list[Any], dict[str, Any]]:
    """Return one page and the ``response_metadata`` that leads to the next."""
    try:
        start = int(base64.b64decode(str(args.get("cursor") or "") or "MA==", validate=True))
        size = int(args.get("limit") or default)
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor" if args.get("cursor") else "invalid_limit") from error
    if not 1 <= size <= 1000:  # noqa: PLR2004 - Slack's own range
        raise SlackError("invalid_limit")
    end = start + size
    following = base64.b64encode(str(end).encode()).decode() if end < len(found) else ""
    return list(found[start:end]), {"next_cursor": following}


class Reads:
    """What the bot may ask about the workspace."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.workspace = store.workspace

    def methods(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {
            "api.test": lambda args: {"args": args},
            "auth.test": self.auth_test,
            "conversations.open": self.open,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "conversations.info": self.info,
            "conversations.list": self.list,
            "conversations.members": self.members,
            "users.info": self.user,
            "users.list": self.users,
            "usergroups.list": self.groups,
            "usergroups.users.list": self.group_users,
        }

    def auth_test(self, _args: Args) -> dict[str, Any]:
        """Say who the token belongs to."""
        bot = self.workspace.person(self.workspace.bot_user)
        return {
            "url": f"https://{self.workspace.domain}.slack.com/",
            "team": self.workspace.domain,
            "user": bot.name if bot else "",
            "team_id": self.workspace.team_id,
            "user_id": self.workspace.bot_user,
            "bot_id": self.workspace.bot_id,
            "is_enterprise_install": False,
        }

    def open(self, args: Args) -> dict[str, Any]:
        """Open a direct message."""
        asked = args.get("users") or ""
        people = asked if isinstance(asked, list) else [one.strip() for one in str(asked).split(",") if one]
        if not people:
            return {"channel": {"id": self._channel(args).id}, "already_open": True, "no_op": True}
        for one in people:
            person = self.workspace.person(one)
            if person is None or person.id != one:
                raise SlackError("user_not_found")
            if person.deleted:
                raise SlackError("user_disabled")
        channel, before = self.workspace.direct(people)
        self.store.changed()
        bot = self.workspace.bot_user
        shown = channel_json(channel, bot) if true(args.get("return_im")) else {"id": channel.id}
        return {"channel": shown, **({"no_op": True, "already_open": True} if before else {})}

    def _channel(self, args: Args) -> Channel:
        key = str(args.get("channel") or "")
        found = self.workspace.channel(key)
        hidden = found and (found.is_private or found.is_im or found.is_mpim)
        if found is None or found.id != key or (hidden and self.workspace.bot_user not in found.members):
            raise SlackError("channel_not_found")
        return found

    def _readable(self, args: Args) -> Channel:
        found = self._channel(args)
        if self.workspace.bot_user not in found.members:
            raise SlackError("not_in_channel")
        return found

    def _shown(self, message: Message, args: Args) -> dict[str, Any]:
        shown = message_json(message, self.workspace, metadata=true(args.get("include_all_metadata")))
        below = self.store.replies(message)
        if below:
            users = list(dict.fromkeys(one.user for one in below))
            shown |= {"thread_ts": message.ts, "reply_count": len(below), "reply_users": users}
            shown["latest_reply"] = below[-1].ts
        return shown

    def _between(self, message: Message, args: Args) -> bool:
        at, low = float(message.ts), float(args.get("oldest") or 0)
        high = float(args.get("latest") or "inf")
        return low <= at <= high if true(args.get("inclusive")) else low < at < high

    def _messages(self, found: list[Message], args: Args) -> dict[str, Any]:
        some, more = page(found, args, 100)
        has_more = bool(more["next_cursor"])
        shown = [self._shown(one, args) for one in some]
        return {"messages": shown, "has_more": has_more, **({"response_metadata": more} if has_more else {})}

    def history(self, args: Args) -> dict[str, Any]:
        """Return what was said in a conversation, newest first, without what is inside threads."""
        channel = self._readable(args)
        top = [one for one in self.store.live(channel.id) if not one.in_thread or one.broadcast]
        return self._messages([one for one in reversed(top) if self._between(one, args)], args)

    def replies(self, args: Args) -> dict[str, Any]:
        """Return a thread, oldest first, beginning with its parent."""
        channel = self._readable(args)
        parent = self.store.get(channel.id, str(args.get("ts") or ""))
        if parent is None:
            raise SlackError("thread_not_found")
        below = [one for one in self.store.replies(parent) if self._between(one, args)]
        return self._messages([parent, *below], args)

    def info(self, args: Args) -> dict[str, Any]:
        """Describe a conversation."""
        channel = self._channel(args)
        shown = channel_json(channel, self.workspace.bot_user)
        if true(args.get("include_num_members")):
            shown["num_members"] = len(channel.members)
        return {"channel": shown}

    def list(self, args: Args) -> dict[str, Any]:
        """List the conversations of the kinds asked for that the bot can see."""
        asked = str(args.get("types") or "public_channel").split(",")
        found = [
            channel_json(one, self.workspace.bot_user)
            for one in self.workspace.channels
            if _kind(one) in asked
            and not (one.is_archived and true(args.get("exclude_archived")))
            and (_kind(one) == "public_channel" or self.workspace.bot_user in one.members)
        ]
        some, more = page(found, args, 100)
        return {"channels": some, "response_metadata": more}

    def members(self, args: Args) -> dict[str, Any]:
        """List who is in a conversation."""
        some, more = page(self._channel(args).members, args, 100)
        return {"members": some, "response_metadata": more}

    def user(self, args: Args) -> dict[str, Any]:
        """Describe a person."""
        key = str(args.get("user") or "")
        person = self.workspace.person(key)
        if person is None or person.id != key:
            raise SlackError("user_not_found")
        return {"user": user_json(person, self.workspace.team_id)}

    def users(self, args: Args) -> dict[str, Any]:
        """List the people."""
        some, more = page(self.workspace.people, args, 1000)
        shown = [user_json(one, self.workspace.team_id) for one in some]
        return {"members": shown, "response_metadata": more}

    def groups(self, args: Args) -> dict[str, Any]:
        """List the user groups."""
        shown = [
            self._group(one, with_users=true(args.get("include_users")))
            for one in self.workspace.groups
            if not one.disabled or true(args.get("include_disabled"))
        ]
        return {"usergroups": shown}

    def _group(self, group: Group, *, with_users: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": group.id,
            "team_id": self.workspace.team_id,
            "is_usergroup": True,
            "name": group.handle,
            "handle": group.handle,
            "date_delete": int(group.disabled),
            "user_count": len(group.members),
        }
        return {**shown, "users": list(group.members)} if with_users else shown

    def group_users(self, args: Args) -> dict[str, Any]:
        """List who is in a user group."""
        key = str(args.get("usergroup") or "")
        group = self.workspace.group(key)
        if group is None or group.id != key:
            raise SlackError("no_such_subteam")
        if group.disabled and not true(args.get("include_disabled")):
            raise SlackError("subteam_disabled")
        return {"users": list(group.members)}


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    if channel.is_mpim:
        return "mpim"
    return "private_channel" if channel.is_private else "public_channel"
