"""Slack as the bot meets it: the Web API, the people behind it, and a record of all that was said.

Flow: a person acts (``command``, ``click``, ``submit`` ...) -> the signed request goes to the bot, or down its
WebSocket (``link``) -> the bot's own calls of the Web API come back in through ``answer``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from infra.local.cloud.slack_arguments import arguments
from infra.local.cloud.slack_chat import Args, Chat, Method
from infra.local.cloud.slack_events import Events
from infra.local.cloud.slack_files import Files
from infra.local.cloud.slack_forms import Forms, Sent
from infra.local.cloud.slack_gate import Gate
from infra.local.cloud.slack_hooks import Hooks
from infra.local.cloud.slack_limits import Buckets
from infra.local.cloud.slack_line import Answer, Line
from infra.local.cloud.slack_people import People
from infra.local.cloud.slack_reads import Reads
from infra.local.cloud.slack_screens import Screens
from infra.local.cloud.slack_socket import Sockets
from infra.local.cloud.slack_state import Choice, Values
from infra.local.cloud.slack_store import Content, Ephemeral, Message, SlackError, Store
from infra.local.cloud.slack_views import View, Views
from infra.local.cloud.slack_workspace import Workspace
from infra.local.cloud.wire import json_response
from infra.local.cloud.world import World

_READS = ("api.", "apps.", "auth.", "users.", "usergroups.", "conversations.", "chat.getPermalink", "files.info")


class Slack:
    """A workspace with one app in it. Serve ``answer`` and ``link`` as a raw host; set ``url`` to where it listens.

    With an ``app_token`` (``xapp-...``) the app may use Socket Mode; without a connection it is told over HTTP.
    """

    def __init__(
        self,
        world: World,
        signing_secret: str,
        bot_token: str,
        bot_url: str | Callable[[], str] = "",
        workspace: Workspace | None = None,
        app_token: str = "",
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
        self.gate = Gate(bot_token, app_token)
        self.store = Store(world, self.workspace)
        self.files = Files(self.store, self._here)
        chat = Chat(self.store, self.unsupported, self.files.lost)
        self.views = Views(self.store, self.unsupported, self.files.lost)
        self.buckets = Buckets(world)
        self.sockets = Sockets(self.workspace.app_id, self._here)
        self.screens = Screens(self.store, self.views)
        self._hooks = Hooks(self.store, chat)
        line = Line(world, signing_secret, self._bot, self.sockets)
        self.people = People(self.store, self.views, self._hooks, line, self._here)
        self.forms = Forms(self.people, self._here)
        self.events = Events(self.store, self.views, line)
        parts = (chat, Reads(self.store), self.views, self.files, self.sockets)
        self._methods: dict[str, Method] = {name: method for part in parts for name, method in part.methods().items()}

    # Web API ---------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Answer one HTTP request to slack.com or to a ``response_url``."""
        body = await request.body()
        self.url = self.url or str(request.base_url).rstrip("/")
        with self.world.busy():
            response = self._answer(request, body)
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        self.traffic.append(f"{request.method} {target}\n{_readable(body)}")
        self.traffic.append(f"{response.status_code}\n{_readable(bytes(response.body))}")
        return response

    def _answer(self, request: Request, body: bytes) -> Response:
        if self.world.faults.is_down("slack"):
            return Response("upstream connect error", 503, media_type="text/plain")
        _, kind, name = (*request.url.path.split("/", 2), "", "")[:3]
        match request.method, kind:
            case "POST", "response":
                return self._hook(name, body.decode())
            case "POST", "upload":
                return self._upload(name.removeprefix("v1/"), body)
            case "GET", "files":
                return self._file(request.url.path)
            case _, "api":
                return self._api(name, request, body.decode())
        return Response("not found", 404, media_type="text/plain")

    def _api(self, name: str, request: Request, body: str) -> Response:
        try:
            return self._call(name, request, arguments(request, body))
        except SlackError as refused:
            return json_response(refused.body())

    def _upload(self, file_id: str, data: bytes) -> Response:
        if not self.files.receive(file_id, data):
            return Response("not found", 404, media_type="text/plain")
        return Response(f"OK - {len(data)}", media_type="text/plain")

    def _file(self, path: str) -> Response:
        # A browser fetches with its session; there is one person at this machine, and so no need for one.
        file = self.files.at(path)
        if file is None:
            return Response("not found", 404, media_type="text/plain")
        return Response(file.data, media_type=file.kind)

    async def link(self, socket: WebSocket) -> None:
        """Hold one WebSocket of Socket Mode."""
        await self.sockets.serve(socket)

    def _call(self, name: str, request: Request, args: Args) -> Response:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method")
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.gate.check(name, str(args.pop("token", "") or given))
        if wait := self.buckets.wait(name, str(args.get("channel", ""))):
            return json_response(SlackError("ratelimited").body(), 429, {"Retry-After": str(wait)})
        result = {"ok": True, **method(args)}
        faults = self.world.faults
        if not name.startswith(_READS) and faults.spend("answer_lost", faults.answer_lost, "slack"):
            raise SlackError("fatal_error")  # Slack's word for: some of it may have happened
        return json_response(result)

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

    def _bot(self) -> str:
        return self.bot_url() if callable(self.bot_url) else self.bot_url

    def _here(self) -> str:
        return self.url

    async def command(self, user: str, channel: str, text: str, command: str = "/infer") -> int:
        """Type a slash command as a person (name or id); return the HTTP status, 0 if the bot was too late.

        The whole answer is ``answers[-1]``. LookupError if the person is not in that channel.
        """
        answer = await self.people.command(user, channel, text, command)
        return answer.status

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, option: Choice = "", block_id: str = ""
    ) -> int:
        """Click as a person what stands in a message; return the HTTP status, 0 if the bot was too late.

        ``option`` is the value to choose where it is a menu. LookupError if the person cannot see or click it.
        """
        answer = await self.people.click(user, channel, ts, action_id, option, block_id)
        return answer.status

    async def act_in_view(
        self,
        user: str,
        view_id: str,
        block_id: str,
        action_id: str,
        option: Choice = "",
        values: Values | None = None,
    ) -> int:
        """Click or choose as a person in a modal or on the Home tab; return as ``click`` does.

        ``values`` is what was typed in the view so far. LookupError if the view is not in front, or has no such thing.
        """
        answer = await self.forms.act(user, view_id, block_id, action_id, option, values)
        return answer.status

    async def submit(self, user: str, view_id: str, values: Values) -> Sent:
        """Send a modal's form as a person. LookupError if it is not in front, ValueError if ``values`` are none."""
        return await self.forms.submit(user, view_id, values)

    async def close(self, user: str, view_id: str, *, everything: bool = False) -> None:
        """Close a modal as a person, or with ``everything`` all below it too. LookupError if it is not in front."""
        await self.forms.close(user, view_id, everything=everything)

    async def open_home(self, user: str) -> int:
        """Open the Home tab as a person; return the status of the first attempt to tell the bot."""
        answer = await self.events.open_home(self.people.somebody(user))
        return answer.status

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
        return self.views.stack(person.id) if person else []

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
    return {"user": message.user, "text": message.text, "blocks": _bare(message.blocks), "reply": message.in_thread}


def _bare(value: Any) -> Any:
    """Return blocks without their ids, which Slack itself may have given."""
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return {k: _bare(v) for k, v in value.items() if k != "block_id"} if isinstance(value, dict) else value


def _readable(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"
