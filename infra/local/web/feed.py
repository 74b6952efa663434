"""The stream of news to a page: each section whole, again whenever it has changed, and the wire's new entries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.web import conversations, wirelog, worldview
from infra.local.web.alerts import alerts
from infra.local.web.faults import Menu
from infra.local.web.load import Loads
from infra.local.web.load_pulse import Pulse
from infra.local.web.load_traffic import traffic

PAUSE = 0.2
"""Seconds between two looks for news."""
SLOW_EVERY = 3
"""The world is looked at every so many times: it is the largest section, and people watch Slack more closely."""


class Feed:
    """What the pages are told. ``links`` are where other programs connect."""

    def __init__(self, cloud: Cloud, menu: Menu, loads: Loads, links: Callable[[], list[dict[str, str]]]) -> None:
        self._cloud, self._menu, self._loads, self._links = cloud, menu, loads, links
        self._pulse = Pulse(cloud)
        self._started = cloud.world.now.isoformat()

    async def events(self, user: str) -> AsyncIterator[str]:
        """Yield server-sent events for one person's page, for ever."""
        sent, last, turn = dict[str, str](), 0, 0
        while True:
            for name, value in self._sections(user, slow=turn % SLOW_EVERY == 0):
                text = json.dumps({"name": name, "value": value}, ensure_ascii=False)
                if sent.get(name) != text:
                    sent[name] = text
                    yield f"event: section\ndata: {text}\n\n"
            entries = wirelog.since(self._cloud.world.tap, last)
            if entries:
                last = entries[-1]["id"]
                yield f"event: wire\ndata: {json.dumps(entries, ensure_ascii=False)}\n\n"
            turn += 1
            await asyncio.sleep(PAUSE)

    def _sections(self, user: str, *, slow: bool) -> Iterator[tuple[str, Any]]:
        slack = self._cloud.slack
        yield "clock", self._clock()
        yield "people", conversations.people(slack)
        yield "bot", conversations.bot(slack)
        places = conversations.places(slack, user)
        yield "places", places
        for place in places:
            yield f"messages/{place['id']}", conversations.messages(slack, user, place["id"])
        yield "modal", slack.screens.modal(user)
        yield "home", slack.screens.home(user)
        yield "operations", worldview.operations(self._cloud)
        if slow:
            yield "world", worldview.world(self._cloud)
            yield "traffic", traffic(self._cloud, self._pulse.look())
            yield "load", self._loads.shown()
            yield "alerts", alerts(self._cloud)
            yield "faults", self._menu.shown()
            yield "links", self._links()

    def _clock(self) -> dict[str, Any]:
        world = self._cloud.world
        world.sync()
        return {
            "now": world.now.isoformat(timespec="milliseconds"),
            "speed": world.speed,
            "paused": world.paused,
            "seed": world.seed,
            "started": self._started,
        }
