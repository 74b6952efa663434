"""Structured queries: which documents, in which order, from where to where.

``Query`` is compiled once per call from the client's StructuredQuery and run over the store's records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from google.cloud.firestore_v1.types import query as types

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_store import NAME, Record, Store
from infra.local.cloud.firestore_values import ARRAY, NAN_KEY, NULL_KEY, Key, Path, Pb, key_of, masked, parse_path

Matches = Callable[[Record], bool]
_Op = types.StructuredQuery.FieldFilter.Operator
_Unary = types.StructuredQuery.UnaryFilter.Operator
_OR = types.StructuredQuery.CompositeFilter.Operator.OR
_DESCENDING = types.StructuredQuery.Direction.DESCENDING
_LISTS = {_Op.IN, _Op.NOT_IN, _Op.ARRAY_CONTAINS_ANY}
_UNEQUAL = {
    _Op.LESS_THAN,
    _Op.LESS_THAN_OR_EQUAL,
    _Op.GREATER_THAN,
    _Op.GREATER_THAN_OR_EQUAL,
    _Op.NOT_EQUAL,
    _Op.NOT_IN,
}

# A range matches values of its own type only; null equals nothing by comparison, NaN is in no list.
_TESTS: dict[Any, Callable[[Key, Any], bool]] = {
    _Op.EQUAL: lambda key, wanted: key == wanted,
    _Op.LESS_THAN: lambda key, wanted: key[0] == wanted[0] and key < wanted,
    _Op.LESS_THAN_OR_EQUAL: lambda key, wanted: key[0] == wanted[0] and key <= wanted,
    _Op.GREATER_THAN: lambda key, wanted: key[0] == wanted[0] and key > wanted,
    _Op.GREATER_THAN_OR_EQUAL: lambda key, wanted: key[0] == wanted[0] and key >= wanted,
    _Op.NOT_EQUAL: lambda key, wanted: key not in (NULL_KEY, wanted),
    _Op.IN: lambda key, wanted: key in wanted and key not in (NULL_KEY, NAN_KEY),
    _Op.NOT_IN: lambda key, wanted: NULL_KEY not in wanted and key != NULL_KEY and key not in wanted,
    _Op.ARRAY_CONTAINS: lambda key, wanted: key[0] == ARRAY and wanted in key[1],
    _Op.ARRAY_CONTAINS_ANY: lambda key, wanted: key[0] == ARRAY and any(item in wanted for item in key[1]),
}
_UNARY_TESTS: dict[Any, Callable[[Key], bool]] = {
    _Unary.IS_NULL: lambda key: key == NULL_KEY,
    _Unary.IS_NOT_NULL: lambda key: key != NULL_KEY,
    _Unary.IS_NAN: lambda key: key == NAN_KEY,
    _Unary.IS_NOT_NAN: lambda key: key not in (NULL_KEY, NAN_KEY),
}


@dataclass(frozen=True)
class Order:
    """One field to sort by; documents without the field are left out."""

    path: Path
    descending: bool


@dataclass(frozen=True)
class Cursor:
    """A place between documents: just before, or just after, those with these values."""

    keys: tuple[Key, ...]
    before: bool


def _field_filter(item: Pb) -> Matches:
    path, test = parse_path(item.field.field_path), _TESTS.get(item.op)
    if test is None:
        raise ApiError("INVALID_ARGUMENT", f"unknown operator {item.op}")
    wanted: Any = key_of(item.value)
    if item.op in _LISTS:
        if wanted[0] != ARRAY or not wanted[1]:
            raise ApiError("INVALID_ARGUMENT", f"'{_Op(item.op).name}' requires an non-empty ArrayValue.")
        wanted = frozenset(wanted[1])

    def matches(record: Record) -> bool:
        key = record.key(path)
        return key is not None and test(key, wanted)

    return matches


def _unary_filter(item: Pb) -> Matches:
    path, test = parse_path(item.field.field_path), _UNARY_TESTS[item.op]

    def matches(record: Record) -> bool:
        key = record.key(path)
        return key is not None and test(key)

    return matches


def _filter(item: Pb) -> Matches:
    kind = item.WhichOneof("filter_type")
    if kind == "field_filter":
        return _field_filter(item.field_filter)
    if kind == "unary_filter":
        return _unary_filter(item.unary_filter)
    if kind is None:
        return lambda _: True
    parts = [_filter(part) for part in item.composite_filter.filters]
    if item.composite_filter.op == _OR:
        return lambda record: any(part(record) for part in parts)
    return lambda record: all(part(record) for part in parts)


def _unequal_paths(item: Pb) -> Iterator[Path]:
    """Return the fields of inequalities: they must exist, and they sort the answer."""
    kind = item.WhichOneof("filter_type")
    if kind == "composite_filter":
        for part in item.composite_filter.filters:
            yield from _unequal_paths(part)
    elif kind == "field_filter" and item.field_filter.op in _UNEQUAL:
        yield parse_path(item.field_filter.field.field_path)
    elif kind == "unary_filter" and item.unary_filter.op in {_Unary.IS_NOT_NULL, _Unary.IS_NOT_NAN}:
        yield parse_path(item.unary_filter.field.field_path)


def _orders(query: Pb) -> tuple[Order, ...]:
    """Return the order asked for, then fields of inequalities by name, then the document's name."""
    orders = [Order(parse_path(o.field.field_path), o.direction == _DESCENDING) for o in query.order_by]
    last = orders[-1].descending if orders else False
    for path in [*sorted(set(_unequal_paths(query.where)) - {NAME}), NAME]:
        if all(order.path != path for order in orders):
            orders.append(Order(path, last))
    return tuple(orders)


def _cursor(query: Pb, name: str, orders: tuple[Order, ...]) -> Cursor | None:
    if not query.HasField(name):
        return None
    cursor = getattr(query, name)
    if len(cursor.values) > len(orders):
        raise ApiError("INVALID_ARGUMENT", "Cursor has too many values.")
    return Cursor(tuple(key_of(value) for value in cursor.values), cursor.before)


class Query:
    """A compiled query; ``run`` gives the records it selects, ``shape`` what is sent of each."""

    def __init__(self, parent: str, query: Pb) -> None:
        if query.HasField("find_nearest"):
            raise ApiError("UNIMPLEMENTED", "vector search is not simulated")
        if query.limit.value < 0 or query.offset < 0:
            raise ApiError("INVALID_ARGUMENT", "limit or offset is negative")
        self._parent = parent
        self._from = [(source.collection_id, source.all_descendants) for source in query.from_] or [("", False)]
        self._matches = _filter(query.where)
        self._orders = _orders(query)
        self._start = _cursor(query, "start_at", self._orders)
        self._end = _cursor(query, "end_at", self._orders)
        self.offset: int = query.offset
        self._limit: int | None = query.limit.value if query.HasField("limit") else None
        self._select = [parse_path(f.field_path) for f in query.select.fields] if query.HasField("select") else None

    def run(self, store: Store) -> list[Record]:
        """Return the records, in order, offset skipped and limit met."""
        found = [
            record
            for collection, descendants in self._from
            for record in store.scan(self._parent, collection, descendants=descendants)
            if self._matches(record) and all(record.key(order.path) is not None for order in self._orders)
        ]
        # Sorting by the least important field first: each sort keeps the one before where keys are equal.
        for order in reversed(self._orders):
            found.sort(key=lambda record, path=order.path: record.key(path), reverse=order.descending)  # type: ignore[misc]  # mypy cannot type a default in a lambda
        found = [record for record in found if self._within(record)]
        return found[self.offset :] if self._limit is None else found[self.offset : self.offset + self._limit]

    def shape(self, record: Record) -> Pb:
        """Return the document as selected."""
        return record.document if self._select is None else masked(record.document, self._select)

    def _within(self, record: Record) -> bool:
        if self._start and (side := self._side(record, self._start)) <= 0 and not (side == 0 and self._start.before):
            return False
        return not (
            self._end and (side := self._side(record, self._end)) >= 0 and not (side == 0 and not self._end.before)
        )

    def _side(self, record: Record, cursor: Cursor) -> int:
        """Say on which side of the cursor's values the record lies: -1, 0 (equal) or 1."""

        def step(side: int, pair: tuple[Key, Order]) -> int:
            wanted, order = pair
            key: Any = record.key(order.path)
            if side or key == wanted:
                return side
            return 1 if (key > wanted) != order.descending else -1

        return reduce(step, zip(cursor.keys, self._orders, strict=False), 0)
