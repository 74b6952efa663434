"""The Home tab: the fleet at a glance for one person. What is broken first, then what waits, then everything.

Only so much is shown in full; what is left out is counted, and where it stands is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.blocks.asks import command_of, noun_of
from shared.blocks.form import DEPLOY
from shared.blocks.kit import Block, Button, actions, context, header, lines, moment, person, safe, section
from shared.blocks.money import usd
from shared.blocks.plan import ballot, gate, price, votes
from shared.blocks.reading import Standing, spec_text
from shared.blocks.units import headline, trouble_text, unit_name
from shared.blocks.view import View, Work
from shared.domain.inventory import Unit
from shared.domain.quotes import Cost
from shared.ports import Surface

REFRESH = "home_refresh"
"""Action id of the button that reads everything again."""
MOST_WAITING = 10
_MOST_BROKEN = 15
_MOST_DEPLOYMENTS = (50, 20, 5)
"""How many are shown; fewer where their texts are so long that Slack would not take the view."""
_MOST_TEXT = 1000
"""Characters about one deployment."""
_LARGEST = 240_000
"""Bytes of a view; Slack takes 250 KB."""
EXAMPLE = "/infer deploy llama3-8b us-east4=3,europe-west3=2 --spot"


@dataclass(frozen=True)
class Fleet:
    """All that the Home tab shows."""

    standings: tuple[Standing, ...]
    waiting: tuple[View, ...]
    """The open proposals that are shown."""
    waiting_in_all: int
    costs: Mapping[str, Cost]
    """Deployment -> cost per hour, without what all share."""
    total: Cost
    """With the clusters that all share."""


def home_view(fleet: Fleet, now: datetime, note: str = "") -> Surface:
    """Return the Home tab. ``note``: what the person just did came to."""
    made = (_all(fleet, now, note, most) for most in _MOST_DEPLOYMENTS)
    return next((view for view in made if len(json.dumps(view)) <= _LARGEST), _all(fleet, now, note, 1))


def _all(fleet: Fleet, now: datetime, note: str, most: int) -> Surface:
    parts = [*_broken(fleet, most), *_waiting(fleet, most), *_deployments(fleet, most)]
    return _home([*_top(note), section(_sums(fleet)), *parts, _foot(now)])


def unread_view(why: str, now: datetime, note: str = "") -> Surface:
    """Return the Home tab where the fleet could not be read."""
    said = f"*Not read:* {why} Nothing was changed. Press Refresh to try again."
    return _home([*_top(note), section(said), _foot(now)])


def _foot(now: datetime) -> Block:
    return context(f"As of {moment(now)}. Only you see this.")


def _home(blocks: Sequence[Block]) -> Surface:
    return {"type": "home", "blocks": list(blocks)}


def _top(note: str) -> list[Block]:
    buttons = (
        Button(DEPLOY, "Deploy a model", DEPLOY, "Open the form for a deployment", "/infer deploy", "primary"),
        Button(REFRESH, "Refresh", REFRESH, "Read the fleet again", ""),
    )
    return [header("inferops"), *([section(note)] if note else []), actions(buttons)]


def _sums(fleet: Fleet) -> str:
    count = len(fleet.standings)
    if not count:
        return f"*There is no deployment yet.* Press the button above, or type for example: `{EXAMPLE}`"
    many = f"{count} deployment{'' if count == 1 else 's'}"
    return f"*{many}*, {usd(fleet.total, fleet.total.hourly)} per hour, clusters included."


def _broken(fleet: Fleet, most: int) -> list[Block]:
    troubled: dict[Unit, tuple[Work, list[str]]] = {}
    for standing in fleet.standings:
        for work in standing.works:
            if work.trouble:
                troubled.setdefault(work.unit, (work, []))[1].append(standing.name)
    if not troubled:
        return []
    most = min(most, _MOST_BROKEN)
    shown = [section(_trouble(work, names)) for work, names in list(troubled.values())[:most]]
    return [header("A person is needed"), *shown, *_rest(len(troubled), most, "`/infer why NAME` shows them")]


def _trouble(work: Work, names: list[str]) -> str:
    concerned = lines([", ".join(map(safe, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")])  # noqa: PLR2004 - enough to read
    return f"*{concerned}, {unit_name(work.unit)}*\n{trouble_text(work.trouble)}"


def _waiting(fleet: Fleet, most: int) -> list[Block]:
    if not fleet.waiting:
        return []
    most = min(most, MOST_WAITING)
    shown = [block for view in fleet.waiting[:most] for block in _proposal(view)]
    rest = _rest(fleet.waiting_in_all, most, "their cards are in the channel for cards")
    return [header("Waiting for approval"), *shown, *rest]


def _proposal(view: View) -> list[Block]:
    proposal = view.proposal
    said = [
        f"*{safe(noun_of(proposal.intent, proposal.deployment)).capitalize()}* (`{safe(proposal.id, 40)}`)",
        f"{person(proposal.intent.user)} asks: `{safe(command_of(proposal.intent), 600)}`",
        price(proposal),
        gate(view).text,
        votes(view).text,
    ]
    buttons = ballot(view)
    return [section("\n".join(line for line in said if line)), *([actions(buttons)] if buttons else [])]


def _deployments(fleet: Fleet, most: int) -> list[Block]:
    if not fleet.standings:
        return []
    found = sorted(fleet.standings, key=_urgency)
    shown = [section(_deployment(one, fleet.costs)) for one in found[:most]]
    return [header("Deployments"), *shown, *_rest(len(found), most, "`/infer list` shows them")]


def _urgency(standing: Standing) -> tuple[bool, bool, str]:
    """Sort what waits for a person first, then what is under way."""
    return standing.word != "waits for a person", standing.word == "ready", standing.name


def _deployment(standing: Standing, costs: Mapping[str, Cost]) -> str:
    cost = costs[standing.name]
    head = f"*{safe(standing.name)}* {standing.word}, {usd(cost, cost.hourly)} per hour"
    spec = [spec_text(standing.spec)] if standing.spec else []
    places = [f"{unit_name(work.unit)}: {headline(work)}" for work in standing.own]
    return lines([head, *spec, *places], _MOST_TEXT)


def _rest(count: int, most: int, where: str) -> Iterable[Block]:
    return [context(f"… and {count - most} more: {where}.")] if count > most else []
