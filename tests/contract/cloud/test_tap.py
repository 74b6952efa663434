"""The tap of the wires: it remembers what was said, and never shows a secret."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from google.cloud import secretmanager_v1
from google.cloud.firestore_v1.types import Document
from google.pubsub_v1 import types as pubsub
from google.pubsub_v1.types import Topic

from infra.local.cloud.tap import CLIENT, KEPT, LONGEST, Tap, client_of
from infra.local.cloud.tap_masking import MASK
from infra.local.web import wirelog

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def noted(tap: Tap, request: object = b"", answer: object = b"", status: str = "200") -> int:
    tap.note(NOW, "slack", "POST /api/chat.postMessage", ("inferops", "slack"), status, 0.001, request, answer)
    return tap.exchanges[-1].id


def shown(body: object, what: str = "") -> object:
    return json.loads(Tap().text(json.dumps(body).encode() if isinstance(body, dict | list) else body, what))


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRET = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "b3BlbiE="}, "stringData": {"other": "open!"}}
MASKED = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"key": MASK}, "stringData": {"other": MASK}}
PATH = "GET /api/v1/namespaces/n/secrets/s"


def test_json_is_shown_in_lines() -> None:
    assert Tap().text(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'


def test_a_form_is_shown_by_its_fields_with_the_json_inside() -> None:
    assert Tap().text(b"channel=C1&blocks=%5B1%5D") == "channel: C1\nblocks: [\n  1\n]"


def test_messages_are_shown_as_json() -> None:
    assert json.loads(Tap().text(Topic(name="projects/p/topics/t"))) == {"name": "projects/p/topics/t"}


@pytest.mark.parametrize(
    "secret",
    ["xoxb-12-abc", "xapp-1-A2-9-ff", "hf_abcdefgh", "v0=" + "a1" * 32, "Bearer abcdef123456", "ya29.a0AfH6SM"],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    assert shown({"said": f"it is {secret}"}) == {"said": f"it is {MASK}"}


def test_a_known_secret_is_masked_in_plain_in_base64_and_inside_larger_base64() -> None:
    tap = Tap()
    tap.secrets.add("open-sesame")
    larger = coded("the word is open-sesame, today")
    assert tap.text(f"it is open-sesame, or {coded('open-sesame')}, or {larger}".encode()) == (
        f"it is {MASK}, or {MASK}, or {MASK}"
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"message": {"data": coded('{"type":"Tick"}')}}, id="push"),
        pytest.param(pubsub.PubsubMessage(data=b'{"type":"Tick"}'), id="message"),
    ],
)
def test_the_json_in_a_message_of_pubsub_can_be_read(body: object) -> None:
    found = shown(body)
    assert (found.get("message") or found)["data"] == {"type": "Tick"}


def test_every_published_and_every_pulled_message_can_be_read() -> None:
    message = pubsub.PubsubMessage(data=b"plain words")
    asked = pubsub.PublishRequest(messages=[message])
    pulled = pubsub.PullResponse(received_messages=[{"message": message}])
    assert shown(asked)["messages"][0]["data"] == "plain words"
    assert shown(pulled)["receivedMessages"][0]["message"]["data"] == "plain words"


def test_bytes_that_are_no_text_stay_in_base64() -> None:
    assert shown(pubsub.PubsubMessage(data=b"\xff\x00")) == {"data": "/wA="}


def test_a_secret_in_a_message_of_pubsub_is_masked() -> None:
    assert shown(pubsub.PubsubMessage(data=b'{"password":"open!","id":1}'))["data"] == {"password": MASK, "id": 1}


def test_the_json_that_a_document_holds_as_text_is_shown_as_json() -> None:
    held = Document(fields={"body": {"string_value": '{"unit":"a"}'}})
    assert shown(held)["fields"]["body"]["stringValue"] == {"unit": "a"}


@pytest.mark.parametrize("data", [b"open!", b'{"private":"open!"}', b"\xff\x00"], ids=["text", "json", "bytes"])
def test_what_secret_manager_gives_out_is_masked_whole(data: bytes) -> None:
    answer = secretmanager_v1.AccessSecretVersionResponse(name="s/versions/1", payload={"data": data})
    assert shown(answer) == {"name": "s/versions/1", "payload": {"data": MASK}}


def test_the_values_of_a_kubernetes_secret_are_masked_and_its_keys_are_not() -> None:
    assert shown(SECRET) == MASKED


def test_the_values_are_masked_in_a_list_of_secrets_whose_items_say_no_kind() -> None:
    assert shown({"kind": "SecretList", "items": [{"data": {"key": "b3BlbiE="}}]})["items"] == [{"data": {"key": MASK}}]


def test_the_values_are_masked_in_the_annotation_that_kubectl_leaves() -> None:
    noted = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(SECRET)}}
    assert shown(noted) == {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": MASKED}}


@pytest.mark.parametrize(
    ("patch", "masked"),
    [
        ({"data": {"key": "b3BlbiE="}}, {"data": {"key": MASK}}),
        (
            [{"op": "add", "path": "/data/key", "value": "b3BlbiE="}],
            [{"op": "add", "path": "/data/key", "value": MASK}],
        ),
    ],
    ids=["merge patch", "JSON patch"],
)
def test_the_values_are_masked_in_a_patch_of_a_secret(patch: object, masked: object) -> None:
    assert shown(patch, PATH) == masked


def test_of_a_secret_in_yaml_nothing_is_shown() -> None:
    assert Tap().text(b"kind: Secret\nstringData:\n  key: open!\n", PATH) == MASK


def test_a_kind_that_is_no_text_is_shown() -> None:
    assert shown({"kind": {"of": "thing"}, "data": "words"}) == {"kind": {"of": "thing"}, "data": "words"}


def test_json_that_is_nested_too_deep_to_be_read_is_shown_as_it_is() -> None:
    assert Tap().text(b"[" * 20_000) == "[" * 20_000


def test_the_data_of_a_config_map_is_shown() -> None:
    body = {"kind": "ConfigMap", "data": {"key": "words"}}
    assert shown(body, "GET /api/v1/namespaces/n/configmaps/c") == body


NAMES = ("response_url", "trigger_id", "token", "ticket", "Authorization", "password", "privateKey", "client_secret")


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_named_like_a_secret_is_masked_in_json_in_forms_and_in_text(name: str) -> None:
    assert shown({"deep": [{name: "open!"}]}) == {"deep": [{name: MASK}]}
    assert Tap().text(f"{name}=open%21&text=hello".encode()) == f"{name}: {MASK}\ntext: hello"
    assert Tap().masked(f"GET /x?{name}=open!&y=1") == f"GET /x?{name}={MASK}&y=1"


def test_the_ticket_in_the_address_of_a_web_socket_is_masked() -> None:
    url = "ws://127.0.0.1:1/link/?ticket=abc123&app_id=A1"
    assert shown({"ok": True, "url": url}) == {"ok": True, "url": f"ws://127.0.0.1:1/link/?ticket={MASK}&app_id=A1"}


def test_what_stands_in_a_response_url_is_masked() -> None:
    assert Tap().masked("POST /response/00000007") == f"POST /response/{MASK}"


def test_a_key_that_was_cut_before_its_end_is_masked() -> None:
    assert shown({"said": "so: -----BEGIN PRIVATE KEY-----\nabc\nde"}) == {"said": f"so: {MASK}"}
    assert Tap().text(b"so: -----BEGIN PRIVATE KEY-----\nabc\nde") == f"so: {MASK}"


def test_json_that_was_cut_is_shown_as_far_as_its_last_whole_value_and_masked() -> None:
    tap, body = Tap(), {"ticket": "open!", "open": ["a,b", {"password": "open!"}], "rest": "x" * LONGEST}
    noted(tap, json.dumps(body).encode())
    text = tap.text(tap.exchanges[-1].request)
    assert json.loads(text.removesuffix("\n…")) == {"ticket": MASK, "open": ["a,b", {"password": MASK}]}


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        ("google-cloud-sdk gcloud/540.0.0 command/gcloud.x gl-python/3.12", "gcloud"),
        ("kubectl/v1.34.1 (linux/amd64) kubernetes/93248f9", "kubectl"),
        ("kubectl-dispatcher/v1.0 (linux/amd64)", "kubectl"),
        ("Python/3.11.7 slackclient/3.47.0 Linux/6.18", "inferops"),
        ("grpc-python/1.85.1 grpc-c/58.0.0 (linux; chttp2)", "inferops"),
        ("python-requests/2.34.2", "inferops"),
        ("inferops", "inferops"),
        ("Google-Cloud-Tasks", "tasks"),
        ("curl/8.5.0", "curl"),
        ("", CLIENT),
    ],
)
def test_who_asks_is_told_from_the_user_agent(agent: str, program: str) -> None:
    assert client_of(agent) == program


def test_a_place_that_is_known_is_shown_by_its_name() -> None:
    tap = Tap()
    tap.places = {"127.0.0.1:4711": "notify"}
    for port in (4711, 4712):
        tap.note(NOW, "pubsub", "POST /", ("pubsub", f"127.0.0.1:{port}"), "200", 0.001)
    assert [(one["from"], one["to"]) for one in wirelog.since(tap, 0)] == [
        ("pubsub", "notify"),
        ("pubsub", "127.0.0.1:4712"),
    ]


def test_the_details_of_an_exchange_are_masked_though_it_is_remembered_as_it_was() -> None:
    tap = Tap()
    what = "PATCH /api/v1/namespaces/n/secrets/s?fieldManager=inferops"
    tap.note(NOW, "kubernetes", what, ("inferops", "kubernetes"), "200", 0.001, json.dumps(SECRET).encode())
    found = wirelog.details(tap, 1)
    assert found and json.loads(found["request"]) == MASKED
    assert b"open!" in tap.exchanges[-1].request


def test_only_the_latest_exchanges_are_remembered() -> None:
    tap = Tap()
    first = noted(tap)
    for _ in range(KEPT):
        noted(tap)
    assert (tap.find(first), len(tap.exchanges)) == (None, KEPT)


def test_news_are_what_came_after_the_last_look() -> None:
    tap = Tap()
    seen, later = noted(tap), [noted(tap), noted(tap)]
    assert [one.id for one in tap.since(seen)] == later


@pytest.mark.parametrize(("status", "failed"), [("OK", False), ("204", False), ("NOT_FOUND", True), ("503", True)])
def test_a_refusal_is_told_from_a_success(status: str, failed: bool) -> None:
    tap = Tap()
    noted(tap, status=status)
    assert tap.exchanges[-1].failed == failed
