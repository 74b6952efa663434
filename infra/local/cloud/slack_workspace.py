"""Who and what is in the Slack workspace: plain data that a test or the page may replace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Person:
    """A member of the workspace, with the marks that a bot must look at before it obeys."""

    id: str
    name: str
    real_name: str
    is_restricted: bool = False
    """A guest."""
    is_ultra_restricted: bool = False
    """A guest of a single channel."""
    deleted: bool = False
    is_bot: bool = False
    team_id: str = ""
    """The person's own workspace; empty means this one, another one a Slack Connect stranger."""


@dataclass
class Channel:
    """A conversation: a channel (C...), a direct message (D...) or a group of them (G...)."""

    id: str
    name: str
    members: list[str]
    """Ids of people and of the bot."""
    is_archived: bool = False
    is_private: bool = False
    is_ext_shared: bool = False
    is_im: bool = False
    is_mpim: bool = False


@dataclass
class Group:
    """A user group: roles are told from these."""

    id: str
    handle: str
    members: list[str]
    disabled: bool = False


ANA, BEN, CHLOE, DEV, GUEST = "U0ANA00001", "U0BEN00001", "U0CHLOE001", "U0DEV00001", "U0GUEST001"
BOT = "U0INFERBOT"
SLACKBOT = "SLACKBOT"
"""Who speaks where Slack itself tells a person something."""
STAFF = (ANA, BEN, CHLOE, DEV)


def _people() -> list[Person]:
    return [
        Person(ANA, "ana", "Ana Lima"),
        Person(BEN, "ben", "Ben Osei"),
        Person(CHLOE, "chloe", "Chloe Martin"),
        Person(DEV, "dev", "Dev Patel"),
        Person(GUEST, "guest", "Gil Guest", is_restricted=True),
        Person(BOT, "inferops", "inferops", is_bot=True),
    ]


def _channels() -> list[Channel]:
    return [
        Channel("C0INFEROPS", "infer-ops", [*STAFF, GUEST, BOT]),
        Channel("C0ONCALL01", "on-call", [*STAFF, BOT]),
        Channel("C0RANDOM01", "random", [*STAFF, GUEST]),
    ]


def _groups() -> list[Group]:
    return [
        Group("S0MLPLATF1", "ml-platform", [ANA, BEN, CHLOE]),
        Group("S0APPROVE1", "approvers", [BEN, CHLOE]),
        Group("S0ONCALL01", "on-call", [DEV]),
    ]


@dataclass
class Workspace:
    """The whole workspace. The bot is not in #random, so posting there meets ``not_in_channel``."""

    team_id: str = "T0INFERDEV"
    domain: str = "inferdev"
    app_id: str = "A0INFEROPS"
    bot_id: str = "B0INFEROPS"
    bot_user: str = BOT
    commands: tuple[str, ...] = ("/infer",)
    """The slash commands of the app; Slack itself answers any other."""
    people: list[Person] = field(default_factory=_people)
    channels: list[Channel] = field(default_factory=_channels)
    groups: list[Group] = field(default_factory=_groups)

    def person(self, key: str) -> Person | None:
        """Find a person by id or name."""
        return next((one for one in self.people if key in {one.id, one.name}), None)

    def channel(self, key: str) -> Channel | None:
        """Find a conversation by id, or a channel by name with or without ``#``."""
        name = key.removeprefix("#")
        by_name = (one for one in self.channels if one.name and one.name == name)
        return next((one for one in self.channels if one.id == key), None) or next(by_name, None)

    def group(self, key: str) -> Group | None:
        """Find a user group by id or handle."""
        return next((one for one in self.groups if key in {one.id, one.handle}), None)

    def direct(self, people: list[str]) -> tuple[Channel, bool]:
        """Return the direct message with these people and the bot, and whether it was open already."""
        members = sorted({*people, self.bot_user})
        for one in self.channels:
            if (one.is_im or one.is_mpim) and sorted(one.members) == members:
                return one, True
        several = len(members) > 2  # noqa: PLR2004 - the bot and one more are a pair
        opened = sum(one.is_im or one.is_mpim for one in self.channels) + 1
        made = Channel(f"{'G' if several else 'D'}0DIRECT{opened:03d}", "", members, is_im=not several, is_mpim=several)
        self.channels.append(made)
        return made, False


def user_json(person: Person, team: str) -> dict[str, Any]:
    """Return a person as users.info shows them."""
    profile = {"real_name": person.real_name, "display_name": person.name}
    return {
        "id": person.id,
        "team_id": person.team_id or team,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "profile": profile,
        "is_bot": person.is_bot,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": bool(person.team_id and person.team_id != team),
    }


def channel_json(channel: Channel, bot: str) -> dict[str, Any]:
    """Return a conversation as conversations.info shows it."""
    shown: dict[str, Any] = {
        "id": channel.id,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_private": channel.is_private or channel.is_mpim,
    }
    if channel.is_im:
        shown["user"] = next(member for member in channel.members if member != bot)
        return shown
    is_channel = not (channel.is_private or channel.is_mpim)
    return {
        **shown,
        "name": channel.name,
        "is_channel": is_channel,
        "is_mpim": channel.is_mpim,
        "is_member": bot in channel.members,
    }
