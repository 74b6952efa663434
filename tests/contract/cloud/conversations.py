"""Recorded conversations with the real Google Cloud APIs, and their replay against a running embedded cloud.

A recording's ids become ours. What its client waited for is waited for here too: the cloud's own time passes meanwhile.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local.cloud.cloud import Cloud
from tests.waiting import eventually

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "conversations"
NAMES = sorted(file.stem for file in FOLDER.glob("*.http"))
_HOSTS = {"container": "gke", "gkehub": "fleet", "cloudtasks": "tasks"}
"""First part of a real host's name -> the embedded cloud's host, where they differ."""
_IDS = {
    "mci-${uniqueId}": "demo",
    "${projectId}": "demo",
    "${projectNumber}": "123456789012",
    "${uniqueId}": "abc123",
    "${subnetworkID}": "sub-abc123",
    "${firewallID}": "fw-abc123",
    # Not every region is simulated, and of the APIs only the version that the product speaks.
    "northamerica-south1": "us-east4",
    "v1beta1": "v1",
    "v1beta/": "v1/",
    "gkehub.v1beta.": "gkehub.v1.",
}
_GIVEN = {"alertPolicies": "${alertPolicyID}", "conditions": "${conditionID}"}
_GIVEN["notificationChannels"] = "${notificationChannelID}"
"""Kind of resource -> what a recording calls the id that the server gave to one."""
_MEMBERSHIP = re.compile(r"memberships/(gkehubmembership\d)-")
_KIND = re.compile(r"[a-z]+[A-Za-z]*s|b")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, with ids of ours; an operation's name is still ``${operationID}``."""

    verb: str
    url: str
    asked: Any
    status: int
    answer: Any

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname).split(".", maxsplit=1)[0]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def line(self) -> str:
        """The request in one line."""
        return f"{self.verb} {self.host}{self.path} {self.status}"

    @property
    def about(self) -> str:
        """What the answer shows, such as ``container clusters`` or ``compute operations``."""
        begins = ":" in self.path or (self.verb != "GET" and self.host in {"container", "compute", "gkehub"})
        parts = self.path.removesuffix("/wait").strip("/").split("/")[1:]
        kinds = [part for part in parts if _KIND.fullmatch(part) and part != "multiclusteringress"]
        return f"{self.host} {'operations' if begins else kinds[-1]}"


def read(name: str) -> list[Exchange]:
    """Return the exchanges of a recorded conversation in their order."""
    text = (FOLDER / f"{name}.http").read_text()
    network = "default" if name == "compute-firewall" else "net-abc123"
    return [_exchange(entry.strip("\n"), network) for entry in text.split("\n---\n")]


def _exchange(entry: str, network: str) -> Exchange:
    if found := _MEMBERSHIP.search(entry):
        entry = entry.replace("${membershipID}", f"{found[1]}-${{uniqueId}}")
    for theirs, ours in {"${networkID}": network, **_IDS}.items():
        entry = entry.replace(theirs, ours)
    asked, status, answered = re.split(r"^(\d{3}) .*$", entry, maxsplit=1, flags=re.MULTILINE)
    verb, url = asked.split("\n", 1)[0].split(" ")
    return Exchange(verb, url, _body(asked), int(status), _body(answered))


def _body(text: str) -> Any:
    _, _, body = text.strip("\n").partition("\n\n")
    return json.loads(body) if body.strip() else None


class Replay:
    """Says a conversation to a running cloud, and waits for what it begins."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._begun: tuple[str, str] | None = None
        """Host and path of the operation that was begun last."""
        self._given: dict[str, str] = {}
        """What a recording calls an id -> the one that was given here."""

    def say(self, exchange: Exchange) -> httpx.Response:
        """Send a request and return our answer, once it is as finished as the recorded one."""
        if "operations/${operationID}" not in exchange.path:
            self._wait()
            answer = self._send(exchange, exchange.path)
            self._begun = _operation(exchange, answer)
            for kind, number in re.findall(rf"({'|'.join(_GIVEN)})/(\d+)", answer.text):
                self._given[_GIVEN[kind]] = number
            return answer
        assert self._begun, f"nothing was begun before {exchange.line}"
        path = self._begun[1] + ("/wait" if exchange.path.endswith("/wait") else "")
        if not _done(exchange.answer):
            return self._send(exchange, path)
        got = eventually(lambda: [answer for answer in [self._send(exchange, path)] if _done(answer.json())])
        return got[0]

    def _wait(self) -> None:
        if self._begun:
            host, path = self._begun
            eventually(lambda: _done(httpx.get(self._url(host) + path, trust_env=False).json()))

    def _send(self, exchange: Exchange, path: str) -> httpx.Response:
        url, query = self._url(exchange.host) + path, urlsplit(exchange.url).query
        asked = json.dumps(exchange.asked) if exchange.asked is not None else ""
        for theirs, ours in self._given.items():
            url, asked = url.replace(theirs, ours), asked.replace(theirs, ours)
        headers = {"Content-Type": "application/json"} if asked else {}
        return httpx.request(exchange.verb, f"{url}?{query}", content=asked, headers=headers, trust_env=False)

    def _url(self, host: str) -> str:
        return self.cloud.endpoints[_HOSTS.get(host, host)]


def _done(answer: Any) -> bool:
    return bool(answer.get("done")) or answer.get("status") == "DONE"


def _operation(exchange: Exchange, answer: httpx.Response) -> tuple[str, str] | None:
    """Return where the operation that an answer names is found; None if the answer is no operation."""
    if not exchange.about.endswith(" operations") or not answer.is_success:
        return None
    body = answer.json()
    match exchange.host:
        case "container":
            return exchange.host, f"{exchange.path.split('/clusters')[0]}/operations/{body['name']}"
        case "compute":
            return exchange.host, urlsplit(body["selfLink"]).path
        case _:
            return exchange.host, f"/v1/{body['name']}"
