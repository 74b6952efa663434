"""What one person sees in Slack: places, messages, the modal before them, their Home tab."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_screens import Seen
from infra.local.cloud.slack_workspace import Channel, Person


def people(slack: Slack) -> list[dict[str, Any]]:
    """Return everybody who can be acted as, with the user groups they are in."""
    return [_person(slack, one) for one in slack.workspace.people if not (one.is_bot or one.deleted)]


def _person(slack: Slack, one: Person) -> dict[str, Any]:
    groups = [group.handle for group in slack.workspace.groups if one.id in group.members and not group.disabled]
    guest = one.is_restricted or one.is_ultra_restricted
    return {"id": one.id, "name": one.name, "real_name": one.real_name, "guest": guest, "groups": groups}


def bot(slack: Slack) -> dict[str, Any]:
    """Return the app's own user."""
    found = slack.workspace.person(slack.workspace.bot_user)
    return {"id": slack.workspace.bot_user, "name": found.real_name if found else "app"}


def places(slack: Slack, user: str) -> list[dict[str, Any]]:
    """Return the conversations that a person is in."""
    return [_place(slack, one, user) for one in slack.screens.places(user)]


def _place(slack: Slack, channel: Channel, user: str) -> dict[str, Any]:
    direct = channel.is_im or channel.is_mpim
    others = [slack.workspace.person(one) for one in channel.members if one != user]
    name = ", ".join(one.real_name for one in others if one) if direct else channel.name
    with_bot = slack.workspace.bot_user in channel.members
    kind = "direct" if direct else "channel"
    return {"id": channel.id, "name": name, "kind": kind, "private": channel.is_private, "bot": with_bot}


def messages(slack: Slack, user: str, channel: str) -> list[dict[str, Any]]:
    """Return what a person sees in a conversation, replies and private answers too, oldest first."""
    return [_message(one) for one in slack.screens.conversation(user, channel)]


def _message(one: Seen) -> dict[str, Any]:
    reactions = [{"name": name, "count": count} for name, count in one.reactions.items()]
    return {**vars(one), "at": one.at.isoformat(), "reactions": reactions}
