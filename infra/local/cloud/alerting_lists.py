"""Lists of alert policies and channels: the filter language, the order, the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf import wrappers_pb2

from infra.local.cloud.errors import ApiError
from infra.local.cloud.routes import paged

Pb = Any
"""A protobuf message; the client ships no types."""
Test = Callable[[Pb], bool]
_TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|[=:(),-]|[\w./-]+)""")
_CALLS: dict[str, Callable[[str, list[str]], bool]] = {
    "starts_with": lambda value, texts: value.startswith(texts[0]),
    "ends_with": lambda value, texts: value.endswith(texts[0]),
    "has_substring": lambda value, texts: texts[0] in value,
    "monitoring.regex.full_match": lambda value, texts: re.fullmatch(texts[0], value) is not None,
    "one_of": lambda value, texts: value in texts,
}


def listed(kept: Iterable[Pb], request: Pb, most: int = 1000) -> tuple[list[Pb], str, int]:
    """Return a page, the token of the next, and how many there are in all. INVALID_ARGUMENT."""
    wanted = _Filter(request.filter).whole() if request.filter.strip() else _everything
    found = [one for one in kept if wanted(one)]
    for name in reversed([part.strip() for part in request.order_by.split(",") if part.strip()]):
        found.sort(key=_by(name.removeprefix("-").strip()), reverse=name.startswith("-"))
    some, token = paged(found, max(0, request.page_size), request.page_token, most)
    return some, token, len(found)


def _everything(_: Pb) -> bool:
    return True


def _by(path: str) -> Callable[[Pb], str]:
    return lambda one: str(_at(one, path) or "")


def _at(message: Pb, path: str) -> Any:
    """Return what a filter's field names, as text; a map as it is, None for a key that a map has not."""
    for name in path.split("."):
        if hasattr(message, "DESCRIPTOR"):
            field = message.DESCRIPTOR.fields_by_name.get({"type": "type_"}.get(name, name))
            if field is None:
                raise ApiError("INVALID_ARGUMENT", f'Field filter had an invalid value: unknown field "{path}".')
            message = getattr(message, field.name)
            if field.enum_type:
                return field.enum_type.values_by_number[message].name
        else:
            message = message.get(name) if hasattr(message, "get") else None
    if isinstance(message, wrappers_pb2.BoolValue):
        return str(message.value).lower()
    return str(message).lower() if isinstance(message, bool) else message


class _Filter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens, at = list[str](), 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                raise self._bad()
            self._tokens.append(found[1])
            at = found.end()
        self._index = 0

    def _bad(self) -> ApiError:
        what = f'Field filter had an invalid value of "{self._text}": The filter cannot be parsed.'
        return ApiError("INVALID_ARGUMENT", what, "badRequest")

    def whole(self) -> Test:
        test = self._either()
        if self._index < len(self._tokens):
            raise self._bad()
        return test

    def _peek(self) -> str:
        return self._tokens[self._index] if self._index < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._peek()
        if not token or (wanted and token not in wanted):
            raise self._bad()
        self._index += 1
        return token

    def _either(self) -> Test:
        tests = [self._all()]
        while self._peek() == "OR":
            self._take()
            tests.append(self._all())
        return lambda one: any(test(one) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() not in {"", "OR", ")"}:
            if self._peek() == "AND":
                self._take()
            tests.append(self._one())
        return lambda one: all(test(one) for test in tests)

    def _one(self) -> Test:
        if self._peek() in {"NOT", "-"}:
            self._take()
            test = self._one()
            return lambda one: not test(one)
        if self._peek() == "(":
            self._take()
            test = self._either()
            self._take(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        path, op = self._take(), self._take("=", "!=", ":")
        if not re.fullmatch(r"[a-z_]+(\.[\w./-]+)?", path):
            raise self._bad()
        if self._peek() in _CALLS:
            call, texts = _CALLS[self._take()], self._texts()
            return lambda one: call(str(_at(one, path) or ""), texts) == (op != "!=")
        text = self._text_of(self._take())
        return lambda one: _holds(_at(one, path), text, op)

    def _texts(self) -> list[str]:
        self._take("(")
        found = [self._text_of(self._take())]
        while self._take(",", ")") == ",":
            found.append(self._text_of(self._take()))
        return found

    def _text_of(self, token: str) -> str:
        if token[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if not re.match(r"\w", token):
            raise self._bad()
        return token


def _holds(value: Any, text: str, op: str) -> bool:
    if hasattr(value, "keys"):  # a map: whether it has the key
        return (text in value) == (op != "!=")
    if op == ":":
        return value is not None and text.lower() in str(value).lower()
    return (str(value if value is not None else "") == text) == (op == "=")
