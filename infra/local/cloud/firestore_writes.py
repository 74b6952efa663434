"""One write on one document: precondition, mask, transforms. Pure: the document before in, the document after out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_values import (
    NAN_KEY,
    Document,
    Key,
    Path,
    Pb,
    Value,
    find,
    key_of,
    measure,
    parse_path,
    put,
)

MAX_INT, MIN_INT = 2**63 - 1, -(2**63)


def name_of(write: Pb) -> str:
    """Return the full name of the document that the write is about; INVALID_ARGUMENT if it does nothing."""
    kind = write.WhichOneof("operation")
    names = {"update": write.update.name, "delete": write.delete, "transform": write.transform.document}
    if kind not in names:
        raise ApiError("INVALID_ARGUMENT", "Write must contain an operation.")
    return str(names[kind])


def check(name: str, precondition: Pb, before: Pb | None) -> None:
    """Raise what Firestore answers where the document is not as the writer thought."""
    kind = precondition.WhichOneof("condition_type")
    if kind == "exists" and precondition.exists and before is None:
        raise ApiError("NOT_FOUND", f"No document to update: {name}")
    if kind == "exists" and not precondition.exists and before is not None:
        raise ApiError("ALREADY_EXISTS", f"Document already exists: {name}")
    if kind == "update_time":
        stored, wanted = _version(before), precondition.update_time.ToMicroseconds()
        if stored != wanted:
            text = f"the stored version ({stored}) does not match the required base version ({wanted})"
            raise ApiError("FAILED_PRECONDITION", f"{text}: {name}")


def _version(document: Pb | None) -> int:
    return 0 if document is None else int(document.update_time.ToMicroseconds())


def apply(write: Pb, before: Pb | None, now: Pb) -> tuple[Pb | None, list[Pb]]:
    """Return the document after the write (``before`` itself if nothing changed) and the transforms' results.

    ``now`` is the commit's time; INVALID_ARGUMENT where the result would break a limit.
    """
    if write.WhichOneof("operation") == "delete":
        return None, []
    name = name_of(write)
    after = Document(name=name, create_time=now if before is None else before.create_time, update_time=now)
    if before is not None and (write.HasField("update_mask") or write.HasField("transform")):
        after.fields.MergeFrom(before.fields)
    if write.HasField("update_mask"):
        for path in map(parse_path, write.update_mask.field_paths):
            put(after.fields, path, find(write.update.fields, path))
    elif write.HasField("update"):
        after.fields.MergeFrom(write.update.fields)
    results = _transform(after.fields, [*write.update_transforms, *write.transform.field_transforms], now)
    measure(name, after.fields)
    return (before if before is not None and before.fields == after.fields else after), results


def _transform(fields: Pb, transforms: Iterable[Pb], now: Pb) -> list[Pb]:
    results = []
    for transform in transforms:
        path: Path = parse_path(transform.field_path)
        kind = transform.WhichOneof("transform_type")
        if kind not in _TRANSFORMS:
            raise ApiError("INVALID_ARGUMENT", f"unknown transform of {transform.field_path}")
        operand = now if kind == "set_to_server_value" else getattr(transform, kind)
        changed, result = _TRANSFORMS[kind](find(fields, path), operand)
        put(fields, path, changed)
        results.append(result)
    return results


def _is_number(value: Pb | None) -> bool:
    return value is not None and value.WhichOneof("value_type") in {"integer_value", "double_value"}


def _amount(value: Pb) -> Any:
    return getattr(value, value.WhichOneof("value_type"))


def _server_time(_: Pb | None, now: Pb) -> tuple[Pb, Pb]:
    value = Value(timestamp_value=Timestamp(seconds=now.seconds, nanos=now.nanos // 1_000_000 * 1_000_000))
    return value, value


def _increment(old: Pb | None, by: Pb) -> tuple[Pb, Pb]:
    value = by
    if old is not None and _is_number(old):
        total = _amount(old) + _amount(by)
        whole = isinstance(total, int)
        value = Value(integer_value=max(MIN_INT, min(MAX_INT, total))) if whole else Value(double_value=total)
    return value, value


def _extreme(better: Callable[[Key, Key], bool]) -> Callable[[Pb | None, Pb], tuple[Pb, Pb]]:
    def pick(old: Pb | None, new: Pb) -> tuple[Pb, Pb]:
        keep = old is not None and _is_number(old) and key_of(new) != NAN_KEY and not better(key_of(new), key_of(old))
        value = old if keep else new
        return value, value

    return pick


def _append(old: Pb | None, items: Pb) -> tuple[Pb, Pb]:
    value = Value()
    value.array_value.SetInParent()
    kept = list(old.array_value.values) if old is not None else []
    seen = {key_of(item) for item in kept}
    for item in items.values:
        if key_of(item) not in seen:
            seen.add(key_of(item))
            kept.append(item)
    value.array_value.values.extend(kept)
    return value, Value(null_value=0)


def _remove(old: Pb | None, items: Pb) -> tuple[Pb, Pb]:
    value = Value()
    value.array_value.SetInParent()
    gone = {key_of(item) for item in items.values}
    kept = [] if old is None else [item for item in old.array_value.values if key_of(item) not in gone]
    value.array_value.values.extend(kept)
    return value, Value(null_value=0)


_TRANSFORMS: dict[str, Callable[[Pb | None, Pb], tuple[Pb, Pb]]] = {
    "set_to_server_value": _server_time,
    "increment": _increment,
    "maximum": _extreme(lambda new, old: new > old),
    "minimum": _extreme(lambda new, old: new < old),
    "append_missing_elements": _append,
    "remove_all_from_array": _remove,
}
