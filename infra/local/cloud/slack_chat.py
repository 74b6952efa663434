"""The Web API methods that say something: chat.*, reactions.add, pins.add."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from infra.local.cloud import slack_blocks
from infra.local.cloud.slack_store import Content, Message, SlackError, Store, message_json
from infra.local.cloud.slack_workspace import Channel, Workspace

Args = dict[str, Any]
Method = Callable[[Args], dict[str, Any]]
CUT, EDIT = 40_000, 4_000
"""Characters after which a new text is cut, and an edit refused."""
METADATA = 16_384


def true(value: Any) -> bool:
    """Read a flag as JSON and forms send it."""
    return value is True or str(value) in {"1", "true"}


def _flat(value: Any, depth: int = 0) -> bool:
    """Say whether metadata is flat, or has one level of objects and lists."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return True
    return depth < 2 and all(_flat(one, depth + 1) for one in inner)  # noqa: PLR2004 - the payload and one level


def checked_metadata(given: Any) -> dict[str, Any] | None:
    """Return message metadata, or refuse its form."""
    if not given:
        return None if given is None else {}
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    payload = given.get("event_payload")
    if not given["event_type"] or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if not _flat(payload):
        raise SlackError("invalid_metadata_schema")
    if len(str(payload)) > METADATA:
        raise SlackError("metadata_too_large")
    return dict(given)


def speakable(workspace: Workspace, key: str, *, by_name: bool = False) -> Channel:
    """Return the conversation of this id (or name, or person) if the bot may speak in it, or refuse."""
    found = workspace.channel(key)
    if by_name and found is None and (person := workspace.person(key)) and person.id == key:
        found, _ = workspace.direct([key])
    if found is None or (not by_name and found.id != key):
        raise SlackError("channel_not_found")
    if workspace.bot_user not in found.members:
        raise SlackError("channel_not_found" if found.is_private else "not_in_channel")
    if found.is_archived:
        raise SlackError("is_archived")
    return found


class Chat:
    """Posting, editing and deleting as the bot."""

    def __init__(self, store: Store, unsupported: Collection[str], lost_files: Callable[[Any, str], list[str]]) -> None:
        self.store = store
        self.workspace = store.workspace
        self._unsupported, self._lost_files = unsupported, lost_files

    def methods(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {
            "chat.postMessage": self.post,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.getPermalink": self.permalink,
            "reactions.add": self.react,
            "reactions.remove": self.unreact,
            "pins.add": self.pin,
            "pins.remove": self.unpin,
        }

    def content(self, args: Args) -> Content:
        """Return what the caller wants said, or refuse it as Slack would."""
        text, blocks = args.get("text") or "", args.get("blocks")
        attachments = args.get("attachments") or []
        if not isinstance(text, str):
            raise SlackError("invalid_arguments", ["[ERROR] must provide a string [json-pointer:/text]"])
        if not text and not blocks and not attachments:
            raise SlackError("no_text")
        wrong = slack_blocks.problems(blocks or [], "message", self._unsupported)
        wrong += self._lost_files(blocks or [], "/blocks")
        if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
            raise SlackError("invalid_attachments")
        for index, one in enumerate(attachments):
            at = f"/attachments/{index}/blocks"
            wrong += slack_blocks.problems(one.get("blocks", []), "message", self._unsupported, at)
        if wrong:
            raise SlackError("invalid_blocks", wrong)
        return Content(text[:CUT], blocks, attachments, checked_metadata(args.get("metadata")))

    def channel(self, args: Args, *, by_name: bool = False) -> Channel:
        """Return the conversation that the bot may speak in."""
        return speakable(self.workspace, str(args.get("channel") or ""), by_name=by_name)

    def post(self, args: Args) -> dict[str, Any]:
        """Say something in a conversation, or in a thread of it."""
        channel, content = self.channel(args, by_name=True), self.content(args)
        thread = str(args.get("thread_ts") or "")
        if thread:
            parent = self.store.get(channel.id, thread)
            if parent is None:
                raise SlackError("thread_not_found")
            thread = parent.thread_ts or parent.ts
        said = self.store.add(
            channel, self.workspace.bot_user, content, thread, broadcast=true(args.get("reply_broadcast"))
        )
        shown = message_json(said, self.workspace, metadata=True)
        return {"channel": channel.id, "ts": said.ts, "message": shown}

    def update(self, args: Args) -> dict[str, Any]:
        """Edit a message of the bot. A text without blocks takes the blocks away."""
        channel, ts = self.channel(args), str(args.get("ts") or "")
        message = self.mine(channel, ts, "cant_update_message")
        if len(str(args.get("text") or "")) > EDIT:
            raise SlackError("msg_too_long")
        new = self.content(args)
        metadata = message.metadata if new.metadata is None else new.metadata
        blocks = new.blocks or ([] if new.text else message.blocks)
        text = new.text or message.text
        self.store.edit(message, Content(text, blocks, new.attachments, metadata, message.content.files))
        shown = message_json(message, self.workspace, metadata=True)
        return {"channel": channel.id, "ts": ts, "text": message.text, "message": shown}

    def delete(self, args: Args) -> dict[str, Any]:
        """Take back a message of the bot."""
        channel, ts = self.channel(args), str(args.get("ts") or "")
        message = self.mine(channel, ts, "cant_delete_message")
        self.store.remove(message)
        return {"channel": channel.id, "ts": ts}

    def post_ephemeral(self, args: Args) -> dict[str, Any]:
        """Say something to one member of a conversation."""
        channel, content = self.channel(args, by_name=True), self.content(args)
        user = str(args.get("user") or "")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        return {"message_ts": self.store.whisper(user, channel.id, content, str(args.get("thread_ts") or "")).ts}

    def permalink(self, args: Args) -> dict[str, Any]:
        """Return the address of a message."""
        channel = self.channel(args)
        message = self.there(channel, str(args.get("message_ts") or ""))
        place = f"{channel.id}/p{message.ts.replace('.', '')}"
        link = f"https://{self.workspace.domain}.slack.com/archives/{place}"
        if message.in_thread:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def react(self, args: Args) -> dict[str, Any]:
        """Put an emoji below a message."""
        message = self.there(self.channel(args), str(args.get("timestamp") or ""))
        name = str(args.get("name") or "")
        if not name or ":" in name:
            raise SlackError("invalid_name")
        given = message.reactions.setdefault(name, [])
        if self.workspace.bot_user in given:
            raise SlackError("already_reacted")
        given.append(self.workspace.bot_user)
        self.store.changed()
        return {}

    def unreact(self, args: Args) -> dict[str, Any]:
        """Take an emoji of the bot's away."""
        message = self.there(self.channel(args), str(args.get("timestamp") or ""))
        name = str(args.get("name") or "")
        if self.workspace.bot_user not in message.reactions.get(name, []):
            raise SlackError("no_reaction")
        message.reactions[name].remove(self.workspace.bot_user)
        if not message.reactions[name]:
            del message.reactions[name]
        self.store.changed()
        return {}

    def pin(self, args: Args) -> dict[str, Any]:
        """Pin a message to its channel."""
        return self._pin(args, "already_pinned", pinned=True)

    def unpin(self, args: Args) -> dict[str, Any]:
        """Take a pin away."""
        return self._pin(args, "no_pin", pinned=False)

    def _pin(self, args: Args, refusal: str, *, pinned: bool) -> dict[str, Any]:
        message = self.there(self.channel(args), str(args.get("timestamp") or ""))
        if message.pinned == pinned:
            raise SlackError(refusal)
        message.pinned = pinned
        self.store.changed()
        return {}

    def there(self, channel: Channel, ts: str) -> Message:
        """Return a message, or refuse."""
        message = self.store.get(channel.id, ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def mine(self, channel: Channel, ts: str, refusal: str) -> Message:
        """Return a message of the bot's own, or refuse."""
        message = self.there(channel, ts)
        if message.user != self.workspace.bot_user:
            raise SlackError(refusal)
        return message
