"""Files: the three steps of an upload, where they are fetched, and whether blocks that name one may."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urlsplit

from infra.local.cloud.slack_chat import Args, Method, speakable
from infra.local.cloud.slack_parts import named
from infra.local.cloud.slack_shapes import complain
from infra.local.cloud.slack_store import Content, SlackError, Store
from infra.local.cloud.slack_workspace import Channel

_ALT_TEXT = 1000
_CHANNEL = re.compile(r"[CGDZ][A-Z0-9]{8,}")
"""What completing an upload takes for a conversation; it knows neither names nor people."""


@dataclass
class File:
    """One file; until it is ``complete`` nobody sees it."""

    id: str
    name: str
    alt_text: str
    since: datetime
    data: bytes | None = None
    title: str = ""
    complete: bool = False
    channels: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The media type, told from the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """All files of the workspace. ``here`` says where this Slack listens."""

    def __init__(self, store: Store, here: Callable[[], str]) -> None:
        self.store = store
        self.held: dict[str, File] = {}
        """File id -> file."""
        self._here = here

    def methods(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {
            "files.getUploadURLExternal": self.begin,
            "files.completeUploadExternal": self.complete,
            "files.info": self.info,
        }

    def begin(self, args: Args) -> dict[str, Any]:
        """Hand out an address to post the bytes to."""
        name, length, alt = str(args.get("filename") or ""), str(args.get("length") or ""), args.get("alt_txt") or ""
        wrong = list[str]()
        if not name:
            complain(wrong, "/filename", "missing required field: filename")
        if not length.isdigit() or not int(length):
            complain(wrong, "/length", "must be more than 0")
        if wrong:
            raise SlackError("invalid_arguments", wrong)
        if len(alt) > _ALT_TEXT:
            raise SlackError("alt_txt_too_large")
        made = File(f"F{len(self.held) + 1:010d}", PurePath(name).name, alt, self.store.world.now)
        self.held[made.id] = made
        return {"upload_url": f"{self._here()}/upload/v1/{made.id}", "file_id": made.id}

    def receive(self, file_id: str, data: bytes) -> bool:
        """Take the bytes; False if no upload was begun there, or it is over."""
        file = self.held.get(file_id)
        if file is None or file.complete:
            return False
        file.data = data
        return True

    def complete(self, args: Args) -> dict[str, Any]:
        """End uploads, and share the files where asked."""
        asked = args.get("files")
        if not isinstance(asked, list) or not asked or not all(isinstance(one, dict) for one in asked):
            raise SlackError("invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"])
        files = [self._ended(str(one.get("id") or "")) for one in asked]
        channels = [self._shared(one) for one in _channels(args)]
        for file, one in zip(files, asked, strict=True):
            file.title, file.complete = str(one.get("title") or file.name), True
            file.channels += [channel.id for channel in channels]
        self.store.changed()
        shown = [self.json(file) for file in files]
        for channel in channels:
            content = Content(str(args.get("initial_comment") or ""), files=shown)
            self.store.add(channel, self.store.workspace.bot_user, content, self._thread(channel, args))
        return {"files": shown}

    def _ended(self, file_id: str) -> File:
        file = self.held.get(file_id)
        if file is None or file.data is None or file.complete:
            raise SlackError("file_not_found")
        return file

    def _shared(self, channel: str) -> Channel:
        if not _CHANNEL.fullmatch(channel):
            raise SlackError("invalid_arguments", ["[ERROR] failed to match the pattern [json-pointer:/channel_id]"])
        return speakable(self.store.workspace, channel)

    def _thread(self, channel: Channel, args: Args) -> str:
        parent = self.store.get(channel.id, str(args.get("thread_ts") or ""))
        return parent.thread_ts or parent.ts if parent else ""

    def info(self, args: Args) -> dict[str, Any]:
        """Describe a file."""
        file = self.held.get(str(args.get("file") or ""))
        if file is None or not file.complete:
            raise SlackError("file_not_found")
        return {"file": self.json(file)}

    def json(self, file: File) -> dict[str, Any]:
        """Return a file as messages and answers show it."""
        place = f"{self.store.workspace.team_id}-{file.id}"
        address = f"{self._here()}/files/{place}/{quote(file.name)}"
        return {
            "id": file.id,
            "created": int(file.since.timestamp()),
            "name": file.name,
            "title": file.title,
            "mimetype": file.kind,
            "filetype": PurePath(file.name).suffix.removeprefix("."),
            "user": self.store.workspace.bot_user,
            "size": len(file.data or b""),
            "mode": "hosted",
            "is_public": bool(file.channels),
            "alt_txt": file.alt_text,
            "channels": file.channels,
            "url_private": address,
            "url_private_download": f"{self._here()}/files/{place}/download/{quote(file.name)}",
            "permalink": f"https://{self.store.workspace.domain}.slack.com/files/{file.id}/{quote(file.name)}",
        }

    def find(self, named_by: dict[str, Any]) -> File | None:
        """Return the file that a block's ``slack_file`` means, by ``id`` or by ``url`` (url_private or permalink)."""
        if "id" in named_by:
            file = self.held.get(str(named_by["id"]))
            return file if file and file.complete else None
        return self.at(str(named_by.get("url") or ""))

    def at(self, address: str) -> File | None:
        """Return the file that can be fetched from an address or its path."""
        found = re.search(r"/files/(?:T\w+-)?(F\w+)/", urlsplit(address).path)
        file = self.held.get(found[1]) if found else None
        return file if file and file.complete else None

    def lost(self, blocks: Any, at: str) -> list[str]:
        """Return a complaint about each file that blocks name and that is not there."""
        out: list[str] = []
        for where, one in named(blocks, "slack_file", at):
            if not isinstance(one, dict) or self.find(one) is None:
                complain(out, where, "invalid slack file")
        return out


def _channels(args: Args) -> list[str]:
    several = str(args.get("channels") or "").split(",")
    return [one for one in (str(args.get("channel_id") or ""), *several) if one]
