"""The three patches that are not an apply: JSON merge patch, JSON patch, strategic merge patch."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.kube import fieldsets
from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.refusals import Refused, bad_request, internal
from infra.local.cloud.kube.values import copied, without

_DIRECTIVES = ("$patch", "$retainKeys")


def _misfit(why: str) -> Refused:
    return Refused(422, "Invalid", f"the server rejected our request due to an error in our request: {why}", {})


def merge(value: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    out = dict(value) if isinstance(value, dict) else {}
    for name, item in patch.items():
        if item is None:
            out.pop(name, None)
        else:
            out[name] = merge(out.get(name), item)
    return out


# JSON patch ----------------------------------------------------------------------------------------------


def _steps(pointer: Any) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise bad_request(f"invalid JSON pointer: {pointer!r}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _look(value: Any, steps: list[str]) -> Any:
    for step in steps:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise _misfit(f"the path /{'/'.join(steps)} does not exist") from error
    return value


def _add(holder: Any, last: str, item: Any) -> None:
    if isinstance(holder, list):
        place = len(holder) if last == "-" else _index(last, len(holder) + 1)
        holder.insert(place, item)
    elif isinstance(holder, dict):
        holder[last] = item
    else:
        raise _misfit(f"nothing can be added at {last}")


def _index(text: str, size: int) -> int:
    if not text.isdigit() or int(text) >= size:
        raise _misfit(f"there is no item {text}")
    return int(text)


def _remove(holder: Any, last: str) -> Any:
    if isinstance(holder, list):
        return holder.pop(_index(last, len(holder)))
    if not isinstance(holder, dict) or last not in holder:
        raise _misfit(f"there is no {last} to remove")
    return holder.pop(last)


def _operate(root: Any, operation: dict[str, Any]) -> None:
    *way, last = _steps(operation.get("path"))
    holder = _look(root, way)
    match operation.get("op"):
        case "add":
            _add(holder, last, copied(operation["value"]))
        case "remove":
            _remove(holder, last)
        case "replace":
            _remove(holder, last)
            _add(holder, last, copied(operation["value"]))
        case "test":
            if _look(holder, [last]) != operation.get("value"):
                raise _misfit(f"testing value {operation['path']} failed")
        case "copy":
            _add(holder, last, copied(_look(root, _steps(operation["from"]))))
        case "move":
            *origin, name = _steps(operation["from"])
            _add(holder, last, _remove(_look(root, origin), name))
        case other:
            raise _misfit(f"unexpected operation in JSON patch: {other!r}")


def json_patch(value: Any, operations: Any) -> Any:
    """Apply a JSON patch (RFC 6902); one that does not fit changes nothing."""
    if not isinstance(operations, list):
        raise bad_request("a JSON patch is a list of operations")
    out = copied(value)
    for operation in operations:
        _operate(out, operation)
    return out


# Strategic merge patch -----------------------------------------------------------------------------------


def strategic(schema: Schema, value: Any, patch: Any) -> Any:
    """Apply a strategic merge patch: keyed lists merge item by item, ``$patch: delete | replace`` is honoured.

    The merge key is the first key that server-side apply uses. What the patch names stands in its order, or in that of
    ``$setElementOrder``; what only the object has keeps its place before what followed it.
    """
    if isinstance(patch, list):
        return _strategic_list(schema, value if isinstance(value, list) else [], patch, None)
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return without(patch, *_DIRECTIVES)
    out = dict(value) if isinstance(value, dict) else {}
    if "$retainKeys" in patch:
        out = {name: item for name, item in out.items() if name in patch["$retainKeys"]}
    for name, item in patch.items():
        _strategic_field(schema, out, name, item, patch)
    return out


def _strategic_field(schema: Schema, out: dict[str, Any], name: str, item: Any, patch: dict[str, Any]) -> None:
    if name in _DIRECTIVES or name.startswith("$setElementOrder/"):
        return
    if name.startswith("$deleteFromPrimitiveList/"):
        place = name.partition("/")[2]
        out[place] = [kept for kept in out.get(place, []) if kept not in item]
    elif isinstance(item, list):
        held, kind = out.get(name), fieldsets.below(schema, name)
        order = patch.get(f"$setElementOrder/{name}")
        out[name] = _strategic_list(kind, held if isinstance(held, list) else [], item, order)
    elif item is None or (isinstance(item, dict) and item.get("$patch") == "delete"):
        out.pop(name, None)
    else:
        out[name] = strategic(fieldsets.below(schema, name), out.get(name), item)


def _strategic_list(schema: Schema, value: list[Any], patch: list[Any], order: list[Any] | None) -> list[Any]:
    if schema.get("x-kubernetes-list-type") == "set":
        return _ordered([*value, *(item for item in patch if item not in value)], value, order or patch)
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys or any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    key, out = keys[0], list(value)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise internal(f"map: {item} does not contain declared merge key: {key}")
        place = next((i for i, held in enumerate(out) if held.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            out = [held for held in out if held.get(key) != item[key]]
        elif place is None:
            out.append(item)
        else:
            out[place] = strategic(fieldsets.items(schema), out[place], item)
    by_key = {held.get(key): held for held in out}
    keys_now = _ordered(list(by_key), [held.get(key) for held in value], [item[key] for item in order or patch])
    return [by_key[each] for each in keys_now]


def _ordered(now: list[Any], before: list[Any], wanted: list[Any]) -> list[Any]:
    """Put what was wanted into its order, and the rest before what followed it."""
    named = [item for item in wanted if item in now]
    rest = [item for item in now if item not in named]
    out: list[Any] = []
    while rest and named:
        first = rest[0] in before and named[0] in before and before.index(rest[0]) < before.index(named[0])
        out.append(rest.pop(0) if first else named.pop(0))
    return out + rest + named
