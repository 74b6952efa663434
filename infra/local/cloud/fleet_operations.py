"""Fleet's operations are the general google.longrunning ones: how they look, and who answers for them."""

from __future__ import annotations

import re
from typing import Any

from google.cloud import gkehub_v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2
from google.rpc import code_pb2, status_pb2

from infra.local.cloud.errors import ApiError
from infra.local.cloud.operations import Ledger, Work
from infra.local.cloud.rpcs import Binding, Rpc
from infra.local.cloud.wire import Handler, as_pb

_SERVICE = "google.longrunning.Operations"
_NAME = re.compile(r"^/v1/(projects/[^/]+/locations/[^/]+/operations/[^/:]+)$")
_CANCEL = re.compile(r"^/v1/(projects/[^/]+/locations/[^/]+/operations/[^/:]+):cancel$")
_LIST = re.compile(r"^/v1/(projects/[^/]+/locations/[^/]+)/operations$")


def render(ledger: Ledger, work: Work) -> Any:
    """Return work as a long-running operation, with its result or error once it is done."""
    metadata = gkehub_v1.OperationMetadata(
        create_time=work.begun,
        end_time=work.ended,
        target=work.target,
        verb=work.kind.rsplit(".", 1)[-1],
        status_detail=work.note,
        cancel_requested=work.aborting,
        api_version="v1",
    )
    shown = operations_pb2.Operation(name=work.path, done=work.status(ledger.world.now) == "DONE")
    shown.metadata.Pack(gkehub_v1.OperationMetadata.pb(metadata))
    if shown.done and work.failure:
        code = code_pb2.Code.Value(work.failure.status)
        shown.error.CopyFrom(status_pb2.Status(code=code, message=work.failure.message))
    elif shown.done:
        shown.response.Pack(as_pb(work.result) if work.result is not None else empty_pb2.Empty())
    return shown


class Operations:
    """Handlers of google.longrunning.Operations for one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {"GetOperation": self._get, "ListOperations": self._list, "CancelOperation": self._cancel}

    def _found(self, name: str) -> Work:
        if name not in self._ledger.works:
            raise ApiError("NOT_FOUND", f'operation "{name}" not found', "notFound")
        return self._ledger.works[name]

    def _get(self, request: Any) -> Any:
        return render(self._ledger, self._found(request.name))

    def _list(self, request: Any) -> Any:
        parent = request.name.removesuffix("/operations")
        works = [render(self._ledger, work) for work in self._ledger.under(parent)]
        return operations_pb2.ListOperationsResponse(operations=works)

    def _cancel(self, request: Any) -> None:
        self._ledger.cancel(self._found(request.name))


def operation_rpcs() -> dict[str, Rpc]:
    """Return the RPCs of google.longrunning.Operations, which no client library lists with its message types."""
    pb = operations_pb2
    table: list[tuple[str, Any, Any, Binding]] = [
        ("GetOperation", pb.GetOperationRequest, pb.Operation, Binding("GET", _NAME, ("name",), None)),
        ("ListOperations", pb.ListOperationsRequest, pb.ListOperationsResponse, Binding("GET", _LIST, ("name",), None)),
        ("CancelOperation", pb.CancelOperationRequest, empty_pb2.Empty, Binding("POST", _CANCEL, ("name",), "*")),
    ]
    return {
        name: Rpc("Operations", name, request, response, f"/{_SERVICE}/{name}", bindings=(binding,))
        for name, request, response, binding in table
    }
