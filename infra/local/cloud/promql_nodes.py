"""What a PromQL expression is made of, and how it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["scalar", "instant vector", "range vector", "string"]
Labels = Mapping[str, str]
NAME = "__name__"
_NOT_RE2 = re.compile(r"\(\?(?:=|!|<[=!]|>|\(|P=)|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
"""What Python's regular expressions know and Prometheus' do not."""


class PromqlError(Exception):
    """An expression that cannot be read; ``at`` is where, in characters from its start."""

    def __init__(self, text: str, at: int, why: str) -> None:
        before = text[:at].split("\n")
        super().__init__(f"{len(before)}:{len(before[-1]) + 1}: parse error: {why}")
        self.at = at


class EvaluationError(Exception):
    """An expression that can be read, but has no result on this data."""


def compiled(text: str) -> re.Pattern[str]:
    """Return a regular expression, to be matched as a whole; ValueError if Prometheus would refuse it."""
    if found := _NOT_RE2.search(text):
        raise ValueError(f"error parsing regexp: invalid or unsupported syntax: `{found[0]}`")
    try:
        return re.compile(f"(?s:{text})")
    except re.error as error:
        raise ValueError(f"error parsing regexp: {error}") from error


@dataclass(frozen=True)
class Matcher:
    """One condition on a label; a label that is not there counts as empty."""

    name: str
    op: str
    value: str
    pattern: re.Pattern[str] | None = None

    def fits(self, text: str) -> bool:
        """Say whether a label's value passes."""
        found = self.pattern.fullmatch(text) is not None if self.pattern else text == self.value
        return found == (self.op in {"=", "=~"})


# Nodes are told apart by identity, so that what a query has looked up can be remembered by node.


@dataclass(frozen=True, eq=False)
class Number:
    """A number; a duration is its seconds."""

    at: int
    value: float


@dataclass(frozen=True, eq=False)
class Text:
    """A string."""

    at: int
    value: str


@dataclass(frozen=True, eq=False)
class Selector:
    """Series by their labels: the newest value of each, or with ``span`` all values of so many milliseconds."""

    at: int
    matchers: Sequence[Matcher]
    span: int = 0
    offset: int = 0

    @property
    def name(self) -> str:
        """The metric's name, if it is asked for by equality."""
        return next((one.value for one in self.matchers if one.name == NAME and one.op == "="), "")


@dataclass(frozen=True, eq=False)
class Subquery:
    """An expression evaluated every ``step`` over the last ``span`` milliseconds."""

    at: int
    of: Node
    span: int
    step: int
    offset: int = 0


@dataclass(frozen=True, eq=False)
class Paren:
    """An expression in parentheses."""

    at: int
    of: Node


@dataclass(frozen=True, eq=False)
class Negation:
    """A minus sign before an expression."""

    at: int
    of: Node


@dataclass(frozen=True)
class Matching:
    """How the elements of two vectors find each other."""

    on: bool = False
    labels: tuple[str, ...] = ()
    many: Literal["", "left", "right"] = ""
    """Which side may have several elements for one of the other."""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Binary:
    """An operator between two expressions; ``yields_bool`` makes a comparison say 0 or 1."""

    at: int
    op: str
    left: Node
    right: Node
    yields_bool: bool = False
    matching: Matching = field(default_factory=Matching)


@dataclass(frozen=True, eq=False)
class Aggregation:
    """One of ``sum``, ``avg`` ... over groups of elements."""

    at: int
    op: str
    of: Node
    labels: tuple[str, ...] = ()
    without: bool = False
    parameter: Node | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """A function on its arguments."""

    at: int
    function: str
    arguments: tuple[Node, ...]


Node = Number | Text | Selector | Subquery | Paren | Negation | Binary | Aggregation | Call


def inner(node: Node) -> Node:
    """Return an expression without the parentheses around it."""
    while isinstance(node, Paren):
        node = node.of
    return node


def walk(node: Node) -> list[Node]:
    """Return an expression and all its parts."""
    match node:
        case Number() | Text() | Selector():
            parts: list[Node] = []
        case Subquery() | Paren() | Negation():
            parts = [node.of]
        case Binary():
            parts = [node.left, node.right]
        case Aggregation():
            parts = [node.of, *([node.parameter] if node.parameter else [])]
        case Call():
            parts = list(node.arguments)
    return [node, *(deeper for part in parts for deeper in walk(part))]
