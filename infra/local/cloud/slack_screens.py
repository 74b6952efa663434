"""What each person has before their eyes: the conversations they are in, their modal, their Home tab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.cloud.slack_store import Content, Ephemeral, Message, Store
from infra.local.cloud.slack_views import Views
from infra.local.cloud.slack_workspace import Channel, Person


@dataclass(frozen=True)
class Seen:
    """One message as a person sees it now; ``ephemeral`` ones are for this person alone."""

    ts: str
    user: str
    """Who says it; SLACKBOT is Slack itself."""
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str
    edited: bool
    ephemeral: bool
    at: datetime
    reactions: dict[str, int]
    """Name of the emoji -> how many gave it."""
    attachments: list[dict[str, Any]]
    files: list[dict[str, Any]]


class Screens:
    """Everybody's screen, to be read inside the cloud's loop. People are given by name or id."""

    def __init__(self, store: Store, views: Views) -> None:
        self.store, self.views = store, views

    @property
    def version(self) -> int:
        """A number that grows at every change on anybody's screen."""
        return self.store.version + self.views.version

    def _person(self, user: str) -> Person:
        person = self.store.workspace.person(user)
        if person is None:
            raise LookupError(f"no such person: {user}")
        return person

    def places(self, user: str) -> list[Channel]:
        """Return the conversations that a person is in."""
        person = self._person(user)
        return [one for one in self.store.workspace.channels if person.id in one.members]

    def conversation(self, user: str, channel: str) -> list[Seen]:
        """Return all that a person sees in a conversation, replies too, oldest first.

        LookupError if there is no such conversation for this person.
        """
        place = next((one for one in self.places(user) if channel in {one.id, one.name}), None)
        if place is None:
            raise LookupError(f"{user} is in no conversation {channel}")
        return sorted(self._seen(self._person(user), place), key=lambda one: float(one.ts))

    def _seen(self, person: Person, place: Channel) -> Iterator[Seen]:
        for message in self.store.live(place.id):
            reactions = {name: len(given) for name, given in message.reactions.items()}
            edited = len(message.versions) > 1
            at = message.versions[0].at
            yield _seen(message, message.user, message.content, at, reactions, edited=edited, ephemeral=False)
        for one in self.store.ephemerals:
            if (one.user, one.channel, one.gone) == (person.id, place.id, False):
                yield _seen(one, one.author, one.content, one.at, {}, edited=one.edited, ephemeral=True)

    def modal(self, user: str) -> dict[str, Any] | None:
        """Return the topmost modal as Slack's JSON, with what was typed; None if none is open."""
        stack = self.views.stack(self._person(user).id)
        return self.views.json(stack[-1]) if stack else None

    def home(self, user: str) -> dict[str, Any] | None:
        """Return the Home tab as Slack's JSON; None until the app has published it."""
        view = self.views.homes.get(self._person(user).id)
        return self.views.json(view) if view else None


def _seen(
    said: Message | Ephemeral,
    author: str,
    content: Content,
    at: datetime,
    reactions: dict[str, int],
    *,
    edited: bool,
    ephemeral: bool,
) -> Seen:
    return Seen(
        said.ts,
        author,
        content.text,
        content.blocks or [],
        said.thread_ts,
        edited,
        ephemeral,
        at,
        reactions,
        content.attachments,
        content.files,
    )
