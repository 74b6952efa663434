"""Acting as a person in conversations: slash commands, and clicks on what stands in messages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from infra.local.cloud import slack_parts, slack_state
from infra.local.cloud.slack_hooks import Hook, Hooks
from infra.local.cloud.slack_line import Answer, Line
from infra.local.cloud.slack_state import Choice, Values
from infra.local.cloud.slack_store import Ephemeral, Message, SlackError, Store, message_json
from infra.local.cloud.slack_views import Views
from infra.local.cloud.slack_workspace import Channel, Person


class People:
    """Everybody's keyboard and mouse. ``here`` says where Slack itself listens."""

    def __init__(self, store: Store, views: Views, hooks: Hooks, line: Line, here: Callable[[], str]) -> None:
        self.store, self.views, self.hooks, self.line = store, views, hooks, line
        self.workspace = store.workspace
        self._here = here
        self._typed: defaultdict[tuple[str, str, str], Values] = defaultdict(dict)
        """What each person changed in each message: (user, channel, ts)."""
        self._clicks = 0

    @property
    def answers(self) -> list[Answer]:
        """What the bot answered, in order."""
        return self.line.answers

    @property
    def patience(self) -> float:
        """Wall seconds that a person waits for the bot."""
        return self.line.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self.line.patience = seconds

    def somebody(self, user: str) -> Person:
        """Find a person by name or id."""
        person = self.workspace.person(user)
        if person is None:
            raise LookupError(f"no such person: {user}")
        return person

    def who(self, user: str, channel: str) -> tuple[Person, Channel]:
        """Find a person and a conversation that the person is in."""
        person, place = self.workspace.person(user), self.workspace.channel(channel)
        if person is None or place is None:
            raise LookupError(f"no such person or channel: {user}, {channel}")
        if person.id not in place.members:
            raise LookupError(f"{person.name} is not in {self.store.name(place.id)}")
        return person, place

    async def command(self, user: str, channel: str, text: str, command: str) -> Answer:
        """Type a slash command. What is no command of the app never comes to the bot."""
        person, place = self.who(user, channel)
        self.store.note(place.id, f"{person.name} types", f"{command} {text}")
        if command not in self.workspace.commands:
            return self._unknown(person, place, command, text)
        path = self.hooks.hand(person.id, place.id, None)
        form = {
            "token": "deprecated",
            "team_id": self.workspace.team_id,
            "team_domain": self.workspace.domain,
            "channel_id": place.id,
            "channel_name": "directmessage" if place.is_im else place.name,
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": self.workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._here() + path,
            "trigger_id": self.views.trigger(person.id),
        }
        answer = await self.line.send("slash_commands", form, person.id, f"{command} {text}")
        if answer.error:
            self.store.tell(person.id, place.id, f"{command} failed with the error “{answer.error}”")
        elif answer.body.strip():
            self._spoken(self.hooks.handed[path.rsplit("/", 1)[1]], answer.body)
        return answer

    def _unknown(self, person: Person, place: Channel, command: str, text: str) -> Answer:
        there = ", ".join(self.workspace.commands)
        said = f"{command} is not a valid command. Commands here: {there}"
        self.store.tell(person.id, place.id, said)
        answer = Answer(person.id, f"{command} {text}", 0, "", said)
        self.answers.append(answer)
        return answer

    def _spoken(self, hook: Hook, body: str) -> None:
        """Show what the bot said in the answer itself."""
        try:
            said = json.loads(body)
        except ValueError:
            said = body
        args = said if isinstance(said, dict) else {"text": body}
        if not ({"text", "blocks", "attachments"} & args.keys()):
            return
        try:
            self.hooks.act(hook, args)
        except SlackError as refused:
            self.store.tell(hook.user, hook.channel, f"the command failed with the error “{refused.code}”")

    def _seen(self, person: Person, channel: Channel, ts: str) -> Message | Ephemeral:
        message = self.store.get(channel.id, ts)
        if message:
            return message
        for one in self.store.ephemerals:
            if (one.user, one.channel, one.ts, one.gone) == (person.id, channel.id, ts, False):
                return one
        raise LookupError(f"{person.name} sees no message {ts} in {self.store.name(channel.id)}")

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, option: Choice = "", block_id: str = ""
    ) -> Answer:
        """Click what stands in a message, or choose in a menu of it."""
        person, place = self.who(user, channel)
        seen = self._seen(person, place, ts)
        typed = self._typed[person.id, place.id, ts]
        action = self.action(seen.blocks, typed, action_id, option, block_id)
        self.store.note(place.id, f"{person.name} clicks", f"{action_id} {action.get('value', option)}".strip())
        path = self.hooks.hand(person.id, place.id, seen)
        payload = {
            **self.envelope("block_actions", person),
            **self.spot(seen, place),
            "actions": [action],
            "state": {"values": slack_state.values(seen.blocks, typed)},
            "response_url": self._here() + path,
        }
        answer = await self.line.send("interactive", payload, person.id, f"click {action_id}")
        if answer.error:
            self.store.tell(person.id, place.id, f"that did not work: “{answer.error}”")
        return answer

    def spot(self, seen: Message | Ephemeral, place: Channel) -> dict[str, Any]:
        """Return where a click in a message was made, as the payload says it."""
        whispered = isinstance(seen, Ephemeral)
        container = {
            "type": "message",
            "message_ts": seen.ts,
            "channel_id": place.id,
            "is_ephemeral": whispered,
        }
        name = "directmessage" if place.is_im else place.name
        spot: dict[str, Any] = {"container": container, "channel": {"id": place.id, "name": name}}
        if seen.thread_ts:
            container["thread_ts"] = seen.thread_ts
        if isinstance(seen, Message):
            spot["message"] = message_json(seen, self.workspace, metadata=True)
        return spot

    def envelope(self, kind: str, person: Person) -> dict[str, Any]:
        """Return what every payload of an interaction begins with."""
        team = person.team_id or self.workspace.team_id
        who = {"id": person.id, "username": person.name, "name": person.name, "team_id": team}
        return {
            "type": kind,
            "api_app_id": self.workspace.app_id,
            "token": "deprecated",
            "team": {"id": self.workspace.team_id, "domain": self.workspace.domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": who,
            "trigger_id": self.views.trigger(person.id),
        }

    def action(
        self, blocks: list[dict[str, Any]], typed: Values, action_id: str, option: Choice = "", block_id: str = ""
    ) -> dict[str, Any]:
        """Act on an element and return what the payload says of it; ``typed`` takes what was chosen."""
        block, element = slack_parts.find(blocks, action_id, block_id)
        at = block["block_id"]
        before = slack_state.values(blocks, typed).get(at, {}).get(action_id, {})
        chosen = slack_state.chosen(element, before, option)
        if before:
            typed.setdefault(at, {})[action_id] = {"type": element["type"], **chosen}
        self._clicks += 1
        stamp = f"{self.store.world.now.timestamp():.0f}.{self._clicks:06d}"
        base = {"type": element["type"], "action_id": action_id, "block_id": at}
        return {**base, **chosen, "action_ts": stamp}
