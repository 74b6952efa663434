"""Acting as a person: commands, clicks and forms, truly signed and sent to the bot."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from infra.local.cloud import slack_blocks
from infra.local.cloud.slack_hooks import Hook, Hooks
from infra.local.cloud.slack_store import Ephemeral, Message, SlackError, Store, message_json
from infra.local.cloud.slack_views import View, Views
from infra.local.cloud.slack_workspace import Channel, Person

PATIENCE = 3.0
"""Seconds of wall time that Slack waits for the bot."""
# Loopback is plain http: loading the trusted roots for every client would cost more than the call.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Answer:
    """What came back from the bot; ``status`` is 0 where nothing came, ``error`` what the person then sees."""

    user: str
    asked: str
    status: int
    body: str
    error: str = ""


class People:
    """Everybody's keyboard and mouse."""

    def __init__(
        self, store: Store, views: Views, hooks: Hooks, secret: str, addresses: Callable[[], tuple[str, str]]
    ) -> None:
        self.store, self.views, self.hooks = store, views, hooks
        self.workspace = store.workspace
        self.answers: list[Answer] = []
        self.patience = PATIENCE
        self._secret = secret
        self._addresses = addresses
        """Says where the bot and where Slack itself listen."""
        self._clicks = 0

    def who(self, user: str, channel: str) -> tuple[Person, Channel]:
        """Find a person and a conversation that the person is in."""
        person, place = self.workspace.person(user), self.workspace.channel(channel)
        if person is None or place is None:
            raise LookupError(f"no such person or channel: {user}, {channel}")
        if person.id not in place.members:
            raise LookupError(f"{person.name} is not in {self.store.name(place.id)}")
        return person, place

    async def command(self, user: str, channel: str, text: str, command: str) -> Answer:
        """Type a slash command."""
        person, place = self.who(user, channel)
        self.store.note(place.id, f"{person.name} types", f"{command} {text}")
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
            "response_url": self._addresses()[1] + path,
            "trigger_id": self.views.trigger(person.id),
        }
        answer = await self.send(form, person, f"{command} {text}")
        if answer.error:
            self._tell(person, place, f"{command} failed with the error “{answer.error}”")
        elif answer.body.strip():
            self._spoken(self.hooks.handed[path.rsplit("/", 1)[1]], answer.body)
        return answer

    def _spoken(self, hook: Hook, body: str) -> None:
        """Show what the bot said in the HTTP answer itself."""
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
            person, channel = self.who(hook.user, hook.channel)
            self._tell(person, channel, f"the command failed with the error “{refused.code}”")

    def _tell(self, person: Person, channel: Channel, text: str) -> None:
        said = Ephemeral(person.id, channel.id, self.store.mint(), text, [])
        self.store.ephemerals.append(said)
        self.store.note(channel.id, f"(Slack, only to {person.name})", text)

    def _seen(self, person: Person, channel: Channel, ts: str) -> Message | Ephemeral:
        message = self.store.get(channel.id, ts)
        if message:
            return message
        for one in self.store.ephemerals:
            if (one.user, one.channel, one.ts, one.gone) == (person.id, channel.id, ts, False):
                return one
        raise LookupError(f"{person.name} sees no message {ts} in {self.store.name(channel.id)}")

    async def click(self, user: str, channel: str, ts: str, action_id: str, option: str) -> Answer:
        """Click a button of a message, or choose an option of a menu by its value."""
        person, place = self.who(user, channel)
        seen = self._seen(person, place, ts)
        action = self._action(seen.blocks, action_id, option)
        self.store.note(place.id, f"{person.name} clicks", f"{action_id} {action.get('value', option)}".strip())
        path = self.hooks.hand(person.id, place.id, seen)
        payload = {
            **self._envelope("block_actions", person),
            **self._place(seen, place),
            "actions": [action],
            "state": {"values": {}},
            "response_url": self._addresses()[1] + path,
        }
        answer = await self.send({"payload": json.dumps(payload)}, person, f"click {action_id}")
        if answer.error:
            self._tell(person, place, f"that did not work: “{answer.error}”")
        return answer

    def _place(self, seen: Message | Ephemeral, place: Channel) -> dict[str, Any]:
        whispered = isinstance(seen, Ephemeral)
        container = {
            "type": "message",
            "message_ts": seen.ts,
            "channel_id": place.id,
            "is_ephemeral": whispered,
        }
        spot: dict[str, Any] = {"container": container, "channel": {"id": place.id, "name": place.name}}
        if isinstance(seen, Message):
            spot["message"] = message_json(seen, self.workspace, metadata=True)
            if seen.thread_ts:
                container["thread_ts"] = seen.thread_ts
        return spot

    def _envelope(self, kind: str, person: Person) -> dict[str, Any]:
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

    def _action(self, blocks: list[dict[str, Any]], action_id: str, option: str) -> dict[str, Any]:
        self._clicks += 1
        for block in blocks:
            for element in slack_blocks.elements(block):
                if element.get("action_id") == action_id:
                    at = f"{self.store.world.now.timestamp():.0f}.{self._clicks:06d}"
                    base = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"]}
                    return {**base, **_chosen(element, option), "action_ts": at}
        raise LookupError(f"there is no {action_id} to click on")

    async def submit(self, user: str, view_id: str, values: dict[str, dict[str, Any]]) -> tuple[Answer, dict[str, Any]]:
        """Send a modal's form (block_id -> action_id -> state); return the ``response_action`` too."""
        view = self.views.opened.get(view_id)
        person = self.workspace.person(user)
        if person is None or view is None or view.closed or view.user != person.id:
            raise LookupError(f"{user} has no open modal {view_id}")
        shown = {**self.views.json(view), "state": {"values": values}}
        payload = {**self._envelope("view_submission", person), "view": shown, "response_urls": []}
        answer = await self.send({"payload": json.dumps(payload)}, person, "submit")
        said: dict[str, Any] = json.loads(answer.body) if answer.body.startswith("{") else {}
        if not answer.error:
            self._respond(view, said)
        return answer, said

    def _respond(self, view: View, said: dict[str, Any]) -> None:
        match said.get("response_action"):
            case None:
                view.closed = True
            case "clear":
                for one in self.views.opened.values():
                    one.closed = one.closed or one.user == view.user
            case "update":
                self.views.update({"view_id": view.id, "view": said.get("view")})
            case "push":
                trigger = self.views.trigger(view.user)
                self.views.push({"trigger_id": trigger, "view": said.get("view")})
            case _:
                return  # errors: the form stays open with what was typed

    async def send(self, form: dict[str, str], person: Person, asked: str) -> Answer:
        """Sign and post a form, and wait no longer than Slack does; time stands still meanwhile."""
        body = urlencode(form)
        stamp = str(int(time.time()))
        mac = hmac.new(self._secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mac}",
        }
        with self.store.world.busy():
            answer = await self._post(
                self._addresses()[0], body, headers, lambda *found: Answer(person.id, asked, *found)
            )
        self.answers.append(answer)
        return answer

    async def _post(self, url: str, body: str, headers: dict[str, str], made: Callable[..., Answer]) -> Answer:
        try:
            async with asyncio.timeout(self.patience):
                async with httpx.AsyncClient(trust_env=False, verify=_NO_TLS, timeout=self.patience) as client:
                    got = await client.post(url, content=body, headers=headers)
        except TimeoutError:
            return made(0, "", "operation_timeout")
        except httpx.HTTPError:
            return made(0, "", "dispatch_failed")
        return made(got.status_code, got.text, "" if got.is_success else "http_service_error")


def _chosen(element: dict[str, Any], option: str) -> dict[str, Any]:
    if element["type"] == "button":
        return {key: element[key] for key in ("text", "value") if key in element}
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    found = next((one for one in options if one["value"] == option), None)
    if found is None:
        raise LookupError(f"there is no option {option}")
    many = element["type"] in {"checkboxes", "multi_static_select"}
    return {"selected_options": [found]} if many else {"selected_option": found}
