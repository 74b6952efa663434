"""Who set which field: the managedFields of an object, kept up to date by every write that is not an apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.kube import fieldsets
from infra.local.cloud.kube.fieldsets import Path, Schema
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.values import Object, meta, without

Entry = dict[str, Any]
_SERVERS_OWN = (
    "name",
    "namespace",
    "generateName",
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "generation",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "nullable": True}
_NUMBER: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
METADATA: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("name", "generateName", "namespace", "uid", "resourceVersion", "selfLink"), _TEXT),
        "creationTimestamp": _TIME,
        "deletionTimestamp": _TIME,
        "generation": _NUMBER,
        "deletionGracePeriodSeconds": _NUMBER,
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": {"type": "array", "items": _TEXT, "x-kubernetes-list-type": "set"},
        "ownerReferences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _TEXT),
                    "controller": _FLAG,
                    "blockOwnerDeletion": _FLAG,
                },
                "x-kubernetes-map-type": "atomic",
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
        },
        "managedFields": {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    },
}


_ALWAYS = {("f:metadata",)}
_POD_TEMPLATE = ("f:spec", "f:template")
_STRUCTS = {
    *(("f:spec",), ("f:status",), ("f:source",), ("f:spec", "f:strategy"), ("f:spec", "f:updateStrategy")),
    *(("f:spec", "f:names"), ("f:status", "f:loadBalancer"), ("f:spec", "f:containers")),
    *(_POD_TEMPLATE, (*_POD_TEMPLATE, "f:metadata"), (*_POD_TEMPLATE, "f:spec")),
    (*_POD_TEMPLATE, "f:spec", "f:containers"),
}
"""Members of the Go structs of built-in kinds that are there even when nobody sets them: nobody owns them."""


@dataclass(frozen=True)
class Writer:
    """Who writes: the field manager, the subresource it writes through, and when."""

    manager: str
    subresource: str = ""
    now: str = ""
    operation: str = "Update"


def with_metadata(schema: Schema) -> Schema:
    """Return the schema with the one that all metadata share."""
    schema = schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {**schema, "properties": {**schema.get("properties", {}), "metadata": METADATA}}


def claimable(obj: Mapping[str, Any], subresource: str = "", *, has_status: bool = False) -> Object:
    """Return the part of an object that a write through this endpoint can own."""
    if subresource:
        return {"status": obj["status"]} if "status" in obj else {}
    out = without(obj, "apiVersion", "kind", "metadata", *(("status",) if has_status else ()))
    head = without(meta(obj), *_SERVERS_OWN)
    return {**out, "metadata": head} if head else out


def claims(kind: Kind, paths: set[Path]) -> set[Path]:
    """Return the paths without those that are always there and so are nobody's."""
    return paths - _ALWAYS if kind.custom else paths - _ALWAYS - _STRUCTS


def entries(obj: Object | None) -> list[Entry]:
    """Return an object's managedFields."""
    return list(meta(obj or {}).get("managedFields") or [])


def is_by(entry: Entry, writer: Writer) -> bool:
    """Say whether an entry belongs to this writer."""
    mine = (writer.manager, writer.operation, writer.subresource)
    return (entry["manager"], entry["operation"], entry.get("subresource", "")) == mine


def entry_of(kind: Kind, writer: Writer, paths: set[Path]) -> Entry:
    """Write one entry."""
    entry = {
        "manager": writer.manager,
        "operation": writer.operation,
        "apiVersion": kind.api_version,
        "time": writer.now,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.to_json(paths),
    }
    return entry | ({"subresource": writer.subresource} if writer.subresource else {})


def less(entry: Entry, gone: set[Path]) -> Entry | None:
    """Return the entry without some paths; None when nothing is left of it."""
    mine = set(fieldsets.from_json(entry["fieldsV1"]))
    if not mine & gone:
        return entry
    left = mine - gone
    return {**entry, "fieldsV1": fieldsets.to_json(left)} if left else None


def record(schema: Schema, kind: Kind, old: Object | None, new: Object, writer: Writer) -> None:
    """Note in ``new`` that the writer set what differs from ``old``; others lose it."""
    status = kind.status
    was = claimable(old or {}, writer.subresource, has_status=status)
    now = claimable(new, writer.subresource, has_status=status)
    if old is not None and not entries(old):
        # Nobody keeps book here: a client has emptied it, and only an apply begins it anew.
        new["metadata"].pop("managedFields", None)
        return
    found = fieldsets.compare(with_metadata(schema), was, now, parents=True)
    found.changed = claims(kind, found.changed)
    kept, mine = [], set(found.changed)
    for entry in entries(old):
        if is_by(entry, writer):
            mine |= set(fieldsets.from_json(entry["fieldsV1"])) - found.removed
        elif left := less(entry, found.changed | found.removed):
            kept.append(left)
    if mine:
        same = next((e for e in entries(old) if is_by(e, writer) and not (found.changed or found.removed)), None)
        kept.append(same or entry_of(kind, writer, mine))
    if kept:
        new["metadata"]["managedFields"] = kept
    else:
        new["metadata"].pop("managedFields", None)


def same(old: Object, new: Object) -> bool:
    """Say whether two values of an object differ in nothing but the times of their entries."""
    if old is new:
        return True
    if without(old, "metadata") != without(new, "metadata"):
        return False
    if without(meta(old), "resourceVersion", "managedFields") != without(meta(new), "resourceVersion", "managedFields"):
        return False
    return [without(e, "time") for e in entries(old)] == [without(e, "time") for e in entries(new)]
