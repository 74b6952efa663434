"""Goes through the words of a PromQL expression, and reads selectors: the part that has no precedence."""

from __future__ import annotations

import re

from infra.local.cloud.promql_lexer import Token, scan
from infra.local.cloud.promql_nodes import NAME, Matcher, Node, PromqlError, Selector, compiled

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_BRACKETS = {"(": "parenthesis", "[": "bracket", "{": "brace"}


class Selectors:
    """The words of one expression and where its reader stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = scan(text)
        self._index = 0

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._index + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._index += 1
        return token

    def _is(self, *signs: str) -> bool:
        return self._peek().sort == "sign" and self._peek().text in signs

    def _word(self, *words: str) -> bool:
        return self._peek().sort == "name" and self._peek().text.lower() in words

    def _expect(self, sign: str, where: str) -> Token:
        if not self._is(sign):
            raise self._unexpected(where, f', expected "{sign}"')
        return self._take()

    def _unexpected(self, where: str, wanted: str = "") -> PromqlError:
        token, opened = self._peek(), self._unclosed()
        if token.sort == "end" and opened:
            return PromqlError(self._text, opened.at, f"unclosed left {_BRACKETS[opened.text]}")
        place = f" in {where}" if where else ""
        return PromqlError(self._text, token.at, f"unexpected {token}{place}{wanted}")

    def _unclosed(self) -> Token | None:
        """Return the last bracket that nothing closes."""
        opened = list[Token]()
        for token in self._tokens:
            if token.sort == "sign" and token.text in _BRACKETS:
                opened.append(token)
            elif token.sort == "sign" and token.text in ")]}" and opened:
                opened.pop()
        return opened[-1] if opened else None

    def _names(self, where: str) -> tuple[str, ...]:
        self._expect("(", where)
        found = list[str]()
        while not self._is(")"):
            token = self._peek()
            if token.sort != "string" and not (token.sort == "name" and _LABEL.fullmatch(token.text)):
                raise self._unexpected(where, ", expected label")
            found.append(self._take().text)
            if not self._is(")"):
                self._expect(",", where)
        self._take()
        return tuple(found)

    # Selectors -----------------------------------------------------------------------------------------------

    def _selector(self, at: int, name: str) -> Node:
        found = [Matcher(NAME, "=", name)] if name else []
        if self._is("{"):
            self._take()
            while not self._is("}"):
                found.append(self._matcher(found))
                if not self._is("}"):
                    self._expect(",", "label matching")
            self._take()
        named = [one for one in found if one.name == NAME]
        if name and len(named) > 1:
            what = f'metric name must not be set twice: "{name}" or "{named[1].value}"'
            raise PromqlError(self._text, at, what)
        if all(one.fits("") for one in found):
            raise PromqlError(self._text, at, "vector selector must contain at least one non-empty matcher")
        return Selector(at, tuple(found))

    def _matcher(self, before: list[Matcher]) -> Matcher:
        token = self._peek()
        if token.sort == "string" and self._peek(1).text in {",", "}"} and self._peek(1).sort == "sign":
            named = next((one.value for one in before if one.name == NAME and one.op == "="), "")
            if named:
                raise PromqlError(
                    self._text, token.at, f'metric name must not be set twice: "{named}" or "{token.text}"'
                )
            return Matcher(NAME, "=", self._take().text)
        if token.sort != "string" and not (token.sort == "name" and _LABEL.fullmatch(token.text)):
            raise self._unexpected("label matching", ', expected identifier or "}"')
        name = self._take().text
        if not self._is("=", "!=", "=~", "!~"):
            raise self._unexpected("label matching", ", expected label matching operator")
        op, value = self._take().text, self._peek()
        if value.sort != "string":
            raise self._unexpected("label matching", ", expected string")
        self._take()
        return Matcher(name, op, value.text, self._pattern(value) if op in {"=~", "!~"} else None)

    def _pattern(self, token: Token) -> re.Pattern[str]:
        try:
            return compiled(token.text)
        except ValueError as error:
            raise PromqlError(self._text, token.at, str(error)) from error
