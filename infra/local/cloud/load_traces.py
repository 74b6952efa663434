"""Traces of real services as loads: every request, or sums by the minute. Files may be gzipped.

- ``TIMESTAMP,ContextTokens,GeneratedTokens``: the Azure LLM inference traces, one request a line.
- JSON lines with ``timestamp`` (milliseconds), ``input_length``, ``output_length``: the Mooncake traces.
- ``minute,rpm,...,prompt_tokens_per_min,output_tokens_per_min``: sums by the minute.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from infra.local.cloud.load_shapes import Asked, Mark

_AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_MINUTES = ("minute", "rpm", "prompt_tokens_per_min", "output_tokens_per_min")

Row = TypeVar("Row")
Made = TypeVar("Made")


class TraceError(ValueError):
    """A file is no trace that is known here; says which line and why."""


def requests(path: Path) -> tuple[Asked, ...]:
    """Read every request of an Azure or Mooncake trace, the first one at 0. Raises TraceError."""
    lines = _lines(path)
    if lines[0].lstrip().startswith("{"):
        found = list(_each(path, lines, 1, lambda line: _mooncake(json.loads(line))))
    else:
        rows = _rows(path, lines, _AZURE)
        found = list(_each(path, rows, 2, _azure))
    if not found:
        raise TraceError(f"{path} has no requests")
    first = min(one.at for one in found)
    return tuple(sorted((Asked(one.at - first, one.prompt, one.output) for one in found), key=lambda one: one.at))


def minutes(path: Path, output: float | None = None) -> tuple[Mark, ...]:
    """Read sums by the minute; ``output`` is the mean answer where the trace does not tell it. Raises TraceError."""

    def mark(row: Mapping[str, str]) -> Mark:
        rpm = float(row["rpm"])
        made = float(row["output_tokens_per_min"]) / rpm if row["output_tokens_per_min"] else output
        if made is None:
            raise ValueError("it tells no output tokens, so their mean must be given")
        prompt = float(row["prompt_tokens_per_min"]) / rpm
        return Mark(float(row["minute"]), rpm / 60, max(1.0, prompt), max(1.0, made))

    found = tuple(_each(path, _rows(path, _lines(path), _MINUTES), 2, mark))
    if not found:
        raise TraceError(f"{path} has no minutes")
    return found


def _azure(row: Mapping[str, str]) -> Asked:
    when = datetime.fromisoformat(row["TIMESTAMP"])
    at = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return Asked(at, max(1, int(row["ContextTokens"])), max(1, int(row["GeneratedTokens"])))


def _mooncake(row: Mapping[str, Any]) -> Asked:
    return Asked(row["timestamp"] / 1000, max(1, int(row["input_length"])), max(1, int(row["output_length"])))


def _lines(path: Path) -> list[str]:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = data.decode().splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    if not lines:
        raise TraceError(f"{path} is empty")
    return lines


def _rows(path: Path, lines: Iterable[str], columns: Iterable[str]) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(lines)
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise TraceError(f"{path} is no trace of a kind that is known here: it has no column {', '.join(missing)}")
    return iter(reader)


def _each(path: Path, rows: Iterable[Row], first: int, make: Callable[[Row], Made]) -> Iterator[Made]:
    for number, row in enumerate(rows, first):
        try:
            yield make(row)
        except (ValueError, KeyError, TypeError, ZeroDivisionError, AttributeError) as error:
            raise TraceError(f"{path}, line {number}: {error}") from error
