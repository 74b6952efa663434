"""Monitoring's filter language, as far as time series are picked with it: comparisons joined by AND."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from infra.local.cloud.errors import ApiError

Labels = Mapping[str, str]
"""Everything a filter may name, such as ``metric.type`` or ``resource.labels.cluster_name``."""
_NAME = r"(?P<name>(?:metric|resource|project)(?:\.[\w-]+)+|project)"
_TEXT = r'"(?P<text>[^"]*)"'
_LIST = r'one_of\((?P<list>\s*"[^"]*"(?:\s*,\s*"[^"]*")*\s*)\)'
_CALL = rf"(?P<call>starts_with|ends_with|has_substring|monitoring\.regex\.full_match)\(\s*{_TEXT}\s*\)"
_CLAUSE = re.compile(rf"\s*{_NAME}\s*(?P<op>!=|=)\s*(?:{_CALL}|{_LIST}|{_TEXT.replace('text', 'plain')})\s*")
_CALLS: dict[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "has_substring": lambda value, text: text in value,
    "monitoring.regex.full_match": lambda value, text: re.fullmatch(text, value) is not None,
}


def parse(text: str) -> Callable[[Labels], bool]:
    """Return what the filter asks; INVALID_ARGUMENT for what is not understood here."""
    checks: list[Callable[[Labels], bool]] = []
    at = 0
    while text.strip():
        found = _CLAUSE.match(text, at)
        if found is None:
            what = f"The supplied filter does not specify a valid combination: {text[at:]!r}"
            raise ApiError("INVALID_ARGUMENT", what, "badRequest")
        checks.append(_check(found))
        at = found.end()
        if at == len(text):
            break
        # AND may be left out between two comparisons.
        joined = re.compile(r"AND\b").match(text, at)
        at = joined.end() if joined else at
    return lambda labels: all(check(labels) for check in checks)


def _check(found: re.Match[str]) -> Callable[[Labels], bool]:
    name, negated = found["name"].replace(".label.", ".labels."), found["op"] == "!="
    if found["call"]:
        call, text = _CALLS[found["call"]], found["text"]
        return lambda labels: call(labels.get(name, ""), text) != negated
    wanted = re.findall(r'"([^"]*)"', found["list"]) if found["list"] else [found["plain"]]
    return lambda labels: (labels.get(name, "") in wanted) != negated
