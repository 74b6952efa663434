"""Reads PromQL: by precedence, with Prometheus' own refusals where it would refuse."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Literal

from infra.local.cloud.promql_lexer import milliseconds, number
from infra.local.cloud.promql_nodes import (
    Aggregation,
    Binary,
    Call,
    Matching,
    Negation,
    Node,
    Number,
    Paren,
    PromqlError,
    Selector,
    Subquery,
    Text,
)
from infra.local.cloud.promql_selectors import Selectors
from infra.local.cloud.promql_typing import AGGREGATORS, COMPARISONS, FUNCTIONS, PARAMETERS, SETS, Typing

_PRECEDENCE = {"or": 1, "and": 2, "unless": 2, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4}
_PRECEDENCE |= {"*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6}
_POWER = 6
MINUTE = 60_000
"""The step of a subquery that names none."""
DEEPEST = 100
LONGEST = 10**10
"""Seconds of a duration; some three hundred years."""


@lru_cache(maxsize=1000)
def parse(text: str) -> Node:
    """Return what an expression says. Raises PromqlError with the position."""
    parser = _Parser(text)
    node = parser.whole()
    Typing(text).check(node)
    return node


def matchers(text: str) -> Selector:
    """Return a plain selector, as the API's ``match[]`` takes it. Raises PromqlError."""
    node = parse(text)
    if not isinstance(node, Selector) or node.span or node.offset:
        raise PromqlError(text, node.at, "expected a series selector")
    return node


class _Parser(Selectors):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def whole(self) -> Node:
        if self._peek().sort == "end":
            raise PromqlError(self._text, 0, "no expression found in input")
        node = self._binary(0)
        if self._peek().sort != "end":
            raise self._unexpected("")
        return node

    # Operators -----------------------------------------------------------------------------------------------

    def _operator(self) -> str:
        token = self._peek()
        word = token.text.lower()
        return word if token.sort in {"sign", "name"} and word in _PRECEDENCE else ""

    def _binary(self, least: int) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise PromqlError(self._text, self._peek().at, f"nested more than {DEEPEST} deep")
        left = self._unary()
        while (op := self._operator()) and _PRECEDENCE[op] >= least:
            at = self._take().at
            yields_bool, matching = self._modifiers(op, at)
            # The power sign alone binds from the right.
            right = self._binary(_PRECEDENCE[op] + (op != "^"))
            left = Binary(at, op, left, right, yields_bool, matching)
        self._depth -= 1
        return left

    def _modifiers(self, op: str, at: int) -> tuple[bool, Matching]:
        yields_bool = self._word("bool")
        if yields_bool:
            self._take()
            if op not in COMPARISONS:
                raise PromqlError(self._text, at, "bool modifier can only be used on comparison operators")
        if not self._word("on", "ignoring"):
            return yields_bool, Matching()
        matching = Matching(on=self._take().text.lower() == "on", labels=self._names("grouping opts"))
        if not self._word("group_left", "group_right"):
            return yields_bool, matching
        if op in SETS:
            raise PromqlError(self._text, at, f'no grouping allowed for "{op}" operation')
        many = self._take().text.lower().removeprefix("group_")
        include = self._names("grouping opts") if self._is("(") else ()
        if matching.on and (both := set(include) & set(matching.labels)):
            raise PromqlError(self._text, at, f'label "{min(both)}" must not occur in ON and GROUP clause at once')
        side: Literal["left", "right"] = "left" if many == "left" else "right"
        return yields_bool, replace(matching, many=side, include=include)

    def _unary(self) -> Node:
        if not self._is("-", "+"):
            return self._postfix(self._primary())
        sign = self._take()
        of = self._binary(_POWER)
        if sign.text == "+":
            return of
        return Number(sign.at, -of.value) if isinstance(of, Number) else Negation(sign.at, of)

    # Ranges and offsets --------------------------------------------------------------------------------------

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._is("["):
                node = self._range(node)
            elif self._word("offset"):
                node = self._offset(node)
            elif self._is("@"):
                raise PromqlError(self._text, self._peek().at, "the @ modifier is not simulated")
            else:
                return node

    def _range(self, node: Node) -> Node:
        at = self._take().at
        span = self._duration("range")
        if not self._is(":"):
            self._expect("]", "range")
            if not isinstance(node, Selector) or node.span:
                raise PromqlError(self._text, at, "ranges only allowed for vector selectors")
            if node.offset:
                raise PromqlError(self._text, at, "no offset modifiers allowed before range")
            return replace(node, span=span)
        self._take()
        step = MINUTE if self._is("]") else self._duration("subquery")
        self._expect("]", "subquery")
        return Subquery(node.at, node, span, step)

    def _offset(self, node: Node) -> Node:
        at = self._take().at
        sign = -1 if self._is("-") and self._take() else 1
        offset = sign * self._duration("offset", positive=False)
        if not isinstance(node, Selector | Subquery):
            what = (
                "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            )
            raise PromqlError(self._text, at, what)
        if node.offset:
            raise PromqlError(self._text, at, "offset may not be set multiple times")
        return replace(node, offset=offset)

    def _duration(self, where: str, *, positive: bool = True) -> int:
        token = self._peek()
        if token.sort not in {"duration", "number"}:
            raise self._unexpected(where, ", expected duration")
        self._take()
        exact = milliseconds(token.text) if token.sort == "duration" else number(token.text) * 1000
        if exact > LONGEST * 1000:
            raise PromqlError(self._text, token.at, "duration out of range")
        found = round(exact)
        if positive and not found:
            raise PromqlError(self._text, token.at, "duration must be greater than 0")
        return found

    # What stands for itself ----------------------------------------------------------------------------------

    def _primary(self) -> Node:
        token = self._peek()
        match token.sort:
            case "number":
                return Number(self._take().at, number(token.text))
            case "duration":
                return Number(self._take().at, milliseconds(token.text) / 1000)
            case "string":
                return Text(self._take().at, token.text)
            case "name":
                return self._named()
        if self._is("("):
            self._take()
            node = self._binary(0)
            self._expect(")", "expression")
            return Paren(token.at, node)
        if self._is("{"):
            return self._selector(token.at, "")
        raise self._unexpected("")

    def _named(self) -> Node:
        token = self._take()
        word, called = token.text.lower(), self._is("(")
        if word in AGGREGATORS and (called or self._word("by", "without")):
            return self._aggregation(token.at, word)
        if called:
            if token.text not in FUNCTIONS:
                raise PromqlError(self._text, token.at, f'unknown function with name "{token.text}"')
            return Call(token.at, token.text, self._arguments("function call"))
        if word in {"inf", "nan"}:
            return Number(token.at, float(word))
        return self._selector(token.at, token.text)

    def _aggregation(self, at: int, op: str) -> Node:
        how = self._grouping()
        arguments = self._arguments("aggregation")
        how = how or self._grouping()
        without, labels = how or (False, ())
        wanted = 1 + (op in PARAMETERS)
        if len(arguments) != wanted:
            what = (
                f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(arguments)}"
            )
            raise PromqlError(self._text, at, what)
        return Aggregation(at, op, arguments[-1], labels, without, arguments[0] if op in PARAMETERS else None)

    def _grouping(self) -> tuple[bool, tuple[str, ...]] | None:
        if not self._word("by", "without"):
            return None
        return self._take().text.lower() == "without", self._names("grouping opts")

    def _arguments(self, where: str) -> tuple[Node, ...]:
        self._expect("(", where)
        found = list[Node]()
        while not self._is(")"):
            if found:
                self._expect(",", where)
            found.append(self._binary(0))
        self._take()
        return tuple(found)
