"""Finds one's way in blocks: what stands where, inside containers and cards too, and the ids that Slack adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from infra.local.cloud.slack_elements import ACTING

_LISTS, _SINGLES = ("elements", "actions"), ("accessory", "element")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def standing(blocks: Iterable[Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield every element with the innermost block that it stands in."""
    for block in blocks:
        if not isinstance(block, dict):
            continue
        listed = (element for name in _LISTS for element in _list(block.get(name)))
        for element in (*listed, *(block.get(name) for name in _SINGLES)):
            if isinstance(element, dict) and element.get("type") == "card":
                yield from standing([element])
            elif isinstance(element, dict):
                yield block, element
        yield from standing(_list(block.get("child_blocks")))


def find(blocks: Iterable[Any], action_id: str, block_id: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the first element of that name with its block; LookupError where there is none."""
    for block, element in standing(blocks):
        if element.get("action_id") == action_id and block_id in {"", block.get("block_id")}:
            return block, element
    raise LookupError(f"there is no {action_id} to click on")


def dressed(blocks: list[dict[str, Any]], label: Callable[[], str]) -> list[dict[str, Any]]:
    """Return the blocks with an id on each block and each element that people act on."""
    return [_block(block, label) for block in blocks]


def _block(block: dict[str, Any], label: Callable[[], str]) -> dict[str, Any]:
    made = {"block_id": label(), **block} if "block_id" not in block else dict(block)
    for name in _LISTS:
        if name in made:
            made[name] = [_element(one, label) for one in _list(made[name])]
    for name in _SINGLES:
        if name in made:
            made[name] = _element(made[name], label)
    if "child_blocks" in made:
        made["child_blocks"] = dressed(made["child_blocks"], label)
    return made


def _element(element: dict[str, Any], label: Callable[[], str]) -> dict[str, Any]:
    if element.get("type") == "card":
        return _block(element, label)
    if element.get("type") in ACTING and "action_id" not in element:
        return {**element, "action_id": label()}
    return element


def named(blocks: Any, key: str, at: str) -> Iterator[tuple[str, Any]]:
    """Yield whatever has this name anywhere inside, with its JSON pointer."""
    pairs = blocks.items() if isinstance(blocks, dict) else enumerate(_list(blocks))
    for name, inner in pairs:
        if name == key:
            yield f"{at}/{name}", inner
        else:
            yield from named(inner, key, f"{at}/{name}")
