"""The filter language of subscriptions: which messages a subscription receives, by their attributes.

``attributes:KEY``, ``attributes.KEY = "V"``, ``!=``, ``hasPrefix(attributes.KEY, "V")``, AND, OR, NOT, parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from infra.local.cloud.errors import ApiError

Test = Callable[[Mapping[str, str]], bool]
LONGEST = 256
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][A-Za-z0-9_-]*)|(!=|[-=:.,()]))')


def parse(text: str) -> Test:
    """Return the test that the filter is; an empty one lets all pass. INVALID_ARGUMENT if it is malformed."""
    if len(text.encode()) > LONGEST:
        raise ApiError("INVALID_ARGUMENT", f"The filter is longer than {LONGEST} bytes.")
    return _Parser(text).whole() if text.strip() else lambda _: True


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan(text))
        self._at = 0

    def _scan(self, text: str) -> list[str]:
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                raise self._bad()
            tokens.append(found[0].strip())
            at = found.end()
        return tokens

    def _bad(self) -> ApiError:
        return ApiError("INVALID_ARGUMENT", f"Invalid filter expression: {self._text}")

    def whole(self) -> Test:
        test = self._chain()
        if self._at < len(self._tokens):
            raise self._bad()
        return test

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self, *expected: str) -> str:
        token = self._peek()
        if not token or (expected and token not in expected):
            raise self._bad()
        self._at += 1
        return token

    def _chain(self) -> Test:
        tests, operator = [self._term()], self._peek()
        while operator in {"AND", "OR"} and self._peek() == operator:
            self._next()
            tests.append(self._term())
        # AND and OR side by side need parentheses, as with the real service.
        if self._peek() in {"AND", "OR"}:
            raise self._bad()
        if operator == "OR":
            return lambda attributes: any(test(attributes) for test in tests)
        return lambda attributes: all(test(attributes) for test in tests)

    def _term(self) -> Test:
        match self._next("NOT", "-", "(", "hasPrefix", "attributes"):
            case "NOT" | "-":
                inner = self._term()
                return lambda attributes: not inner(attributes)
            case "(":
                chain = self._chain()
                self._next(")")
                return chain
            case "hasPrefix":
                return self._has_prefix()
        return self._attribute()

    def _has_prefix(self) -> Test:
        for token in ("(", "attributes", "."):
            self._next(token)
        key = self._name()
        self._next(",")
        prefix = self._string()
        self._next(")")
        return lambda attributes: key in attributes and attributes[key].startswith(prefix)

    def _attribute(self) -> Test:
        if self._next(":", ".") == ":":
            present = self._name()
            return lambda attributes: present in attributes
        key, operator, value = self._name(), self._next("=", "!="), self._string()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: attributes.get(key) != value

    def _name(self) -> str:
        return self._string() if self._peek().startswith('"') else self._word()

    def _word(self) -> str:
        token = self._next()
        if not re.match(r"[A-Za-z_]", token):
            raise self._bad()
        return token

    def _string(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise self._bad()
        return re.sub(r"\\(.)", r"\1", token[1:-1])
