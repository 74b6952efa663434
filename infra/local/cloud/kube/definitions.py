"""What is wrong with a CustomResourceDefinition: its names, its versions, and schemas that are not structural."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.cloud.kube import rules, schemas, texts
from infra.local.cloud.kube.refusals import Cause, bad_value, required, unsupported
from infra.local.cloud.kube.values import Object, at, meta

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LIST_TYPES = ("atomic", "map", "set")
_APPROVAL = "api-approved.kubernetes.io"


def violations(new: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a definition; ``old`` is what it replaces."""
    spec = new.get("spec") or {}
    yield from _names(new, spec, old)
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield bad_value("spec.versions", versions, "must have exactly one version marked as storage version")
        yield bad_value("status.storedVersions", [], "must have at least one stored version")
    found = [at(version, "schema", "openAPIV3Schema") for version in versions]
    # One schema for all versions is spoken of in one place.
    alike = bool(found) and all(schema == found[0] for schema in found)
    for i, schema in enumerate(found[:1] if alike else found):
        if schema is None:
            yield required(f"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required")
            continue
        where = "spec.validation.openAPIV3Schema" if alike else f"spec.versions[{i}].schema.openAPIV3Schema"
        if schema.get("type") != "object":
            yield bad_value(f"{where}.type", schema.get("type"), "must be object at the root")
        yield from _structural(schema, where)
    for path in (("scope",), ("group",), ("names", "kind")):
        if old is not None and at(spec, *path) != at(old, "spec", *path):
            yield bad_value(".".join(("spec", *path)), at(spec, *path), "field is immutable")


def _names(new: Object, spec: Mapping[str, Any], old: Object | None) -> Iterator[Cause]:
    group, plural = spec.get("group", ""), at(spec, "names", "plural") or ""
    if old is None and meta(new).get("name") != f"{plural}.{group}":
        yield bad_value("metadata.name", meta(new).get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from (bad_value("spec.names.plural", plural, why) for why in texts.service_label(plural))
    if re.search(r"(^|\.)(k8s|kubernetes)\.io$", group) and _APPROVAL not in (meta(new).get("annotations") or {}):
        why = f'protected groups must have approval annotation "{_APPROVAL}"'
        yield required(f"metadata.annotations[{_APPROVAL}]", why)


def _structural(schema: Mapping[str, Any], where: str) -> Iterator[Cause]:
    kind = schema.get("type")
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not kind and not free:
        yield required(f"{where}.type", "must not be empty for specified object fields")
    if kind and kind not in _TYPES:
        yield unsupported(f"{where}.type", kind, _TYPES)
        return
    if kind == "array" and not schema.get("items"):
        yield required(f"{where}.items", "must be specified")
    yield from _values(dict(schema), where)
    for i, entry in enumerate(schema.get("x-kubernetes-validations") or ()):
        if error := rules.fault(entry.get("rule", "")):
            at_rule = f"{where}.x-kubernetes-validations[{i}].rule"
            yield bad_value(at_rule, entry.get("rule"), f"compilation failed: {error}")
    yield from _list(schema, where)
    for name, inner in (schema.get("properties") or {}).items():
        yield from _structural(inner, f"{where}.properties[{name}]")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _structural(schema[name], f"{where}.{name}")


def _values(schema: dict[str, Any], where: str) -> Iterator[Cause]:
    if "default" in schema:
        found = schemas.violations(schema, schema["default"], f"{where}.default")
        yield from (Cause(f"{where}.default", "FieldValueInvalid", cause.message) for cause in found)
    try:
        re.compile(schema.get("pattern", ""))
    except re.error as error:
        yield bad_value(
            f"{where}.pattern", schema["pattern"], f"must be a valid regular expression, but isn't: {error}"
        )


def _list(schema: Mapping[str, Any], where: str) -> Iterator[Cause]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or []
    if kind is not None and kind not in _LIST_TYPES:
        yield unsupported(f"{where}.x-kubernetes-list-type", kind, _LIST_TYPES)
        yield bad_value(f"{where}.x-kubernetes-list-type", kind, "must be one of the known list types")
    if kind != "map":
        return
    if not keys:
        yield required(f"{where}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map")
    item = schema.get("items") or {}
    if item.get("type") != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        yield bad_value(f"{where}.items.type", item.get("type"), why)
        return
    fields = item.get("properties") or {}
    for key in keys:
        if key not in fields:
            yield bad_value(f"{where}.x-kubernetes-list-map-keys", keys, "entries must all be names of item properties")
        elif key not in (item.get("required") or ()) and "default" not in fields[key]:
            why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield required(f"{where}.items.properties[{key}].default", why)
