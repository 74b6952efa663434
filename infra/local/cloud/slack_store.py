"""Everything that was ever said in the workspace, with every version of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from infra.local.cloud.slack_parts import dressed
from infra.local.cloud.slack_workspace import SLACKBOT, Channel, Workspace
from infra.local.cloud.world import World

Blocks = list[dict[str, Any]]


class SlackError(Exception):
    """A refusal in Slack's words: ``{"ok": false, "error": code}``, with details where Slack gives them."""

    def __init__(self, code: str, messages: list[str] | None = None, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages or []
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the JSON answer."""
        plain: dict[str, Any] = {"ok": False, "error": self.code, **self.details}
        if not self.messages:
            return plain
        return {**plain, "errors": self.messages, "response_metadata": {"messages": self.messages}}


@dataclass(frozen=True)
class Content:
    """What a message says; ``blocks`` and ``metadata`` are None where the caller did not mention them."""

    text: str = ""
    blocks: Blocks | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    files: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Version:
    """What a message said from a time on."""

    at: datetime
    content: Content


@dataclass
class Message:
    """One message and its history; the last version is what people see now."""

    channel: str
    ts: str
    user: str
    versions: list[Version]
    thread_ts: str = ""
    broadcast: bool = False
    deleted: bool = False
    pinned: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        """What the message says now."""
        return self.versions[-1].content

    @property
    def text(self) -> str:
        """The plain text of the message now."""
        return self.content.text

    @property
    def blocks(self) -> Blocks:
        """The blocks of the message now."""
        return self.content.blocks or []

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The hidden data that the app keeps with the message."""
        return self.content.metadata or None

    @property
    def in_thread(self) -> bool:
        """Whether this is a reply below another message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass
class Ephemeral:
    """A message that one person sees, until it is replaced or gone."""

    user: str
    """Who sees it."""
    channel: str
    ts: str
    author: str
    at: datetime
    content: Content
    thread_ts: str = ""
    edited: bool = False
    gone: bool = False

    @property
    def text(self) -> str:
        """The plain text now."""
        return self.content.text

    @property
    def blocks(self) -> Blocks:
        """The blocks now."""
        return self.content.blocks or []


class Store:
    """The messages of all conversations."""

    def __init__(self, world: World, workspace: Workspace) -> None:
        self.world = world
        self.workspace = workspace
        self.messages: dict[str, dict[str, Message]] = {}
        """Conversation id -> ts -> message, in the order they were said."""
        self.ephemerals: list[Ephemeral] = []
        self.log: list[str] = []
        """One line for each thing that happened, as a person would have seen it."""
        self.version = 0
        """Grows at every change that a person could see."""
        self._second, self._count, self._labels = 0, 0, 0

    def changed(self) -> None:
        """Say that something looks different now."""
        self.version += 1

    def mint(self) -> str:
        """Return a new ts, later than every other."""
        second = int(self.world.now.timestamp())
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        return f"{second}.{self._count * 100:06d}"

    def note(self, where: str, who: str, what: str) -> None:
        """Write one line into the log, as for every change that people can see."""
        self.changed()
        self.log.append(f"[{self.world.now:%H:%M:%S}] {self.name(where)} {who}: {what}")

    def name(self, channel_id: str) -> str:
        """Return how people call a conversation."""
        channel = self.workspace.channel(channel_id)
        if channel is None:
            return channel_id
        if channel.name:
            return f"#{channel.name}"
        found = [self.workspace.person(one) for one in channel.members if one != self.workspace.bot_user]
        return "@" + ",".join(one.name for one in found if one)

    def add(
        self, channel: Channel, user: str, content: Content, thread_ts: str = "", *, broadcast: bool = False
    ) -> Message:
        """Say something new."""
        ts = self.mint()
        version = Version(self.world.now, self.dressed(content))
        message = Message(channel.id, ts, user, [version], thread_ts, broadcast)
        self.messages.setdefault(channel.id, {})[ts] = message
        where = " (in thread)" if thread_ts else ""
        self.note(channel.id, self._called(user), f"{content.text}{where}")
        return message

    def edit(self, message: Message, content: Content) -> None:
        """Say it differently."""
        message.versions.append(Version(self.world.now, self.dressed(content)))
        self.note(message.channel, "(edited)", content.text)

    def remove(self, said: Message | Ephemeral) -> None:
        """Take it away."""
        if isinstance(said, Message):
            said.deleted = True
        else:
            said.gone = True
        self.note(said.channel, "(deleted)", said.text)

    def whisper(self, user: str, channel: str, content: Content, thread_ts: str = "") -> Ephemeral:
        """Say something as the bot to one person only."""
        said = self._only(user, channel, self.workspace.bot_user, self.dressed(content), thread_ts)
        self.note(channel, f"(only to {self._called(user)})", content.text)
        return said

    def tell(self, user: str, channel: str, text: str) -> None:
        """Say something to one person as Slack itself, such as that a command failed."""
        self._only(user, channel, SLACKBOT, Content(text), "")
        self.note(channel, f"(Slack, only to {self._called(user)})", text)

    def _only(self, user: str, channel: str, author: str, content: Content, thread_ts: str) -> Ephemeral:
        said = Ephemeral(user, channel, self.mint(), author, self.world.now, content, thread_ts)
        self.ephemerals.append(said)
        return said

    def _called(self, user: str) -> str:
        person = self.workspace.person(user)
        return person.name if person else user

    def replace(self, said: Ephemeral, content: Content) -> None:
        """Say something else to that one person in its place."""
        said.content, said.edited = self.dressed(content), True
        self.note(said.channel, "(replaced)", content.text)

    def get(self, channel_id: str, ts: str) -> Message | None:
        """Return a message that is still there."""
        found = self.messages.get(channel_id, {}).get(ts)
        return None if found is None or found.deleted else found

    def live(self, channel_id: str) -> Iterator[Message]:
        """Yield the messages of a conversation that are still there, oldest first."""
        return (one for one in self.messages.get(channel_id, {}).values() if not one.deleted)

    def replies(self, message: Message) -> list[Message]:
        """Return what was said below a message."""
        return [one for one in self.live(message.channel) if one.thread_ts == message.ts and one.in_thread]

    def dressed(self, content: Content) -> Content:
        """Add what Slack adds: an id to every block and element that has none."""
        return replace(content, blocks=dressed(content.blocks, self.label)) if content.blocks else content

    def label(self) -> str:
        """Return a new id for a block or an element."""
        self._labels += 1
        return f"b{self._labels:04d}"


def message_json(message: Message, workspace: Workspace, *, metadata: bool) -> dict[str, Any]:
    """Return a message as history and the answer to a post show it."""
    shown: dict[str, Any] = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    if message.user == workspace.bot_user:
        shown |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id, "team": workspace.team_id}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.content.attachments:
        shown["attachments"] = message.content.attachments
    if message.content.files:
        shown["files"] = message.content.files
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if len(message.versions) > 1:
        edited = message.versions[-1].at.timestamp()
        shown["edited"] = {"user": message.user, "ts": f"{edited:.6f}"}
    if message.reactions:
        given = message.reactions.items()
        shown["reactions"] = [{"name": name, "users": who, "count": len(who)} for name, who in given]
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    return shown
