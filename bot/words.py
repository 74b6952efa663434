"""First half of the grammar: from what was typed or pasted to plain words, or a refusal that says where it is wrong."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from shared.domain.errors import TerminalError

LONGEST = 500
"""Characters of a command. The longest sensible one is half of that."""
_SHOWN = 40
_PLAIN = {"Zs": " ", "Pd": "-", "Pi": '"', "Pf": '"'}
"""What stands for a typographic blank, dash or quote, by Unicode category."""
_ALSO = {"\N{MINUS SIGN}": "-", "\N{DOUBLE LOW-9 QUOTATION MARK}": '"', "\N{SINGLE LOW-9 QUOTATION MARK}": '"'}
_LONG_DASH = re.compile("(?:(?<=\\s)|^)[\N{EN DASH}\N{EM DASH}](?=[A-Za-z])")
_MENTION = re.compile(r"<[^>]*>?|&lt;[^&]*|(?:(?<=\s)|^)[@#][\w.-]+|>|&gt;")
_JOINED = re.compile(r" *([,=]) *")
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}")


def refusal(message: str, reason: str, field: str) -> TerminalError:
    """Return the error that says what is wrong with which part of a command."""
    return TerminalError(message, reason=reason, field=field)


def words_of(text: str) -> list[str]:
    """Return the words, with typographic quotes, dashes and blanks made plain. Raises TerminalError."""
    text = text.strip()
    if len(text) > LONGEST:
        message = f"the command is {len(text)} characters long; {LONGEST} are allowed"
        raise refusal(message, "TooLong", "text")
    _check_characters(text)
    if mention := _MENTION.search(text):
        message = f"{shown(mention[0])} is a mention, a link or mark-up: a command takes plain names only"
        raise refusal(message, "Mention", "text")
    # Phones and macOS make a long dash of two hyphens.
    text = "".join(_ALSO.get(c, _PLAIN.get(unicodedata.category(c), c)) for c in _LONG_DASH.sub("--", text))
    return [stripped for word in _JOINED.sub(r"\1", text).split() if (stripped := word.strip("\"'`"))]


def _check_characters(text: str) -> None:
    for place, character in enumerate(text, start=1):
        if unicodedata.category(character).startswith("C"):
            name = unicodedata.name(character, "a control character").lower()
            message = (
                f"character {place} is {name} (U+{ord(character):04X}): type the command in one line of plain text"
            )
            raise refusal(message, "ControlCharacter", "text")


def shown(word: str) -> str:
    """Return a stranger's word fit for an answer: quoted, short, printable, without mark-up of its own."""
    kept = "".join(c for c in word if c.isprintable() and c not in "'`<>&*~")
    return f"'{kept if len(kept) <= _SHOWN else kept[: _SHOWN - 1] + '…'}'"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …`` where something known is close; else nothing."""
    close = difflib.get_close_matches(word.lower()[:_SHOWN], list(known), n=2)
    return f"; did you mean {' or '.join(close)}" if close else ""


def number(word: str, what: str) -> int:
    """Return a whole number in plain digits. Raises TerminalError."""
    if not _NUMBER.fullmatch(word):
        message = f"{what} must be a whole number, not {shown(word)}"
        raise refusal(message, "BadNumber", what)
    return int(word)


def count_words(words: list[str], least: int, most: int, verb: str) -> None:
    """Raise TerminalError where a verb has too few or too many words after it."""
    if len(words) > most:
        raise refusal(f"{shown(words[most])} is one word too many after {verb}", "TooManyWords", verb)
    if len(words) < least:
        missing = f"{verb} needs {least} word{'s' if least > 1 else ''} after it, not {len(words)}"
        raise refusal(missing, "TooFewWords", verb)
