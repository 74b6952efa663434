"""Server-side apply: lay a configuration over the live object, note who wants what, never take silently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.local.cloud.kube import fieldsets, ownership, refusals, schemas, writes
from infra.local.cloud.kube.fieldsets import Path, Schema
from infra.local.cloud.kube.ownership import Entry
from infra.local.cloud.kube.refusals import Refused
from infra.local.cloud.kube.values import Object, copied, meta
from infra.local.cloud.kube.writes import Options, Target

Clash = tuple[Entry, Path]


def apply(target: Target, config: Object, options: Options) -> tuple[Object, bool]:
    """Apply a configuration; return the object and whether it was created.

    Raises 409 with a cause per field when another manager owns a field that would change, unless forced.
    """
    _readable(target, config)
    old = target.find()
    if old is None and target.subresource:
        raise refusals.not_found(target.kind, target.name)
    if meta(config).get("name", target.name if old else "") != target.name:
        said = f"the name of the object ({meta(config).get('name', '')}) does not match the name on the URL"
        raise refusals.bad_request(f"{said} ({target.name})")
    if old is None and meta(config).get("uid"):
        why = "uid mismatch: the provided object specified uid, and no existing object was found"
        raise refusals.conflict(target.kind, target.name, why)
    schema = ownership.with_metadata(target.schema)
    claimed = ownership.claimable(config, target.subresource, has_status=target.has_status)
    wanted = set(fieldsets.members(schema, claimed))
    live = copied(old) if old is not None else _blank(target)
    new = _without_dropped(target, schema, fieldsets.merged(schema, live, _laid(target, config)), wanted, old, options)
    clashes, lost = _clashes(target, schema, live, new, wanted, old, options)
    if clashes and not options.force:
        raise _conflict(target, clashes)
    managed = _managed(target, old, wanted, lost, options)
    if old is None:
        return writes.create(target, new, options, managed), True
    return writes.update(target, new, options, managed), False


def _blank(target: Target) -> Object:
    head = {"name": target.name, **({"namespace": target.namespace} if target.kind.namespaced else {})}
    return {"apiVersion": target.kind.api_version, "kind": target.kind.kind, "metadata": head}


def _laid(target: Target, config: Object) -> Object:
    """Return what of the configuration goes onto the live object through this endpoint."""
    out = copied(config)
    if target.subresource:
        return {name: out[name] for name in ("status",) if name in out}
    if target.has_status:
        out.pop("status", None)
    out.setdefault("metadata", {}).pop("managedFields", None)
    return out


def _readable(target: Target, config: Any) -> None:
    """Refuse what does not fit the schema, in the words and with the code of the real server."""
    kind = target.kind
    if not isinstance(config, dict) or config.get("kind") != kind.kind or config.get("apiVersion") != kind.api_version:
        got = config.get("apiVersion") if isinstance(config, dict) else config
        raise refusals.bad_request(
            f"Incorrect version specified in apply patch. Specified patch version: {got}, expected: {kind.api_version}"
        )
    if meta(config).get("managedFields"):
        raise refusals.bad_request("metadata.managedFields must be nil")
    found = list(_misfits(ownership.with_metadata(target.schema), config, ""))
    if found:
        said = found[0] if len(found) == 1 else "errors:\n" + "\n".join(f"  {line}" for line in found)
        where = f"{target.namespace}/{target.name}"
        text = f"failed to create typed patch object ({where}; {kind.api_version}, Kind={kind.kind}): {said}"
        # Yes, 500 and no reason: the real server does not make a Status of this error.
        raise Refused(500, "", text)


def _misfits(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if not schemas.right_type(schema, value):
        yield f"{path}: expected {_expected(schema)}, got {value!r}"
        return
    if isinstance(value, dict):
        yield from _map_misfits(schema, value, path)
    elif isinstance(value, list):
        yield from _list_misfits(schema, value, path)


def _expected(schema: Schema) -> str:
    numeric = "numeric (int or float)"
    names = {"object": "map", "array": "list", "integer": numeric, "number": numeric}
    kind = schema.get("type", "")
    return names.get(kind) or str(kind)


def _map_misfits(schema: Schema, value: dict[str, Any], path: str) -> Iterator[str]:
    fields = schema.get("properties", {})
    takes_any = not schema or schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties")
    for name, item in value.items():
        if name in fields or takes_any or (not path and name in {"apiVersion", "kind"}):
            yield from _misfits(fieldsets.below(schema, name), item, f"{path}.{name}")
        else:
            yield f"{path}.{name}: field not declared in schema"


def _list_misfits(schema: Schema, value: list[Any], path: str) -> Iterator[str]:
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    seen: set[str] = set()
    for i, item in enumerate(value):
        step = ""
        if fieldsets.is_list(schema, value):
            for key in keys:
                if (
                    isinstance(item, dict)
                    and key not in item
                    and "default" not in fieldsets.below(fieldsets.items(schema), key)
                ):
                    yield (
                        f"{path}: element {i}: associative list with keys has an element that omits key field "
                        f'"{key}" (and doesn\'t have default value)'
                    )
            step = fieldsets.item_key(schema, item)
            if step in seen:
                yield f"{path}: duplicate entries for key {fieldsets.spoken((step,))}"
            seen.add(step)
        here = fieldsets.spoken((step,)) if step else f"[{i}]"
        yield from _misfits(fieldsets.items(schema), item, path + here)


def _without_dropped(
    target: Target, schema: Schema, new: Object, wanted: set[Path], old: Object | None, options: Options
) -> Object:
    """Take away what this manager applied last time, does not apply now, and nobody else claims."""
    mine = target.writer(options, "Apply")
    last: set[Path] = set()
    others: set[Path] = set()
    for entry in ownership.entries(old):
        paths = set(fieldsets.from_json(entry["fieldsV1"]))
        if ownership.is_by(entry, mine):
            last = paths
        else:
            others |= paths
    kept = _with_parents(wanted | others)
    for path in sorted(last - kept, key=lambda p: (len(p), p)):
        new = fieldsets.removed(schema, new, path) or new
    return new


def _with_parents(paths: set[Path]) -> set[Path]:
    return {path[:n] for path in paths for n in range(1, len(path) + 1)}


def _clashes(
    target: Target, schema: Schema, live: Object, new: Object, wanted: set[Path], old: Object | None, options: Options
) -> tuple[list[Clash], set[Path]]:
    """Return the fields of others that would change, and every path that they lose."""
    was = ownership.claimable(live, target.subresource, has_status=target.has_status)
    now = ownership.claimable(new, target.subresource, has_status=target.has_status)
    found = fieldsets.compare(schema, was, now)
    mine = target.writer(options, "Apply")
    clashes: list[Clash] = []
    for entry in ownership.entries(old):
        if not ownership.is_by(entry, mine):
            theirs = set(fieldsets.from_json(entry["fieldsV1"]))
            clashes += [(entry, path) for path in sorted(theirs & found.changed & wanted)]
    return clashes, found.changed | found.removed


def _conflict(target: Target, clashes: list[Clash]) -> Refused:
    causes, said = [], []
    for entry, path in clashes:
        how = (
            f" using {entry['apiVersion']}"
            if entry["operation"] == "Update" or entry["apiVersion"] != target.kind.api_version
            else ""
        )
        below = f' with subresource "{entry["subresource"]}"' if entry.get("subresource") else ""
        text = f'conflict with "{entry["manager"]}"{below}{how}'
        causes.append({"reason": "FieldManagerConflict", "message": text, "field": fieldsets.spoken(path)})
        said.append((text, fieldsets.spoken(path)))
    whole = _by_manager(said)
    count = f"{len(clashes)} conflict" + ("s" if len(clashes) > 1 else "")
    return Refused(409, "Conflict", f"Apply failed with {count}: {whole}", {"causes": causes})


def _by_manager(said: list[tuple[str, str]]) -> str:
    groups: dict[str, list[str]] = {}
    for text, path in said:
        groups.setdefault(text, []).append(path)
    if len(said) == 1:
        return f"{said[0][0]}: {said[0][1]}"
    lines = []
    for text, paths in groups.items():
        if len(paths) == 1:
            lines.append(f"{text}: {paths[0]}")
        else:
            lines.append("\n- ".join([f"{text.replace('conflict', 'conflicts', 1)}:", *paths]))
    return "\n".join(lines)


def _unbooked(target: Target, old: Object | None) -> list[Entry]:
    """Give what is there and has no book-keeping to a manager of its own, so that an apply does not own it alone."""
    if old is None:
        return []
    here = ownership.claimable(old, target.subresource, has_status=target.has_status)
    schema = ownership.with_metadata(target.schema)
    found = fieldsets.compare(schema, {}, here, parents=True).changed
    writer = target.writer(Options("before-first-apply"), "Update")
    return [ownership.entry_of(target.kind, writer, ownership.claims(target.kind, found))]


def _managed(target: Target, old: Object | None, wanted: set[Path], lost: set[Path], options: Options) -> list[Entry]:
    mine = target.writer(options, "Apply")
    out, former = [], None
    for entry in ownership.entries(old) or _unbooked(target, old):
        if ownership.is_by(entry, mine):
            former = entry
        elif left := ownership.less(entry, lost):
            out.append(left)
    if wanted:
        entry = ownership.entry_of(target.kind, mine, wanted)
        unchanged = former is not None and former["fieldsV1"] == entry["fieldsV1"] and not lost
        out.append(former if unchanged and former is not None else entry)
    return out
