"""One check's conversation with one server: requests go out, and what can be compared of the answers is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.differential.normal import LATER_REASONS, Names, normal, picked

JSON = "application/json"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A server to ask: where it is and which bearer token it takes."""

    url: str
    token: str

    def client(self) -> httpx.Client:
        """Return a client that is closed by the caller."""
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": "differential/1.0"}
        # A server that makes its own certificate has nobody to vouch for it, and both stand on loopback.
        return httpx.Client(headers=headers, timeout=_SECONDS, verify=False)  # noqa: S501 - as above


@dataclass(frozen=True)
class Answer:
    """HTTP code and body; the body is None when it is no JSON."""

    code: int
    body: Any
    text: str

    def at(self, path: str) -> Any:
        """Follow dotted names into the body; None where the way ends."""
        return picked(self.body, path)

    @property
    def version(self) -> str:
        """The resource version of the object or list."""
        return str(self.at("metadata.resourceVersion"))


@dataclass
class Talk:
    """What one check says and hears. Paths and bodies may name ``{ns}`` and ``{group}``."""

    server: Server
    client: httpx.Client
    names: Names
    heard: list[Any] = field(default_factory=list)
    """What is compared: one entry per request and per value that the check noted."""

    def get(self, path: str, **how: Any) -> Answer:
        """Read an object or a list."""
        return self.ask("GET", path, None, **how)

    def post(self, path: str, body: Any, **how: Any) -> Answer:
        """Create an object."""
        return self.ask("POST", path, body, **how)

    def put(self, path: str, body: Any, **how: Any) -> Answer:
        """Replace an object."""
        return self.ask("PUT", path, body, **how)

    def patch(self, path: str, body: Any, kind: str = MERGE, **how: Any) -> Answer:
        """Patch an object."""
        return self.ask("PATCH", path, body, kind=kind, **how)

    def apply(self, path: str, body: Any, manager: str = "ours", **how: Any) -> Answer:
        """Apply a configuration on the server's side."""
        return self.patch(path, body, APPLY, fieldManager=manager, **how)

    def delete(self, path: str, body: Any = None, **how: Any) -> Answer:
        """Delete an object or a collection."""
        return self.ask("DELETE", path, body, **how)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = JSON,
        accept: str = JSON,
        see: tuple[str, ...] = (),
        said: bool = False,
        quiet: bool = False,
        **query: Any,
    ) -> Answer:
        """Ask once. ``see`` names what of a success is compared, ``said`` adds the message of a refusal."""
        content = body if isinstance(body, (bytes, type(None))) else self.names.filled(json.dumps(body)).encode()
        url = self.server.url + self.names.filled(path) + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, **({"Content-Type": kind} if kind else {})}
        response = self.client.request(method, url, content=content, headers=headers)
        answer = Answer(response.status_code, _json(response.text), response.text)
        if not quiet:
            self.note(_outcome(answer, see, said=said))
        return answer

    def note(self, value: Any) -> None:
        """Keep a value for the comparison."""
        self.heard.append(normal(value, self.names))

    @contextmanager
    def watch(self, path: str, **query: Any) -> Iterator[Callable[[], Any]]:
        """Open a watch; what it gives reads the next event, None at the end."""
        url = self.server.url + self.names.filled(path) + "?" + urlencode({"watch": "true", **query})
        with self.client.stream("GET", url, headers={"Accept": JSON}) as response:
            if response.status_code != httpx.codes.OK:
                response.read()
                self.note(_outcome(Answer(response.status_code, _json(response.text), ""), (), said=False))
            lines = response.iter_lines()
            yield lambda: _json(next(lines, ""))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _outcome(answer: Answer, see: tuple[str, ...], *, said: bool) -> dict[str, Any]:
    if answer.at("kind") == "Status" and answer.at("status") == "Failure":
        return {"code": answer.code, **refusal(answer.body, said=said)}
    return {"code": answer.code, **{path: picked(answer.body, path) for path in see}}


def refusal(status: dict[str, Any], *, said: bool = False) -> dict[str, Any]:
    """Return what is comparable of a Status that refuses; its message only where asked for."""
    details = status.get("details") or {}
    causes = sorted(
        {(_older(cause.get("reason", "")), cause.get("field", "")) for cause in details.get("causes") or ()}
    )
    about = {name: details[name] for name in ("name", "group", "kind") if name in details}
    out = {"reason": status.get("reason", ""), "status.code": status.get("code"), "about": about}
    return {
        **out,
        **({"causes": [list(cause) for cause in causes]} if causes else {}),
        **({"said": status.get("message")} if said else {}),
    }


def _older(reason: str) -> str:
    return "FieldValueInvalid" if reason in LATER_REASONS else reason
