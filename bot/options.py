"""Options of a command: words that begin with a dash, told apart from those that stand for themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.words import did_you_mean, refusal, shown

Options = Mapping[str, list[str]]
"""Option -> its values; an empty text where it takes none."""


@dataclass(frozen=True)
class Allowed:
    """The options of one verb."""

    flags: tuple[str, ...] = ()
    """Those without a value."""
    valued: tuple[str, ...] = ()
    """Those that need a value."""
    repeated: str = ""
    """The one that may be given several times."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.flags, *self.valued)


def split(words: list[str], allowed: Allowed) -> tuple[list[str], Options]:
    """Return the words that stand for themselves, and the options with their values. Raises TerminalError."""
    plain: list[str] = []
    options: dict[str, list[str]] = {}
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-"):
            plain.append(word)
            continue
        name, given, value = word.partition("=")
        name = _option(name.lower(), options, allowed)
        if name in allowed.valued and not given:
            value = next(waiting, "")
        if (name in allowed.valued) != bool(value) or value.startswith("--"):
            wants = "needs a value after it" if name in allowed.valued else "takes no value"
            raise refusal(f"the option {name} {wants}", "BadOption", name)
        options.setdefault(name, []).append(value)
    return plain, options


def _option(name: str, before: Options, allowed: Allowed) -> str:
    if name not in allowed.names:
        meant, known = did_you_mean(name, allowed.names), ", ".join(allowed.names)
        raise refusal(f"there is no option {shown(name)}{meant}; known: {known}", "UnknownOption", "option")
    if name in before and name != allowed.repeated:
        raise refusal(f"the option {name} is given twice", "Duplicate", name)
    return name


def one(options: Options, name: str) -> str:
    """Return an option's value; empty where it was not given."""
    return options.get(name, [""])[0]
