"""The Events API: what Slack tells the app by itself, again and again until the app has taken it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from infra.local.cloud.slack_line import Answer, Line, Retry
from infra.local.cloud.slack_store import Store
from infra.local.cloud.slack_views import Views
from infra.local.cloud.slack_workspace import Person, Workspace

AGAIN = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
"""Virtual time from each failed attempt to the next."""
_REASONS = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}


class Events:
    """Tells the app of events."""

    def __init__(self, store: Store, views: Views, line: Line) -> None:
        self.store, self.views, self.line = store, views, line
        self._count = 0

    async def open_home(self, person: Person) -> Answer:
        """Open the app's Home tab; return the answer to the first attempt to tell the app."""
        channel, _ = self.store.workspace.direct([person.id])
        self.store.changed()
        event: dict[str, Any] = {"type": "app_home_opened", "user": person.id, "channel": channel.id, "tab": "home"}
        home = self.views.homes.get(person.id)
        if home:
            event["view"] = self.views.json(home)
        return await self.tell(event, person.id)

    async def tell(self, event: dict[str, Any], user: str) -> Answer:
        """Send an event that a person caused, now and, until it is taken, three times more."""
        self._count += 1
        now, workspace = self.store.world.now.timestamp(), self.store.workspace
        body = {
            "token": "deprecated",
            "team_id": workspace.team_id,
            "context_team_id": workspace.team_id,
            "context_enterprise_id": None,
            "api_app_id": workspace.app_id,
            "event": {**event, "event_ts": f"{now:.6f}"},
            "type": "event_callback",
            "event_id": f"Ev{self._count:010d}",
            "event_time": int(now),
            "authorizations": [_authorization(workspace)],
            "is_ext_shared_channel": False,
        }
        return await self._attempt(body, user, 0, None)

    async def _attempt(self, body: dict[str, Any], user: str, number: int, retry: Retry | None) -> Answer:
        answer = await self.line.send("events_api", body, user, body["event"]["type"], retry)
        if answer.error and not answer.final and number < len(AGAIN):
            following = Retry(number + 1, _REASONS.get(answer.error, "http_error"))
            self.store.world.after(AGAIN[number], lambda: self._again(body, user, following))
        return answer

    def _again(self, body: dict[str, Any], user: str, retry: Retry) -> None:
        async def work() -> None:
            await self._attempt(body, user, retry.number, retry)

        self.store.world.spawn(work())


def _authorization(workspace: Workspace) -> dict[str, Any]:
    return {
        "enterprise_id": None,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }
