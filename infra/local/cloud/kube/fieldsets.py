"""Sets of fields, as managedFields know them: which paths a value has, how two values differ, how they merge.

A path is a tuple of steps as in ``fieldsV1``: ``f:name``, ``k:{"name":"x"}`` for an item of a keyed list and ``v:"x"``
for an item of a set. The schema tells which maps and lists are one piece (atomic) and which are owned item by item.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
Path = tuple[str, ...]
_GRANULAR_LISTS = {"map", "set"}


@dataclass
class Difference:
    """Paths that were added or changed on the way from one value to another, and those that went."""

    changed: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)


def below(schema: Schema, name: str) -> Schema:
    """Return the schema of a field; empty where the schema says nothing."""
    found = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def items(schema: Schema) -> Schema:
    """Return the schema of a list's items."""
    found = schema.get("items")
    return found if isinstance(found, dict) else {}


def is_map(schema: Schema, value: Any) -> bool:
    """Say whether the value is a map that is owned key by key."""
    return isinstance(value, dict) and schema.get("x-kubernetes-map-type") != "atomic"


def is_list(schema: Schema, value: Any) -> bool:
    """Say whether the value is a list that is owned item by item."""
    return isinstance(value, list) and schema.get("x-kubernetes-list-type") in _GRANULAR_LISTS


def item_key(schema: Schema, item: Any) -> str:
    """Return the path step of one item of a keyed list or a set."""
    if schema.get("x-kubernetes-list-type") == "set" or not isinstance(item, dict):
        return "v:" + json.dumps(item, separators=(",", ":"))
    parts = {}
    for name in schema["x-kubernetes-list-map-keys"]:
        default = below(items(schema), name).get("default")
        parts[name] = item.get(name, default)
    return "k:" + json.dumps(parts, sort_keys=True, separators=(",", ":"))


def children(schema: Schema, value: Any) -> Iterator[tuple[str, Schema, Any]]:
    """Yield step, schema and value of what can be owned by itself inside a value."""
    if is_map(schema, value):
        for name, item in value.items():
            yield f"f:{name}", below(schema, name), item
    elif is_list(schema, value):
        for item in value:
            yield item_key(schema, item), items(schema), item


def members(schema: Schema, value: Any, path: Path = (), *, parents: bool = False) -> Iterator[Path]:
    """Yield every path that a value claims; with ``parents``, maps claim themselves beside their keys."""
    inside = list(children(schema, value))
    if not inside:
        if path and not is_list(schema, value):
            yield path
        return
    if path and parents:
        yield path
    free_keys = is_map(schema, value) and isinstance(schema.get("additionalProperties"), dict)
    for step, kind, item in inside:
        here = (*path, step)
        if free_keys or not step.startswith("f:"):
            yield here
        yield from members(kind, item, here, parents=parents)


def compare(schema: Schema, old: Any, new: Any, *, parents: bool = False) -> Difference:
    """Return how ``new`` differs from ``old``."""
    found = Difference()
    _compare(schema, old, new, (), found, parents)
    return found


def _compare(schema: Schema, old: Any, new: Any, path: Path, found: Difference, parents: bool) -> None:  # noqa: FBT001 - handed down
    if old == new:
        return
    both_maps = is_map(schema, old) and is_map(schema, new)
    both_lists = is_list(schema, old) and is_list(schema, new)
    if not (both_maps or both_lists):
        found.changed.add(path)
        return
    before = {step: (kind, item) for step, kind, item in children(schema, old)}
    after = {step: (kind, item) for step, kind, item in children(schema, new)}
    for step, (kind, item) in after.items():
        here = (*path, step)
        if step in before:
            _compare(kind, before[step][1], item, here, found, parents)
        else:
            found.changed.update(members(kind, item, here, parents=parents), [here] if both_lists else [])
    for step in before.keys() - after.keys():
        kind, item = before[step]
        found.removed.add((*path, step))
        found.removed.update(members(kind, item, (*path, step), parents=True))


def merged(schema: Schema, live: Any, applied: Any) -> Any:
    """Return the live value with an applied one laid over it."""
    if is_map(schema, live) and is_map(schema, applied):
        out = dict(live)
        for name, item in applied.items():
            out[name] = merged(below(schema, name), live[name], item) if name in live else item
        return out
    if is_list(schema, live) and is_list(schema, applied):
        return _merged_lists(schema, live, applied)
    return applied


def _merged_lists(schema: Schema, live: list[Any], applied: list[Any]) -> list[Any]:
    # The applied order rules; items that only live knows keep their place before what follows them.
    wanted = {item_key(schema, item): item for item in applied}
    known = {item_key(schema, item): item for item in live}
    rest = list(known.items())
    out: list[Any] = []
    for key, item in wanted.items():
        while rest and rest[0][0] not in wanted:
            out.append(rest.pop(0)[1])
        if key in known:
            if rest:
                rest.pop(0)
            out.append(merged(items(schema), known[key], item))
        else:
            out.append(item)
    return out + [item for key, item in rest if key not in wanted]


def removed(schema: Schema, value: Any, path: Path) -> Any:
    """Return the value without one path; a container that this empties goes as well (None)."""
    step, rest = path[0], path[1:]
    if is_map(schema, value):
        name = step[2:]
        if name not in value:
            return value
        left = removed(below(schema, name), value[name], rest) if rest else None
        out = {key: item for key, item in value.items() if key != name}
        return {**value, name: left} if left is not None else (out or None)
    if is_list(schema, value):
        kept = []
        for item in value:
            left = item
            if item_key(schema, item) == step:
                left = removed(items(schema), item, rest) if rest else None
            if left is not None:
                kept.append(left)
        return kept or None
    return value


def to_json(paths: Iterable[Path]) -> dict[str, Any]:
    """Write paths as ``fieldsV1``."""
    root: dict[str, Any] = {}
    ends = set(paths)
    for path in sorted(ends):
        node = root
        for step in path:
            node = node.setdefault(step, {})
    for path in ends:
        node = root
        for step in path:
            node = node[step]
        if node:
            node["."] = {}
    return root


def from_json(node: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """Read paths from ``fieldsV1``."""
    inside = [step for step in node if step != "."]
    if path and (not inside or "." in node):
        yield path
    for step in inside:
        yield from from_json(node[step], (*path, step))


def spoken(path: Path) -> str:
    """Write a path for people: ``.spec.containers[name="x"].image``."""
    out = ""
    for step in path:
        kind, text = step[0], step[2:]
        if kind == "f":
            out += f".{text}"
        elif kind == "k":
            keys = json.loads(text).items()
            out += "[" + ",".join(f"{key}={json.dumps(item)}" for key, item in keys) + "]"
        else:
            out += f"[={text}]"
    return out
