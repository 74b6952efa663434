"""Definitions of our own, and what their objects are held to."""

from __future__ import annotations

import copy
from typing import Any

from tests.differential.asking import Talk
from tests.differential.bodies import (
    DEFINITIONS,
    NUMBER,
    PLAINS,
    TEXT,
    WIDGETS,
    Object,
    definition,
    plain,
    widget,
)
from tests.differential.checks import check
from tests.differential.stage import served
from tests.waiting import eventually

AREA = "Custom resources"
SPEC: Object = {"type": "object", "properties": {"size": NUMBER}}


def changed(path: str, value: Any, body: Object | None = None) -> Object:
    """A definition with one thing changed."""
    out = copy.deepcopy(body or definition("gadgets", "Gadget", SPEC))
    *way, last = path.split(".")
    place: Any = out
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return out


@check(AREA, "defaults are filled in, also into objects inside")
def _defaults(talk: Talk) -> None:
    talk.post(WIDGETS, widget(inner={}, ports=[{"number": 80}]), see=("spec",))
    talk.post(WIDGETS, widget("b", color=None), see=("spec",))


@check(AREA, "what the schema does not know is pruned")
def _pruned(talk: Talk) -> None:
    body = widget(typo=1, inner={"a": "x", "b": "y"}, free={"any": {"thing": 1}})
    talk.post(WIDGETS, {**body, "more": 1}, see=("spec", "more"))


@check(AREA, "required fields are required")
def _required(talk: Talk) -> None:
    talk.post(WIDGETS, {**widget(), "spec": {}})
    talk.post(WIDGETS, {**widget(), "spec": None})
    body = widget()
    del body["spec"]
    talk.post(WIDGETS, body, see=("kind", "spec"))


@check(AREA, "what is missing inside a list is named with its place", too_new="later: the index of a required field")
def _required_inside(talk: Talk) -> None:
    talk.post(WIDGETS, widget("b", ports=[{}]))


@check(AREA, "enumerations, patterns, lengths and ranges hold")
def _values(talk: Talk) -> None:
    for spec in ({"color": "blue"}, {"code": "ABC"}, {"code": "a"}, {"code": "abcdef"}, {"size": -1}, {"size": 101}):
        talk.post(WIDGETS, widget(**spec))


@check(AREA, "types hold")
def _types(talk: Talk) -> None:
    for spec in (
        {"size": "1"},
        {"size": 1.5},
        {"color": 1},
        {"on": "yes"},
        {"tags": "x"},
        {"limits": ["a"]},
        {"inner": "x"},
    ):
        talk.post(WIDGETS, widget(**spec))
    talk.post(WIDGETS, widget(ratio=1, size=2.0), see=("spec.ratio", "spec.size"))


@check(AREA, "formats hold")
def _formats(talk: Talk) -> None:
    talk.post(WIDGETS, widget(when="tomorrow"))
    talk.post(WIDGETS, widget(when="2026-11-21T10:00:00Z"), see=("spec.color",))


@check(AREA, "null means absent unless the schema says nullable")
def _null(talk: Talk) -> None:
    talk.post(WIDGETS, widget(note=None), see=("spec",))
    talk.post(WIDGETS, widget("b", code=None))


@check(AREA, "lists and maps are held to their length")
def _lengths(talk: Talk) -> None:
    talk.post(WIDGETS, widget(order=[]))
    talk.post(WIDGETS, widget(order=["a", "b", "c", "d"]))
    talk.post(WIDGETS, widget(limits={"a": "1", "b": "2", "c": "3"}))


@check(AREA, "the items of sets and keyed lists are unique")
def _unique(talk: Talk) -> None:
    talk.post(WIDGETS, widget(tags=["x", "x"]))
    talk.post(WIDGETS, widget(ports=[{"number": 80}, {"number": 80, "protocol": "TCP"}]))
    talk.post(WIDGETS, widget(ports=[{"number": 80}, {"number": 80, "protocol": "UDP"}]), see=("spec.ports",))


@check(AREA, "integer or text takes both and nothing else")
def _int_or_string(talk: Talk) -> None:
    talk.post(PLAINS, plain(port=True))
    talk.post(PLAINS, plain(port=[1]))
    talk.post(PLAINS, plain(port="http"), see=("spec.port",))
    talk.patch(f"{PLAINS}/a", {"spec": {"port": 80}}, see=("spec.port",))


@check(AREA, "several faults are told together")
def _several(talk: Talk) -> None:
    talk.post(WIDGETS, widget(size=101, color="blue", code="A", tags=["x", "x"]))


@check(AREA, "metadata of a custom resource is held to its form")
def _metadata(talk: Talk) -> None:
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "B_A"}})
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "a", "labels": {"a": "no space"}}})
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "a", "labels": {"a": 1}}})
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "a", "unknown": 1}}, see=("metadata.unknown",))


@check(AREA, "a definition says in its status that it is served")
def _established(talk: Talk) -> None:
    seen = ("spec.names", "spec.conversion", "status.acceptedNames", "status.storedVersions", "metadata.generation")
    found = talk.get(f"{DEFINITIONS}/widgets.{{group}}", see=seen)
    talk.note([[c["type"], c["status"], c["reason"]] for c in found.at("status.conditions")])


@check(AREA, "a definition is held to its rules")
def _definition(talk: Talk) -> None:
    version = "spec.versions.0"
    for path, value in (
        ("metadata.name", "gadgets.elsewhere.example"),
        ("spec.scope", "Worldwide"),
        ("spec.names.kind", None),
        ("spec.names.plural", "Gadgets"),
        (f"{version}.schema", None),
        (f"{version}.storage", False),
        (f"{version}.name", "first"),
        (f"{version}.schema.openAPIV3Schema.type", "array"),
        ("spec.versions", []),
    ):
        talk.post(DEFINITIONS, changed(path, value))


@check(AREA, "a schema must be structural")
def _structural(talk: Talk) -> None:
    for spec in (
        {"properties": {"a": TEXT}},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {**TEXT, "default": 1}}},
        {"type": "object", "properties": {"a": {"type": "array"}}},
        {"type": "object", "properties": {"a": {"type": "letters"}}},
        {"type": "object", "properties": {"a": {**TEXT, "pattern": "("}}},
    ):
        talk.post(DEFINITIONS, definition("gadgets", "Gadget", spec))


@check(AREA, "the keys of a keyed list must be fields that are always there")
def _list_keys(talk: Talk) -> None:
    item = {"type": "object", "properties": {"a": TEXT}}
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "items": item}
    for bad in (
        keyed,
        {**keyed, "x-kubernetes-list-map-keys": ["z"]},
        {**keyed, "items": TEXT},
        {name: value for name, value in keyed.items() if name != "x-kubernetes-list-map-keys"},
        {**keyed, "x-kubernetes-list-type": "heap"},
    ):
        talk.post(DEFINITIONS, definition("gadgets", "Gadget", {"type": "object", "properties": {"list": bad}}))


@check(AREA, "a group that belongs to Kubernetes must be approved")
def _approved(talk: Talk) -> None:
    body = changed("spec.group", "gadgets.k8s.io")
    talk.post(DEFINITIONS, {**body, "metadata": {"name": "gadgets.gadgets.k8s.io"}})


@check(AREA, "scope and kind of a definition never change")
def _fixed(talk: Talk) -> None:
    path = f"{DEFINITIONS}/plains.{{group}}"
    talk.patch(path, {"spec": {"scope": "Cluster"}})
    talk.patch(path, {"spec": {"group": "other.example"}})
    talk.patch(path, {"spec": {"names": {"kind": "Other"}}}, dryRun="All")


@check(AREA, "a kind is served in several versions, and a definition takes its objects along")
def _versions(talk: Talk) -> None:
    body = definition("things", "Thing", SPEC)
    first = body["spec"]["versions"][0]
    body["spec"]["versions"] = [first, {**first, "name": "v1beta1", "storage": False}]
    talk.post(DEFINITIONS, body)
    eventually(lambda: served(talk, "things") and served(talk, "things", "v1beta1"))
    path = "/apis/{group}/%s/namespaces/{ns}/things"
    thing = {"apiVersion": "{group}/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 1}}
    talk.post(path % "v1", thing)
    talk.get(f"{path % 'v1beta1'}/a", see=("apiVersion", "spec"))
    talk.post(path % "v1beta1", {**thing, "metadata": {"name": "b"}})
    talk.delete(f"{DEFINITIONS}/things.{{group}}", quiet=True)
    talk.note(bool(eventually(lambda: talk.get(path % "v1", quiet=True).code == 404)))


RULES: Object = {
    "type": "object",
    "properties": {
        "low": NUMBER,
        "high": NUMBER,
        "fixed": {**TEXT, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed is immutable"}]},
    },
    "x-kubernetes-validations": [
        {"rule": "self.low <= self.high", "message": "low must not exceed high", "fieldPath": ".low"},
        {"rule": "!has(self.fixed) || self.fixed.size() < 9", "reason": "FieldValueForbidden"},
    ],
}


@check(AREA, "rules in CEL hold, with their field, reason and message", too_new="v1.25: x-kubernetes-validations")
def _rules(talk: Talk) -> None:
    talk.post(DEFINITIONS, definition("ruleds", "Ruled", RULES))
    eventually(lambda: served(talk, "ruleds"))
    path = "/apis/{group}/v1/namespaces/{ns}/ruleds"
    body = {"apiVersion": "{group}/v1", "kind": "Ruled", "metadata": {"name": "a"}}
    talk.post(path, {**body, "spec": {"low": 2, "high": 1}}, said=True)
    talk.post(path, {**body, "spec": {"low": "2", "high": 1}}, said=True)
    talk.post(path, {**body, "spec": {"low": 1, "high": 2, "fixed": "much too long"}}, said=True)
    talk.post(path, {**body, "spec": {"low": 1, "high": 2, "fixed": "x"}})
    talk.patch(f"{path}/a", {"spec": {"fixed": "y"}}, said=True)
    talk.delete(f"{DEFINITIONS}/ruleds.{{group}}", quiet=True)
