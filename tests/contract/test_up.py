"""`inferops up` as its user runs it: a process of its own, its page over HTTP, its end by Ctrl-C."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.up_place import ANA, OPS, Up, refused, up, wire
from tests.waiting import PATIENCE, eventually


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    with up("--port", "0") as found:
        yield found


def test_the_page_and_its_files_are_served_without_any_from_elsewhere(running: Up) -> None:
    page = httpx.get(running.url, trust_env=False)
    assert page.status_code == 200 and "://" not in page.text.replace("http://www.w3.org", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_command_is_answered_in_private(running: Up) -> None:
    running.say("/infer help")
    assert "What can be said" in running.section(f"messages/{OPS}")[-1]["text"]
    assert running.section(f"messages/{OPS}", "U0BEN00001") == []


def test_a_person_sees_only_the_conversations_they_are_in(running: Up) -> None:
    assert "on-call" not in [place["name"] for place in running.section("places", "U0GUEST001")]


def test_what_a_person_may_not_do_is_refused_with_the_reason(running: Up) -> None:
    answer = running.post("say", user="guest", channel="C0ONCALL01", text="hello")
    assert answer.json() == {"ok": False, "error": "guest is not in #on-call"}


def test_another_name_for_this_machine_is_refused_so_that_no_foreign_site_can_ask(running: Up) -> None:
    answer = httpx.get(running.url, headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 403


def test_a_form_of_a_foreign_site_cannot_act(running: Up) -> None:
    said = json.dumps({"user": ANA, "channel": OPS, "text": "/infer help"})
    answer = httpx.post(f"{running.url}/api/say", content=said, headers={"Content-Type": "text/plain"}, trust_env=False)
    assert answer.status_code == 415


def test_files_beside_the_page_are_out_of_reach(running: Up) -> None:
    for path in ("/static/..%2Fhost.py", "/static/../host.py", "/static/%2e%2e/cli.py"):
        assert httpx.get(f"{running.url}{path}", trust_env=False).status_code == 404


def test_the_clock_stops_and_goes_on_when_told(running: Up) -> None:
    running.post("clock", paused=True)
    assert running.section("clock")["now"] == running.section("clock")["now"]
    running.post("clock", paused=False, speed=1000)
    now = running.section("clock")["now"]
    eventually(lambda: running.section("clock")["now"] > now)


@pytest.mark.parametrize(
    ("what", "asked", "word"),
    [
        ("clock", {"speed": 0}, "speed"),
        ("clock", {"step": 1e300}, "step"),
        ("fault", {"id": "quota", "fields": {"limit": "9" * 400}}, "Limit"),
        ("fault", {"id": "slow", "fields": {"factor": "0"}}, "Times as long"),
        ("fault", {"id": "lost", "fields": [1]}, "fields"),
        ("fault", {"key": "outage/mars", "on": False}, "no such fault is on"),
        ("say", {"user": "nobody", "channel": OPS, "text": "hello"}, "no such person"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(running: Up, what: str, asked: dict[str, Any], word: str) -> None:
    said = running.post(what, **asked).json()
    assert not said["ok"] and word in said["error"]


def test_a_body_that_is_no_object_is_refused_in_words(running: Up) -> None:
    said = httpx.post(f"{running.url}/api/say", json=[1], trust_env=False).json()
    assert said == {"ok": False, "error": "say it as a JSON object"}


def details(tryout: Up, **like: str) -> dict[str, Any]:
    """The latest exchange like this, as the page shows it whole."""
    [*_, found] = [one for one in wire(tryout) if like.items() <= one.items()]
    shown: dict[str, Any] = httpx.get(f"{tryout.url}/api/wire/{found['id']}", trust_env=False).json()
    return shown


def test_the_wire_shows_what_was_said_and_by_whom(running: Up) -> None:
    running.say("/infer list")
    assert "/infer" in details(running, **{"from": "slack", "to": "bot"})["request"]
    pushed_to = eventually(lambda: {one["to"] for one in wire(running) if one["from"] == "pubsub"})
    assert pushed_to <= {"propose", "decide", "reconcile", "notify", "sweep"}
    assert "inferops" in {one["from"] for one in wire(running) if one["service"] == "Firestore"}


def test_the_wire_shows_that_a_secret_was_read_but_not_the_secret(running: Up) -> None:
    name = "projects/demo/secrets/hf-token/versions/1"
    read = httpx.get(f"{running.endpoints['secretmanager']}/v1/{name}:access", trust_env=False)
    coded = read.json()["payload"]["data"]
    shown = details(running, service="Secret Manager", what=f"GET /v1/{name}:access")
    assert base64.b64decode(coded) == b"hf_local" and coded in read.text
    assert "versions/1" in shown["answer"] and "payload" in shown["answer"]
    assert coded not in json.dumps(shown) and "hf_local" not in json.dumps(shown)


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on PATH")
def test_the_command_for_gcloud_that_the_page_offers_works_as_it_stands(running: Up, tmp_path: Path) -> None:
    [hint] = [link["hint"] for link in running.section("links") if link["label"] == "gcloud"]
    words = shlex.split(hint)
    own = dict(word.split("=", 1) for word in words if "=" in word)
    command = [word for word in words if "=" not in word]
    where = {**os.environ, **own, "CLOUDSDK_CONFIG": str(tmp_path)}
    ended = subprocess.run([*command, "--format=json"], env=where, capture_output=True, text=True, check=False)  # noqa: S603 - the page's own words
    assert (ended.returncode, json.loads(ended.stdout or "null")) == (0, []), ended.stderr


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_the_command_for_kubectl_that_the_page_offers_works_as_it_stands(tmp_path: Path) -> None:
    with up("--port", "0", "--speed", "max") as tryout:
        asked = {"cluster": {"name": "mine", "initialNodeCount": 1}}
        where = f"{tryout.endpoints['gke']}/v1/projects/demo/locations/us-east4/clusters"
        httpx.post(where, json=asked, trust_env=False, timeout=PATIENCE).raise_for_status()
        [hint] = eventually(
            lambda: [one["hint"] for one in tryout.section("links") if one["label"].startswith("kubectl")]
        )
        own = {**os.environ, "HOME": str(tmp_path)}
        ended = subprocess.run(shlex.split(hint), env=own, capture_output=True, text=True, check=False)  # noqa: S603 - the page's own words
        assert ended.returncode == 0, ended.stderr


def test_a_proxy_that_the_environment_names_is_not_asked_for_what_is_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    with up("--port", "0") as behind:
        behind.say("/infer list")


def test_a_port_that_is_taken_is_refused_with_who_holds_it(running: Up) -> None:
    code, said = refused("--port", running.url.rsplit(":", 1)[1])
    assert code == 1
    assert f"is held by process {running.process.pid}" in said and "--port" in said


@pytest.mark.parametrize(
    ("options", "word"), [(("--speed", "fast"), "speed"), (("--port", "80"), "1024"), (("--port", "abc"), "1024")]
)
def test_a_wrong_option_is_refused_with_what_would_be_right(options: tuple[str, str], word: str) -> None:
    code, said = refused(*options)
    assert code == 2 and word in said


def test_given_ports_are_taken_one_after_the_other() -> None:
    with up("--port", "23450") as other:
        ports = [int(url.rsplit(":", 1)[1]) for url in other.endpoints.values()]
        assert (other.url, ports) == ("http://127.0.0.1:23450", list(range(23450, 23450 + len(ports))))


def test_in_socket_mode_commands_come_to_the_bot_by_its_own_connection() -> None:
    with up("--port", "0", "--socket-mode") as tryout:
        tryout.say("/infer help")
        assert "What can be said" in tryout.section(f"messages/{OPS}")[-1]["text"]
        assert "WebSocket slash_commands" in [one["what"] for one in wire(tryout)]
        assert tryout.interrupt() == 0


def test_ctrl_c_ends_it_cleanly_also_while_a_page_is_open() -> None:
    with up("--port", "0") as tryout, httpx.stream("GET", f"{tryout.url}/api/events?user={ANA}", trust_env=False):
        assert tryout.interrupt() == 0
