"""Compute's lists: filters of the plain comparisons that clients use (others are refused), and lists by scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format

from infra.local.cloud.errors import ApiError
from infra.local.cloud.regions import ZONES, zones_of
from infra.local.cloud.wire import as_pb

_TERM = re.compile(r'^\(?\s*([\w.]+)\s*(=|!=|:|\beq\b|\bne\b)\s*"?([^"()]*?)"?\s*\)?$')


def _value(item: dict[str, Any], path: str) -> str:
    inner: Any = item
    for part in path.split("."):
        inner = inner.get(part, "") if isinstance(inner, dict) else ""
    return str(inner).lower() if isinstance(inner, bool) else str(inner)


def _holds(item: dict[str, Any], name: str, operator: str, wanted: str) -> bool:
    seen = _value(item, name)
    match operator:
        case "=":
            return seen == wanted
        case "!=":
            return seen != wanted
        case ":":
            return wanted.strip("*") in seen
        case "eq":
            return re.fullmatch(wanted, seen) is not None
        case _:
            return re.fullmatch(wanted, seen) is None


def _terms(text: str) -> list[tuple[str, str, str]]:
    terms = []
    for part in re.split(r"\s+AND\s+|(?<=\))\s*(?=\()", text.strip()):
        found = _TERM.match(part.strip())
        if not found:
            raise ApiError("INVALID_ARGUMENT", f"Invalid value for field 'filter': '{text}'.", "invalid")
        terms.append((found[1], found[2], found[3]))
    return terms


def matching(items: Iterable[Any], text: str) -> list[Any]:
    """Return the items that a filter such as ``name = "x" AND region : us`` lets through."""
    if not text:
        return list(items)
    terms = _terms(text)
    kept = []
    for item in items:
        plain = json_format.MessageToDict(as_pb(item))
        if all(_holds(plain, *term) for term in terms):
            kept.append(item)
    return kept


REGIONS = tuple(f"regions/{region}" for region in ZONES)
EVERYWHERE = ("global", *REGIONS, *(f"zones/{zone}" for region in ZONES for zone in zones_of(region)))
"""Every scope that a thing can be in."""


def by_scope(name: str, found: Mapping[str, list[Any]], scopes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the items of an aggregated list: a scope with nothing in it says so."""
    return {scope: {name: found[scope]} if found.get(scope) else {"warning": _empty(scope)} for scope in scopes}


def _empty(scope: str) -> dict[str, Any]:
    text = f"No results for the scope '{scope}'."
    return {"code": "NO_RESULTS_ON_PAGE", "data": [{"key": "scope", "value": scope}], "message": text}


def aggregated(base: str, project: str, collection: str) -> dict[str, str]:
    """Return what an aggregated list says about itself."""
    path = f"projects/{project}/aggregated/{collection}"
    return {"id": path, "self_link": base + path}
