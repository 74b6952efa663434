"""Slack's building blocks, kept within Slack's limits. The other files of this package choose the words.

A card is made of parts. Each part is a text, and becomes a block; all texts together are the fallback text, so that
who hears or previews a card learns the same as who sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.ports import Card

MOST_TEXT = 3500
"""Characters of the fallback text: an edit with more than 4,000 is refused."""
MOST_SECTION = 2900
MOST_BLOCKS = 45
MOST_ROWS = 30
CHART = "data_visualization"
"""Type of a chart's block."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_OWN_TOKENS = re.compile(r"&lt;(@[UW][A-Z0-9]{2,20})&gt;")
Block = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A paragraph. ``block`` shows the same better than its text does; None: a section with the text.

    A block without a text shows what another part says.
    """

    text: str
    block: Block | None = None


@dataclass(frozen=True)
class Button:
    """A button, and how to say the same in words for who cannot press it."""

    action: str
    label: str
    value: str
    aloud: str
    """What a screen reader says: which thing it acts on."""
    typed: str
    """The command that does the same."""
    style: str = ""
    confirm: tuple[str, str] | None = None
    """Title and text of the question that is asked first."""


@dataclass(frozen=True)
class Parts:
    """What a card is made of, from top to bottom."""

    title: str
    parts: Sequence[Part | str]
    buttons: Sequence[Button] = ()
    footer: str = ""


def safe(text: str, most: int = 300) -> str:
    """Return a foreign text that cannot make mentions or links, cut to so many characters."""
    kept: list[str] = []
    length = 0
    for character in text:
        piece = _ESCAPES.get(character, character)
        if length + len(piece) > most - 1:
            kept.append("…")
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept)


def private(text: str) -> str:
    """Return a text for one person; of all mark-up only the mention of a person works in it."""
    return _OWN_TOKENS.sub(r"<\1>", safe(text, MOST_TEXT))


def person(user: str) -> str:
    """Return the mention of a person; an id that is none is shown as it is."""
    return f"<@{user}>" if _PERSON.fullmatch(user) else safe(user, 40)


def people(users: Iterable[str]) -> str:
    """Return the mentions of people, sorted; at most ten by name."""
    found = sorted(users)
    rest = f" and {len(found) - 10} more" if len(found) > 10 else ""  # noqa: PLR2004 - enough to read
    return ", ".join(map(person, found[:10])) + rest


def moment(when: datetime) -> str:
    """Return a time that Slack shows in each reader's own zone."""
    fallback = when.strftime("%Y-%m-%d %H:%M %Z").strip()
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def lines(found: Iterable[str], most: int = MOST_SECTION, at_most: int = 40) -> str:
    """Join lines as long as they fit, and say how many more there are."""
    every = list(found)
    kept: list[str] = []
    left = most - 20
    for line in every[:at_most]:
        if len(line) > left:
            kept += [] if kept else [f"{line[: left - 1]}…"]
            break
        kept.append(line)
        left -= len(line) + 1
    if len(kept) < len(every):
        kept.append(f"… and {len(every) - len(kept)} more")
    return "\n".join(kept)


def card(made: Parts) -> Card:
    """Return the message within Slack's limits, its fallback text complete."""
    parts = [Part(part) if isinstance(part, str) else part for part in made.parts]
    parts = [part for part in parts if part.text or part.block]
    typed = [f"{button.label}: `{button.typed}`" for button in made.buttons]
    said = [safe(made.title), *(part.text for part in parts), *typed]
    text = lines(
        [line for each in said if each for line in each.split("\n")], MOST_TEXT - len(made.footer), at_most=200
    )
    text = f"{text}\n{made.footer}" if made.footer else text  # whatever is cut, what it is about is said
    blocks: list[Block] = [header(made.title)]
    blocks += [part.block or section(part.text) for part in parts[:MOST_BLOCKS]]
    if made.buttons:
        blocks.append(actions(made.buttons))
    if made.footer:
        blocks.append(context(made.footer))
    return Card(text, tuple(blocks))


def without_charts(made: Card) -> Card:
    """Return the card for a workspace that has no charts: what they show is said beside them."""
    return Card(made.text, tuple(block for block in made.blocks if block["type"] != CHART))


def plain(made: Card) -> Card:
    """Return the card for who was refused its blocks: its whole text in plain sections, and its buttons."""
    kept = [block for block in made.blocks if block["type"] == "actions"]
    paragraphs: list[str] = [""]
    for line in made.text.split("\n"):
        if len(paragraphs[-1]) + len(line) + 1 > MOST_SECTION:
            paragraphs.append("")
        paragraphs[-1] = f"{paragraphs[-1]}\n{line}".strip("\n")
    return Card(made.text, (*(section(text) for text in paragraphs if text), *kept))


def section(text: str) -> Block:
    """Return a paragraph; lines that do not fit are counted."""
    return {"type": "section", "text": mrkdwn(lines(text.split("\n")) if len(text) > MOST_SECTION else text)}


def context(text: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [mrkdwn(lines(text.split("\n"), 1900))]}


def actions(buttons: Sequence[Button]) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": [_button(button) for button in buttons[:25]]}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """Return a table; its cells are plain text and need no escaping."""
    shown = [list(row) for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        shown.append([f"… and {len(rows) - MOST_ROWS} more", *("-" for _ in head[1:])])
    cells = [[{"type": "raw_text", "text": _cell(text)} for text in row] for row in (list(head), *shown)]
    return {"type": "table", "rows": cells}


def _cell(text: str) -> str:
    return (text if len(text) <= 60 else f"{text[:59]}…") or "-"  # noqa: PLR2004 - 31 rows stay below 10,000


def header(title: str) -> Block:
    """Return a title."""
    return {"type": "header", "text": words(title, 150)}


def _button(button: Button) -> Block:
    made: dict[str, Any] = {
        "type": "button",
        "action_id": button.action,
        "text": words(button.label, 75),
        "value": button.value[:2000],
        "accessibility_label": _cut(button.aloud, 75),
    }
    if button.style:
        made["style"] = button.style
    if button.confirm:
        title, text = button.confirm
        made["confirm"] = {
            "title": words(title, 100),
            "text": words(text, 300),
            "confirm": words(button.label, 30),
            "deny": words("Not yet", 30),
        }
    return made


def mrkdwn(text: str) -> Block:
    """Return a text with mark-up, in which only mentions that we wrote work."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def words(text: str, most: int) -> Block:
    """Return a plain text, cut to so many characters."""
    return {"type": "plain_text", "text": _cut(text, most), "emoji": False}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
