"""Block Kit as Slack checks it: which blocks may stand where, how long, how many; complaints in Slack's form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from infra.local.cloud import slack_tables
from infra.local.cloud.slack_elements import BUTTON, FEEDBACK, IMAGE, INPUTS, INTERACTIVE, PICTURE, plain, text
from infra.local.cloud.slack_parts import standing
from infra.local.cloud.slack_shapes import (
    Rule,
    anything,
    both,
    by_type,
    complain,
    fields,
    flag,
    items,
    one_of,
    some,
    string,
)

LIMITS = {"message": 50, "modal": 100, "home": 100}
"""Blocks on each surface."""
MARKDOWN, TABLE, DATA_TABLES = 12_000, 10_000, 20_000
"""Characters over all blocks of the kind in one message."""


def _block(optional: dict[str, Rule] | None = None, **needed: Rule) -> Rule:
    return fields({"type": anything, **needed}, {"block_id": string(255), **(optional or {})})


_RICH = _block(
    elements=items(
        by_type(
            {
                kind: fields(
                    {"type": anything, "elements": items(anything, 1000, least=0)},
                    dict.fromkeys(("style", "indent", "border", "offset", "language"), anything),
                )
                for kind in (
                    "rich_text_section",
                    "rich_text_list",
                    "rich_text_preformatted",
                    "rich_text_quote",
                )
            }
        ),
        1000,
        least=0,
    )
)
_TASK = _block(
    {"details": anything, "output": anything, "sources": items(anything, 50, least=0)},
    task_id=string(),
    title=string(),
    status=one_of("pending", "in_progress", "complete", "error"),
)
_CARD = both(
    _block(
        {
            "hero_image": IMAGE,
            "icon": IMAGE,
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "actions": items(BUTTON, 3),
        }
    ),
    some("title", "hero_image", "actions", "body"),
)
_BASIC: dict[str, Rule] = {
    "section": both(
        _block(
            {
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": by_type({**INTERACTIVE, "image": IMAGE}),
                "expand": flag,
            }
        ),
        some("text", "fields"),
    ),
    "header": _block({"level": anything}, text=plain(150)),
    "divider": _block(),
    "image": both(_block({**PICTURE, "title": plain(2000)}, alt_text=string(2000)), some(*PICTURE)),
    "context": _block(
        elements=items(
            by_type(
                {
                    "image": IMAGE,
                    "mrkdwn": text(2000),
                    "plain_text": text(2000),
                }
            ),
            10,
        )
    ),
    "actions": _block(elements=items(by_type(INTERACTIVE), 25)),
    "rich_text": _RICH,
    "video": _block(
        dict.fromkeys(("title_url", "description", "author_name", "provider_name"), anything),
        title=plain(200),
        video_url=string(),
        thumbnail_url=string(),
        alt_text=string(),
    ),
}
_INPUT = _block(
    {"hint": plain(2000), "optional": flag, "dispatch_action": flag},
    label=plain(2000),
    element=by_type(INPUTS),
)
_NEWER: dict[str, Rule] = {
    "table": slack_tables.TABLE,
    "data_table": slack_tables.DATA_TABLE,
    "card": _CARD,
    "carousel": _block(elements=items(by_type({"card": _CARD}), 10)),
}
_FILE = _block(external_id=string(), source=string())
_CHILDREN: dict[str, Rule] = {**_BASIC, "input": _INPUT, "file": _FILE, "table": slack_tables.TABLE}
_CONTAINER = both(
    _block(
        {
            "title": plain(150),
            "rich_text_title": anything,
            "subtitle": text(150),
            "icon": IMAGE,
            **dict.fromkeys(("is_collapsible", "default_collapsed", "has_header_divider"), flag),
            "width": string(),
        },
        child_blocks=items(by_type(_CHILDREN), 10),
    ),
    some("title", "rich_text_title"),
)
SURFACES: dict[str, dict[str, Rule]] = {
    "message": {
        **_BASIC,
        **_NEWER,
        "file": _FILE,
        "markdown": _block(text=string(MARKDOWN)),
        "data_visualization": slack_tables.CHART,
        "container": _CONTAINER,
        "plan": _block({"tasks": items(by_type({"task_card": _TASK}), 50, least=0)}, title=string()),
        "task_card": _TASK,
        "context_actions": _block(elements=items(by_type(FEEDBACK), 5)),
    },
    "modal": {
        **_BASIC,
        "input": _INPUT,
        "card": _CARD,
        "alert": _block({"level": one_of("default", "info", "warning", "error", "success")}, text=text(200)),
    },
    "home": {**_BASIC, **_NEWER, "input": _INPUT},
}
_PER_MESSAGE = {"table": 1, "data_visualization": 2}


def problems(
    blocks: Any, surface: str = "message", unsupported: Collection[str] = (), at: str = "/blocks"
) -> list[str]:
    """Return every complaint about these blocks on a surface; none means that Slack would take them."""
    out: list[str] = []
    table = {kind: rule for kind, rule in SURFACES[surface].items() if kind not in unsupported}
    items(by_type(table), LIMITS[surface], least=0)(blocks, at, out)
    if isinstance(blocks, list):
        known = [block for block in blocks if isinstance(block, dict)]
        _twice(known, at, out)
        _totals(known, at, out)
    return out


def _twice(blocks: list[dict[str, Any]], at: str, out: list[str]) -> None:
    ids = Counter(block["block_id"] for block in blocks if isinstance(block.get("block_id"), str))
    for name in (name for name, count in ids.items() if count > 1):
        complain(out, at, f"block_id already exists: {name}")
    for index, block in enumerate(blocks):
        actions = Counter(element.get("action_id") for _, element in standing([block]))
        for name in (name for name, count in actions.items() if name and count > 1):
            complain(out, f"{at}/{index}/elements", f"action_id already exists: {name}")


def _totals(blocks: list[dict[str, Any]], at: str, out: list[str]) -> None:
    for kind, most in _PER_MESSAGE.items():
        if sum(block.get("type") == kind for block in blocks) > most:
            complain(out, at, f"no more than {most} {kind} blocks allowed")
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > MARKDOWN:
        complain(out, at, f"markdown text must be less than {MARKDOWN + 1} characters")
    for kind, most in (("table", TABLE), ("data_table", DATA_TABLES)):
        if sum(slack_tables.characters(block) for block in blocks if block.get("type") == kind) > most:
            complain(out, at, f"{kind} cells must be less than {most + 1} characters")
