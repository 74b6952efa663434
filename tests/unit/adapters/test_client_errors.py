"""What the client libraries raise for an answer is sorted as the answer itself: each library, each row it can meet."""

from __future__ import annotations

import json
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.adapters.classify import KNOWN, classify, refusal_of
from shared.adapters.compute import Compute
from shared.adapters.google import nobody
from shared.adapters.kube import Kube
from shared.adapters.project import Project
from shared.adapters.refusals import Refusal
from shared.adapters.storage import Storage
from shared.domain.names import Kind
from tests.unit.adapters.answering import Answering, answering
from tests.unit.adapters.table import DOING, TABLE

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}}
GOOGLE = [pytest.param(row[1], id=row[0]) for row in TABLE if not row[1].kubernetes]
KUBERNETES = [pytest.param(row[1], id=row[0]) for row in TABLE if row[1].kubernetes]
Ask = Callable[[str], Any]
ASK_GOOGLE: dict[str, Ask] = {
    "compute reads": lambda url: Compute(url, "demo").resources("us-east4", "subnetworks"),
    "compute starts": lambda url: Compute(url, "demo").insert("global", "networks", {"name": "n"}, "1"),
    "storage": lambda url: Storage(url).bucket("b"),
    "plain REST": lambda url: Project(url, url, "demo").grants(),
}
ASK_KUBERNETES: dict[str, Ask] = {
    "applies": lambda url: Kube(nobody).apply(url, Kind.SECRET, SECRET),
    "reads": lambda url: Kube(nobody).pods(url, "n"),
}
ASK = {**ASK_GOOGLE, **{f"kubernetes {name}": ask for name, ask in ASK_KUBERNETES.items()}}


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as told:
        yield told


def error_of(ask: Ask, url: str) -> Exception:
    with pytest.raises(KNOWN) as caught:
        ask(url)
    error: Exception = caught.value
    return error


def google_body(refusal: Refusal) -> str:
    inner = [{"reason": refusal.reason, "message": refusal.message}] if refusal.reason else []
    return json.dumps({"error": {"status": refusal.status, "message": refusal.message, "errors": inner}})


def kubernetes_body(refusal: Refusal) -> str:
    return json.dumps({"kind": "Status", "reason": refusal.reason, "message": refusal.message})


@pytest.mark.parametrize("refusal", GOOGLE)
@pytest.mark.parametrize("ask", ASK_GOOGLE.values(), ids=ASK_GOOGLE)
def test_a_google_client_s_error_reads_as_the_answer_did(server: Answering, ask: Ask, refusal: Refusal) -> None:
    server.code, server.body = 400, google_body(refusal)
    found, meant = classify(error_of(ask, server.url), DOING), classify(refusal, DOING)
    assert (type(found), str(found), found.reason) == (type(meant), str(meant), meant.reason)


@pytest.mark.parametrize("refusal", KUBERNETES)
@pytest.mark.parametrize("ask", ASK_KUBERNETES.values(), ids=ASK_KUBERNETES)
def test_a_kubernetes_client_s_error_reads_as_the_answer_did(server: Answering, ask: Ask, refusal: Refusal) -> None:
    server.code = {"ABORTED": 409, "NOT_FOUND": 404, "INVALID_ARGUMENT": 422}[refusal.status]
    server.body = kubernetes_body(refusal)
    found, meant = classify(error_of(ask, server.url), DOING), classify(refusal, DOING)
    assert (type(found), str(found), found.reason) == (type(meant), str(meant), meant.reason)


def test_compute_s_409_is_a_name_that_is_taken(server: Answering) -> None:
    server.code, server.body = 409, '{"error": {"message": "there", "errors": [{"reason": "alreadyExists"}]}}'
    assert refusal_of(error_of(ASK["compute starts"], server.url)).status == "ALREADY_EXISTS"


def test_an_error_info_names_the_api_to_enable(server: Answering) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "metadata": {"service": "compute.googleapis.com"}}
    told = {"status": "PERMISSION_DENIED", "message": "it is disabled", "details": [info]}
    server.code, server.body = 403, json.dumps({"error": told})
    remedy = classify(error_of(ASK["compute reads"], server.url), DOING).remedy
    assert remedy == "gcloud services enable compute.googleapis.com"


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_proxy_s_page_is_one_line(server: Answering, ask: Ask) -> None:
    server.code, server.body, server.content = 502, "<html>bad gateway\nlots of text</html>", "text/html"
    found = refusal_of(error_of(ask, server.url))
    assert (found.status, found.message) == ("UNAVAILABLE", "<html>bad gateway")


def test_a_page_in_place_of_kubernetes_is_no_answer(server: Answering) -> None:
    server.body, server.content = "{", "application/xml"
    assert refusal_of(error_of(ASK["kubernetes reads"], server.url)).status == "UNAVAILABLE"


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_connection_that_breaks_after_the_question_leaves_the_effect_open(server: Answering, ask: Ask) -> None:
    server.code = 0
    assert refusal_of(error_of(ask, server.url)).status == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_door_that_is_shut_is_unavailable(ask: Ask) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert refusal_of(error_of(ask, f"http://127.0.0.1:{closed.getsockname()[1]}")).status == "UNAVAILABLE"


@pytest.mark.parametrize("ask", ["compute starts", "kubernetes applies"])
def test_what_changes_the_world_is_sent_once(server: Answering, ask: str) -> None:
    server.code = 0
    error_of(ASK[ask], server.url)
    assert len(server.asked) == 1


def test_a_refused_secret_leaves_no_trace_of_its_value(server: Answering) -> None:
    server.code, server.body = 422, '{"kind": "Status", "reason": "Invalid", "message": "no", "seen": "hf_value"}'
    error = error_of(ASK["kubernetes applies"], server.url)
    assert "hf_value" not in "".join(traceback.format_exception(error))
