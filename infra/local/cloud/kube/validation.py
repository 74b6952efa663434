"""What is wrong with an object: names, labels, its schema, and the rules that built-in kinds have in code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.cloud.kube import kindrules, schemas
from infra.local.cloud.kube.fieldsets import Schema
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.refusals import Cause, bad_value, forbidden, required
from infra.local.cloud.kube.values import Object, meta

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SERVICE = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_LABEL_NAMES = {"Namespace"}
_SERVICE_NAMES = {"Service"}
_ANNOTATIONS_LIMIT = 256 * 1024
_NAME_LIMIT, _LABEL_LIMIT = 253, 63
_RBAC = "rbac.authorization.k8s.io"


def violations(kind: Kind, schema: Schema, new: Object, old: Object | None, *, status: bool) -> Iterator[Cause]:
    """Yield every cause to refuse ``new``; ``old`` is what it replaces, ``status`` says that only that is written."""
    if status:
        part = schema.get("properties", {}).get("status", {})
        yield from schemas.violations(part, new.get("status", {}), "status", (old or {}).get("status"))
        return
    yield from _metadata(kind, meta(new), old)
    found = list(schemas.violations(schema, new, "", old))
    yield from found
    # The rules in code may rely on the shape.
    if not kind.custom and not found:
        yield from kindrules.violations(kind, new, old)


def _metadata(kind: Kind, head: Mapping[str, Any], old: Object | None) -> Iterator[Cause]:
    if old is None:
        yield from _name(kind, head.get("name", ""))
    yield from labels(head.get("labels") or {}, "metadata.labels")
    annotations = head.get("annotations") or {}
    for key in annotations:
        yield from _qualified(key.lower(), "metadata.annotations", key)
    if sum(len(k) + len(str(v)) for k, v in annotations.items()) > _ANNOTATIONS_LIMIT:
        limit = f"may not be more than {_ANNOTATIONS_LIMIT} bytes"
        yield Cause("metadata.annotations", "FieldValueTooLong", f"Too long: {limit}")
    if old is not None and "deletionTimestamp" in meta(old):
        added = set(head.get("finalizers") or ()) - set(meta(old).get("finalizers") or ())
        if added:
            why = f"no new finalizers can be added if the object is being deleted, found new finalizers {sorted(added)}"
            yield forbidden("metadata.finalizers", why)
    for i, owner in enumerate(head.get("ownerReferences") or ()):
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                yield required(f"metadata.ownerReferences[{i}].{name}", "must not be empty")


def _name(kind: Kind, name: str) -> Iterator[Cause]:
    where = "metadata.name"
    if kind.group == _RBAC:
        if name in {".", ".."} or "/" in name or "%" in name:
            yield bad_value(where, name, "may not contain '/' or '%'")
    elif kind.id in _SERVICE_NAMES:
        yield from dns(
            name,
            where,
            _SERVICE,
            _LABEL_LIMIT,
            "a DNS-1035 label must consist of lower case alphanumeric "
            "characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        )
    elif kind.id in _LABEL_NAMES:
        yield from dns_label(name, where)
    else:
        yield from dns(
            name,
            where,
            _SUBDOMAIN,
            _NAME_LIMIT,
            "a lowercase RFC 1123 subdomain must consist of lower "
            "case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        )


def dns(name: str, where: str, pattern: str, limit: int, why: str) -> Iterator[Cause]:
    """Yield what keeps a text from being a DNS name."""
    if len(name) > limit:
        yield bad_value(where, name, f"must be no more than {limit} bytes")
    if not re.fullmatch(pattern, name):
        yield bad_value(where, name, f"{why} (regex used for validation is '{pattern}')")


def dns_label(name: str, where: str) -> Iterator[Cause]:
    """Yield what keeps a text from being a DNS label."""
    return dns(
        name,
        where,
        _LABEL,
        _LABEL_LIMIT,
        "a lowercase RFC 1123 label must consist of lower case "
        "alphanumeric characters or '-', and must start and end with an alphanumeric character",
    )


def labels(found: Mapping[str, Any], where: str) -> Iterator[Cause]:
    """Yield what is wrong with keys and values of labels."""
    for key, value in found.items():
        yield from _qualified(key, where, key)
        if len(str(value)) > _LABEL_LIMIT:
            yield bad_value(where, value, f"must be no more than {_LABEL_LIMIT} bytes")
        if not re.fullmatch(_VALUE, str(value)):
            yield bad_value(
                where,
                value,
                "a valid label must be an empty string or consist of alphanumeric "
                "characters, '-', '_' or '.', and must start and end with an alphanumeric character "
                f"(regex used for validation is '{_VALUE}')",
            )


def _qualified(key: str, where: str, shown: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(_SUBDOMAIN, prefix):
        yield bad_value(
            where,
            shown,
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'",
        )
    if len(name) > _LABEL_LIMIT:
        yield bad_value(where, shown, f"name part must be no more than {_LABEL_LIMIT} bytes")
    if not re.fullmatch(_QUALIFIED, name):
        yield bad_value(
            where,
            shown,
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must "
            f"start and end with an alphanumeric character (regex used for validation is '{_QUALIFIED}')",
        )
