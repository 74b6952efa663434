"""Block Kit's tables and charts: rules that look at several fields at once."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.slack_shapes import (
    Rule,
    anything,
    both,
    by_type,
    complain,
    fields,
    items,
    number,
    one_of,
    string,
)

_RAW = fields({"type": anything, "text": string()})
_NUMBER = fields({"type": anything, "value": number(), "text": string()})
_RICH = fields({"type": anything, "elements": items(anything, 100)})
_WORDS: dict[str, Rule] = {"raw_text": _RAW, "rich_text": _RICH}
_PLAIN_CELL, _CELL = by_type(_WORDS), by_type({**_WORDS, "raw_number": _NUMBER})
_ID = {"block_id": string(255)}


def _even(value: Any, at: str, out: list[str]) -> None:
    rows = [row for row in value.get("rows", []) if isinstance(row, list)]
    if len({len(row) for row in rows}) > 1:
        complain(out, f"{at}/rows", "all rows must have the same number of cells")
    head = rows[0] if rows else []
    if any(isinstance(cell, dict) and cell.get("type") == "rich_text" for cell in head):
        complain(out, f"{at}/rows/0", "rich_text is not allowed in the header row")


def characters(block: Any) -> int:
    """Count the characters in a table's cells."""
    rows = block.get("rows", []) if isinstance(block, dict) else []
    cells = (cell for row in rows if isinstance(row, list) for cell in row if isinstance(cell, dict))
    return sum(len(str(cell.get("text", cell.get("elements", "")))) for cell in cells)


TABLE = fields(
    {"type": anything, "rows": items(items(_PLAIN_CELL, 20), 100)},
    {
        **_ID,
        "column_settings": items(fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": anything}), 20),
    },
)
DATA_TABLE = both(
    fields(
        {"type": anything, "caption": string(), "rows": items(items(_CELL, 20), 201, least=2)},
        {**_ID, "page_size": number(1, 100), "row_header_column_index": number(0, 19)},
    ),
    _even,
)


def _segment(value: Any, at: str, out: list[str]) -> None:
    fields({"label": string(20), "value": number()})(value, at, out)
    size = value.get("value") if isinstance(value, dict) else None
    if isinstance(size, int | float) and size <= 0:
        complain(out, f"{at}/value", "must be more than 0")


_POINT = fields({"label": string(20), "value": number()})
_SERIES = fields({"name": string(20), "data": items(_POINT, 20)})
_AXES = fields(
    {"categories": items(string(20), 20)},
    {"x_label": string(50), "y_label": string(50)},
)


def _one_number_each(value: Any, at: str, out: list[str]) -> None:
    """Refuse series that share a name or leave a category without exactly one number."""
    try:
        wanted = sorted(value["axis_config"]["categories"])
        names = [series["name"] for series in value["series"]]
        labels = [sorted(point["label"] for point in series["data"]) for series in value["series"]]
    except (KeyError, TypeError):
        return  # the shape is wrong, which the other rule has said
    if len(set(names)) < len(names):
        complain(out, f"{at}/series", "series names must be unique")
    for index, given in enumerate(labels):
        if given != wanted:
            complain(out, f"{at}/series/{index}/data", "labels must match the axis categories")


_LINES: Rule = both(fields({"type": anything, "series": items(_SERIES, 12), "axis_config": _AXES}), _one_number_each)
_CHART = by_type(
    {
        "pie": fields({"type": anything, "segments": items(_segment, 12)}),
        "bar": _LINES,
        "area": _LINES,
        "line": _LINES,
    }
)
CHART = fields({"type": anything, "title": string(50), "chart": _CHART}, _ID)
