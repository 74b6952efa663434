"""Socket Mode of the Slack stand-in, spoken with slack_sdk's own client and with Bolt."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_place import APP_TOKEN, CARD, OPS, TOKEN, Place, field, modal, running, typed
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.waiting import PATIENCE, eventually


@pytest.fixture
def place() -> Iterator[Place]:
    with running(APP_TOKEN) as made:
        yield made


class Client:
    """An app that is connected, and answers each payload with ``reply``; without one it stays silent."""

    def __init__(self, place: Place, **options: Any) -> None:
        self.heard: list[SocketModeRequest] = []
        self.said: list[dict[str, Any]] = []
        self.reply: Callable[[SocketModeRequest], dict[str, Any] | None] | None = lambda _: None
        quiet = logging.getLogger("quiet")
        quiet.setLevel(logging.CRITICAL)
        web = WebClient(APP_TOKEN, base_url=f"{place.server.endpoints['slack']}/api/", logger=quiet)
        self.client = SocketModeClient(APP_TOKEN, logger=quiet, web_client=web, **options)
        self.client.message_listeners.append(lambda _, message, __: self.said.append(message))
        self.client.socket_mode_request_listeners.append(self._answer)

    def _answer(self, client: Any, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if self.reply:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.reply(request)))

    @property
    def hello(self) -> dict[str, Any]:
        return next((one for one in self.said if one.get("type") == "hello"), {})


@pytest.fixture
def clients(place: Place) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def connected(**options: Any) -> Client:
        made.append(Client(place, **options))
        made[-1].client.connect()
        eventually(lambda: made[-1].hello)
        return made[-1]

    yield connected
    for one in made:
        one.client.default_auto_reconnect_enabled = one.client.auto_reconnect_enabled = False
    for link in list(place.slack.sockets.links):
        place.do(link.socket.close())  # or each client would wait three seconds for its own last read
    for one in made:
        eventually(lambda: not one.client.is_connected())  # noqa: B023 - looked at before the next
        one.client.close()


def ticket(place: Place) -> str:
    return str(place.as_app(APP_TOKEN).apps_connections_open(app_token=APP_TOKEN)["url"])


def refused(place: Place, token: str) -> str:
    with pytest.raises(SlackApiError) as error:
        place.client.apps_connections_open(app_token=token)
    return str(error.value.response["error"])


def test_a_bot_token_opens_no_connection(place: Place) -> None:
    assert (refused(place, TOKEN), refused(place, "xapp-wrong")) == ("not_allowed_token_type", "invalid_auth")


def test_an_app_token_calls_no_other_method(place: Place) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        place.as_app(APP_TOKEN).auth_test()


def test_an_app_without_an_app_token_has_no_socket_mode() -> None:
    with running() as plain:
        assert refused(plain, APP_TOKEN) == "invalid_auth"
        assert refused(plain, TOKEN) == "not_allowed_token_type"


def test_an_address_serves_once(place: Place) -> None:
    url = ticket(place)
    with connect(url) as first:
        assert json.loads(first.recv())["type"] == "hello"
    with pytest.raises(InvalidStatus):
        connect(url)


def test_an_address_is_of_no_use_when_it_is_old(place: Place) -> None:
    url = ticket(place)
    place.slack.sockets.ticket_life = 0
    with pytest.raises(InvalidStatus):
        connect(url)


def test_the_app_is_greeted_with_the_number_of_its_connections(clients: Callable[..., Client]) -> None:
    assert [clients().hello["num_connections"] for _ in range(2)] == [1, 2]


def test_a_command_comes_down_the_socket_and_its_answer_is_shown(place: Place, clients: Callable[..., Client]) -> None:
    app = clients()
    app.reply = lambda request: {"text": f"heard {request.payload['text']}"}
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200
    assert [(one.type, one.accepts_response_payload) for one in app.heard] == [("slash_commands", True)]
    assert [one.text for one in place.slack.ephemerals("ana")] == ["heard status"]
    assert place.bot.heard == []


def test_a_click_comes_down_the_socket(place: Place, clients: Callable[..., Client]) -> None:
    app = clients()
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    assert place.do(place.slack.click("ben", "infer-ops", ts, "approve")) == 200
    heard = app.heard[0]
    assert (heard.type, heard.accepts_response_payload) == ("interactive", False)
    assert heard.payload["actions"][0]["value"] == "p1"


def test_a_form_is_answered_by_the_acknowledgement(place: Place, clients: Callable[..., Client]) -> None:
    app = clients()
    place.do(place.slack.command("ana", "infer-ops", "deploy"))
    view = place.client.views_open(trigger_id=app.heard[0].payload["trigger_id"], view=modal(field("name")))["view"]
    app.reply = lambda _: {"response_action": "errors", "errors": {"name": "taken"}}
    assert place.do(place.slack.submit("ana", view["id"], typed(name="llama"))).errors == {"name": "taken"}


def test_an_event_comes_down_the_socket_with_its_attempt(place: Place, clients: Callable[..., Client]) -> None:
    app = clients()
    app.reply, place.slack.people.patience = None, 0.1
    place.do(place.slack.open_home("ana"))
    place.later(1)
    eventually(lambda: len(app.heard) == 4)
    assert {one.type for one in app.heard} == {"events_api"}
    assert [one.retry_attempt for one in app.heard] == [0, 1, 2, 3]
    assert [one.retry_reason for one in app.heard] == ["", "timeout", "timeout", "timeout"]


def test_what_nobody_acknowledges_fails_for_the_person(place: Place, clients: Callable[..., Client]) -> None:
    clients().reply = None
    place.slack.people.patience = 0.1
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 0
    assert "operation_timeout" in place.slack.ephemerals("ana")[0].text


def test_each_payload_goes_down_one_of_several_connections(place: Place, clients: Callable[..., Client]) -> None:
    apps = [clients(), clients()]
    for text in ("1", "2", "3", "4"):
        place.do(place.slack.command("ana", "infer-ops", text))
    assert sorted(one.payload["text"] for app in apps for one in app.heard) == ["1", "2", "3", "4"]
    assert [len(app.heard) for app in apps] == [2, 2]


def test_without_a_connection_all_goes_over_http(place: Place, clients: Callable[..., Client]) -> None:
    clients().client.close()
    eventually(lambda: not place.slack.sockets.connected)
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200
    assert place.bot.heard[0]["text"] == "status"


def test_an_app_that_is_asked_to_refresh_connects_anew(place: Place, clients: Callable[..., Client]) -> None:
    app = clients()
    before = place.slack.sockets.links[0]
    place.do(place.slack.sockets.disconnect())
    eventually(lambda: place.slack.sockets.connected and before not in place.slack.sockets.links)
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200
    assert [one.payload["text"] for one in app.heard] == ["status"]


def test_a_connection_that_is_about_to_be_closed_gets_nothing_more(place: Place) -> None:
    with connect(ticket(place)) as old:
        old.recv()
        place.do(place.slack.sockets.disconnect())
        old.recv()
        with connect(ticket(place)) as new:
            new.recv()
            for _ in range(2):
                sent = threading.Thread(target=lambda: place.do(place.slack.command("ana", "infer-ops", "status")))
                sent.start()
                new.send(json.dumps({"envelope_id": json.loads(new.recv(timeout=PATIENCE))["envelope_id"]}))
                sent.join()
    assert [answer.status for answer in place.slack.answers] == [200, 200]


def test_a_connection_that_stays_after_it_was_asked_to_refresh_is_closed(place: Place) -> None:
    place.slack.sockets.grace = 0.05
    with connect(ticket(place)) as link:
        link.recv()
        place.do(place.slack.sockets.disconnect())
        assert json.loads(link.recv())["reason"] == "refresh_requested"
        eventually(lambda: not place.slack.sockets.links)


def test_a_payload_that_waits_is_acknowledged_over_the_new_connection(place: Place) -> None:
    with connect(ticket(place)) as old, connect(ticket(place)) as new:
        assert {json.loads(link.recv())["type"] for link in (old, new)} == {"hello"}
        sent = threading.Thread(target=lambda: place.do(place.slack.command("ana", "infer-ops", "status")))
        sent.start()
        first, second, envelope = _whoever_is_asked(old, new)
        first.close()
        second.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        sent.join()
    assert [answer.status for answer in place.slack.answers] == [200]


def _whoever_is_asked(*links: ClientConnection) -> tuple[ClientConnection, ClientConnection, dict[str, Any]]:
    while True:
        for asked, other in (links, links[::-1]):
            try:
                return asked, other, json.loads(asked.recv(timeout=0.01))
            except TimeoutError:
                continue


def test_socket_mode_can_be_switched_off(place: Place) -> None:
    with connect(ticket(place)) as link:
        link.recv()
        place.do(place.slack.sockets.disconnect("link_disabled"))
        assert json.loads(link.recv())["reason"] == "link_disabled"
        assert not place.slack.sockets.connected
        with pytest.raises(SlackApiError):
            ticket(place)


def test_the_connection_answers_pings(place: Place) -> None:
    with connect(ticket(place)) as link:
        assert link.ping("are you there").wait(120)


def test_nonsense_down_the_socket_harms_nobody(place: Place, clients: Callable[..., Client]) -> None:
    with connect(ticket(place)) as link:
        for text in ("nonsense", "[]", '{"envelope_id": "unknown"}'):
            link.send(text)
        link.ping().wait(120)
    clients()
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200


def test_time_goes_on_beside_an_idle_connection(place: Place, clients: Callable[..., Client]) -> None:
    clients()
    before = place.world.now
    place.later(3600)
    assert place.world.now >= before + timedelta(hours=1)


def test_time_stands_still_while_a_payload_is_under_way(place: Place, clients: Callable[..., Client]) -> None:
    times = [place.world.now]

    def look(_: SocketModeRequest) -> None:
        place.server.run(lambda: place.world.after(timedelta(hours=1), lambda: None))
        times.extend(place.server.run(lambda: place.world.now) for _ in range(20))

    clients().reply = look
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert len(set(times)) == 1


def test_the_app_token_stays_out_of_the_record(place: Place) -> None:
    ticket(place)
    assert APP_TOKEN not in "\n".join(place.slack.traffic)


def test_bolt_works_over_the_socket(place: Place) -> None:
    app = App(client=place.client, signing_secret="unused")
    app.command("/infer")(lambda ack, command: ack(f"heard {command['text']}"))
    app.event("app_home_opened")(lambda event, say: say(f"welcome {event['user']}", channel=event["channel"]))
    handler = SocketModeHandler(app, APP_TOKEN, web_client=place.as_app(APP_TOKEN))
    handler.connect()
    eventually(lambda: place.slack.sockets.connected)
    place.do(place.slack.command("ana", "infer-ops", "status"))
    place.do(place.slack.open_home("ana"))
    eventually(lambda: place.slack.directs("ana"))
    handler.close()
    assert place.slack.ephemerals("ana")[0].text == "heard status"
