"""One handler per RPC, served over gRPC and over REST with the same error model."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import grpc
import proto
from google.protobuf import empty_pb2, json_format
from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.errors import ApiError
from infra.local.cloud.rpcs import Binding, Rpc
from infra.local.cloud.tap import client_of
from infra.local.cloud.world import World

Handler = Callable[[Any], Any]
"""Request message in, response message out (an iterable of messages where the RPC streams; None is Empty)."""
_MASK = "google.protobuf.FieldMask"
_QUERY_OF_THE_TRANSPORT = {"alt", "key", "prettyPrint"}


def as_pb(message: Any) -> Any:
    """Return the protobuf message inside a proto-plus one."""
    if message is None:
        return empty_pb2.Empty()
    return type(message).pb(message) if isinstance(message, proto.Message) else message


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON in one write."""
    return Response(json.dumps(body), status, headers=headers, media_type="application/json")


class Wire:
    """The RPCs of one host, such as container.googleapis.com, and who answers them."""

    def __init__(self, world: World, name: str, ignores: Iterable[str] = ()) -> None:
        self.world = world
        self.name = name
        self._ignored = _QUERY_OF_THE_TRANSPORT | set(ignores)
        """Query parameters that the API takes, though the client's message types have no field for them."""
        self.refused: list[str] = []
        """Requests with fields that the client's own message types do not know."""
        self.calls: Counter[str] = Counter()
        """Calls by the name of the RPC, refused ones too."""
        self._rest: list[tuple[Binding, Rpc]] = []
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._grpc: dict[str, Rpc] = {}

    def serve(self, rpcs: Mapping[str, Rpc], handlers: Mapping[str, Handler]) -> None:
        """Answer these RPCs; those without a handler are UNIMPLEMENTED."""
        for name, rpc in rpcs.items():
            self._rest += [(binding, rpc) for binding in rpc.bindings]
            if rpc.grpc_path:
                self._grpc[rpc.grpc_path] = rpc
            if name in handlers:
                self._handlers[rpc.service, name] = handlers[name]

    def call(self, rpc: Rpc, message: Any) -> Any:
        """Run the handler, meeting the faults on the way."""
        self.calls[rpc.name] += 1
        faults = self.world.faults
        if faults.is_down(self.name):
            raise ApiError("UNAVAILABLE", f"The service {self.name} is currently unavailable.", "backendError")
        handler = self._handlers.get((rpc.service, rpc.name))
        if handler is None:
            raise ApiError("UNIMPLEMENTED", f"{rpc.service}.{rpc.name} is not simulated", "notImplemented")
        answer = handler(message)
        if not rpc.name.startswith(("Get", "List", "AggregatedList", "BatchGet", "Run")) and faults.spend(
            "answer_lost", faults.answer_lost, self.name
        ):
            raise ApiError("DEADLINE_EXCEEDED", "Deadline exceeded.", "deadlineExceeded")
        return answer

    # REST ------------------------------------------------------------------------------------------------

    async def rest(self, request: Request) -> Response:
        """Answer one REST call."""
        body = await request.body()
        with self.world.busy():
            try:
                rpc, binding, values = self._route(request.method, request.url.path)
                message = self._message(rpc, binding, values, request.query_params.multi_items(), body)
                answer = as_pb(self.call(rpc, message))
            except ApiError as error:
                return json_response(error.body(self.name), error.code)
        return json_response(json_format.MessageToDict(answer))

    def _route(self, verb: str, path: str) -> tuple[Rpc, Binding, tuple[str, ...]]:
        for binding, rpc in self._rest:
            if binding.verb == verb and (found := binding.pattern.match(path)):
                return rpc, binding, found.groups()
        raise ApiError("NOT_FOUND", f"no method for {verb} {path}", "notFound")

    def _message(
        self, rpc: Rpc, binding: Binding, values: Iterable[str], query: list[tuple[str, str]], body: bytes
    ) -> Any:
        fields: dict[str, Any] = {}
        if body and binding.body == "*":
            fields = json.loads(body)
        elif body and binding.body:
            fields[binding.body] = json.loads(body)
        for key, value in query:
            if not key.startswith("$") and key not in self._ignored:
                _put(fields, key, value)
        for key, value in zip(binding.fields, values, strict=True):
            _put(fields, key, value, over=True)
        plus = issubclass(rpc.request, proto.Message)
        blank = rpc.request.pb()() if plus else rpc.request()
        _read_query(fields, blank.DESCRIPTOR)
        try:
            filled = json_format.ParseDict(fields, blank)
        except json_format.ParseError as error:
            self.refused.append(f"{rpc.service}.{rpc.name}: {error}")
            raise ApiError("INVALID_ARGUMENT", f"Invalid JSON payload received. {error}", "badRequest") from error
        return rpc.request.wrap(filled) if plus else filled

    # gRPC ------------------------------------------------------------------------------------------------

    def grpc_method(self, path: str) -> Any:
        """Return the method handler for a gRPC path, or None."""
        rpc = self._grpc.get(path)
        if rpc is None:
            return None
        plus = issubclass(rpc.request, proto.Message)
        codec = {
            "request_deserializer": rpc.request.deserialize if plus else rpc.request.FromString,
            "response_serializer": lambda message: as_pb(message).SerializeToString(),
        }
        if rpc.streams:
            return grpc.unary_stream_rpc_method_handler(self._stream(rpc), **codec)
        return grpc.unary_unary_rpc_method_handler(self._unary(rpc), **codec)

    def _unary(self, rpc: Rpc) -> Callable[[Any, Any], Any]:
        async def answer(message: Any, context: Any) -> Any:
            with self.world.busy():
                begun = time.monotonic()
                try:
                    given = self.call(rpc, message)
                except ApiError as error:
                    self._note(rpc, context, begun, error.status, message, error.message.encode())
                    await context.abort(getattr(grpc.StatusCode, error.status), error.message)
                self._note(rpc, context, begun, "OK", message, given)
                return given

        return answer

    def _stream(self, rpc: Rpc) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def answer(message: Any, context: Any) -> AsyncIterator[Any]:
            with self.world.busy():
                begun, given = time.monotonic(), list[Any]()
                try:
                    for item in self.call(rpc, message):
                        given.append(item)
                        yield item
                except ApiError as error:
                    self._note(rpc, context, begun, error.status, message, error.message.encode())
                    await context.abort(getattr(grpc.StatusCode, error.status), error.message)
                self._note(rpc, context, begun, "OK", message, given)

        return answer

    def _note(self, rpc: Rpc, context: Any, begun: float, status: str, request: Any, answer: Any) -> None:
        way = (client_of(dict(context.invocation_metadata()).get("user-agent", "")), self.name)
        self.world.tap.note(self.world.now, self.name, rpc.name, way, status, time.monotonic() - begun, request, answer)


def _put(fields: dict[str, Any], path: str, value: Any, *, over: bool = False) -> None:
    """Set a dotted field. A repeated query key becomes a list; what the path says goes ``over`` the body."""
    *head, last = path.split(".")
    for name in head:
        fields = fields.setdefault(name, {})
    if last in fields and not over:
        before = fields[last]
        value = [*before, value] if isinstance(before, list) else [before, value]
    fields[last] = value


def _read_query(fields: dict[str, Any], descriptor: Any) -> None:
    """Read the text of booleans and field masks in the query, which the JSON reader takes in one form alone."""
    for name, field in descriptor.fields_by_camelcase_name.items():
        for key in {name, field.name} & fields.keys():
            value = fields[key]
            if field.type == field.TYPE_BOOL and isinstance(value, str):
                fields[key] = value.lower() == "true"
            elif field.message_type and field.message_type.full_name == _MASK and isinstance(value, str):
                fields[key] = re.sub("_([a-z])", lambda found: found[1].upper(), value)
