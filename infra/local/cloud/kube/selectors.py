"""Label and field selectors, as they stand in a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.local.cloud.kube import texts
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.refusals import bad_request
from infra.local.cloud.kube.values import Object, at, meta

Test = Callable[[Object], bool]
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\((.*)\)")
_EQUAL = re.compile(r"([^\s=!]+)\s*(==|=|!=)\s*(\S*)")
_SIZE = re.compile(r"([^\s=!<>]+)\s*([<>])\s*(-?\d+)")
_KEY = re.compile(r"(!?)\s*([A-Za-z0-9][-A-Za-z0-9_./]*)")
_COMMON_FIELDS = {"metadata.name", "metadata.namespace"}
_POD_STATUS = ("status.phase", "status.podIP", "status.nominatedNodeName")
_FIELDS = {
    "Pod": {"spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", *_POD_STATUS, "spec.schedulerName"},
    "Namespace": {"status.phase"},
    "Node": {"spec.unschedulable"},
    "Secret": {"type"},
    "Event": {
        *("reason", "type", "source", "reportingComponent"),
        *(f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        "involvedObject.resourceVersion",
    },
    "Job.batch": {"status.successful"},
}


def _term(text: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SET.fullmatch(text):
        _check(found[1], found[3].split(","))
        name, among = found[1], {part.strip() for part in found[3].split(",")}
        if found[2] == "in":
            return lambda labels: labels.get(name) in among
        return lambda labels: labels.get(name) not in among
    if found := _EQUAL.fullmatch(text):
        name, sign, value = found[1], found[2], found[3]
        _check(name, [value])
        if sign == "!=":
            return lambda labels: labels.get(name) != value
        return lambda labels: labels.get(name) == value
    if found := _SIZE.fullmatch(text):
        _check(found[1], [])
        return _sized(found[1], found[2], int(found[3]))
    if found := _KEY.fullmatch(text):
        name, absent = found[2], bool(found[1])
        return lambda labels: (name in labels) != absent
    raise bad_request(f'unable to parse requirement: found "{text}", expected: a requirement')


def _check(key: str, values: Sequence[str]) -> None:
    wrong = [*texts.qualified(key), *(why for value in values for why in texts.label(value.strip()))]
    if wrong:
        raise bad_request(f"unable to parse requirement: {wrong[0]}")


def _sized(name: str, sign: str, bound: int) -> Callable[[Mapping[str, str]], bool]:
    def holds(labels: Mapping[str, str]) -> bool:
        try:
            size = int(labels[name])
        except (KeyError, ValueError):
            return False
        return size > bound if sign == ">" else size < bound

    return holds


def by_labels(selector: str) -> Test:
    """Return the test of a label selector such as ``app=x,tier in (a,b),!canary``."""
    terms = [_term(part.strip()) for part in re.split(r",(?![^(]*\))", selector) if part.strip()]
    return lambda obj: all(term(meta(obj).get("labels") or {}) for term in terms)


def by_fields(selector: str, kind: Kind) -> Test:
    """Return the test of a field selector; only the fields that the real server indexes are known."""
    known = _COMMON_FIELDS | _FIELDS.get(kind.id, set())
    terms: list[tuple[list[str], bool, str]] = []
    for part in filter(None, (text.strip() for text in selector.split(","))):
        found = _EQUAL.fullmatch(part)
        if not found:
            raise bad_request(f"invalid selector: '{selector}'; can't understand '{part}'")
        if found[1] not in known:
            raise bad_request(
                f'Unable to find "{kind.resource}" that match label selector "", '
                f'field selector "{selector}": field label not supported: {found[1]}'
            )
        terms.append((found[1].split("."), found[2] == "!=", found[3]))
    return lambda obj: all((_text(at(obj, *path)) == value) != negated for path, negated, value in terms)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Say whether a ``LabelSelector`` of an object's spec selects these labels; None selects nothing."""
    if selector is None:
        return False
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    if not wanted.items() <= labels.items():
        return False
    return all(_expression(term, labels) for term in selector.get("matchExpressions") or ())


def _expression(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, among = labels.get(term.get("key", "")), term.get("values") or ()
    match term.get("operator"):
        case "In":
            return value in among
        case "NotIn":
            return value not in among
        case "Exists":
            return value is not None
        case _:
            return value is None
