"""Modals and the Home tab: views.* and the trigger ids that open them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud import slack_blocks, slack_state
from infra.local.cloud.slack_chat import Args, Method
from infra.local.cloud.slack_elements import plain
from infra.local.cloud.slack_parts import dressed
from infra.local.cloud.slack_shapes import anything, complain, fields, flag, one_of, string
from infra.local.cloud.slack_store import SlackError, Store
from infra.local.cloud.slack_workspace import Person

TRIGGER_LIFE = 3.0
"""Seconds of wall time, as the person who clicked waits in wall time."""
STACK = 3
"""Modals on top of each other."""
LARGEST = 250 * 1024
"""Bytes of one view."""
_COMMON = {
    "callback_id": string(255, least=0),
    "private_metadata": string(3000, least=0),
    "external_id": string(255, least=0),
    "blocks": anything,
}
_VIEWS = {
    "modal": fields(
        {"type": one_of("modal"), "title": plain(24), "blocks": anything},
        {
            **_COMMON,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
        },
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
    root: str = ""
    """The lowest modal of its stack."""
    previous: str | None = None
    """The modal below."""
    history: list[dict[str, Any]] = field(default_factory=list)
    typed: slack_state.Values = field(default_factory=dict)
    """What the person changed; it outlives an update where block and action keep their names."""
    errors: dict[str, str] = field(default_factory=dict)
    """Block id -> what is wrong with the field, as the person sees it."""
    trouble: str = ""
    """What Slack itself says on top of the form where the app did not answer well."""
    closed: bool = False

    @property
    def values(self) -> slack_state.Values:
        """The state of every field and menu."""
        return slack_state.values(self.shown["blocks"], self.typed)


class Views:
    """What is open before whom."""

    def __init__(self, store: Store, unsupported: Collection[str], lost_files: Callable[[Any, str], list[str]]) -> None:
        self.workspace = store.workspace
        self.opened: dict[str, View] = {}
        """View id -> modal, in the order they were opened."""
        self.homes: dict[str, View] = {}
        """User id -> Home tab."""
        self.version = 0
        """Grows at every change that a person could see."""
        self.trigger_life = TRIGGER_LIFE
        self._label = store.label
        self._unsupported, self._lost_files = unsupported, lost_files
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

    def changed(self) -> None:
        """Say that something looks different now."""
        self.version += 1

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
        if time.monotonic() - since > self.trigger_life:
            raise SlackError("expired_trigger_id")
        self._spent.add(given)
        return user

    def checked(self, view: Any, *kinds: str, over: View | None = None) -> dict[str, Any]:
        """Return a view that may be shown, in place of ``over`` if given, or refuse it as Slack would."""
        wrong = list[str]()
        kind = view.get("type") if isinstance(view, dict) else None
        if not isinstance(view, dict) or kind not in kinds:
            complain(wrong, "/view/type", f"must be one of: {', '.join(kinds)}")
            raise SlackError("invalid_arguments", wrong)
        _VIEWS[str(kind)](view, "/view", wrong)
        blocks = view.get("blocks", [])
        wrong += slack_blocks.problems(blocks, str(kind), self._unsupported, "/view/blocks")
        wrong += self._lost_files(blocks, "/view/blocks")
        if kind == "modal" and _asks(blocks) and "submit" not in view:
            complain(wrong, "/view", "missing required field: submit")
        if wrong:
            raise SlackError("invalid_arguments", wrong)
        if len(json.dumps(view).encode()) > LARGEST:
            raise SlackError("view_too_large")
        living = [*self.homes.values(), *(one for one in self.opened.values() if not one.closed)]
        taken = {one.shown.get("external_id") for one in living if one is not over}
        if view.get("external_id") and view["external_id"] in taken:
            raise SlackError("duplicate_external_id")
        return view

    def _make(self, user: str, view: dict[str, Any], below: View | None = None) -> View:
        made = View(f"V{len(self.opened) + len(self.homes) + 1:010d}", user, "", {})
        made.root, made.previous = (below.root, below.id) if below else (made.id, None)
        self.show(made, view)
        return made

    def show(self, view: View, shown: dict[str, Any]) -> None:
        """Put something else into a view."""
        self._hashes += 1
        view.hash = f"{self._hashes:010d}.h"
        view.shown = {**shown, "blocks": dressed(shown["blocks"], self._label)}
        view.history.append(shown)
        view.errors, view.trouble = {}, ""
        self.changed()

    def json(self, view: View) -> dict[str, Any]:
        """Return a view as answers and payloads show it, with what the person has typed."""
        blank = {"callback_id": "", "private_metadata": "", "external_id": ""}
        switches = {"clear_on_close": False, "notify_on_close": False, "close": None, "submit": None}
        return {
            **blank,
            **(switches if view.shown["type"] == "modal" else {}),
            **view.shown,
            "id": view.id,
            "team_id": self.workspace.team_id,
            "app_id": self.workspace.app_id,
            "app_installed_team_id": self.workspace.team_id,
            "bot_id": self.workspace.bot_id,
            "hash": view.hash,
            "root_view_id": view.root,
            "previous_view_id": view.previous,
            "state": {"values": view.values},
        }

    def stack(self, user: str) -> list[View]:
        """Return the modals open before a person (an id), the topmost last."""
        return [one for one in self.opened.values() if one.user == user and not one.closed]

    def before(self, person: Person, view_id: str) -> View:
        """Return the topmost modal or the Home tab if it has this id; LookupError if it is not before the person."""
        top, home = self.stack(person.id)[-1:], self.homes.get(person.id)
        for view in (*top, home):
            if view and view.id == view_id:
                return view
        raise LookupError(f"{person.name} has no view {view_id} in front")

    def open(self, args: Args) -> dict[str, Any]:
        """Open a modal before the person who caused the trigger."""
        shown = self.checked(args.get("view"), "modal")
        made = self._make(self._spend(args), shown)
        self.opened[made.id] = made
        return {"view": self.json(made)}

    def push(self, args: Args) -> dict[str, Any]:
        """Open a modal on top of another."""
        self.checked(args.get("view"), "modal")
        return {"view": self.json(self.push_before(self._spend(args), args.get("view")))}

    def push_before(self, user: str, view: Any) -> View:
        """Open a modal on top of what a person (an id) has open."""
        shown, below = self.checked(view, "modal"), self.stack(user)
        if not below:
            raise SlackError("not_found")
        if sum(one.root == below[-1].root for one in below) >= STACK:
            raise SlackError("push_limit_reached")
        made = self._make(user, shown, below[-1])
        self.opened[made.id] = made
        return made

    def update(self, args: Args) -> dict[str, Any]:
        """Change an open modal; a stale hash is refused."""
        view = self.opened.get(str(args.get("view_id") or ""))
        if external := args.get("external_id"):
            matching = (v for v in self.opened.values() if v.shown.get("external_id") == external and not v.closed)
            view = next(matching, None)
        shown = self.checked(args.get("view"), "modal", over=view)
        if view is None or view.closed:
            raise SlackError("not_found")
        self._hash(args, view)
        self.show(view, shown)
        return {"view": self.json(view)}

    def publish(self, args: Args) -> dict[str, Any]:
        """Set a person's Home tab."""
        user = str(args.get("user_id") or "")
        view = self.homes.get(user)
        shown = self.checked(args.get("view"), "home", over=view)
        person = self.workspace.person(user)
        if person is None or person.id != user:
            raise SlackError("user_not_found")
        if view is None:
            view = self.homes[user] = self._make(user, shown)
        else:
            self._hash(args, view)
            self.show(view, shown)
        return {"view": self.json(view)}

    def _hash(self, args: Args, view: View) -> None:
        if args.get("hash") not in {None, "", view.hash}:
            raise SlackError("hash_conflict")

    def close(self, *views: View) -> None:
        """Take modals away."""
        for view in views:
            view.closed = True
        self.changed()


def _asks(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)
