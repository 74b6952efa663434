"""The Slack stand-in, asked with the real slack_sdk client; a small Bolt-free bot stands at the other end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.server import Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.slack_workspace import ANA, BEN, DEV, GUEST
from infra.local.cloud.world import World

SECRET, TOKEN = "a-signing-secret", "xoxb-a-token"
OPS, RANDOM = "C0INFEROPS", "C0RANDOM01"
BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "p1"}
CARD = [{"type": "actions", "block_id": "row", "elements": [BUTTON]}]


class Bot:
    """What the tests' bot heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.genuine: list[bool] = []
        self.reply = Response("")
        self.delay = 0.0
        self.now: Callable[[], object] = lambda: None
        self.times: list[object] = []
        self.instead: Callable[[Request], Awaitable[Response]] | None = None

    async def answer(self, request: Request) -> Response:
        if self.instead:
            return await self.instead(request)
        body = await request.body()
        self.genuine.append(SignatureVerifier(SECRET).is_valid_request(body, dict(request.headers)))
        self.heard.append({key: value[0] for key, value in parse_qs(body.decode()).items()})
        self.times.append(self.now())
        await asyncio.sleep(self.delay)
        self.times.append(self.now())
        return self.reply


class Place:
    """A running Slack with a bot beside it."""

    def __init__(self) -> None:
        self.world, self.bot = World(), Bot()
        self.slack = Slack(self.world, SECRET, TOKEN, lambda: self.server.endpoints["bot"])
        self.server = Server(self.world, [], {"slack": self.slack.answer, "bot": self.bot.answer}).start()
        self.slack.url = self.server.endpoints["slack"]
        self.bot.now = lambda: self.world.now
        self.client = self.as_app(TOKEN)

    def as_app(self, token: str) -> WebClient:
        return WebClient(token, base_url=f"{self.server.endpoints['slack']}/api/", retry_handlers=[])

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        assert self.server._loop
        return asyncio.run_coroutine_threadsafe(what, self.server._loop).result(10)

    def later(self, seconds: float) -> None:
        """Let virtual time go on."""
        until = self.world.now + timedelta(seconds=seconds)
        self.server.run(lambda: self.world.at(until, lambda: None))
        while self.world.now < until:
            time.sleep(0.002)

    def refusal(self, method: str, **args: Any) -> str:
        with pytest.raises(SlackApiError) as refused:
            self.client.api_call(method, json=args)
        return str(refused.value.response["error"])


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def patient() -> Iterator[Place]:
    """One Slack without rate limits for all the tests that leave nothing behind."""
    made = Place()
    made.slack.buckets.limits.clear()
    yield made
    made.server.stop()


def test_a_post_stands_in_the_channel_with_a_ts_of_virtual_time(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="hello")
    assert said["ts"] == "1767603600.000100"
    assert [(m.text, m.ts) for m in place.slack.messages("#infer-ops")] == [("hello", said["ts"])]


def test_a_form_body_means_the_same_as_json(place: Place) -> None:
    args = {"channel": OPS, "text": "hi", "blocks": json.dumps(CARD)}
    said = place.client.api_call("chat.postMessage", data=args)
    assert said["message"]["blocks"] == CARD


def test_a_channel_may_be_named_when_posting(place: Place) -> None:
    assert place.client.chat_postMessage(channel="#infer-ops", text="hi")["channel"] == OPS


def test_blocks_without_an_id_are_given_one(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="x", blocks=[{"type": "divider"}])
    assert said["message"]["blocks"][0]["block_id"]


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        pytest.param("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found", id="no such channel"),
        pytest.param("chat.postMessage", {"channel": RANDOM, "text": "x"}, "not_in_channel", id="bot not invited"),
        pytest.param("chat.postMessage", {"channel": OPS}, "no_text", id="nothing said"),
        pytest.param(
            "chat.postMessage", {"channel": OPS, "text": "x", "thread_ts": "1.2"}, "thread_not_found", id="thread"
        ),
        pytest.param(
            "chat.update", {"channel": OPS, "ts": "1.2", "text": "x"}, "message_not_found", id="edit of nothing"
        ),
        pytest.param("chat.delete", {"channel": OPS, "ts": "1.2"}, "message_not_found", id="delete of nothing"),
        pytest.param(
            "chat.postEphemeral",
            {"channel": OPS, "user": "U404", "text": "x"},
            "user_not_in_channel",
            id="not a member",
        ),
        pytest.param("conversations.open", {"users": "U404"}, "user_not_found", id="direct message to nobody"),
        pytest.param("conversations.history", {"channel": RANDOM}, "not_in_channel", id="history of elsewhere"),
        pytest.param("conversations.replies", {"channel": OPS, "ts": "1.2"}, "thread_not_found", id="no such thread"),
        pytest.param("users.info", {"user": "U404"}, "user_not_found", id="nobody"),
        pytest.param("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam", id="no such group"),
        pytest.param("views.open", {"trigger_id": "t", "view": {"type": "home"}}, "invalid_arguments", id="wrong view"),
        pytest.param("chat.scream", {}, "unknown_method", id="no such method"),
        pytest.param(
            "chat.postMessage",
            {"channel": OPS, "text": "x", "metadata": {"event_type": "e"}},
            "invalid_metadata_format",
            id="metadata without payload",
        ),
        pytest.param(
            "chat.postMessage",
            {"channel": OPS, "text": "x", "metadata": {"event_type": "e", "event_payload": {"a": {"b": {"c": 1}}}}},
            "invalid_metadata_schema",
            id="metadata nested too deep",
        ),
    ],
)
def test_refused_in_slacks_own_words(patient: Place, method: str, args: dict[str, Any], error: str) -> None:
    assert patient.refusal(method, **args) == error


def test_a_wrong_token_is_refused(place: Place) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        place.as_app("xoxb-wrong").auth_test()


def test_the_bot_learns_who_it_is(place: Place) -> None:
    assert place.client.auth_test()["user_id"] == place.slack.workspace.bot_user


def test_an_edit_keeps_every_version(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="one")["ts"]
    place.client.chat_update(channel=OPS, ts=ts, text="two")
    message = place.slack.messages("infer-ops")[0]
    assert [version.content.text for version in message.versions] == ["one", "two"]


def test_an_edit_with_text_alone_takes_the_blocks_away(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="one", blocks=CARD)["ts"]
    assert "blocks" not in place.client.chat_update(channel=OPS, ts=ts, text="two")["message"]


def test_a_persons_message_cannot_be_edited(place: Place) -> None:
    said = place.server.run(lambda: place.slack.say("ana", "infer-ops", "mine"))
    assert place.refusal("chat.update", channel=OPS, ts=said.ts, text="x") == "cant_update_message"


def test_a_long_text_is_cut_when_posted_and_refused_when_edited(place: Place) -> None:
    said = place.client.chat_postMessage(channel=OPS, text="x" * 40_001)
    assert len(said["message"]["text"]) == 40_000
    assert place.refusal("chat.update", channel=OPS, ts=said["ts"], text="x" * 4_001) == "msg_too_long"


def test_a_deleted_message_is_gone(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="oops")["ts"]
    place.client.chat_delete(channel=OPS, ts=ts)
    assert place.client.conversations_history(channel=OPS)["messages"] == []


def test_history_is_newest_first_and_leaves_replies_in_their_thread(place: Place) -> None:
    first = place.client.chat_postMessage(channel=OPS, text="parent")["ts"]
    place.client.chat_postMessage(channel=OPS, text="reply", thread_ts=first)
    place.client.chat_postMessage(channel=OPS, text="next")
    history = place.client.conversations_history(channel=OPS)["messages"]
    thread = place.client.conversations_replies(channel=OPS, ts=first)["messages"]
    assert [m["text"] for m in history] == ["next", "parent"]
    assert [m["text"] for m in thread] == ["parent", "reply"]


def test_history_comes_in_pages(place: Place) -> None:
    for text in ("a", "b", "c"):
        place.client.chat_postMessage(channel=OPS, text=text)
    pages = place.client.conversations_history(channel=OPS, limit=2)
    assert [[m["text"] for m in page["messages"]] for page in pages] == [["c", "b"], ["a"]]


def test_metadata_comes_back_only_when_asked_for(place: Place) -> None:
    kept = {"event_type": "infer_operation", "event_payload": {"op_id": "o1"}}
    place.client.chat_postMessage(channel=OPS, text="x", metadata=kept)
    asked = place.client.conversations_history(channel=OPS, include_all_metadata=True)["messages"][0]
    plain = place.client.conversations_history(channel=OPS)["messages"][0]
    assert (asked["metadata"], plain.get("metadata")) == (kept, None)


def test_a_direct_message_opens_once(place: Place) -> None:
    first = place.client.conversations_open(users=ANA)["channel"]["id"]
    place.client.chat_postMessage(channel=first, text="psst")
    assert place.client.conversations_open(users=ANA)["channel"]["id"] == first
    assert [m.text for m in place.slack.directs("ana")] == ["psst"]


def test_an_ephemeral_is_seen_by_one_person_only(place: Place) -> None:
    place.client.chat_postEphemeral(channel=OPS, user=ANA, text="only you")
    assert [e.text for e in place.slack.ephemerals("ana")] == ["only you"]
    assert place.slack.ephemerals("ben") == []
    assert place.slack.messages("infer-ops") == []


def test_groups_tell_their_members(place: Place) -> None:
    groups = {g["handle"]: g["id"] for g in place.client.usergroups_list()["usergroups"]}
    assert place.client.usergroups_users_list(usergroup=groups["on-call"])["users"] == [DEV]


def test_a_guest_is_marked(place: Place) -> None:
    marks = {u: place.client.users_info(user=u)["user"]["is_restricted"] for u in (ANA, GUEST)}
    assert marks == {ANA: False, GUEST: True}


def test_the_channel_says_who_is_in_it(place: Place) -> None:
    assert ANA in place.client.conversations_members(channel=OPS)["members"]
    assert place.client.conversations_info(channel=RANDOM)["channel"]["is_member"] is False


# Block Kit -----------------------------------------------------------------------------------------------


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def table(*rows: int) -> dict[str, Any]:
    cells = [[{"type": "raw_text", "text": "x"}] * width for width in rows]
    return {"type": "data_table", "caption": "c", "rows": cells}


def line(label: str) -> dict[str, Any]:
    series = [{"name": "ttft", "data": [{"label": label, "value": 1.5}]}]
    chart = {"type": "line", "series": series, "axis_config": {"categories": ["09:00"]}}
    return {"type": "data_visualization", "title": "TTFT", "chart": chart}


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        pytest.param([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]", id="too many"),
        pytest.param([section("x" * 3001)], "must be less than 3001 characters", id="section too long"),
        pytest.param([section("")], "must be more than 0 characters", id="empty text"),
        pytest.param(
            [{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]", id="nothing in it"
        ),
        pytest.param([section("a", block_id="b"), section("c", block_id="b")], "already exists: b", id="same id twice"),
        pytest.param([{"type": "hologram"}], "unsupported type: hologram [json-pointer:/blocks/0/type]", id="unknown"),
        pytest.param([section("a", colour="red")], "invalid additional property: colour", id="unknown field"),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "unsupported type: mrkdwn",
            id="header is plain",
        ),
        pytest.param(
            [{"type": "actions", "elements": [{**BUTTON, "value": "v" * 2001}]}], "less than 2001", id="button value"
        ),
        pytest.param([{"type": "actions", "elements": [BUTTON, BUTTON]}], "action_id already exists", id="same action"),
        pytest.param([{"type": "markdown", "text": "x" * 7000}] * 2, "less than 12001", id="markdown in all"),
        pytest.param([table(2, 1)], "same number of cells", id="uneven rows"),
        pytest.param([line("10:00")], "must match the axis categories", id="point outside the axis"),
        pytest.param([line("09:00")] * 3, "no more than 2 data_visualization", id="three charts"),
        pytest.param(
            [{"type": "alert", "text": {"type": "plain_text", "text": "x"}}], "unsupported type", id="modal only"
        ),
    ],
)
def test_wrong_blocks_are_refused_with_the_place(patient: Place, blocks: Any, complaint: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        patient.client.chat_postMessage(channel=OPS, text="x", blocks=blocks)
    assert refused.value.response["error"] == "invalid_blocks"
    assert any(complaint in message for message in refused.value.response["response_metadata"]["messages"])


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(section("ok", accessory=BUTTON), id="section"),
        pytest.param({"type": "plan", "title": "p", "tasks": []}, id="plan"),
        pytest.param(table(2, 2), id="data_table"),
        pytest.param(line("09:00"), id="chart"),
        pytest.param(
            {"type": "container", "title": {"type": "plain_text", "text": "t"}, "child_blocks": CARD}, id="container"
        ),
    ],
)
def test_good_blocks_are_taken(patient: Place, block: dict[str, Any]) -> None:
    assert patient.client.chat_postMessage(channel=OPS, text="x", blocks=[block])["ok"]


def test_a_workspace_may_lack_a_newer_block(place: Place) -> None:
    place.slack.unsupported.add("data_table")
    assert place.refusal("chat.postMessage", channel=OPS, text="x", blocks=[table(1, 1)]) == "invalid_blocks"


# Limits and faults ---------------------------------------------------------------------------------------


def test_posts_to_one_channel_are_limited_and_virtual_time_heals(place: Place) -> None:
    for _ in range(3):
        place.client.chat_postMessage(channel=OPS, text="x")
    with pytest.raises(SlackApiError) as refused:
        place.client.chat_postMessage(channel=OPS, text="x")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "1")
    place.later(1)
    assert place.client.chat_postMessage(channel=OPS, text="x")["ok"]


def test_another_channel_has_its_own_limit(place: Place) -> None:
    for channel in (OPS, OPS, OPS, "C0ONCALL01"):
        assert place.client.chat_postMessage(channel=channel, text="x")["ok"]


def test_edits_are_limited_to_fifty_a_minute(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="x")["ts"]
    for number in range(50):
        place.client.chat_update(channel=OPS, ts=ts, text=str(number))
    assert place.refusal("chat.update", channel=OPS, ts=ts, text="once more") == "ratelimited"


def test_a_rate_limit_can_be_asked_for(place: Place) -> None:
    place.world.faults.rate_limited["chat.postMessage"] = 1
    assert place.refusal("chat.postMessage", channel=OPS, text="x") == "ratelimited"
    assert place.client.chat_postMessage(channel=OPS, text="x")["ok"]


def test_slack_can_be_down(place: Place) -> None:
    place.world.faults.unavailable.add("slack")
    with pytest.raises(SlackApiError) as refused:
        place.client.chat_postMessage(channel=OPS, text="x")
    assert refused.value.response.status_code == 503


def test_an_answer_can_be_lost_after_the_effect(place: Place) -> None:
    place.world.faults.answer_lost["slack"] = 1
    assert place.refusal("chat.postMessage", channel=OPS, text="x") == "fatal_error"
    assert [m.text for m in place.slack.messages("infer-ops")] == ["x"]


# People --------------------------------------------------------------------------------------------------


def test_a_command_is_signed_and_says_who_and_where(place: Place) -> None:
    assert place.do(place.slack.command("ana", "#infer-ops", "status")) == 200
    heard = place.bot.heard[0]
    assert place.bot.genuine == [True]
    assert (heard["user_id"], heard["channel_id"], heard["command"], heard["text"]) == (ANA, OPS, "/infer", "status")


def test_every_command_has_its_own_trigger(place: Place) -> None:
    for _ in range(2):
        place.do(place.slack.command("ana", "infer-ops", "status"))
    assert len({heard["trigger_id"] for heard in place.bot.heard}) == 2


def test_the_answer_to_a_command_is_shown_to_its_author_alone(place: Place) -> None:
    place.bot.reply = Response("heard you", media_type="text/plain")
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert [e.text for e in place.slack.ephemerals("ana")] == ["heard you"]
    assert place.slack.answers[-1].body == "heard you"


def test_a_slow_bot_shows_a_timeout(place: Place) -> None:
    place.bot.delay, place.slack.people.patience = 0.5, 0.05
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 0
    assert "operation_timeout" in place.slack.ephemerals("ana")[0].text


def test_a_person_outside_the_channel_cannot_speak_there(place: Place) -> None:
    with pytest.raises(LookupError):
        place.do(place.slack.command("guest", "on-call", "status"))


def test_time_stands_still_while_the_bot_works(place: Place) -> None:
    def look() -> object:
        place.world.after(timedelta(hours=1), lambda: None)
        return place.world.now

    place.bot.now, place.bot.delay = look, 0.05
    place.do(place.slack.command("ana", "infer-ops", "status"))
    assert place.bot.times[0] == place.bot.times[1]


def test_bolt_itself_understands_commands_and_clicks(place: Place) -> None:
    app = App(client=place.client, signing_secret=SECRET)
    app.command("/infer")(lambda ack, command: ack(f"heard {command['text']}"))
    app.action("approve")(lambda ack, say, body: (ack(), say(f"approved by {body['user']['name']}")))

    async def bolt(request: Request) -> Response:
        asked = BoltRequest(body=(await request.body()).decode(), headers=dict(request.headers))
        told = await asyncio.to_thread(app.dispatch, asked)
        return Response(told.body, told.status, headers=told.first_headers_without_set_cookie())

    place.bot.instead = bolt
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    assert place.do(place.slack.command("ana", "infer-ops", "status")) == 200
    assert place.do(place.slack.click("ben", "infer-ops", ts, "approve")) == 200
    assert place.slack.ephemerals("ana")[0].text == "heard status"
    assert place.slack.messages("infer-ops")[-1].text == "approved by ben"


def test_a_click_carries_the_buttons_value_and_the_message(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    assert place.do(place.slack.click("ben", "infer-ops", ts, "approve")) == 200
    payload = json.loads(place.bot.heard[0]["payload"])
    assert place.bot.genuine == [True]
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == (BEN, "p1")
    assert payload["actions"][0]["block_id"] == "row"
    assert payload["message"]["ts"] == payload["container"]["message_ts"] == ts


def test_a_button_that_is_gone_cannot_be_clicked(place: Place) -> None:
    ts = place.client.chat_postMessage(channel=OPS, text="plan", blocks=CARD)["ts"]
    place.client.chat_update(channel=OPS, ts=ts, text="decided")
    with pytest.raises(LookupError, match="no approve"):
        place.do(place.slack.click("ben", "infer-ops", ts, "approve"))


def test_a_menu_option_is_chosen_by_its_value(place: Place) -> None:
    option = {"text": {"type": "plain_text", "text": "EU"}, "value": "eu"}
    menu = {"type": "static_select", "action_id": "region", "options": [option]}
    blocks = [{"type": "actions", "elements": [menu]}]
    ts = place.client.chat_postMessage(channel=OPS, text="where", blocks=blocks)["ts"]
    place.do(place.slack.click("ben", "infer-ops", ts, "region", "eu"))
    assert json.loads(place.bot.heard[0]["payload"])["actions"][0]["selected_option"] == option


def test_a_response_url_works_five_times_within_thirty_minutes(place: Place) -> None:
    place.do(place.slack.command("ana", "infer-ops", "status"))
    hook = WebhookClient(place.bot.heard[0]["response_url"])
    assert [hook.send(text=str(n)).status_code for n in range(6)] == [200] * 5 + [404]
    place.do(place.slack.command("ana", "infer-ops", "status"))
    place.later(31 * 60)
    assert WebhookClient(place.bot.heard[1]["response_url"]).send(text="late").status_code == 404


# Views ---------------------------------------------------------------------------------------------------

TITLE = {"type": "plain_text", "text": "Deploy"}
FIELD = {
    "type": "input",
    "block_id": "name",
    "label": TITLE,
    "element": {"type": "plain_text_input", "action_id": "name"},
}
FORM = {"type": "modal", "title": TITLE, "submit": TITLE, "blocks": [FIELD]}


def trigger(place: Place) -> str:
    place.do(place.slack.command("ana", "infer-ops", "deploy"))
    return place.bot.heard[-1]["trigger_id"]


def test_a_trigger_opens_one_modal(place: Place) -> None:
    fresh = trigger(place)
    place.client.views_open(trigger_id=fresh, view=FORM)
    assert len(place.slack.modals("ana")) == 1
    assert place.refusal("views.open", trigger_id=fresh, view=FORM) == "exchanged_trigger_id"


def test_a_form_comes_to_the_bot_and_closes(place: Place) -> None:
    view = place.client.views_open(trigger_id=trigger(place), view=FORM)["view"]["id"]
    typed = {"name": {"name": {"type": "plain_text_input", "value": "llama"}}}
    place.do(place.slack.submit("ana", view, typed))
    assert json.loads(place.bot.heard[-1]["payload"])["view"]["state"]["values"] == typed
    assert place.slack.modals("ana") == []


def test_a_form_without_submit_is_refused(place: Place) -> None:
    unsent = {key: value for key, value in FORM.items() if key != "submit"}
    assert place.refusal("views.open", trigger_id=trigger(place), view=unsent) == "invalid_arguments"


def test_a_stale_hash_is_refused_on_the_home_tab(place: Place) -> None:
    home = {"type": "home", "blocks": []}
    stale = place.client.views_publish(user_id=ANA, view=home)["view"]["hash"]
    place.client.views_publish(user_id=ANA, view=home, hash=stale)
    assert place.refusal("views.publish", user_id=ANA, view=home, hash=stale) == "hash_conflict"


# The record ----------------------------------------------------------------------------------------------


def test_the_traffic_holds_no_credentials(place: Place) -> None:
    place.client.chat_postMessage(channel=OPS, text="hello")
    said = "\n".join(place.slack.traffic)
    assert "hello" in said
    assert TOKEN not in said


def test_the_transcript_reads_like_the_channel(place: Place) -> None:
    place.do(place.slack.command("ana", "infer-ops", "status"))
    place.client.chat_postMessage(channel=OPS, text="all well")
    assert place.slack.transcript().splitlines() == [
        "[09:00:00] #infer-ops ana types: /infer status",
        "[09:00:00] #infer-ops inferops: all well",
    ]


def test_the_same_words_at_another_time_make_the_same_snapshot() -> None:
    shots = []
    for wait in (0, 60):
        place = Place()
        place.later(wait)
        place.client.chat_postMessage(channel=OPS, text="hello", blocks=[{"type": "divider"}])
        shots.append(place.slack.snapshot())
        place.server.stop()
    assert shots[0] == shots[1]
