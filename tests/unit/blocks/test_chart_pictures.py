"""Charts as pictures: true PNG files that show the figures, and cards that Slack takes with them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.blocks.chart_pictures import pictures, with_pictures
from shared.blocks.chart_png import COLOURS, HIGH, WIDE, line_chart
from shared.blocks.incident import incident_card
from tests.unit.blocks.incident_values import ADVISED, JUST_OPENED, T0
from tests.unit.blocks.test_limits import wrong

CARD = incident_card(ADVISED, T0)
VIOLET, GREEN = (74, 63, 181), (13, 138, 99)
Colour = tuple[int, ...]


def chart(*lines: list[float]) -> dict[str, Any]:
    series = [
        {"name": f"line {n}", "data": [{"label": str(at), "value": value} for at, value in enumerate(values)]}
        for n, values in enumerate(lines)
    ]
    return {"type": "line", "series": series}


def chunks(png: bytes) -> dict[bytes, bytes]:
    """Take a PNG apart, checking every checksum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = dict[bytes, bytes](), 8
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        found[kind], at = data, at + 12 + length
    return found


def pixels(png: bytes) -> list[list[Colour]]:
    found = chunks(png)
    wide, high, depth, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    assert (wide, high, depth, kind) == (WIDE, HIGH, 8, 3)
    colours = [tuple(found[b"PLTE"][at : at + 3]) for at in range(0, len(found[b"PLTE"]), 3)]
    rows, raw = [], zlib.decompress(found[b"IDAT"])
    for at in range(0, len(raw), wide + 1):
        assert raw[at] == 0  # no filter
        rows.append([colours[each] for each in raw[at + 1 : at + 1 + wide]])
    assert len(rows) == high
    return rows


def places(png: bytes, colour: Colour) -> list[tuple[int, int]]:
    return [(x, y) for y, row in enumerate(pixels(png)) for x, each in enumerate(row) if each == colour]


def test_a_rising_line_goes_up_from_left_to_right() -> None:
    found = places(line_chart(chart([10, 90])), VIOLET)
    (left, low), (right, high) = min(found), max(found)
    assert right - left > WIDE // 3
    assert low > high


def test_a_higher_value_stands_higher_on_the_same_scale() -> None:
    png = line_chart(chart([10, 20], [80, 90]))
    assert min(y for _, y in places(png, VIOLET)) > max(y for _, y in places(png, GREEN))


def test_a_level_line_is_dashed_and_a_measured_one_is_not() -> None:
    png = line_chart(chart([10, 20], [60, 60]))
    across = {x for x, _ in places(png, GREEN)}
    assert 0.4 < len(across) / (max(across) - min(across)) < 0.9
    drawn = {x for x, _ in places(png, VIOLET)}
    assert len(drawn) == max(drawn) - min(drawn) + 1


def test_the_axis_has_its_numbers() -> None:
    ink = places(line_chart(chart([10, 90])), (80, 80, 92))
    assert len({y // (HIGH // 5) for _, y in ink}) >= 4
    assert max(x for x, _ in ink) < min(x for x, _ in places(line_chart(chart([10, 90])), VIOLET))


figures = st.floats(0, 1000)


@given(st.lists(st.lists(figures, min_size=20, max_size=20), min_size=1, max_size=7))
def test_any_figures_make_a_whole_picture(lines: list[list[float]]) -> None:
    assert pixels(line_chart(chart(*lines)))


@pytest.mark.parametrize(
    "values", [[0.0, 0.0], [0.03, 0.04], [1e-9, 0.0]], ids=["nothing", "little", "next to nothing"]
)
def test_small_figures_make_a_picture_too(values: list[float]) -> None:
    assert places(line_chart(chart(values)), VIOLET)


def test_a_picture_says_in_words_what_it_shows_and_which_line_is_which() -> None:
    [kv, _] = pictures(CARD)
    assert kv.alt.startswith("KV cache in use, %. KV from 43 to 93; threshold 60 throughout;")
    assert kv.title.startswith(f"KV cache in use, %: KV ({COLOURS[0]}), threshold ({COLOURS[1]})")


def test_a_card_with_pictures_keeps_everything_else() -> None:
    made = with_pictures(CARD, ["F1", "F2"])
    kinds = [block["type"] for block in made.blocks]
    assert (made.text, "data_visualization" in kinds) == (CARD.text, False)
    assert [block["slack_file"] for block in made.blocks if block["type"] == "image"] == [{"id": "F1"}, {"id": "F2"}]
    assert len(kinds) == len(CARD.blocks)


def test_slack_takes_a_card_with_pictures() -> None:

    assert wrong(with_pictures(CARD, ["F1", "F2"])) == []


def test_a_card_without_charts_needs_no_pictures() -> None:
    assert pictures(incident_card(JUST_OPENED, T0)) == []
