"""What is wrong with an object: names, labels, its schema, and the rules that built-in kinds have in code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.cloud.kube import kindrules, schemas, texts
from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.refusals import Cause, bad_value, forbidden
from infra.local.cloud.kube.values import Object, meta

_NAMES: dict[str, Callable[[str], Iterator[str]]] = {"Namespace": texts.dns_label, "Service": texts.service_label}
_ANNOTATIONS_LIMIT = 256 * 1024
_RBAC = "rbac.authorization.k8s.io"
_STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}
_FIXED = ("uid", "deletionTimestamp", "deletionGracePeriodSeconds")
_SPOKEN_AT = {"spec.strategy.type": "spec.strategy", "spec.updateStrategy.type": "spec.updateStrategy"}
"""Where the code of a built-in kind reports a value that the schema reports further in."""


def violations(kind: Kind, schema: Schema, new: Object, old: Object | None, *, status: bool) -> Iterator[Cause]:
    """Yield every cause to refuse ``new``; ``old`` is what it replaces, ``status`` says that only that is written."""
    if status:
        part = schema.get("properties", {}).get("status", {})
        yield from schemas.verdict(part, new.get("status", {}), "status", (old or {}).get("status"))
        return
    yield from _metadata(kind, meta(new), old)
    if kind.custom:
        yield from schemas.verdict(schema, new, "", old)
        return
    # The keys of a built-in list merge it; only the kind's own code asks whether they are unique.
    found = [cause for cause in schemas.violations(schema, new) if cause.reason != "FieldValueDuplicate"]
    spoken = [Cause(_SPOKEN_AT.get(c.field, c.field), c.reason, c.message) for c in found]
    said = [*spoken, *kindrules.violations(kind, new, old)]
    # What schema and code both see is told once.
    yield from {(cause.field, cause.reason): cause for cause in reversed(said)}.values()


def unchangeable(head: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield what a write would change of the metadata that only the server sets."""
    for name in _FIXED:
        if name in head and head[name] != old.get(name):
            yield bad_value(f"metadata.{name}", head[name], "field is immutable")


def _metadata(kind: Kind, head: Mapping[str, Any], old: Object | None) -> Iterator[Cause]:
    if old is None:
        yield from _name(kind, head.get("name", ""))
    yield from labels(head.get("labels") or {}, "metadata.labels")
    annotations = head.get("annotations") or {}
    for key in annotations:
        yield from (bad_value("metadata.annotations", key, why) for why in texts.qualified(key.lower()))
    if sum(len(k) + len(str(v)) for k, v in annotations.items()) > _ANNOTATIONS_LIMIT:
        limit = f"may not be more than {_ANNOTATIONS_LIMIT} bytes"
        yield Cause("metadata.annotations", "FieldValueTooLong", f"Too long: {limit}")
    yield from _finalizers(kind, head, old)
    yield from _owners(head.get("ownerReferences") or ())


def _finalizers(kind: Kind, head: Mapping[str, Any], old: Object | None) -> Iterator[Cause]:
    finalizers, where = head.get("finalizers") or [], "metadata.finalizers"
    for i, name in enumerate(finalizers):
        yield from (bad_value(where, name, why) for why in texts.qualified(name))
        if not kind.custom and "/" not in name and name not in _STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield bad_value(f"{where}[{i}]", name, why)
    if old is not None and "deletionTimestamp" in meta(old):
        added = set(finalizers) - set(meta(old).get("finalizers") or ())
        if added:
            why = f"no new finalizers can be added if the object is being deleted, found new finalizers {sorted(added)}"
            yield forbidden(where, why)


def _owners(owners: Any) -> Iterator[Cause]:
    where = "metadata.ownerReferences"
    for owner in owners:
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                word = "version" if name == "apiVersion" else name
                yield bad_value(f"{where}.{name}", owner.get(name, ""), f"{word} must not be empty")
    if sum(bool(owner.get("controller")) for owner in owners) > 1:
        yield bad_value(where, owners, "Only one reference can have Controller set to true")


def _name(kind: Kind, name: str) -> Iterator[Cause]:
    where = "metadata.name"
    if kind.group == _RBAC:
        if name in {".", ".."} or "/" in name or "%" in name:
            yield bad_value(where, name, "may not contain '/' or '%'")
        return
    form = _NAMES.get(kind.id, texts.subdomain)
    yield from (bad_value(where, name, why) for why in form(name))


def labels(found: Mapping[str, Any], where: str) -> Iterator[Cause]:
    """Yield what is wrong with keys and values of labels."""
    for key, value in found.items():
        yield from (bad_value(where, key, why) for why in texts.qualified(key))
        yield from (bad_value(where, value, why) for why in texts.label(str(value)))
