"""Modals and the Home tab: views.* and the trigger ids that open them."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud import slack_blocks
from infra.local.cloud.slack_chat import Args, Method
from infra.local.cloud.slack_elements import plain
from infra.local.cloud.slack_shapes import anything, complain, fields, flag, one_of, string
from infra.local.cloud.slack_store import SlackError
from infra.local.cloud.slack_workspace import Workspace

TRIGGER_LIFE = 3.0
"""Seconds of wall time, as the person who clicked waits in wall time."""
STACK = 3
"""Modals on top of each other."""
_COMMON = {
    "callback_id": string(255, least=0),
    "private_metadata": string(3000, least=0),
    "external_id": string(255, least=0),
    "blocks": anything,
}
_VIEWS = {
    "modal": fields(
        {"type": one_of("modal"), "title": plain(24), "blocks": anything},
        {**_COMMON, "submit": plain(24), "close": plain(24), "clear_on_close": flag, "notify_on_close": flag},
    ),
    "home": fields({"type": one_of("home"), "blocks": anything}, _COMMON),
}


@dataclass
class View:
    """A modal or a Home tab that a person sees."""

    id: str
    user: str
    hash: str
    shown: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False


class Views:
    """What is open before whom."""

    def __init__(self, workspace: Workspace, unsupported: Collection[str]) -> None:
        self.workspace = workspace
        self.opened: dict[str, View] = {}
        """View id -> modal, in the order they were opened."""
        self.homes: dict[str, View] = {}
        """User id -> Home tab."""
        self._unsupported = unsupported
        self._triggers: dict[str, tuple[str, float]] = {}
        self._spent: set[str] = set()
        self._hashes = 0

    def methods(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {
            "views.open": self.open,
            "views.push": self.push,
            "views.update": self.update,
            "views.publish": self.publish,
        }

    def trigger(self, user: str) -> str:
        """Return a fresh trigger id for something a person did."""
        number = len(self._triggers) + 1
        made = f"{number:012d}.{self.workspace.team_id}.{number * 7919:016x}"
        self._triggers[made] = (user, time.monotonic())
        return made

    def _spend(self, args: Args) -> str:
        given = str(args.get("trigger_id") or "")
        if given not in self._triggers:
            raise SlackError("invalid_trigger_id")
        user, since = self._triggers[given]
        if given in self._spent:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - since > TRIGGER_LIFE:
            raise SlackError("expired_trigger_id")
        self._spent.add(given)
        return user

    def checked(self, args: Args, *kinds: str) -> dict[str, Any]:
        """Return the view of a call, or refuse it as Slack would."""
        view, wrong = args.get("view"), list[str]()
        kind = view.get("type") if isinstance(view, dict) else None
        if not isinstance(view, dict) or kind not in kinds:
            complain(wrong, "/view/type", f"must be one of: {', '.join(kinds)}")
            raise SlackError("invalid_arguments", wrong)
        _VIEWS[str(kind)](view, "/view", wrong)
        blocks = view.get("blocks", [])
        wrong += slack_blocks.problems(blocks, str(kind), self._unsupported, "/view/blocks")
        asks = isinstance(blocks, list) and any(
            isinstance(block, dict) and block.get("type") == "input" for block in blocks
        )
        if kind == "modal" and asks and "submit" not in view:
            complain(wrong, "/view", "missing required field: submit")
        if wrong:
            raise SlackError("invalid_arguments", wrong)
        return view

    def _make(self, user: str, view: dict[str, Any]) -> View:
        made = View(f"V{len(self.opened) + len(self.homes) + 1:010d}", user, "", {})
        self._show(made, view)
        return made

    def _show(self, view: View, shown: dict[str, Any]) -> None:
        self._hashes += 1
        view.hash = f"{self._hashes:010d}.h"
        view.shown = shown
        view.history.append(shown)

    def json(self, view: View) -> dict[str, Any]:
        """Return a view as answers and payloads show it."""
        blank = {"callback_id": "", "private_metadata": "", "external_id": ""}
        return {
            **blank,
            **view.shown,
            "id": view.id,
            "team_id": self.workspace.team_id,
            "app_id": self.workspace.app_id,
            "bot_id": self.workspace.bot_id,
            "hash": view.hash,
            "root_view_id": view.id,
            "previous_view_id": None,
            "state": {"values": {}},
        }

    def open(self, args: Args) -> dict[str, Any]:
        """Open a modal before the person who caused the trigger."""
        shown = self.checked(args, "modal")
        made = self._make(self._spend(args), shown)
        self.opened[made.id] = made
        return {"view": self.json(made)}

    def push(self, args: Args) -> dict[str, Any]:
        """Open a modal on top of another."""
        shown = self.checked(args, "modal")
        user = self._spend(args)
        below = [one for one in self.opened.values() if one.user == user and not one.closed]
        if not below:
            raise SlackError("not_found")
        if len(below) >= STACK:
            raise SlackError("push_limit_reached")
        made = self._make(user, shown)
        self.opened[made.id] = made
        return {"view": self.json(made)}

    def update(self, args: Args) -> dict[str, Any]:
        """Change an open modal; a stale hash is refused."""
        shown = self.checked(args, "modal")
        view = self.opened.get(str(args.get("view_id") or ""))
        if external := args.get("external_id"):
            matching = (v for v in self.opened.values() if v.shown.get("external_id") == external)
            view = next(matching, None)
        if view is None or view.closed:
            raise SlackError("not_found")
        self._hash(args, view)
        self._show(view, shown)
        return {"view": self.json(view)}

    def publish(self, args: Args) -> dict[str, Any]:
        """Set a person's Home tab."""
        shown, user = self.checked(args, "home"), str(args.get("user_id") or "")
        person = self.workspace.person(user)
        if person is None or person.id != user:
            raise SlackError("user_not_found")
        view = self.homes.get(user)
        if view is None:
            view = self.homes[user] = self._make(user, shown)
        else:
            self._hash(args, view)
            self._show(view, shown)
        return {"view": self.json(view)}

    def _hash(self, args: Args, view: View) -> None:
        if args.get("hash") not in {None, "", view.hash}:
            raise SlackError("hash_conflict")
