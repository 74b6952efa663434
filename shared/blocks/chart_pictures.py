"""Charts as pictures: what a card shows where its workspace takes no charts. The pictures have to be uploaded first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.blocks.chart_png import COLOURS, line_chart
from shared.blocks.kit import CHART, Block, words
from shared.ports import Card

_MOST_ALT = 1000
"""Characters that an upload takes."""


@dataclass(frozen=True)
class Picture:
    """One chart, drawn. ``alt`` says what it shows, ``title`` which line is which."""

    png: bytes
    alt: str
    title: str


def pictures(card: Card) -> list[Picture]:
    """Return the charts of a card as pictures, in their order."""
    return [_picture(block) for block in card.blocks if block["type"] == CHART]


def with_pictures(card: Card, files: Sequence[str]) -> Card:
    """Return the card with pictures in place of its charts. ``files``: the uploaded ones' ids, in their order."""
    waiting = iter(files)
    return Card(card.text, tuple(_shown(block, waiting) for block in card.blocks))


def _shown(block: Block, files: Iterator[str]) -> Block:
    if block["type"] != CHART:
        return block
    made = _described(block)
    return {
        "type": "image",
        "slack_file": {"id": next(files)},
        "alt_text": made[0],
        "title": words(made[1], 2000),
    }


def _picture(block: Block) -> Picture:
    alt, title = _described(block)
    return Picture(line_chart(block["chart"]), alt, title)


def _described(block: Block) -> tuple[str, str]:
    series = block["chart"]["series"]
    alt = f"{block['title']}. {'; '.join(map(_course, series))}."
    names = (f"{one['name']} ({COLOURS[at % len(COLOURS)]})" for at, one in enumerate(series))
    return alt[:_MOST_ALT], f"{block['title']}: {', '.join(names)}; from {_span(block)}"


def _span(block: Block) -> str:
    categories = block["chart"]["axis_config"]["categories"]
    return f"{categories[0]} minutes to {categories[-1]}"


def _course(series: Mapping[str, Any]) -> str:
    """Say how a line went: where it began and ended, and its peak where that is neither."""
    values = [point["value"] for point in series["data"]]
    first, last, peak = values[0], values[-1], max(values)
    if len(set(values)) == 1:
        return f"{series['name']} {first:g} throughout"
    most = f", at most {peak:g}" if peak > max(first, last) else ""
    return f"{series['name']} from {first:g} to {last:g}{most}"
