"""Slack as the bot meets it: the Web API, the people behind it, and a record of all that was said.

Flow: a person acts (``command``, ``click``) -> the signed request goes to the bot -> the bot's own calls of
the Web API come back in through ``answer``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.slack_chat import Args, Chat, Method
from infra.local.cloud.slack_hooks import Hooks
from infra.local.cloud.slack_limits import Buckets
from infra.local.cloud.slack_people import Answer, People
from infra.local.cloud.slack_reads import Reads
from infra.local.cloud.slack_store import Content, Ephemeral, Message, SlackError, Store
from infra.local.cloud.slack_views import View, Views
from infra.local.cloud.slack_workspace import Workspace
from infra.local.cloud.wire import json_response
from infra.local.cloud.world import World

_JSON_IN_FORMS = ("attachments", "blocks", "metadata", "view")
_READS = ("api.", "auth.", "users.", "usergroups.", "conversations.", "chat.getPermalink")


class Slack:
    """A workspace with one app in it. Serve ``answer`` as a raw host and set ``url`` to where it listens."""

    def __init__(
        self,
        world: World,
        signing_secret: str,
        bot_token: str,
        bot_url: str | Callable[[], str] = "",
        workspace: Workspace | None = None,
    ) -> None:
        self.world = world
        self.workspace = workspace or Workspace()
        self.bot_url = bot_url
        """Where the bot listens for commands and clicks; a callable is asked each time."""
        self.url = ""
        """Where this Slack listens, for ``response_url``; learnt from the first request if never set."""
        self.unsupported: set[str] = set()
        """Block types that this workspace refuses, as workspaces do that lack a newer one."""
        self.traffic: list[str] = []
        """Every request and answer as text, without the Authorization header."""
        self.store = Store(world, self.workspace)
        self.views = Views(self.workspace, self.unsupported)
        self.buckets = Buckets(world)
        self._token = bot_token
        chat = Chat(self.store, self.unsupported)
        self._hooks = Hooks(self.store, chat)
        self.people = People(self.store, self.views, self._hooks, signing_secret, self._addresses)
        reads = Reads(self.store)
        self._methods: dict[str, Method] = {**chat.methods(), **reads.methods(), **self.views.methods()}

    # Web API ---------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Answer one HTTP request to slack.com or to a ``response_url``."""
        body = (await request.body()).decode()
        self.url = self.url or str(request.base_url).rstrip("/")
        with self.world.busy():
            response = self._answer(request, body)
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        self.traffic.append(f"{request.method} {target}\n{body}")
        self.traffic.append(f"{response.status_code}\n{bytes(response.body).decode()}")
        return response

    def _answer(self, request: Request, body: str) -> Response:
        if "slack" in self.world.faults.unavailable:
            self.world.faults.seen["unavailable"] += 1
            return Response("upstream connect error", 503, media_type="text/plain")
        _, kind, name = (*request.url.path.split("/", 2), "", "")[:3]
        if kind == "response" and request.method == "POST":
            return self._hook(name, body)
        if kind != "api":
            return Response("not found", 404, media_type="text/plain")
        try:
            return self._call(name, request, _arguments(request, body))
        except SlackError as refused:
            return json_response(refused.body())

    def _call(self, name: str, request: Request, args: Args) -> Response:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method")
        self._authorise(name, request, args)
        if wait := self.buckets.wait(name, str(args.get("channel", ""))):
            return json_response(SlackError("ratelimited").body(), 429, {"Retry-After": str(wait)})
        result = {"ok": True, **method(args)}
        faults = self.world.faults
        if not name.startswith(_READS) and faults.spend("answer_lost", faults.answer_lost, "slack"):
            raise SlackError("fatal_error")  # Slack's word for: some of it may have happened
        return json_response(result)

    def _authorise(self, name: str, request: Request, args: Args) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = str(args.pop("token", "") or given)
        if name == "api.test":
            return
        if not token:
            raise SlackError("not_authed")
        if token != self._token:
            raise SlackError("invalid_auth")

    def _hook(self, name: str, body: str) -> Response:
        try:
            args = json.loads(body)
            self._hooks.post(name, args if isinstance(args, dict) else {})
        except ValueError:
            return Response("invalid_payload", 400, media_type="text/plain")
        except SlackError as refused:
            gone = refused.code in {"expired_url", "used_url"}
            return json_response(refused.body(), 404 if gone else 400)
        return Response("ok", media_type="text/plain")

    # People ----------------------------------------------------------------------------------------------

    def _addresses(self) -> tuple[str, str]:
        return (self.bot_url() if callable(self.bot_url) else self.bot_url), self.url

    async def command(self, user: str, channel: str, text: str, command: str = "/infer") -> int:
        """Type a slash command as a person (name or id); return the HTTP status, 0 if the bot was too late.

        The whole answer is ``answers[-1]``. LookupError if the person is not in that channel.
        """
        answer = await self.people.command(user, channel, text, command)
        return answer.status

    async def click(self, user: str, channel: str, ts: str, action_id: str, option: str = "") -> int:
        """Click as a person what stands in a message; return the HTTP status, 0 if the bot was too late.

        ``option`` is the value to choose where it is a menu. LookupError if the person cannot see or click it.
        """
        answer = await self.people.click(user, channel, ts, action_id, option)
        return answer.status

    async def submit(self, user: str, view_id: str, values: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Send a modal's form as a person; return what the bot answered, empty if the modal was closed."""
        _, said = await self.people.submit(user, view_id, values)
        return said

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> Message:
        """Say something in a conversation as a person."""
        person, place = self.people.who(user, channel)
        return self.store.add(place, person.id, Content(text), thread_ts)

    # The record ------------------------------------------------------------------------------------------

    @property
    def answers(self) -> list[Answer]:
        """What the bot answered to each command, click and form, in order."""
        return self.people.answers

    def messages(self, channel: str) -> list[Message]:
        """Return what stands in a conversation (name or id), replies included, oldest first."""
        found = self.workspace.channel(channel)
        if found is None:
            raise LookupError(f"no such channel: {channel}")
        return list(self.store.live(found.id))

    def directs(self, user: str) -> list[Message]:
        """Return what the bot and a person said to each other directly."""
        person = self.workspace.person(user)
        mine = [c.id for c in self.workspace.channels if c.is_im and person and person.id in c.members]
        return [message for one in mine for message in self.store.live(one)]

    def ephemerals(self, user: str) -> list[Ephemeral]:
        """Return what only this person was shown and has not been taken back."""
        person = self.workspace.person(user)
        return [one for one in self.store.ephemerals if person and one.user == person.id and not one.gone]

    def modals(self, user: str) -> list[View]:
        """Return the modals open before a person, the topmost last."""
        person = self.workspace.person(user)
        return [v for v in self.views.opened.values() if person and v.user == person.id and not v.closed]

    def transcript(self) -> str:
        """Return all that happened, a line each, as the people saw it."""
        return "\n".join(self.store.log)

    def snapshot(self) -> dict[str, object]:
        """Return what stands in the conversations and Home tabs, without times."""
        return {
            "channels": {
                self.store.name(one.id): [_plain(message) for message in self.store.live(one.id)]
                for one in self.workspace.channels
            },
            "homes": {user: view.shown for user, view in sorted(self.views.homes.items())},
        }


def _plain(message: Message) -> dict[str, object]:
    blocks = [{k: v for k, v in block.items() if k != "block_id"} for block in message.blocks]
    return {"user": message.user, "text": message.text, "blocks": blocks, "reply": message.in_thread}


def _arguments(request: Request, body: str) -> Args:
    """Read arguments from the query and a JSON or form body, as the Web API does."""
    args: Args = dict(request.query_params.items())
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        try:
            given = json.loads(body or "{}")
        except ValueError as error:
            raise SlackError("invalid_json") from error
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        args |= given
    elif kind.startswith("application/x-www-form-urlencoded"):
        args |= dict(parse_qsl(body, keep_blank_values=True))
    elif body:
        raise SlackError("invalid_post_type")
    for name in _JSON_IN_FORMS:
        if isinstance(args.get(name), str):
            args[name] = _decoded(name, args[name])
    return args


def _decoded(name: str, text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        wrong = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(wrong.get(name, "invalid_arguments")) from error
