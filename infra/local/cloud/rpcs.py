"""Every RPC of an installed Google client: gRPC path, REST bindings, message types.

Read off the client libraries themselves, so no route is written by hand and an unknown field in a request is caught.
"""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import grpc


@dataclass(frozen=True)
class Binding:
    """One way to say the RPC over REST: verb, path pattern with the request fields it fills, body field."""

    verb: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    body: str | None


@dataclass(frozen=True)
class Rpc:
    """One RPC as the client knows it. ``request`` and ``response`` are proto-plus or protobuf classes."""

    service: str
    name: str
    request: Any
    response: Any
    grpc_path: str = ""
    streams: bool = False
    """The server answers with a stream."""
    bindings: tuple[Binding, ...] = ()


class _Recorder(grpc.Channel):  # type: ignore[misc]  # grpc ships no types
    """A channel that only notes which stubs a transport makes."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[Any, Any, bool]] = {}

    def _note(self, *, streams: bool) -> Callable[..., Any]:
        def stub(
            path: str, request_serializer: Any = None, response_deserializer: Any = None, *_: Any, **__: Any
        ) -> Any:
            self.seen[path] = (request_serializer, response_deserializer, streams)
            return lambda *_args, **_kwargs: None

        return stub

    def __getattribute__(self, name: str) -> Any:
        if name in {"unary_unary", "stream_unary"}:
            return self._note(streams=False)
        if name in {"unary_stream", "stream_stream"}:
            return self._note(streams=True)
        return super().__getattribute__(name)

    def unary_unary(self, *_: Any, **__: Any) -> None: ...
    def unary_stream(self, *_: Any, **__: Any) -> None: ...
    def stream_unary(self, *_: Any, **__: Any) -> None: ...
    def stream_stream(self, *_: Any, **__: Any) -> None: ...
    def subscribe(self, *_: Any, **__: Any) -> None: ...
    def unsubscribe(self, *_: Any, **__: Any) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def _pattern(uri: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Turn ``/v1/{name=projects/*/locations/*}:verb`` into a pattern and the fields it fills."""
    out, at, fields = "", 0, []
    for found in re.finditer(r"\{([^}=]+)(?:=([^}]+))?\}", uri):
        out += re.escape(uri[at : found.start()])
        stops = "[^/:]+" if uri[found.end() :].startswith(":") else "[^/]+"
        glob = re.escape(found[2] or "*").replace(r"\*\*", ".+").replace(r"\*", stops)
        out += f"({glob})"
        fields.append(found[1])
        at = found.end()
    return re.compile(f"^{out}{re.escape(uri[at:])}$"), tuple(fields)


def _over_grpc(transport: Any) -> dict[str, tuple[str, Any, Any, bool]]:
    recorder = _Recorder()
    made = transport(channel=recorder)
    # The logging interceptor hides the raw channel, and stubs are cached: start both afresh.
    made._stubs, made._logged_channel = {}, recorder  # noqa: SLF001 - the only door to the stubs' paths
    for name in dir(type(made)):
        if not name.startswith("_") and isinstance(getattr(type(made), name), property):
            getattr(made, name)
    return {path.rsplit("/", 1)[1]: (path, *rest) for path, rest in recorder.seen.items()}


def _over_rest(module: str, service: str) -> dict[str, tuple[Any, Any, tuple[Binding, ...]]]:
    rest = importlib.import_module(f"{module}.services.{service}.transports.rest")
    transport = next(v for k, v in vars(rest).items() if k.endswith("RestTransport") and not k.startswith("_"))
    base = next(b for b in transport.__mro__ if b.__name__.startswith("_Base"))
    found = {}
    for name, value in vars(base).items():
        if name.startswith("_Base") and hasattr(value, "_get_http_options"):
            rpc = name.removeprefix("_Base")
            hints = typing.get_type_hints(getattr(transport, f"_{rpc}").__call__)
            options = value._get_http_options()  # noqa: SLF001 - where the client keeps its routes
            bound = tuple(Binding(o["method"].upper(), *_pattern(o["uri"]), o.get("body")) for o in options)
            found[rpc] = (hints["request"], hints.get("return"), bound)
    return found


def load(module: str, service: str, client: str) -> dict[str, Rpc]:
    """Return the RPCs of ``module.services.service.client`` by name, such as ``ListClusters``."""
    package = importlib.import_module(f"{module}.services.{service}")
    # The metaclass keeps which transports the client offers.
    offered = type(getattr(package, client))._transport_registry  # noqa: SLF001
    plain = _over_grpc(offered["grpc"]) if "grpc" in offered else {}
    rested = _over_rest(module, service) if "rest" in offered else {}
    rpcs = {}
    for name in sorted(plain.keys() | rested.keys()):
        path, serialize, deserialize, streams = plain.get(name, ("", None, None, False))
        request, response, bindings = rested.get(name, (None, None, ()))
        rpcs[name] = Rpc(
            service=client,
            name=name,
            request=request or getattr(serialize, "__self__", None),
            response=response or getattr(deserialize, "__self__", None),
            grpc_path=path,
            streams=streams,
            bindings=bindings,
        )
    return rpcs
