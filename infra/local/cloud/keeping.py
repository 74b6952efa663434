"""Keeps a cloud in a file and brings it back: its services, its agenda with all that is still to happen, its chance.

What is on the agenda are closures, so the file is a pickle that holds code: it is read only where it belongs to the
person who reads it, and only by the very version that wrote it.
"""

from __future__ import annotations

import fcntl
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

FILE, LOCK = "cloud.state", "lock"
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
    """Return what this very version is called: a hash of its code and data, its libraries' versions and Python's."""
    found = hashlib.sha256(platform.python_version().encode())
    for top in ("bot", "functions", "shared", "infra"):
        for path in sorted(one for one in (_OURS / top).rglob("*") if one.suffix in {".py", ".yaml"}):
            found.update(path.read_bytes())
    lock = _OURS / "uv.lock"
    found.update(lock.read_bytes() if lock.exists() else b"")
    return found.hexdigest()[:32].encode()


class Keeper:
    """One folder with the state of one cloud. Nobody else may keep theirs there at the same time."""

    def __init__(self, folder: Path) -> None:
        """Take the folder. Raises NotKeptError if it cannot be written, or is taken."""
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise NotKeptError(f"nothing can be kept in {folder}: {error.strerror}; name another folder") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._lock, 20).decode() or "unknown"
            os.close(self._lock)
            raise NotKeptError(f"{folder} is in use by the try-out of process {holder}; name another folder") from error
        os.truncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def release(self) -> None:
        """Let others have the folder."""
        os.close(self._lock)

    def keep(self, cloud: Any, run: Callable[[Callable[[], Any]], Any]) -> None:
        """Write the state at a moment when nothing is under way; ``run`` runs a function in the cloud's loop.

        Raises NotKeptError if there was no such moment for a while, or the file cannot be written.
        """
        until = time.monotonic() + _PATIENCE
        while (body := run(lambda: _dumped(cloud))) is None:
            if time.monotonic() > until:
                raise NotKeptError("nothing was kept: something was under way all the time")
            time.sleep(_NAP)
        new = self.folder / f"{FILE}.new"
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(_MARK + version() + b"\n" + body)
            new.replace(self.folder / FILE)  # whole or not at all
        except OSError as error:
            raise NotKeptError(f"nothing was kept in {self.folder}: {error.strerror}") from error

    def kept(self) -> Any:
        """Bring a cloud back, not yet started; None if none was kept. Raises NotKeptError."""
        path = self.folder / FILE
        try:
            info, data = path.stat(), path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotKeptError(f"{path} cannot be read: {error.strerror}; name another folder") from error
        if info.st_uid != os.getuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NotKeptError(f"{path} is not yours alone to write, so it is not trusted; name another folder")
        head, _, body = data.partition(b"\n")
        if head != _MARK + version():
            raise NotKeptError(f"{path} was kept by another version of inferops; name another folder, or remove it")
        try:
            return cloudpickle.loads(body)
        except Exception as error:
            raise NotKeptError(f"{path} is damaged; name another folder, or remove it") from error


def _dumped(cloud: Any) -> bytes | None:
    """Return the state as bytes; None while something is under way."""
    if cloud.world.in_flight:
        return None
    file = io.BytesIO()
    _Pickler(file).dump(cloud)
    return file.getvalue()
