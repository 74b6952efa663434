"""PromQL's words: names, numbers, durations, strings, signs; each with where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from infra.local.cloud.promql_nodes import PromqlError

Sort = Literal["name", "number", "duration", "string", "sign", "end"]
_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PARTS = "".join(rf"(?:\d+{unit}(?!s))?" if unit == "m" else rf"(?:\d+{unit})?" for unit in _UNITS)
_DURATION = re.compile(rf"(?=\d+[a-z]){_PARTS}(?![\w.])")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SIGN = re.compile(r"==|!=|=~|!~|<=|>=|[-+*/%^=<>(){}\[\],:@]")
_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"' + r"|'((?:[^'\\\n]|\\.)*)'" + r"|`([^`]*)`")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class Token:
    """One word: its sort, its text (for a string what it says), where it begins."""

    sort: Sort
    text: str
    at: int

    def __str__(self) -> str:
        return "end of input" if self.sort == "end" else f'"{self.text}"'


def milliseconds(duration: str) -> int:
    """Return how long ``1h30m`` is; ValueError if it is no duration."""
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"not a valid duration string: {duration!r}")
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([a-z]+)", duration))


def number(text: str) -> float:
    """Return the value of a number's text."""
    return float(int(text, 16)) if text[:2].lower() == "0x" else float(text)


def scan(text: str) -> list[Token]:
    """Return the words of an expression, and the end. Raises PromqlError."""
    tokens, at, in_range = list[Token](), _skip(text, 0), False
    while at < len(text):
        # A colon begins a name, but in a range it stands before the step of a subquery.
        if in_range and text[at] == ":":
            token, at = Token("sign", ":", at), at + 1
        else:
            token, at = _next(text, at)
        in_range = token.text == "[" if token.sort == "sign" and token.text in "[]" else in_range
        tokens.append(token)
        at = _skip(text, at)
    return [*tokens, Token("end", "", len(text))]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _next(text: str, at: int) -> tuple[Token, int]:
    if text[at] in "\"'`":
        return _string(text, at)
    if text[at].isdigit() or re.match(r"\.\d", text[at : at + 2]):
        for sort, pattern in (("duration", _DURATION), ("number", _NUMBER)):
            if found := pattern.match(text, at):
                return Token(sort, found[0], at), found.end()  # type: ignore[arg-type]  # one of the two sorts
        word = re.match(r"[\w.]+", text[at:])
        raise PromqlError(text, at, f'bad number or duration syntax: "{word[0] if word else text[at]}"')
    if found := _NAME.match(text, at):
        return Token("name", found[0], at), found.end()
    if found := _SIGN.match(text, at):
        return Token("sign", found[0], at), found.end()
    raise PromqlError(text, at, f"unexpected character: {text[at]!r}")


def _string(text: str, at: int) -> tuple[Token, int]:
    found = _QUOTED.match(text, at)
    if not found:
        raise PromqlError(text, at, "unterminated quoted string")
    if found[3] is not None:
        return Token("string", found[3], at), found.end()
    quote, body = text[at], found[1] if found[1] is not None else found[2]

    def meant(escape: re.Match[str]) -> str:
        what = escape[1]
        if what[0] in "xuU" and len(what) > 1:
            return chr(int(what[1:], 16))
        if what.isdigit() and len(what) > 1:
            return chr(int(what, 8))
        if what in _ESCAPED or what in {"\\", quote}:
            return _ESCAPED.get(what, what)
        raise PromqlError(text, at, f"unknown escape sequence: \\{what}")

    return Token("string", _ESCAPE.sub(meant, body), at), found.end()
