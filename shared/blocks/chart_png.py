"""A line chart as a PNG, for workspaces that have no charts of their own. Drawn from the block that would show it.

Only what a line chart needs: a raster of palette colours, straight lines, digits for the axis. Names and units stand in
the title and the alternative text beside it, where assistive technology finds them.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDE, HIGH = 720, 280
"""Pixels: as wide as Slack shows a picture in a message."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 16, 14, 22
_PAPER, _GRID, _INK, _FIRST = 0, 1, 2, 3
_PALETTE = (
    (255, 255, 255),
    (221, 221, 228),
    (80, 80, 92),
    (74, 63, 181),
    (13, 138, 99),
    (208, 99, 42),
    (179, 38, 94),
    (20, 102, 168),
)
COLOURS = ("violet", "green", "orange", "red", "blue")
"""Names of the lines' colours, in order."""
_ON, _OFF = 6, 6
"""Pixels of a dash and of what follows it."""
_THICK, _THIN = 3, 2
_DIGITS: Mapping[str, tuple[int, ...]] = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 1, 2, 2),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    ".": (0, 0, 0, 0, 2),
}
"""Rows of three pixels each, as bits."""
_SCALE = 3
"""Pixels of the picture for one of a digit."""
_LOWEST = 0.1
"""The top of a chart on which next to nothing happens."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class _Raster:
    """Palette numbers, row by row."""

    rows: tuple[bytearray, ...]

    def dot(self, x: int, y: int, thick: int, colour: int) -> None:
        """Paint a square, as far as it is on the paper."""
        across, down = _within(x, thick, WIDE), _within(y, thick, HIGH)
        for row in self.rows[down]:
            row[across] = bytes([colour]) * (across.stop - across.start)


def _within(at: int, thick: int, end: int) -> slice:
    first = at - thick // 2
    return slice(min(end, max(0, first)), min(end, max(0, first + thick)))


def line_chart(chart: Mapping[str, Any]) -> bytes:
    """Return the picture of a chart block's line chart. Level lines are dashed: a threshold, a limit, a prediction."""
    drawn = [[float(point["value"]) for point in series["data"]] for series in chart["series"]]
    top = _ceiling(max(value for line in drawn for value in line))
    raster = _Raster(tuple(bytearray(WIDE) for _ in range(HIGH)))
    for quarter in range(5):
        value = top * quarter / 4
        y = _y(value, top)
        _line(raster, ((_LEFT, y), (WIDE - _RIGHT, y)), 1, _GRID)
        _write(raster, f"{value:.4g}", y)
    for index, values in enumerate(drawn):
        points = [(_x(at, len(values)), _y(value, top)) for at, value in enumerate(values)]
        level = len(set(values)) == 1
        colour = _FIRST + index % len(COLOURS)
        _line(raster, points, _THIN if level else _THICK, colour, dashed=level)
    return _png(raster)


def _x(at: int, count: int) -> int:
    return _LEFT + round((WIDE - _LEFT - _RIGHT) * (at + 0.5) / count)


def _y(value: float, top: float) -> int:
    return round(HIGH - _BOTTOM - (HIGH - _TOP - _BOTTOM) * max(0.0, value) / top)


def _ceiling(value: float) -> float:
    """Return the next round number above."""
    value = max(value, _LOWEST)
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _STEPS if step * power >= value), value)


def _line(raster: _Raster, points: Sequence[tuple[int, int]], thick: int, colour: int, *, dashed: bool = False) -> None:
    for run, (x, y) in enumerate(_path(points)):
        if not dashed or run % (_ON + _OFF) < _ON:
            raster.dot(x, y, thick, colour)


def _path(points: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield every pixel from point to point."""
    yield from points[:1]
    for (x, y), (to_x, to_y) in pairwise(points):
        count = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(1, count + 1):
            yield x + round((to_x - x) * step / count), y + round((to_y - y) * step / count)


def _write(raster: _Raster, text: str, y: int) -> None:
    """Write a number so that it ends left of the axis."""
    known = [_DIGITS[each] for each in text if each in _DIGITS]
    left = _LEFT - 10 - 4 * _SCALE * len(known)
    for place, rows in enumerate(known):
        for x, down in _lit(rows):
            raster.dot(left + (4 * place + x) * _SCALE, y + (down - 2) * _SCALE, _SCALE, _INK)


def _lit(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    return ((x, y) for y, bits in enumerate(rows) for x in range(3) if bits >> (2 - x) & 1)


def _png(raster: _Raster) -> bytes:
    """Return the file: a header, the palette, and all rows unfiltered and compressed."""
    header = struct.pack(">IIBBBBB", WIDE, HIGH, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour) for colour in _PALETTE)
    pixels = zlib.compress(b"".join(b"\0" + row for row in raster.rows), 9)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
