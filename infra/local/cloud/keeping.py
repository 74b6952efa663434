"""Keeps a cloud in a file and brings it back: its services, its agenda with all that is still to happen, its chance.

What is on the agenda are closures, so the file is a pickle that holds code: it is read only where it belongs to the
person who reads it, and only by the very version that wrote it.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import stat
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cloudpickle
import proto
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

FILE = "cloud.state"
_OURS = Path(__file__).parents[3]
_MARK = b"inferops try-out "
_PATIENCE, _NAP = 10.0, 0.02
"""Wall seconds to wait for what is under way to end, and between two looks."""


class NotKeptError(Exception):
    """A state cannot be kept or brought back; says why and what to do."""


def _message(kind: str, data: bytes) -> Any:
    return _class(kind).FromString(data)


def _wrapped(kind: type[Any], data: bytes) -> Any:
    return kind.deserialize(data)


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle ships no types
    """Knows protobuf's messages, which cannot be pickled by themselves."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, proto.Message):
            return _wrapped, (type(obj), type(obj).serialize(obj))
        if isinstance(obj, Message):
            return _message, (obj.DESCRIPTOR.full_name, obj.SerializeToString())
        if isinstance(obj, type) and issubclass(obj, Message) and obj is not Message:
            return _class, (obj.DESCRIPTOR.full_name,)  # type: ignore[attr-defined]  # protobuf ships no types
        return super().reducer_override(obj)


@cache
def version() -> bytes:
    """Return what this very version of the code is called: a hash of all of it, and of Python's version."""
    found = hashlib.sha256(platform.python_version().encode())
    for path in sorted(_OURS.glob("infra/**/*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:32].encode()


def keep(cloud: Any, run: Callable[[Callable[[], Any]], Any], folder: Path) -> None:
    """Write the state of a paused cloud; ``run`` runs a function in its loop. Raises NotKeptError."""
    until = time.monotonic() + _PATIENCE
    while run(lambda: cloud.world.in_flight) and time.monotonic() < until:
        time.sleep(_NAP)
    data = _MARK + version() + b"\n" + run(lambda: _dumped(cloud))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f"{FILE}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    new.replace(folder / FILE)  # whole or not at all


def _dumped(cloud: Any) -> bytes:
    if cloud.world.in_flight:
        raise NotKeptError("something is still under way; nothing was kept")
    file = io.BytesIO()
    _Pickler(file).dump(cloud)
    return file.getvalue()


def kept(folder: Path) -> Any:
    """Bring a cloud back, not yet started; None if none was kept there. Raises NotKeptError."""
    path = folder / FILE
    try:
        info, data = path.stat(), path.read_bytes()
    except FileNotFoundError:
        return None
    if info.st_uid != os.getuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotKeptError(f"{path} is not yours alone to write, so it is not trusted; name another folder")
    head, _, body = data.partition(b"\n")
    if head != _MARK + version():
        raise NotKeptError(f"{path} was kept by another version of inferops; name another folder, or remove it")
    return cloudpickle.loads(body)
