"""Which kinds of value PromQL's functions and operators take: scalars, vectors, ranges, strings."""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.cloud.promql_nodes import (
    Aggregation,
    Binary,
    Call,
    Kind,
    Negation,
    Node,
    Number,
    Paren,
    PromqlError,
    Selector,
    Subquery,
    Text,
    inner,
)

COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
SETS = {"and", "or", "unless"}
PARAMETERS: dict[str, Kind] = {"topk": "scalar", "bottomk": "scalar", "quantile": "scalar", "count_values": "string"}
"""Aggregations with a parameter before what they go over."""
AGGREGATORS = {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", *PARAMETERS}


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives; of its arguments the last ``optional`` may be left out."""

    takes: tuple[Kind, ...]
    gives: Kind = "instant vector"
    optional: int = 0
    repeats: bool = False
    """The last argument may come several times."""


_VECTOR, _RANGE, _ONE = Signature(("instant vector",)), Signature(("range vector",)), Signature(("scalar",))
_BY_SCALAR = Signature(("instant vector", "scalar"))
_OVER_TIME = ("avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar", "absent")
_PLAIN = ("abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sort", "sort_desc", "absent")
_GROWTH = ("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets")
FUNCTIONS: dict[str, Signature] = {
    **dict.fromkeys(_PLAIN, _VECTOR),
    **dict.fromkeys((f"{one}_over_time" for one in _OVER_TIME), _RANGE),
    **dict.fromkeys(_GROWTH, _RANGE),
    "quantile_over_time": Signature(("scalar", "range vector")),
    "predict_linear": Signature(("range vector", "scalar")),
    "histogram_quantile": Signature(("scalar", "instant vector")),
    "clamp": Signature(("instant vector", "scalar", "scalar")),
    "clamp_min": _BY_SCALAR,
    "clamp_max": _BY_SCALAR,
    "round": Signature(("instant vector", "scalar"), optional=1),
    "scalar": Signature(("instant vector",), "scalar"),
    "vector": _ONE,
    "time": Signature((), "scalar"),
    "pi": Signature((), "scalar"),
    "label_replace": Signature(("instant vector", "string", "string", "string", "string")),
    "label_join": Signature(("instant vector", "string", "string", "string"), optional=1, repeats=True),
}


def kind(node: Node) -> Kind:
    """Return what an expression gives."""
    match node:
        case Number():
            return "scalar"
        case Text():
            return "string"
        case Selector():
            return "range vector" if node.span else "instant vector"
        case Subquery():
            return "range vector"
        case Paren() | Negation():
            return kind(node.of)
        case Binary():
            both = {kind(node.left), kind(node.right)}
            return "scalar" if both == {"scalar"} else "instant vector"
        case Aggregation():
            return "instant vector"
        case Call():
            return FUNCTIONS[node.function].gives


class Typing:
    """Refuses expressions whose parts do not go together."""

    def __init__(self, text: str) -> None:
        self._text = text

    def check(self, node: Node) -> None:
        """Raise PromqlError if an expression, or a part of it, has the wrong kind of operand."""
        match node:
            case Negation():
                self.check(node.of)
                if kind(node.of) not in {"scalar", "instant vector"}:
                    what = f'only allowed on expressions of type scalar or instant vector, got "{kind(node.of)}"'
                    raise self._error(node, f"unary expression {what}")
            case Paren():
                self.check(node.of)
            case Subquery():
                self.check(node.of)
                if kind(node.of) != "instant vector":
                    what = f"subquery is only allowed on instant vector, got {kind(node.of)} instead"
                    raise self._error(node, what)
            case Binary():
                self._binary(node)
            case Aggregation():
                self._aggregation(node)
            case Call():
                self._call(node)

    def _error(self, node: Node, why: str) -> PromqlError:
        return PromqlError(self._text, node.at, why)

    def _wants(self, node: Node, wanted: Kind, where: str) -> None:
        self.check(node)
        if kind(node) != wanted:
            raise self._error(node, f"expected type {wanted} in {where}, got {kind(node)}")

    def _binary(self, node: Binary) -> None:
        self.check(node.left)
        self.check(node.right)
        both = [kind(node.left), kind(node.right)]
        for side, found in zip((node.left, node.right), both, strict=True):
            if found not in {"scalar", "instant vector"}:
                raise self._error(side, "binary expression must contain only scalar and instant vector types")
        if "scalar" in both:
            if node.op in SETS:
                raise self._error(node, f'set operator "{node.op}" not allowed in binary scalar expression')
            if node.matching.on or node.matching.labels:
                raise self._error(node, "vector matching only allowed between instant vectors")
        if both == ["scalar", "scalar"] and node.op in COMPARISONS and not node.yields_bool:
            raise self._error(node, "comparisons between scalars must use BOOL modifier")

    def _aggregation(self, node: Aggregation) -> None:
        self._wants(node.of, "instant vector", "aggregation expression")
        if node.parameter is not None:
            self._wants(node.parameter, PARAMETERS[node.op], "aggregation parameter")

    def _call(self, node: Call) -> None:
        signature, count = FUNCTIONS[node.function], len(node.arguments)
        most = len(signature.takes)
        least = most - signature.optional
        if count < least or (count > most and not signature.repeats):
            how = "" if not signature.optional else "at least " if count < least else "at most "
            what = f'expected {how}{least if count < least else most} argument(s) in call to "{node.function}"'
            raise self._error(node, f"{what}, got {count}")
        takes = signature.takes + signature.takes[-1:] * (count - most)
        for one, wanted in zip(node.arguments, takes, strict=False):
            self._wants(one, wanted, f'call to function "{node.function}"')


def reach(node: Node, back: int) -> int:
    """Return how many milliseconds of the past an expression looks at; plain selectors look ``back``."""
    match node:
        case Selector():
            return (node.span or back) + node.offset
        case Subquery():
            return node.span + node.offset + reach(node.of, back)
        case Paren() | Negation():
            return reach(node.of, back)
        case Binary():
            return max(reach(node.left, back), reach(node.right, back))
        case Aggregation():
            return reach(node.of, back)
        case Call():
            return max((reach(one, back) for one in node.arguments), default=0)
    return 0


def follows_the_clock(node: Node) -> bool:
    """Say whether an expression may change though no data does."""
    match inner(node):
        case Call(function=function, arguments=arguments):
            return function in {"time", "predict_linear"} or any(map(follows_the_clock, arguments))
        case Binary(left=left, right=right):
            return follows_the_clock(left) or follows_the_clock(right)
        case Negation(of=of) | Subquery(of=of) | Aggregation(of=of):
            return follows_the_clock(of)
    return False
