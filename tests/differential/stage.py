"""Where checks are performed: one server, furnished with two definitions of our own, a fresh namespace per check."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.differential.asking import Server, Talk
from tests.differential.bodies import DEFINITIONS, PLAIN, WIDGET
from tests.differential.checks import Check
from tests.differential.normal import Names
from tests.waiting import eventually

Recording = dict[str, list[Any]]
"""Name of a check -> what it heard."""
_CREATED = 201


@dataclass(frozen=True)
class Stage:
    """A furnished server."""

    server: Server
    client: httpx.Client
    group: str

    def perform(self, check: Check) -> list[Any]:
        """Perform one check in a namespace of its own and return what it heard."""
        talk = self._talk(f"d{secrets.token_hex(4)}")
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "{ns}"}}
        made = talk.post("/api/v1/namespaces", head, quiet=True)
        assert made.code == _CREATED, made.text
        check.ask(talk)
        talk.delete("/api/v1/namespaces/{ns}", quiet=True)
        return talk.heard

    def furnish(self) -> None:
        """Define the kinds that the checks use and wait until they are served."""
        talk = self._talk("default")
        for body in (WIDGET, PLAIN):
            made = talk.post(DEFINITIONS, body, quiet=True)
            assert made.code == _CREATED, made.text
            plural = body["spec"]["names"]["plural"]
            eventually(lambda plural=plural: served(talk, plural))

    def _talk(self, namespace: str) -> Talk:
        return Talk(self.server, self.client, Names(namespace, self.group))


def served(talk: Talk, plural: str, version: str = "v1") -> bool:
    """Say whether a kind is served: listed, and known to every part of the server."""
    listed = talk.get(f"/apis/{{group}}/{version}", quiet=True).at("resources.name") or []
    found = talk.get(f"/apis/{{group}}/{version}/namespaces/{{ns}}/{plural}", quiet=True)
    return plural in listed and found.code == httpx.codes.OK


@contextmanager
def stage(server: Server) -> Iterator[Stage]:
    """Furnish a server for checks."""
    with server.client() as client:
        found = Stage(server, client, f"g{secrets.token_hex(4)}.differential.example")
        found.furnish()
        yield found
