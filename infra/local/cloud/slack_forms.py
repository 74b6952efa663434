"""Acting as a person in modals and on the Home tab: choosing, typing, sending the form, closing it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud import slack_parts, slack_state
from infra.local.cloud.slack_line import Answer, Line
from infra.local.cloud.slack_people import People
from infra.local.cloud.slack_state import Choice, Values
from infra.local.cloud.slack_store import SlackError
from infra.local.cloud.slack_views import View, Views
from infra.local.cloud.slack_workspace import Person

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Sent:
    """What became of a form. With ``errors`` or ``trouble`` it is still open; ``answer`` is None if it never left."""

    answer: Answer | None
    errors: dict[str, str] = field(default_factory=dict)
    """Block id -> what is wrong with the field."""
    trouble: str = ""
    """What Slack says itself where the app did not answer, or not what it may."""


class Forms:
    """Everybody's views. ``here`` says where Slack itself listens."""

    def __init__(self, people: People, here: Callable[[], str]) -> None:
        self.people = people
        self.views: Views = people.views
        self._line: Line = people.line
        self._here = here

    async def act(
        self, user: str, view_id: str, block_id: str, action_id: str, option: Choice, values: Values | None
    ) -> Answer:
        """Act on an element of a view; ``values`` is what was typed elsewhere in it so far."""
        person = self.people.somebody(user)
        view = self.views.before(person, view_id)
        _typed(view, values or {})
        blocks = view.shown["blocks"]
        block, _ = slack_parts.find(blocks, action_id, block_id)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise LookupError(f"{action_id} says nothing before the form is sent")
        action = self.people.action(blocks, view.typed, action_id, option, block_id)
        payload = {
            **self.people.envelope("block_actions", person),
            "container": {"type": "view", "view_id": view.id},
            "view": self.views.json(view),
            "actions": [action],
        }
        answer = await self._line.send("interactive", payload, person.id, f"click {action_id}")
        if answer.error and not view.closed:
            view.trouble = TROUBLE
        self.views.changed()
        return answer

    async def submit(self, user: str, view_id: str, values: Values) -> Sent:
        """Send a modal's form, as Slack's client does: not while a needed field is empty or wrong."""
        person, view = self._modal(user, view_id)
        _typed(view, values)
        wrong = slack_state.lacking(view.shown["blocks"], view.values)
        if wrong:
            return self._stays(view, Sent(None, wrong))
        payload = {
            **self.people.envelope("view_submission", person),
            "view": self.views.json(view),
            "response_urls": self._response_urls(person, view),
        }
        answer = await self._line.send("interactive", payload, person.id, "submit")
        try:
            said = json.loads(answer.body or "{}")
            errors = {} if answer.error or view.closed else self._respond(view, said)
        except (ValueError, SlackError):
            return self._stays(view, Sent(answer, trouble=TROUBLE))
        return self._stays(view, Sent(answer, errors, TROUBLE if answer.error else ""))

    def _stays(self, view: View, sent: Sent) -> Sent:
        view.errors, view.trouble = sent.errors, sent.trouble
        self.views.changed()
        return sent

    def _modal(self, user: str, view_id: str) -> tuple[Person, View]:
        person = self.people.somebody(user)
        view = self.views.before(person, view_id)
        if view_id not in self.views.opened:
            raise LookupError(f"{view_id} is not a modal")
        return person, view

    def _response_urls(self, person: Person, view: View) -> list[dict[str, str]]:
        found = []
        for block, element in slack_parts.standing(view.shown["blocks"]):
            state = view.values.get(block.get("block_id", ""), {}).get(element.get("action_id", ""), {})
            channel = state.get("selected_conversation") or state.get("selected_channel")
            if channel and element.get("response_url_enabled"):
                url = self._here() + self.people.hooks.hand(person.id, channel, None)
                names = {"block_id": block["block_id"], "action_id": element["action_id"]}
                found.append({**names, "channel_id": channel, "response_url": url})
        return found

    def _respond(self, view: View, said: Any) -> dict[str, str]:
        """Do what the app answered, and return its errors. ValueError or SlackError if it may not say that."""
        match said.get("response_action") if isinstance(said, dict) else "":
            case None:
                self.views.close(view)
            case "clear":
                self.views.close(*self.views.stack(view.user))
            case "update":
                self.views.show(view, self.views.checked(said.get("view"), "modal", over=view))
            case "push":
                self.views.push_before(view.user, said.get("view"))
            case "errors":
                return _errors(view, said.get("errors"))
            case other:
                raise ValueError(f"no response_action: {other}")
        return {}

    async def close(self, user: str, view_id: str, *, everything: bool) -> list[Answer]:
        """Close the topmost modal, or with ``everything`` its whole stack; tell the app where it asked to be told."""
        person, view = self._modal(user, view_id)
        cleared = everything or bool(view.shown.get("clear_on_close"))
        going = [one for one in self.views.stack(person.id) if one is view or (cleared and one.root == view.root)]
        self.views.close(*going)
        answers = []
        for one in reversed(going):
            if one.shown.get("notify_on_close"):
                payload = {**self.people.envelope("view_closed", person), "view": self.views.json(one)}
                del payload["trigger_id"]
                payload["is_cleared"] = cleared
                answers.append(await self._line.send("interactive", payload, person.id, "close"))
        return answers


def _typed(view: View, values: Values) -> None:
    if not isinstance(values, dict) or not all(_is_state(one) for one in values.values()):
        raise ValueError("values must be an object of block_id -> action_id -> state")
    for block_id, actions in values.items():
        view.typed.setdefault(block_id, {}).update(actions)


def _is_state(actions: Any) -> bool:
    return isinstance(actions, dict) and all(isinstance(state, dict) for state in actions.values())


def _errors(view: View, given: Any) -> dict[str, str]:
    known = {block["block_id"] for block in view.shown["blocks"] if block["type"] == "input"}
    if not isinstance(given, dict) or not given or not given.keys() <= known:
        raise ValueError(f"errors for unknown fields: {given}")
    return {name: str(text) for name, text in given.items()}
